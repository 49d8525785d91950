"""The roles of gradients of linear and quadratic functions, and what they share."""
