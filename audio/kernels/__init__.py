"""The inner loops of signal processing, in one of two forms: numpy and scipy, or compiled.

Promises: this module alone decides which form a process uses. With the extra `fast` it is
`compiled`, by numba; without it, or if numba cannot be used here, it is `plain`. Both give the same
results to the last bit, so nothing but speed depends on the choice. The kernels are loaded when the
first of them is used, and the compiled ones not for a survey that is shorter than that takes.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from importlib import import_module
from threading import Lock
from typing import Any, cast

from attrs import frozen

from .interface import ROW, CurveBounds, IntegerArray, Kernels, Key, Quantised

__all__ = [
    "KERNELS",
    "ROW",
    "CurveBounds",
    "IntegerArray",
    "Kernels",
    "Key",
    "Quantised",
    "chosen",
    "surveying",
]

VARIABLE = "MIXDOWN_KERNELS"
"""The environment variable that chooses numpy although numba is there."""

_WORTH_LOADING = 75_000_000
"""Samples; 13 minutes of stereo at 48 kHz."""

_LOCK = Lock()
_INSTALL = "pip install 'mixdown[fast]'"
# Compilers of other processors may fuse a multiplication and an addition of scipy's filters.
_MACHINES = ("x86_64", "AMD64")


@frozen
class KernelChoice:
    """Which kernels a process uses: whether they are compiled, and by what or why not."""

    is_compiled: bool
    reason: str
    kernels: Kernels


@cache
def chosen() -> KernelChoice:
    """The kernels of this process, loaded."""
    if os.environ.get(VARIABLE) == "numpy":
        return _plain(f"{VARIABLE}=numpy")
    if platform.machine() not in _MACHINES:
        return _plain(f"compiled for {' and '.join(_MACHINES)} only, this is {platform.machine()}")
    try:
        version = import_module("numba").__version__
    except ImportError as error:
        return _plain(f"{error}; {_INSTALL}")
    try:
        _load_arrays()
        kernels = import_module(f"{__name__}.compiled")
    except Exception as error:  # numba raises anything; numpy always works
        return _plain(f"numba {version} cannot be used: {error}".splitlines()[0])
    return KernelChoice(True, f"numba {version}", cast(Kernels, kernels))


def _load_arrays() -> None:
    """Load numba's functions of arrays, but not scipy's linear algebra: 0.2 s of CPU.

    numba tries to load that with them, and again when it compiles a product of matrices, of which
    the kernels have none. The names are private: without them it is loaded.
    """
    with _LOCK, suppress(AttributeError, ImportError):
        linalg: Any = import_module("numba.np.linalg")
        look, linalg.ensure_blas = linalg.ensure_blas, lambda: None
        try:
            import_module("numba.np.arraymath")
        finally:
            linalg.ensure_blas = look


def _plain(reason: str) -> KernelChoice:
    return KernelChoice(False, reason, _numpy())


def _numpy() -> Kernels:
    return cast(Kernels, import_module(f"{__name__}.plain"))


class _Loader:
    """The kernels, as attributes.

    surveyed: samples that numpy has surveyed, or is about to; is_brief: whether it serves now.
    """

    surveyed = 0
    is_brief = False

    def __getattr__(self, name: str) -> object:
        return getattr(_numpy() if self.is_brief else chosen().kernels, name)


_LOADER = _Loader()
KERNELS = cast(Kernels, _LOADER)


@contextmanager
def surveying(samples: int) -> Iterator[None]:
    """The context of a survey of so many samples, of all channels.

    numpy does the first ones of a process, unless the compiled kernels are loaded: up to as many as
    those would have to survey to save the time that loading them takes.
    """
    if not chosen.cache_info().currsize:
        _LOADER.surveyed += samples
        _LOADER.is_brief = _LOADER.surveyed < _WORTH_LOADING
    try:
        yield
    finally:
        _LOADER.is_brief = False
