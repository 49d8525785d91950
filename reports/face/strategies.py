"""Strategies of Hypothesis for `@given`: `extremum.strategies.arguments("softmax", "float32")`."""

from __future__ import annotations

from extremum.properties.answers.extremes import arguments

__all__ = ["arguments"]
