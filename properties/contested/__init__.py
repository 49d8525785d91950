"""Inputs whose right answer nobody agrees on: what subjects do, and conventions that a user may choose."""
