"""Peaks between the samples: how far the reconstructed waveform swings around each sample.

ITU-R BS.1770-5, annex 2, measures true peak at 4 times the rate, which reads up to 0.69 dB low near
the band's edge. A limiter must not, so the waveform is evaluated in two steps:

- at 4 points a sample with a short interpolator, the one in ffmpeg's `ebur128` meter
  (libswresample: 32 samples, Kaiser beta 9), so that this meter reads no more than is found here;
- where that comes near the threshold, at 16 points (at most 0.04 dB low) with a long one that
  keeps what is at the band's edge, and at 8 with one that cuts it off, as converters, encoders and
  resamplers do: without its highest overtones a click swings further.

Interpolation is a matrix product: a row of the one matrix holds 16 samples and their neighbours, a
row of the other the interpolator at one point among them. Stretches in which no sample is loud
enough for any point to pass the threshold, by the sum of the interpolator's magnitudes, are left
out.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from .arrays import FloatArray

REACH = 32
"""Samples needed on either side of a point."""

# Points from a sample on, reach in samples, Kaiser beta and cut-off, as a share of the band, of the
# interpolators.
_COARSE = (np.arange(1, 4) / 4.0, 16, 9.0, 1.0)
_FINE = (np.arange(1, 16) / 16.0, 32, 7.0, 1.0)
_CUTTING = (np.arange(8) / 8.0, 32, 5.0, 0.95)
_NEAR = 10.0 ** (-2.0 / 20.0)  # more than the waveform rises between 4 points a sample

_ROW = 16  # samples of a row: wider multiplies more zeros, narrower copies more
_WINDOW = _ROW + 2 * REACH - 1
# Multiplications of one product: so few that OpenBLAS works on the calling thread. Spread over
# threads, products like these cost many times the processor's time, nearly all of it in waiting.
_PRODUCT = 1 << 18


def _interpolator(points: FloatArray, reach: int, beta: float, cutoff: float) -> FloatArray:
    """Weights of the 2*REACH neighbours at points between two samples, shape (points, 2*REACH)."""
    distance = points[:, None] - np.arange(1 - REACH, REACH + 1)
    window = np.i0(beta * np.sqrt(np.maximum(1.0 - (distance / reach) ** 2, 0.0))) / np.i0(beta)
    weights = np.where(np.abs(distance) < reach, np.sinc(cutoff * distance) * window, 0.0)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _row_matrix(weights: FloatArray) -> FloatArray:
    """The interpolator laid out for a row: shape (points * row samples, window)."""
    points, taps = weights.shape
    matrix = np.zeros((points, _ROW, _WINDOW))
    for n in range(_ROW):
        matrix[:, n, n : n + taps] = weights
    return matrix.reshape(-1, _WINDOW)


class InterSamplePeaks:
    """Finds the peaks of a signal's waveform between samples, where they may pass a threshold."""

    def __init__(self, threshold: float) -> None:
        """threshold: linear; peaks at or below it may be reported too low."""
        coarse = _interpolator(*_COARSE)
        fine = np.concatenate([_interpolator(*_FINE), _interpolator(*_CUTTING)])
        self._coarse, self._fine = _row_matrix(coarse), _row_matrix(fine)
        self._loud = threshold / max(np.abs(w).sum(axis=1).max() for w in (coarse, fine))
        self._near = threshold * _NEAR

    def between(self, signal: FloatArray) -> FloatArray:
        """Largest magnitude after each sample and before the next, over all channels.

        signal: shape (channels, n + 2*REACH), n a multiple of 16. Returns shape (n,): entry i is
        for the interval from sample i + REACH - 1 to the next.
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
