"""The gradient of <w, x>, one method a module: w."""
