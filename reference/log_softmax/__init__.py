"""Log-softmax, one method a module: log_softmax(x)_i = x_i - log sum_j exp(x_j) along an axis."""
