"""The gradient of norm(B x - c)^2, one method a module: 2 B^T (B x - c)."""
