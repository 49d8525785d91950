"""Gradient descent, the functions that it descends on, and exact arithmetic to prove where it lands."""
