"""The vector-Jacobian product of softmax, one method a module: s * (g - <g, s>) of one row, with s = softmax(x)."""
