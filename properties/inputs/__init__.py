"""Extreme inputs: each regime once, for the sweep and for Hypothesis; row lengths, layouts, matrices, labels."""
