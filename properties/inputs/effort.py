"""Efforts: how large the plan of an audit is. Its values are named once; an effort says how they are combined."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from types import MappingProxyType


@dataclass(frozen=True)
class Effort:
    """One size of a plan.

    `strength` is that of its covering arrays: 1 visits every value of a factor, 2 every pair of values of two factors,
    3 every three of three, and 0 is the set of what compiles for every shape. `lengths` says which lengths of rows the
    sweep visits (`lengths.planned`), and `times` how many times the usual rows of each. A call has at most `rows`. With
    `climbs` the search goes on from the rows that come closest to their bound, and with `fused` compiled loops rate
    rows by the million: to load them takes longer than all else of a small plan.
    """

    name: str
    strength: int
    lengths: str
    times: int
    rows: float = inf
    climbs: bool = True
    fused: bool = True


QUICK = Effort("quick", 1, "few", 1, fused=False)
STANDARD = Effort("standard", 2, "planned", 1)
THOROUGH = Effort("thorough", 3, "many", 4)
COMPILED = Effort("compiled", 0, "compiled", 1)  # for what compiles for every shape: nobody chooses it
# A program of Triton's interpreter takes milliseconds, and a kernel takes a program for a row or more.
INTERPRETED = Effort("interpreted", 1, "compiled", 1, rows=32, climbs=False)  # nobody chooses it either
EFFORTS: Mapping[str, Effort] = MappingProxyType({e.name: e for e in (QUICK, STANDARD, THOROUGH)})
