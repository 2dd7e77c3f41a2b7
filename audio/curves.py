"""Fade curves and the gains of fades.

A curve maps the progress g of a fade-in, in [0, 1], to a gain in [0, 1]; every curve is exactly 0
at g=0 and exactly 1 at g=1. The names and formulas are those of ffmpeg's `afade` (FFmpeg,
libavfilter/af_afade.c, `fade_gain`; documentation: ffmpeg-filters, section afade), with one
deliberate difference: `exp` is 0 at g=0, where ffmpeg has 1e-5.

At its sample i, a fade-in of N samples has the gain f(i/N), and a fade-out f((N-i)/N), as `afade`
does. Before a fade-in and after a fade-out the gain is 0; after a fade-in and before a fade-out it
is 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from . import FloatArray

Curve = Callable[[FloatArray], FloatArray]

_LOSI_SLOPE = 1.0 / (1.0 - 0.787) - 1.0


def _logistic(g: FloatArray | float) -> FloatArray | float:
    return 1.0 / (1.0 + np.exp(-(g - 0.5) * _LOSI_SLOPE * 2.0))


def _losi(g: FloatArray) -> FloatArray:
    """Logistic sigmoid, shifted and scaled to reach 0 and 1."""
    low, high = _logistic(0.0), _logistic(1.0)
    return np.asarray((_logistic(g) - low) / (high - low))


def _mirrored(half: Curve) -> Curve:
    """`half` scaled into the lower half, then its reflection in (1/2, 1/2)."""

    def curve(g: FloatArray) -> FloatArray:
        rising = g <= 0.5
        inner = half(2.0 * np.where(rising, g, 1.0 - g)) / 2.0
        return np.where(rising, inner, 1.0 - inner)

    return curve


_INTERIOR: Mapping[str, Curve] = {
    "tri": lambda g: g,
    "qsin": lambda g: np.sin(g * (np.pi / 2.0)),
    "hsin": lambda g: (1.0 - np.cos(g * np.pi)) / 2.0,
    "esin": lambda g: 1.0 - np.cos(np.pi / 4.0 * ((2.0 * g - 1.0) ** 3 + 1.0)),
    "iqsin": lambda g: np.arcsin(g) * (2.0 / np.pi),
    "ihsin": lambda g: np.arccos(1.0 - 2.0 * g) / np.pi,
    "qua": lambda g: g * g,
    "cub": lambda g: g * g * g,
    "squ": np.sqrt,
    "cbr": np.cbrt,
    "par": lambda g: 1.0 - np.sqrt(1.0 - g),
    "ipar": lambda g: 1.0 - (1.0 - g) * (1.0 - g),
    "exp": lambda g: np.exp(-5.0 * np.log(10.0) * (1.0 - g)),
    "log": lambda g: np.clip(1.0 + 0.2 * np.log10(g), 0.0, 1.0),
    "dese": _mirrored(np.cbrt),
    "desi": _mirrored(lambda g: g * g * g),
    "losi": _losi,
    "sinc": lambda g: np.sinc(1.0 - g),
    "isinc": lambda g: 1.0 - np.sinc(g),
}
"""The formulas, for 0 < g < 1: at the ends some are undefined or have a rounding error."""


def _with_exact_ends(interior: Curve) -> Curve:
    def curve(g: FloatArray) -> FloatArray:
        inside = (g > 0.0) & (g < 1.0)
        return np.where(inside, interior(np.where(inside, g, 0.5)), np.where(g >= 1.0, 1.0, 0.0))

    return curve


CURVES: Mapping[str, Curve] = MappingProxyType(
    {name: _with_exact_ends(interior) for name, interior in _INTERIOR.items()}
)
"""Canonical curve name -> vectorised gain function; g outside [0, 1] is clamped."""


def fade_in(n: int, curve: str, count: int | None = None, offset: int = 0) -> FloatArray:
    """Gains of a fade-in of `n` samples, at its samples [offset, offset + count).

    n: length of the fade in samples, >= 0 (0: a step from 0 to 1 at sample 0). curve: a name in
    `CURVES`. count: the number of gains; by default the whole fade. offset: may be negative.
    Returns shape (count,). Raises KeyError on an unknown curve, ValueError on a negative length.
    """
    return _gains(n, curve, count, offset, rising=True)


def fade_out(n: int, curve: str, count: int | None = None, offset: int = 0) -> FloatArray:
    """Gains of a fade-out of `n` samples, at its samples [offset, offset + count); see `fade_in`.

    The first sample of the fade has gain 1, the last f(1/n); from sample n on the gain is 0.
    """
    return _gains(n, curve, count, offset, rising=False)


def _gains(n: int, curve: str, count: int | None, offset: int, *, rising: bool) -> FloatArray:
    if n < 0 or (count is not None and count < 0):
        raise ValueError(f"negative length: {count} gains of a fade of {n} samples")
    shape = CURVES[curve]
    count = n if count is None else count
    gains = np.empty(count)
    # The curve is computed only inside the fade: most of a clip is outside its fades.
    start, stop = (min(max(at - offset, 0), count) for at in (0, n))
    before, after = (0.0, 1.0) if rising else (1.0, 0.0)
    gains[:start] = before
    gains[stop:] = after
    index = np.arange(offset + start, offset + stop)
    gains[start:stop] = shape((index if rising else n - index) / max(n, 1))
    return gains
