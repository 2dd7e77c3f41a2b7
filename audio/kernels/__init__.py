"""The inner loops of signal processing, in one of two forms: numpy and scipy, or compiled.

Promises: this module alone decides which form a process uses, and it decides once. With the extra
`fast` it is `compiled`, by numba; without it, or if numba cannot be used here, it is `plain`. Both
give the same results to the last bit, so nothing but speed depends on the choice.
"""

from __future__ import annotations

import os
import platform
from importlib import import_module
from typing import cast

from attrs import frozen

from .interface import ROW, CurveBounds, IntegerArray, Kernels, Key, Quantised

__all__ = [
    "CHOSEN",
    "KERNELS",
    "ROW",
    "CurveBounds",
    "IntegerArray",
    "Kernels",
    "Key",
    "Quantised",
]

VARIABLE = "MIXDOWN_KERNELS"
"""The environment variable that chooses numpy although numba is there."""

_INSTALL = "pip install 'mixdown[fast]'"
# Compilers of other processors may fuse a multiplication and an addition of scipy's filters.
_MACHINES = ("x86_64", "AMD64")


@frozen
class KernelChoice:
    """Which kernels a process uses: whether they are compiled, and by what or why not."""

    is_compiled: bool
    reason: str
    kernels: Kernels


def _choose() -> KernelChoice:
    if os.environ.get(VARIABLE) == "numpy":
        return _plain(f"{VARIABLE}=numpy")
    if platform.machine() not in _MACHINES:
        return _plain(f"compiled for {' and '.join(_MACHINES)} only, this is {platform.machine()}")
    try:
        version = import_module("numba").__version__
    except ImportError as error:
        return _plain(f"{error}; {_INSTALL}")
    try:
        kernels = import_module(f"{__name__}.compiled")
    except Exception as error:  # numba raises anything; numpy always works
        return _plain(f"numba {version} cannot be used: {error}".splitlines()[0])
    return KernelChoice(True, f"numba {version}", cast(Kernels, kernels))


def _plain(reason: str) -> KernelChoice:
    return KernelChoice(False, reason, cast(Kernels, import_module(f"{__name__}.plain")))


CHOSEN = _choose()
KERNELS = CHOSEN.kernels
