"""Softmax, one method a module: softmax(x)_i = exp(x_i) / sum_j exp(x_j) along an axis."""
