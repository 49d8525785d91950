"""Functions with their gradients, one pair a module: what the role gradient_of is shown on."""
