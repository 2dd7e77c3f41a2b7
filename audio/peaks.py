"""Inter-sample peaks: the peak of the reconstructed waveform around each sample.

ITU-R BS.1770-5, annex 2, measures true peak at 4 times the rate, which reads up to 0.69 dB low near
the Nyquist frequency. A limiter needs more accuracy, so the waveform is evaluated in two steps:

- at 4 points per sample with a short interpolator, the one of ffmpeg's `ebur128` meter
  (libswresample: 32 samples, Kaiser beta 9);
- where the result is close to the threshold, at 4 points with two long interpolators: one passes
  the top of the band, one cuts it off, as converters, encoders and resamplers do (without its
  highest overtones a click peaks higher; the transition band is that of soxr's best quality). A
  parabola through each local maximum and its neighbours gives the crest between the points.

Interpolation is a matrix product: each row of one matrix holds 16 samples and their neighbours,
each row of the other the interpolator at one point among them. Rows whose points cannot come close
to the threshold are skipped (`CurveBounds`).
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ..ir.units import gain_factor
from . import FloatArray
from .interpolation import curve_bounds
from .kernels import KERNELS, ROW

REACH = 96
"""Samples needed on either side of a point."""

_POINTS = 4  # per sample
# Reach in samples, Kaiser beta and cut-off, as a share of the band, of the interpolators.
_COARSE = (16, 9.0, 1.0)
_FINE = (48, 8.0, 1.0)
_CUTTING = (95, 10.0, 0.957)
_NEAR = gain_factor(-2.0)  # the waveform rises by less than 2 dB between 4 points per sample

_WINDOW = ROW + 2 * REACH - 1
# Multiplications of one product: few enough for OpenBLAS to stay on the calling thread. Spread over
# threads, products like these cost many times the CPU time, nearly all of it waiting.
_PRODUCT = 1 << 18


def _interpolator(points: FloatArray, reach: int, beta: float, cutoff: float) -> FloatArray:
    """The weights of a row's window at points, in samples from its first; (points, window)."""
    distance = points[:, None] - np.arange(1 - REACH, ROW + REACH)
    window = np.i0(beta * np.sqrt(np.maximum(1.0 - (distance / reach) ** 2, 0.0))) / np.i0(beta)
    weights = np.where(np.abs(distance) < reach, np.sinc(cutoff * distance) * window, 0.0)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


class InterSamplePeaks:
    """Finds the peaks of the waveform between samples, where they may exceed a threshold."""

    def __init__(self, threshold: float) -> None:
        """threshold: linear; a peak at or below it may be reported too low, or as 0."""
        # The parabolas need one point more at both ends of the row.
        points = np.arange(-1, _POINTS * ROW + 1) / _POINTS
        self._coarse = _interpolator(points[1:-1], *_COARSE)
        self._fine = np.concatenate([_interpolator(points, *kind) for kind in (_FINE, _CUTTING)])
        self._bounds = curve_bounds(self._coarse[:_POINTS], REACH - 1)
        self._near = threshold * _NEAR

    def between(self, signal: FloatArray) -> FloatArray | None:
        """The largest magnitude from each sample to the next, over all channels.

        signal: shape (channels, n + 2*REACH), n a multiple of 16. Returns shape (n,): entry i
        covers the interval from sample i + REACH - 1 to the next. None: the waveform comes nowhere
        near the threshold, at samples or between them.
        """
        count, bounds = (signal.shape[1] - 2 * REACH) // ROW, self._bounds
        near = np.array([KERNELS.reaching(x, self._near, count, bounds)[0] for x in signal])
        if not near.any():
            return None
        rows = sliding_window_view(signal, _WINDOW, axis=1)[:, ::ROW]
        peaks = np.zeros((*near.shape, ROW))
        near[near] = _magnitudes(rows[near], self._coarse).max(axis=1) > self._near
        peaks[near] = _crests(_magnitudes(rows[near], self._fine))
        return np.asarray(peaks.max(axis=0).reshape(-1))


def _magnitudes(rows: FloatArray, matrix: FloatArray) -> FloatArray:
    """The magnitude at each point of each row, shape (rows, points)."""
    height = _PRODUCT // matrix.size
    stacks = np.zeros((-(-len(rows) // height), height, _WINDOW))
    stacks.reshape(-1, _WINDOW)[: len(rows)] = rows
    values = stacks @ matrix.T
    np.abs(values, out=values)
    return values.reshape(-1, len(matrix))[: len(rows)]


def _crests(magnitudes: FloatArray) -> FloatArray:
    """The largest magnitude at the points of each sample, and between them; (rows, ROW)."""
    interpolated = magnitudes.reshape(len(magnitudes), 2, _POINTS * ROW + 2)
    before, at, after = (interpolated[..., n : n + _POINTS * ROW] for n in range(3))
    bend = 2.0 * at - before - after
    crest = (at >= before) & (at >= after) & (bend > 0.0)
    highest = at + np.where(crest, (after - before) ** 2, 0.0) / np.where(crest, 8.0 * bend, 1.0)
    return np.asarray(highest.reshape(len(magnitudes), 2, ROW, _POINTS).max(axis=(1, 3)))
