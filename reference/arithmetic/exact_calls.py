"""A function of any array library, called on exact numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from extremum.reference.arithmetic import exact_jax, exact_torch
from extremum.reference.arithmetic.exact_functions import of_exact_numbers
from extremum.reference.arithmetic.exact_graphs import Recordings
from extremum.reference.arithmetic.formats import Array

RECORDERS: Mapping[str, Callable[..., Any]] = {"jax": exact_jax.evaluated, "torch": exact_torch.evaluated}


def exactly(
    function: Callable[..., Any], argument: Array, library: str = "numpy", kept: Recordings | None = None
) -> Any:
    """`function`, which takes arrays of that library, of an array of jets, shape (n,).

    A function of JAX or PyTorch is recorded, and never called on the array itself, which NumPy's methods would answer:
    x.var() is not the same in both. Its recordings are `kept` for the calls to come. Raises what the function raises,
    or what its library does.
    """
    if library in RECORDERS:
        return RECORDERS[library](function, argument, {} if kept is None else kept)
    with of_exact_numbers(function):
        return function(argument)
