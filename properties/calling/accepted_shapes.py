"""Which shapes a subject takes: with others it is not called, and nothing is said of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from extremum.properties.calling.call_outcomes import Declined
from extremum.properties.values.signature import Arguments, Shape, Signature, first
from extremum.reference.subjects.subject import RANKS, Subject


def check_shapes(subject: Subject, signature: Signature, arguments: Arguments) -> None:
    """Raise `Declined` for arrays of a shape that the subject does not take."""
    rank = first(arguments).ndim
    if signature.batched and rank in RANKS and rank not in subject.ranks:
        raise Declined(f"it takes arrays of {dimensions(subject.ranks)}")
    for name, sizes in subject.sizes.items():
        if not _fits(np.shape(arguments[name]), sizes):
            raise Declined(f"it takes {name} of {sizes_text(sizes)} alone")


def _fits(shape: Shape, sizes: Sequence[int | None]) -> bool:
    """Whether the last of these sizes are what is asked for; None is any."""
    return all(size in (None, own) for own, size in zip(shape[len(shape) - len(sizes) :], sizes, strict=False))


def sizes_text(sizes: Sequence[int | None]) -> str:
    """The sizes of an argument in words."""
    text = " by ".join("any" if size is None else f"{size:,}" for size in sizes)
    return f"{text} {'entry' if text == '1' else 'entries'}"


def dimensions(ranks: Sequence[int]) -> str:
    """Numbers of dimensions, as a sentence has them: "2 dimensions alone", "1, 2 or 3 dimensions"."""
    *others, last = map(str, ranks)
    return f"{', '.join(others)} or {last} dimensions" if others else f"{last} dimension{'s' * (last != '1')} alone"
