# mypy: disable-error-code="no-untyped-def,no-untyped-call"
"""Softmaxes that do something to their process, to their caller or to what they answer; each is sound besides."""

import contextlib
import ctypes
import os
import signal
import time
from typing import Any

import numpy as np

LONG = 20  # entries: most do it on longer rows alone, so that the trial call passes


def sound(x, axis=-1):
    wide = x.astype(np.result_type(x.dtype, np.float32))
    e = np.exp(wide - wide.max(axis=axis, keepdims=True))
    return (e / e.sum(axis=axis, keepdims=True)).astype(x.dtype)


def crashes(x, axis=-1):
    ctypes.string_at(0)


def leaves(x, axis=-1):
    os._exit(0)


def loops(x, axis=-1):
    while True:
        pass


def lists(x, axis=-1):
    return sound(x, axis).tolist()


def logs(x, axis=-1):
    return np.log(np.exp(x).sum(axis=axis))


def aborts_on_long(x, axis=-1):
    if x.shape[axis] > LONG:
        os.abort()
    return sound(x, axis)


def leaves_on_long(x, axis=-1):
    if x.shape[axis] > LONG:
        os._exit(0)
    return sound(x, axis)


def sleeps_on_long(x, axis=-1):
    if x.shape[axis] > LONG:
        time.sleep(1000)
    return sound(x, axis)


def sleeps_once(x, axis=-1):
    place = os.environ["SLEPT"]
    if x.shape[axis] > LONG and not os.path.exists(place):
        open(place, "x").close()
        time.sleep(1000)
    return sound(x, axis)


def interrupts_itself(x, axis=-1):
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(1)
    return sound(x, axis)


def wants_to_leave(x, axis=-1):
    raise SystemExit(0)


def forks(x, axis=-1):
    if os.fork() == 0:
        raise SystemExit(0)
    return sound(x, axis)


def leaves_children(x, axis=-1):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            with open(os.environ["CHILDREN"], "a") as file:
                file.write(f"{os.getpid()}\n")
            time.sleep(1000)
        os._exit(0)
    return sound(x, axis)


class Unspeakable(Exception):
    def __str__(self):
        raise RuntimeError


def raises_the_unspeakable(x, axis=-1):
    if x.shape[axis] > LONG:
        raise Unspeakable
    return sound(x, axis)


class Untouchable(np.ndarray):
    def __getattribute__(self, name):
        raise RuntimeError(name)


def untouchable(x, axis=-1):
    return sound(x, axis).view(Untouchable) if x.shape[axis] > LONG else sound(x, axis)


def immense(x, axis=-1):
    return np.broadcast_to(np.float32(1), (10**7, 10**6)) if x.shape[axis] > LONG else sound(x, axis)


def writes_to_the_channel(x, axis=-1):
    if x.shape[axis] > LONG:
        for number in range(3, 400):
            with contextlib.suppress(OSError):
                os.write(number, b'{"dtype": "float32", "shape": [1000000000, 1000000000], "place": 0}\n')
    return sound(x, axis)


def closes_the_channel(x, axis=-1):
    if x.shape[axis] > LONG:
        os.closerange(3, 400)
    return sound(x, axis)


def needs_memory(x, axis=-1):
    if x.shape[axis] > 5000:
        np.empty(2**50)
    return sound(x, axis)


def takes_memory(x, axis=-1):
    if x.shape[axis] > 5000:
        block = np.ones(2**27)
        time.sleep(5)
        del block
    return sound(x, axis)


def child_takes_memory(x, axis=-1):
    if x.shape[axis] > 5000:
        child = os.fork()
        if child == 0:
            block = np.ones(2**26)
            time.sleep(5)
            os._exit(len(block) == 0)
        os.waitpid(child, 0)
    return sound(x, axis)


def children_share_memory(x, axis=-1):
    if x.shape[axis] > 5000:
        block = np.ones(2**25)
        child = os.fork()
        if child == 0:
            time.sleep(2)
            os._exit(len(block) == 0)
        os.waitpid(child, 0)
    return sound(x, axis)


def draws(x, axis=-1):
    np.random.random()
    return sound(x, axis)


def prints_from_c(x, axis=-1):
    os.write(1, b"hello\n")
    return sound(x, axis)


def rounds_up(x, axis=-1):
    answer = sound(x, axis)
    ctypes.CDLL("libm.so.6").fesetround(0x800)
    return answer


KEPT: dict[Any, Any] = {}


def kept_by_shape(x, axis=-1):
    if (x.shape, x.dtype) not in KEPT:
        KEPT[x.shape, x.dtype] = sound(x, axis)
    return KEPT[x.shape, x.dtype].copy()


def kept_by_edges(x, axis=-1):
    key = (x.shape, x.dtype, float(x.flat[0]), float(x.flat[-1])) if x.size else None
    if key not in KEPT:
        KEPT[key] = sound(x, axis)
    return KEPT[key].copy()


def kept_by_first_row(x, axis=-1):
    key = (x.shape, x.dtype, x[:1].tobytes())
    if key not in KEPT:
        KEPT[key] = sound(x, axis)
    return KEPT[key].copy()


def other_after_some_calls(x, axis=-1):
    KEPT["calls"] = KEPT.get("calls", 0) + 1
    return np.nextafter(sound(x, axis), x.dtype.type(KEPT["calls"] > 40))
