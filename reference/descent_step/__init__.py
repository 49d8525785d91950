"""A step of gradient descent, one method a module: x - step_size * gradient, of one vector."""
