"""The gradient of norm(B x)^2, one method a module: 2 B^T B x."""
