"""Bounds of an interpolated waveform: where it cannot reach a level, it need not be computed.

An interpolator at a point between two samples is a straight line between them and a rest, which is
0 for every straight line: a filter of second differences. The line stays between the two samples.
So the waveform exceeds them by at most the largest second difference around them, times the sum of
that filter's magnitudes. Of sound most of which is far below the Nyquist frequency this bound is a
few percent wide. The sum of the interpolator's own magnitudes bounds it for every other sound.

Samples are judged in rows of `ROW`, the unit in which the interpolators here compute.
"""

from __future__ import annotations

import numpy as np

from . import FloatArray
from .kernels import ROW, CurveBounds

_ROUNDING = 1.0 + 1e-9


def curve_bounds(phases: FloatArray, lead: int) -> CurveBounds:
    """The bounds of interpolators at points from one sample up to the next.

    phases: shape (points, window); the weights of a point are those of its row. lead: the position
    in the window of the sample at or before the points.
    """
    share = phases @ (np.arange(phases.shape[1]) - lead)
    assert np.all((share > -1e-12) & (share < 1.0)), "a line leaves its two samples"
    rest = phases.copy()
    rest[:, lead] -= 1.0 - share
    rest[:, lead + 1] -= share
    second = np.cumsum(np.cumsum(rest, axis=1), axis=1)
    gain, bend = (float(np.abs(w).sum(axis=1).max()) for w in (phases, second))
    used = np.flatnonzero(np.any(phases, axis=0))
    first, last = int(used[0]) // ROW, (int(used[-1]) + ROW - 1) // ROW
    return CurveBounds(gain * _ROUNDING, bend * _ROUNDING, lead, first, last)
