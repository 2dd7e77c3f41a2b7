"""Inter-sample peaks: the peak of the reconstructed waveform around each sample.

ITU-R BS.1770-5, annex 2, measures true peak at 4 times the rate, which reads up to 0.69 dB low near
the Nyquist frequency. A limiter needs more accuracy, so the waveform is evaluated in two steps:

- at 4 points per sample with a short interpolator, the one of ffmpeg's `ebur128` meter
  (libswresample: 32 samples, Kaiser beta 9), so that this meter never reads higher;
- where the result is close to the threshold, at 16 points (at most 0.04 dB low) with a long
  interpolator that passes the top of the band, and at 8 points with one that cuts it off, as
  converters, encoders and resamplers do: without its highest overtones a click peaks higher.

Interpolation is a matrix product: each row of one matrix holds 16 samples and their neighbours,
each row of the other the interpolator at one point among them. Stretches without a sample loud
enough for any point to exceed the threshold, judged by the sum of the interpolator's magnitudes,
are skipped.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ..ir.types import gain_factor
from . import FloatArray

REACH = 32
"""Samples needed on either side of a point."""

# The interpolators: points after a sample, reach in samples, Kaiser beta, and cut-off as a share of
# the band.
_COARSE = (np.arange(1, 4) / 4.0, 16, 9.0, 1.0)
_FINE = (np.arange(1, 16) / 16.0, 32, 7.0, 1.0)
_CUTTING = (np.arange(8) / 8.0, 32, 5.0, 0.95)
_NEAR = gain_factor(-2.0)  # the waveform rises by less than 2 dB between 4 points per sample

_ROW = 16  # samples per row: a wider row multiplies more zeros, a narrower one copies more
_WINDOW = _ROW + 2 * REACH - 1
# Multiplications of one product: few enough for OpenBLAS to stay on the calling thread. Spread over
# threads, products like these cost many times the CPU time, nearly all of it waiting.
_PRODUCT = 1 << 18


def _interpolator(points: FloatArray, reach: int, beta: float, cutoff: float) -> FloatArray:
    """Weights of the 2*REACH neighbours for points between samples, shape (points, 2*REACH)."""
    distance = points[:, None] - np.arange(1 - REACH, REACH + 1)
    window = np.i0(beta * np.sqrt(np.maximum(1.0 - (distance / reach) ** 2, 0.0))) / np.i0(beta)
    weights = np.where(np.abs(distance) < reach, np.sinc(cutoff * distance) * window, 0.0)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _row_matrix(weights: FloatArray) -> FloatArray:
    """The interpolator repeated for each sample of a row, shape (points * _ROW, _WINDOW)."""
    points, taps = weights.shape
    matrix = np.zeros((points, _ROW, _WINDOW))
    for n in range(_ROW):
        matrix[:, n, n : n + taps] = weights
    return matrix.reshape(-1, _WINDOW)


class InterSamplePeaks:
    """Finds the peaks of the waveform between samples, where they may exceed a threshold."""

    def __init__(self, threshold: float) -> None:
        """threshold: linear; a peak at or below it may be reported too low."""
        coarse = _interpolator(*_COARSE)
        fine = np.concatenate([_interpolator(*_FINE), _interpolator(*_CUTTING)])
        self._coarse, self._fine = _row_matrix(coarse), _row_matrix(fine)
        self._loud = threshold / max(np.abs(w).sum(axis=1).max() for w in (coarse, fine))
        self._near = threshold * _NEAR

    def between(self, signal: FloatArray) -> FloatArray:
        """The largest magnitude between each sample and the next, over all channels.

        signal: shape (channels, n + 2*REACH), n a multiple of 16. Returns shape (n,): entry i
        covers the interval from sample i + REACH - 1 to the next.
        """
        loudest = np.abs(signal).reshape(signal.shape[0], -1, _ROW).max(axis=2)
        within = sliding_window_view(loudest, 2 * REACH // _ROW + 1, axis=1).max(axis=2)
        rows = sliding_window_view(signal, _WINDOW, axis=1)[:, ::_ROW]
        peaks = np.zeros((*rows.shape[:2], _ROW))
        loud = within > self._loud
        peaks[loud] = _largest(rows[loud], self._coarse)
        near = peaks.max(axis=2) > self._near
        peaks[near] = np.maximum(peaks[near], _largest(rows[near], self._fine))
        return np.asarray(peaks.max(axis=0).reshape(-1))


def _largest(rows: FloatArray, matrix: FloatArray) -> FloatArray:
    """The largest magnitude over the points of each row's samples, shape (rows, _ROW)."""
    height = _PRODUCT // matrix.size
    stacks = np.zeros((-(-len(rows) // height), height, _WINDOW))
    stacks.reshape(-1, _WINDOW)[: len(rows)] = rows
    values = stacks @ matrix.T
    np.abs(values, out=values)
    highest = values.reshape(-1, len(matrix) // _ROW, _ROW).max(axis=1)
    return np.asarray(highest[: len(rows)])
