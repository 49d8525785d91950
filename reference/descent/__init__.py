"""Gradient descent with step sizes given beforehand, what it descends on, and exact arithmetic to prove where it lands."""
