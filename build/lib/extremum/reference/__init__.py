"""Implementations and exact truth: formats, subjects, references, mutants, libraries, arithmetics.

The first stage of the data flow. It imports nothing of `extremum.properties` or `extremum.reports`.
"""

from extremum.reference.formats import FORMATS, Format, format_of
from extremum.reference.subjects import Subject

__all__ = ["FORMATS", "Format", "Subject", "format_of"]
