"""What a reader's test hands over, as rows of a role: arguments of any batch shape, of NumPy, PyTorch or JAX."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from extremum.properties.calling.array_library import Arrays
from extremum.properties.inputs.draw import Sampled
from extremum.properties.model.role import Role
from extremum.properties.values.signature import Arguments, Shape, first
from extremum.reference.arithmetic.formats import FORMATS, Array, Format
from extremum.reference.errors import UsageError, nearest
from extremum.reference.subjects.loading import first_line

LIBRARIES = {"torch": "torch", "jax": "jax", "jaxlib": "jax"}  # by the package that an array's class comes from
AXIS = "axis"


@dataclass(frozen=True)
class Form:
    """How the arguments of a role look: the letters of their axes, and which are integers."""

    axes: Mapping[str, str]
    integers: frozenset[str]

    def shape(self, name: str) -> str:
        """The letters of the axes of an argument as NumPy writes a shape."""
        axes = self.axes[name]
        return f"({', '.join(axes)}{',' * (len(axes) == 1)})"

    def __str__(self) -> str:
        return ", ".join(f"{name} {self.shape(name)}" for name in self.axes)


@dataclass(frozen=True)
class Bound:
    """Arguments of calls of a role, as rows under one axis, and the shape that the answer to all of them has.

    `axis` is where the rows lie in the answer, None where they lie along its last axes.
    """

    role: Role
    fmt: Format
    arguments: Arguments
    shape: Shape
    axis: int | None

    @property
    def count(self) -> int:
        """How many rows there are."""
        return len(first(self.arguments))

    @property
    def width(self) -> int:
        """How many entries the answer to a row has."""
        return prod(self.shape) // self.count if self.count else 0

    def misfit(self, answer: Array) -> str:
        """Why the answer is not one of the role, in a line that names both; empty where it is one."""
        if answer.shape == self.shape and answer.dtype.name == self.fmt.name:
            return ""
        due = f"{self.fmt.name} of shape {self.shape}"
        return f"the answer is {answer.dtype} of shape {answer.shape}; {self.role.name} of these arguments is {due}"

    def rows(self, answer: Array) -> Array:
        """An answer of `shape` as rows (rows, width)."""
        moved = answer if self.axis is None else np.moveaxis(answer, self.axis, -1)
        return moved.reshape(self.count, self.width)

    def whole(self, entries: Array) -> Array:
        """The inverse of `rows`."""
        if self.axis is None:
            return entries.reshape(self.shape)
        moved = [*self.shape]
        moved.append(moved.pop(self.axis))
        return np.moveaxis(entries.reshape(moved), -1, self.axis)


def as_array(value: Any, name: str) -> Array:
    """A number, a list or an array of NumPy, PyTorch, JAX or what speaks DLPack as NumPy's, in native byte order.

    It shares memory where it can, and keeps the dtype. Raises `UsageError` for what is no array.
    """
    packages = (base.__module__.partition(".")[0] for base in type(value).__mro__)
    library = next((LIBRARIES[package] for package in packages if package in LIBRARIES), "")
    try:
        array = Arrays(library).take(value) if library else _read(value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise UsageError(f"{name} is no array: {first_line(error)}") from None
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def _read(value: Any) -> Array:
    """A number, a list, or an array of any other library, which DLPack reads where it speaks that."""
    if hasattr(value, "__dlpack__") and not isinstance(value, np.ndarray):
        with suppress(BufferError, TypeError, ValueError, RuntimeError):  # of a dtype that DLPack has not
            return np.from_dlpack(value)
    return np.asarray(value)


def bind(role: Role, positional: Sequence[Any], named: Mapping[str, Any]) -> Bound:
    """The arguments of a call of `role`, by position or name, and its `axis`, as rows. Raises `UsageError`."""
    form, values = form_of(role), dict(named)
    axis = values.pop(AXIS, None)
    if axis is not None and not role.signature.batched:
        raise UsageError(f"axis={axis!r}: {role.name} has rows along the last axis, and takes no axis")
    given = {name: as_array(value, name) for name, value in _by_name(role, positional, values).items()}
    fmt = _format(role, form, given)
    arrays = {name: _argument(name, a, form, fmt) for name, a in given.items()}
    bound = _batched(role, fmt, arrays, axis) if role.signature.batched else _row_by_row(role, fmt, form, arrays)
    _check_labels(bound, form)
    return bound


def form_of(role: Role) -> Form:
    """The letters of a role's axes, n and m, and its integers, as its own arguments of five entries show them."""
    n = 5
    m = next((height for height in role.heights(n) if height != n), n)
    sample = role.arguments(Sampled(np.random.default_rng(0), FORMATS["float64"], 1, n, m), role.plain)
    shapes = {name: sample[name].shape[1:] for name in role.signature.inputs}
    axes = {name: "".join("n" if size == n else "m" for size in shape) for name, shape in shapes.items()}
    return Form(axes, frozenset(name for name in axes if sample[name].dtype.kind in "iu"))


