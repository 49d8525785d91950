"""The words in the lines of a property's `script`, for one witness: arguments and places as a reader writes them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

import numpy as np

from extremum.properties.laws.contract.determinism import BEFORE
from extremum.properties.values.signature import first
from extremum.reference.arithmetic.formats import Array
from extremum.reports.views.exact_answers import along
from extremum.reports.views.shown_witness import ROUND_UP, Shown, exact_of

OTHER = "np.linspace(2, 5, {x}.size).reshape({x}.shape).astype({x}.dtype)"
TURNED = "(1 - {x}[..., ::-1]).astype({x}.dtype)"
CHANGED = "np.where(np.arange({x}.size).reshape({x}.shape) == {place}, 1 - {x}, {x}).astype({x}.dtype)"
DERIVATIVE = re.compile(r"derivative(?: is)? \[?(-?[\d.]+(?:e[+-]?\d+)?)")


class Words(Mapping[str, str]):
    """The words, each made where it is asked for."""

    def __init__(self, shown: Shown) -> None:
        self.shown = shown
        self._made: dict[str, Callable[[], str]] = {
            name.removeprefix("_of_"): getattr(self, name) for name in dir(self) if name.startswith("_of_")
        }

    def __getitem__(self, name: str) -> str:
        return self._made[name]()

    def __iter__(self) -> Iterator[str]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._made)

    @property
    def _inputs(self) -> Mapping[str, int]:
        return self.shown.signature.inputs

    def _each(self, form: str) -> str:
        """The arguments, arrays in this form and numbers as they are."""
        arrays = {x for x, rank in self._inputs.items() if rank}
        return ", ".join(form.format(x=x) if x in arrays else x for x in self._inputs)

    def _with(self, change: str) -> str:
        return ", ".join(change if x == "x" else x for x in self._inputs)

    def _of_args(self) -> str:
        return ", ".join(self._inputs)

    def _of_copies(self) -> str:
        return self._each("{x}.copy()")

    def _of_other(self) -> str:
        return self._each(OTHER)

    def _of_turned(self) -> str:
        return self._each(TURNED)

    def _of_histories(self) -> str:
        """Other arguments of the same shape, a part of the batch from its end, and such as differ in one entry.

        Last, where the witness has one, the call of another shape that went before.
        """
        name, x = next(iter(self.shown.inputs.items()))
        half = len(x) // 2 if self.shown.signature.batched and x.ndim > 1 else 0
        calls = [self._of_turned(), *([self._each(f"{{x}}[::-1][:{half}]")] if half else [])]
        for place in dict.fromkeys((0, x.size - 1, x.size // 2)):
            changed = CHANGED.format(x=name, place=place)
            calls.append(", ".join(changed if x == name else x for x in self._inputs))
        before = [f"{BEFORE}{x}" for x in self._inputs]
        calls += [", ".join(before)] if self.shown.witness.arguments.keys() >= {*before} else []
        return ", ".join(f"({call},)" for call in calls)

    def _of_first(self) -> str:
        return next(iter(self._inputs))

    def _of_second(self) -> str:
        return self._with("x2")

    def _of_at_a(self) -> str:
        return self._with("x + a")

    def _of_at_b(self) -> str:
        return self._with("x + b")

    def _of_at_sum(self) -> str:
        return self._with("x + x2")

    def _of_again(self) -> str:
        if not self.shown.stacked:
            return f"f({self._of_copies()})"
        return f"f({', '.join(f'{x}[::-1]' for x in self._inputs)})[::-1]"

    def _of_row(self) -> str:
        return str(self.shown.row)

    def _of_column(self) -> str:
        return str(self.shown.column)

    def _of_flat(self) -> str:
        return str(self.shown.row * self.shown.width + self.shown.column)

    def _of_at(self) -> str:
        """The worst entry in the answer, or of all answers."""
        shown = self.shown
        column = min(shown.column, shown.width - 1)
        if not shown.signature.batched:
            return _index((*((shown.row,) if shown.stacked else ()), *_places(column, shown.shape)))
        return _index(_places(shown.row * shown.width + column, shown.shape))

    def _of_at_alone(self) -> str:
        """The worst entry in the answer to its row alone."""
        return _index(_places(self.shown.column, (1, *self.shown.shape[1:])))

    def _of_inner(self) -> str:
        """The worst entry in the answer to its row."""
        return _index(_places(self.shown.column, self.shown.shape))

    def _of_pick(self) -> str:
        """What takes the row out of arguments or of an answer."""
        x = first(self.shown.inputs)
        if not self.shown.signature.batched:
            return f"[{self.shown.row}]" if self.shown.stacked else ""
        if x.ndim <= 1:
            return ""
        return f"[{self.shown.row}]" if x.ndim == 2 else f".reshape(-1, {x.shape[-1]})[{self.shown.row}]"

    def _of_row_of_first(self) -> str:
        return f"{self._of_first()}{self._of_pick()}"

    def _of_shape(self) -> str:
        shape = self.shown.shape
        return repr((len(first(self.shown.inputs)), *shape) if self.shown.stacked else shape)

    def _of_exact(self) -> str:
        return repr(exact_of(self.shown))

    def _of_label(self) -> str:
        return str(int(self.shown.rows["L"][self.shown.row]))

    def _of_masked(self) -> str:
        return f'float("{self.shown.role.masked}")' if self.shown.role.masked else "0.0"

    # A masked row without its masked entries.

    def _kept(self) -> Array:
        return ~np.isneginf(first(self.shown.rows)[self.shown.row].astype(np.float64))

    @property
    def _pairs(self) -> bool:
        """Whether the answer has an entry for each pair of the input's."""
        return not self.shown.signature.batched and len(self.shown.shape) == 2

    def _of_kept_entries(self) -> str:
        return "np.logical_and.outer(kept, kept)" if self._pairs else "kept"

    def _of_without(self) -> str:
        name, shape = self._of_first(), first(self.shown.inputs).shape
        alone, row = not (self.shown.stacked or self.shown.signature.batched), self.shown.row
        masked = int((~self._kept()[: int(self._of_label())]).sum()) if "L" in self._inputs else 0
        given = []
        for x, rank in self._inputs.items():
            if rank == 0:
                given.append(f"{x} - {masked}" if alone else f"{x}[{row} : {row + 1}] - {masked}")
            else:
                assert x == name or self.shown.inputs[x].shape == shape
                given.append(f"{x}[..., kept]" if len(shape) == 1 else f"{x}[{row} : {row + 1}, kept]")
        return ", ".join(given)

    def _of_at_without(self) -> str:
        """The worst entry in the answer to the row without its masked entries."""
        kept = self._kept()
        before = np.cumsum(kept) - 1
        places = divmod(self.shown.column, len(kept)) if self._pairs else (self.shown.column,)
        inner = () if self.shown.width == 1 != len(kept) or not self.shown.shape else places
        if self.shown.signature.batched and self.shown.width == 1 and len(kept) == 1:
            inner = () if len(self.shown.shape) < first(self.shown.inputs).ndim else places
        ahead = (0,) if self.shown.stacked or first(self.shown.inputs).ndim > 1 else ()
        return _index((*ahead, *(int(before[p]) for p in inner)))

    # Numbers that the truth gives.

    def _of_along(self) -> str:
        return repr(along(self.shown))

    def _of_spread(self) -> str:
        """The norm of the matrix of error bounds: no eigenvalue of a sound answer is off by more."""
        shown = self.shown
        bounds = shown.view.narrow(shown.role.error_bound(shown.view))
        return f"{ROUND_UP * float(np.sqrt((bounds**2).sum())) + shown.width * 2.0**-50:.4g}"

    def _of_flush(self) -> str:
        """What a flush to zero may cost an entry of x."""
        x = abs(float(first(self.shown.rows)[self.shown.row].reshape(-1)[self.shown.column]))
        return repr(x) if x < self.shown.fmt.tiny else "0.0"

    # Of a gradient whose function is the reader's.

    def _of_derivative(self) -> str:
        found = DERIVATIVE.search(self.shown.cell.detail)
        return found[1] if found else 'float("nan")'

    def _of_half_of_the_digits(self) -> str:
        return f"{float(np.sqrt(self.shown.fmt.unit_roundoff)):.4g}"

    def _of_allowed(self) -> str:
        return repr(float(self.shown.witness.allowed or 0.0))


def _places(flat: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(int(i) for i in np.unravel_index(flat, shape)) if shape else ()


def _index(places: tuple[int, ...]) -> str:
    return f"[{', '.join(map(str, places))}]" if places else ""
