"""The Jacobian of softmax, one method a module: J = diag(s) - s s^T of one row, with s = softmax(x)."""
