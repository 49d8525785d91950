"""Logsumexp, one method a module: logsumexp(x) = log sum_j exp(x_j) along an axis, which is removed."""
