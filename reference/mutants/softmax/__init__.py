"""Mutants of softmax: those found in public code and those planted, of the arithmetic and of the contract."""
