"""The gradient of <x, A x>, one method a module: (A + A^T) x."""
