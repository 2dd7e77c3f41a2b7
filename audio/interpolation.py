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
import numpy.typing as npt
from attrs import frozen

from . import FloatArray

ROW = 16
"""Samples of a row: a wider one multiplies more zeros, a narrower one copies more."""

_ROUNDING = 1.0 + 1e-9


@frozen
class CurveBounds:
    """The bounds of a set of interpolators.

    Attributes:
        gain: the waveform is at most this times the largest sample that it depends on.
        bend: it exceeds the samples on either side by at most this times the largest second
            difference of the samples that it depends on.
        lead: the sample of a row's window after which its first point is.
        first, last: the first and the last row of samples that a row depends on, from its own.
    """

    gain: float
    bend: float
    lead: int
    first: int
    last: int

    @classmethod
    def of(cls, phases: FloatArray, lead: int) -> CurveBounds:
        """The bounds of interpolators at points from one sample up to the next.

        phases: shape (points, window); the weights of a point are those of its row. lead: the
        position in the window of the sample at or before the points.
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
        return cls(gain * _ROUNDING, bend * _ROUNDING, lead, first, last)

    def reaching(self, samples: FloatArray, floor: float, rows: int) -> npt.NDArray[np.bool_]:
        """Whether the waveform may exceed `floor` in each of the rows, shape (rows,).

        samples: of one channel, a whole number of rows that reaches to the end of the last window.
        """
        loudest = _row_maxima(np.abs(samples))
        reach = self.gain * self._over_window(loudest, rows)
        if not reach.max(initial=0.0) > floor:
            return np.zeros(rows, np.bool_)
        bends = np.zeros(len(samples))
        steps = samples[1:] - samples[:-1]
        np.abs(np.subtract(steps[1:], steps[:-1], out=bends[:-2]), out=bends[:-2])
        beside = (loudest[(self.lead + n) // ROW :][:rows] for n in (0, ROW))
        bent = np.maximum(*beside) + self.bend * self._over_window(_row_maxima(bends), rows)
        return np.asarray(np.minimum(reach, bent) > floor)

    def _over_window(self, maxima: FloatArray, rows: int) -> FloatArray:
        """The maximum of what each row depends on, of the maxima of rows of samples."""
        starts = range(self.first, self.last + 1)
        return np.asarray(np.maximum.reduce([maxima[n : n + rows] for n in starts]))


def _row_maxima(magnitudes: FloatArray) -> FloatArray:
    """The maximum of each row; halving is faster than numpy's reduction of short rows."""
    for _ in range(ROW.bit_length() - 1):
        magnitudes = np.maximum(magnitudes[0::2], magnitudes[1::2])
    return magnitudes
