"""The recursive filters of scipy, without importing the rest of `scipy.signal`.

Every output of a recursive filter depends on the one before, so numpy has no fast form of it. scipy
has, but importing `scipy.signal` takes 0.6 s of CPU, as much as measuring five minutes of stereo,
for statistics, optimisation and interpolation that are not used here. The filters themselves are in
two compiled modules of that package, which need numpy alone and are imported in 0.02 s. Their names
are private. They are therefore used only if they are there and filter a known signal as they
should, and the public functions otherwise. Both give the same results.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import NamedTuple, TypeAlias

import numpy as np

from . import FloatArray

Filter: TypeAlias = Callable[[FloatArray, FloatArray, FloatArray], tuple[FloatArray, FloatArray]]


class Recursion(NamedTuple):
    """The two filters. Samples have the shape (channels, n); no argument is changed.

    biquad: filter by b0 b1 b2 1 a1 a2, from a state of shape (channels, 2), as scipy's `lfilter`.
    cascade: filter by successive biquads, shape (sections, 6), from a state of shape (sections,
    channels, 2), as scipy's `sosfilt`, which adds in another order. Both return the output and the
    state after it.
    """

    biquad: Filter
    cascade: Filter


def compiled() -> Recursion:
    """The filters of the two modules. Raises anything if scipy has changed them."""
    linear, sections = (_module(name) for name in ("_sigtools", "_sosfilt"))

    def biquad(
        section: FloatArray, block: FloatArray, state: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        out, end = linear._linear_filter(section[:3], section[3:], block, 1, state)
        return out, end

    def cascade(
        rows: FloatArray, block: FloatArray, state: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        out, end = np.array(block, order="C"), np.array(state.swapaxes(0, 1), order="C")
        sections._sosfilt(rows, out, end)
        return out, end.swapaxes(0, 1)

    found = Recursion(biquad, cascade)
    _check(found)
    return found


def public() -> Recursion:
    """The filters of `scipy.signal`."""
    from scipy.signal import lfilter, sosfilt  # noqa: PLC0415

    def biquad(
        section: FloatArray, block: FloatArray, state: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        out, end = lfilter(section[:3], section[3:], block, axis=1, zi=state)
        return out, end

    def cascade(
        rows: FloatArray, block: FloatArray, state: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        out, end = sosfilt(rows, block, axis=1, zi=state)
        return out, end

    return Recursion(biquad, cascade)


def _module(name: str) -> ModuleType:
    """A module of `scipy.signal`; to find the package imports no more than scipy's root."""
    package = find_spec("scipy.signal")
    assert package is not None
    spec = PathFinder.find_spec(f"{package.name}.{name}", package.submodule_search_locations)
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _check(filters: Recursion) -> None:
    """Raise ValueError unless both filter an impulse, and a state, as they should.

    Every number here is a sum of a few powers of two, so the results are exact in any order.
    """
    section = np.array([0.5, 0.25, 0.125, 1.0, -0.5, 0.25])
    block, state = np.array([[1.0, 0.0, 0.0], [0.0] * 3]), np.array([[0.0, 0.0], [0.25, 0.125]])
    expected = np.array([[0.5, 0.5, 0.25], [0.25, 0.25, 0.0625]])
    after = np.array([[0.0, -0.0625], [-0.03125, -0.015625]])
    out, end = filters.biquad(section, block, state)
    outs, ends = filters.cascade(section[None], block, state[None])
    pairs = ((out, expected), (outs, expected), (end, after), (ends, after[None]))
    if not all(np.array_equal(one, other) for one, other in pairs):
        raise ValueError("scipy's compiled filters are not the ones that mixdown knows")


def _choose() -> Recursion:
    try:
        return compiled()
    except Exception:  # a release of scipy may change anything that is private
        return public()


RECURSION = _choose()
