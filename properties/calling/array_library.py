"""Arrays of a library, on a device: what NumPy's become for a subject, and what its answer becomes again.

A library that is not named here is taken as the array API standard has it, or by DLPack alone: `--arrays MODULE` is the
module whose `from_dlpack` or `asarray` makes its arrays. A host runs this file beside the subject, in an environment
that may not have extremum: it needs the standard library and NumPy alone, and imports nothing of extremum.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

CPU, INTERPRET = "cpu", "interpret"
# `interpret` is the CPU, where Triton runs a kernel as Python, a program after the other. Triton reads this variable
# when it is imported.
INTERPRETED = ("TRITON_INTERPRET", "1")
IN_PLACE = (CPU, INTERPRET)  # devices whose arrays NumPy reads where they lie
REASON_WIDTH = 200  # characters


class BrokenDevice(BaseException):
    """The device answers nothing any more, whatever is asked of it: what it is used by has to end."""


@dataclass(frozen=True)
class Library:
    """What is done with the arrays of one library. A device is a word, as "cuda:0"; "" is where the library puts them.

    `give` makes one of NumPy's, `take` makes it NumPy's again and raises `TypeError` for what is none. `probe` computes
    on the device, and raises anything where that is absent or broken. `wait` until the answer is computed, and raises
    what came of it. `copied` is an array on memory of its own, and `stacked` one of several that are alike; both stay
    on the device.
    """

    give: Callable[[Array, str], Any]
    take: Callable[[Any], Array]
    probe: Callable[[str], object]
    wait: Callable[[Any, str], object]
    copied: Callable[[Any], Any]
    stacked: Callable[[Sequence[Any]], Any]


@dataclass(frozen=True)
class Arrays:
    """The arrays that a subject gets, and answers with: of a library, on a device."""

    library: str = "numpy"
    device: str = ""

    @property
    def _calls(self) -> Library:
        return LIBRARIES.get(self.library) or array_api(self.library)

    @property
    def _place(self) -> str:
        return CPU if self.device == INTERPRET else self.device

    @property
    def remote(self) -> bool:
        """Whether they lie in memory of their own, where computing goes on after a call has returned."""
        return self.device not in ("", *IN_PLACE)

    def absent(self) -> str:
        """Why there are no such arrays here, in one line; "" where there are."""
        if self.device == INTERPRET and importlib.util.find_spec("triton") is None:
            return f"device {self.device} is not there: triton is not installed"
        try:
            self._calls.probe(self._place)
        except Exception as error:
            what = f"device {self.device}" if self.device else f"array library {self.library}"
            return f"{what} is not there: {_said(error)}"
        return ""

    def give(self, x: Array) -> Any:
        """An array of the library, which shares memory with NumPy's where it can."""
        return self._calls.give(x, self._place)

    def take(self, answer: Any) -> Array:
        """A NumPy array, on the same memory where the library shares it; `TypeError` for what is none of its arrays."""
        return self._calls.take(answer)

    def wait(self, answer: Any) -> None:
        """Until the answer of a call is there. Raises what the device has come to since."""
        if self.remote:
            self._calls.wait(answer, self._place)

    def examine(self) -> None:
        """After a call that raised: `BrokenDevice` where the device computes nothing any more."""
        if self.remote:
            try:
                self._calls.probe(self._place)
            except Exception as error:
                raise BrokenDevice(f"device {self.device} computes nothing any more: {_said(error)}") from None

    def copied(self, answer: Any) -> Any:
        """The answer on memory that no later call writes to, where it is an array."""
        with suppress(TypeError, AttributeError):
            return self._calls.copied(answer)
        return answer

    def together(self, answers: Sequence[Any]) -> Array | None:
        """Answers that are alike, as one NumPy array of all: one copy for a batch. None where they are not alike."""
        try:
            if len({(type(a), tuple(a.shape), a.dtype) for a in answers}) != 1:
                return None
            return self.take(self._calls.stacked(answers))
        except (TypeError, AttributeError, ValueError):  # of what is no array, or none of the library
            return None


def _said(error: BaseException) -> str:
    text = (str(error).splitlines() or [""])[0].strip()
    return f"{type(error).__name__}{': ' if text else ''}{text}"[:REASON_WIDTH]


# NumPy


def _of_numpy(x: Array, _device: str) -> Any:
    return x


def _from_numpy(answer: Any) -> Array:
    if isinstance(answer, (np.ndarray, np.generic)):
        return np.asarray(answer)
    raise TypeError(f"returned {type(answer).__name__}, not a NumPy array")


def _probe_numpy(device: str) -> None:
    if device not in ("", CPU):
        raise ValueError("arrays of NumPy lie in the memory of the CPU")


def _at_once(_answer: Any, _device: str) -> None:
    return None


# PyTorch


def _to_torch(x: Array, device: str) -> Any:
    import torch

    bits = x.dtype.name == "bfloat16"  # NumPy has no bfloat16 that PyTorch reads: the bits go over
    tensor = torch.from_numpy(x.view(np.int16)).view(torch.bfloat16) if bits else torch.from_numpy(x)
    return _put_torch(tensor, device) if device not in ("", CPU) else tensor


def _put_torch(tensor: Any, device: str) -> Any:
    """The tensor on a device with the strides that it has, which `Tensor.to` keeps of dense ones alone."""
    import torch

    part = tensor[tuple(slice(None) if stride else slice(1) for stride in tensor.stride())]  # without what is repeated
    moved = torch.empty_strided(part.shape, part.stride(), dtype=part.dtype, device=device).copy_(part)
    return moved.expand(tensor.shape)


