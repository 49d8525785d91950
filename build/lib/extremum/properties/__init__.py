"""Extreme inputs, what must hold, and the engine that judges a cell.

The second stage of the data flow. It imports `extremum.reference` and nothing of `extremum.reports`.
"""
