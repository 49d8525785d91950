"""Statements that roles share: the contract with the caller, comparisons of two answers, masking."""