def _from_torch(answer: Any) -> Array:
    import torch

    if not isinstance(answer, torch.Tensor):
        raise TypeError(f"returned {type(answer).__name__}, not a torch.Tensor")
    tensor = answer.detach().cpu()
    if tensor.dtype == torch.bfloat16:
        import ml_dtypes

        return np.asarray(tensor.contiguous().view(torch.int16).numpy().view(np.dtype(ml_dtypes.bfloat16)))
    return np.asarray(tensor.numpy())


def _probe_torch(device: str) -> None:
    import torch

    torch.ones(1, device=device or None).sum().item()


def _wait_torch(_answer: Any, device: str) -> None:
    import torch

    kind, _, number = device.partition(":")
    getattr(torch, kind).synchronize(*([int(number)] if number else []))  # torch.cuda, torch.mps, torch.xpu


def _copied_torch(answer: Any) -> Any:
    return answer.detach().clone()


def _stacked_torch(answers: Sequence[Any]) -> Any:
    import torch

    return torch.stack(list(answers))


# JAX


def _to_jax(x: Array, device: str) -> Any:
    import jax

    jax.config.update("jax_enable_x64", True)  # without it JAX narrows float64 in silence
    return jax.device_put(x, _device_of_jax(device)) if device else jax.numpy.asarray(x)


def _from_jax(answer: Any) -> Array:
    import jax

    if not isinstance(answer, jax.Array):
        raise TypeError(f"returned {type(answer).__name__}, not a jax.Array")
    return np.asarray(answer)


def _device_of_jax(device: str) -> Any:
    import jax

    kind, _, number = device.partition(":")
    there = jax.devices(kind)
    if int(number or 0) >= len(there):
        raise ValueError(f"there are {len(there)} of {kind}")
    return there[int(number or 0)]


def _probe_jax(device: str) -> None:
    import jax

    float(jax.numpy.add(jax.device_put(np.float32(1), _device_of_jax(device) if device else None), 1))


def _wait_jax(answer: Any, _device: str) -> None:
    import jax

    jax.block_until_ready(answer)


def _stacked_jax(answers: Sequence[Any]) -> Any:
    import jax

    return jax.numpy.stack(answers)


def _itself(answer: Any) -> Any:
    return answer  # an array of JAX is written to by nobody


# Any other library, by the array API standard or DLPack


@lru_cache
def array_api(name: str) -> Library:
    """The library whose arrays the module of that name makes, by `from_dlpack` or `asarray`."""
    return Library(
        give=partial(_to_api, name),
        take=partial(_from_api, name),
        probe=partial(_probe_api, name),
        wait=_at_once,  # the standard has no word for it: taking the answer waits
        copied=partial(_copied_api, name),
        stacked=partial(_stacked_api, name),
    )


def _to_api(name: str, x: Array, device: str) -> Any:
    module = importlib.import_module(name)
    if device not in ("", CPU):
        return module.asarray(x, device=_device_of_api(module, device))
    makers = [maker for maker in (getattr(module, n, None) for n in ("from_dlpack", "asarray")) if maker is not None]
    if not makers:
        raise AttributeError(f"module {name} has neither from_dlpack nor asarray")
    with suppress(TypeError, ValueError, BufferError, RuntimeError):  # bfloat16, and memory that is read-only
        return makers[0](x)
    return makers[-1](x)


@lru_cache
def _kind_of_api(name: str) -> type:
    return type(_to_api(name, np.ones(1, np.float32), ""))


def _from_api(name: str, answer: Any) -> Array:
    kind = _kind_of_api(name)
    if not issubclass(type(answer), kind):
        raise TypeError(f"returned {type(answer).__name__}, which is no {name}.{kind.__name__}")
    module = importlib.import_module(name)
    for place in ("", CPU):  # where it lies, or brought from a device that NumPy does not read
        with suppress(AttributeError, TypeError, ValueError, BufferError, RuntimeError):
            return np.from_dlpack(answer.to_device(_device_of_api(module, place)) if place else answer)
    return np.asarray(answer)


def _device_of_api(module: Any, device: str) -> Any:
    """The device whose text has this word in it, as "cuda:0"; raises where the module has none, or has no devices."""
    there = module.__array_namespace_info__().devices()
    found = [d for d in there if device.lower() in str(d).lower()]
    if not found:
        raise ValueError(f"{module.__name__} has {', '.join(str(d) for d in there if d is not None)}")
    return found[0]


def _probe_api(name: str, device: str) -> None:
    _from_api(name, _to_api(name, np.ones(1, np.float32), device))


def _copied_api(name: str, answer: Any) -> Any:
    return importlib.import_module(name).asarray(answer, copy=True)


def _stacked_api(name: str, answers: Sequence[Any]) -> Any:
    return importlib.import_module(name).stack(list(answers))


_NUMPY = Library(_of_numpy, _from_numpy, _probe_numpy, _at_once, np.array, np.stack)
LIBRARIES: Mapping[str, Library] = {
    "numpy": _NUMPY,
    "C-order": _NUMPY,  # arrays of a C symbol, a program or a model
    "torch": Library(_to_torch, _from_torch, _probe_torch, _wait_torch, _copied_torch, _stacked_torch),
    "jax": Library(_to_jax, _from_jax, _probe_jax, _wait_jax, _itself, _stacked_jax),
}