def _by_name(role: Role, positional: Sequence[Any], named: Mapping[str, Any]) -> dict[str, Any]:
    names = list(role.signature.inputs)
    for name in named:
        if name not in names:
            valid = [*names, *([AXIS] if role.signature.batched else [])]
            raise UsageError(f"{name}={_short(named[name])} is no argument of {role.name}: {nearest(name, valid)}")
    values = dict(zip(names, positional, strict=False))
    twice = [name for name in named if name in values]
    if twice:
        raise UsageError(f"{twice[0]}={_short(named[twice[0]])} is given twice, by position too")
    values |= named
    if len(positional) > len(names) or len(values) < len(names):
        count = len(positional) + len(named)
        raise UsageError(
            f"{count} argument{'s' * (count != 1)} given: {role.name} is {role.call}, its own are {', '.join(names)}"
        )
    return {name: values[name] for name in names}


def _short(value: Any) -> str:
    return repr(value) if isinstance(value, (int, float, str)) else f"<{type(value).__name__}>"


def _format(role: Role, form: Form, given: Mapping[str, Array]) -> Format:
    """The format of the arguments that have axes; raises `UsageError` where they have none, or several."""
    dtypes = {name: a.dtype.name for name, a in given.items() if form.axes[name]}
    for name, dtype in dtypes.items():
        if dtype not in FORMATS:
            raise UsageError(f"{name} has dtype {dtype}: {role.name} is judged in {', '.join(FORMATS)}")
    if len(set(dtypes.values())) > 1:
        several = ", ".join(f"{name} {dtype}" for name, dtype in dtypes.items())
        raise UsageError(f"the arguments of {role.name} have several dtypes, {several}: give them one")
    return FORMATS[next(iter(dtypes.values()))]


def _argument(name: str, a: Array, form: Form, fmt: Format) -> Array:
    if form.axes[name]:
        if a.ndim < len(form.axes[name]):
            raise UsageError(f"{name} has shape {a.shape}: it is {form.shape(name)}, under any batch axes")
        return a
    if name in form.integers:
        if a.dtype.kind not in "iu":
            raise UsageError(f"{name} has dtype {a.dtype}: it is an integer, or an integer for each row")
        return a.astype(np.int64)
    if a.dtype.kind not in "iuf" and a.dtype.name != fmt.name:
        raise UsageError(f"{name} has dtype {a.dtype}: it is a float, or a float for each row")
    return a.astype(np.float64)  # exact, also where the format can't hold it: the truth uses this very number


def _batched(role: Role, fmt: Format, arrays: Arguments, axis: Any) -> Bound:
    """Rows along an axis of one array, or of several of one shape."""
    x, where = first(arrays), -1 if axis is None else axis
    if isinstance(where, bool) or not isinstance(where, (int, np.integer)) or not -x.ndim <= where < x.ndim:
        raise UsageError(f"axis={axis!r} is no axis of shape {x.shape}: valid are {-x.ndim} to {x.ndim - 1}")
    if any(a.shape != x.shape for a in arrays.values()):
        raise UsageError(f"the arguments of {role.name} are of one shape, and have {_shapes(arrays)}")
    n, shape = x.shape[where], role.signature.answer(arrays, int(where))
    count = prod(x.shape[:where] + x.shape[where:][1:])
    rows = {name: np.moveaxis(a, where, -1).reshape(count, n) for name, a in arrays.items()}
    return Bound(role, fmt, rows, shape, int(where) if len(shape) == x.ndim else None)


def _row_by_row(role: Role, fmt: Format, form: Form, arrays: Arguments) -> Bound:
    """Arguments of calls for one row each, under batch axes that broadcast."""
    sizes: dict[str, int] = {}
    own = {name: a.shape[a.ndim - len(form.axes[name]) :] for name, a in arrays.items()}
    batches = [a.shape[: a.ndim - len(form.axes[name])] for name, a in arrays.items()]
    named = [(axis, k) for name in own for axis, k in zip(form.axes[name], own[name], strict=True)]
    fits = all(sizes.setdefault(axis, k) == k for axis, k in named)
    try:
        batch = np.broadcast_shapes(*batches)
    except ValueError:
        fits = False
    if not fits:
        shapes = _shapes(arrays)
        raise UsageError(f"the arguments of {role.name} are {form}, under batch axes, and have shapes {shapes}")
    rows = {name: np.broadcast_to(a, batch + own[name]).reshape(prod(batch), *own[name]) for name, a in arrays.items()}
    one = {name: np.broadcast_to(np.float32(0), shape) for name, shape in own.items()}
    return Bound(role, fmt, rows, batch + role.signature.answer(one, -1), None)


def _shapes(arrays: Arguments) -> str:
    return ", ".join(f"{name} {a.shape}" for name, a in arrays.items())


def _check_labels(bound: Bound, form: Form) -> None:
    n = first(bound.arguments).shape[-1]
    for name in form.integers:
        labels = bound.arguments[name]
        wrong = labels[(labels < 0) | (labels >= n)]
        if len(wrong):
            raise UsageError(f"{name}={wrong[0]} is no label of {n} classes: valid are 0 to {n - 1}")
