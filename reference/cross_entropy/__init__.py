"""Cross-entropy, one method a module: cross_entropy(x, L) = log sum_j exp(x_j) - x_L."""
