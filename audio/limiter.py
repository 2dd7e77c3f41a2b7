"""A look-ahead true-peak limiter: gain reduction only, no latency, identity below its threshold.

The required reduction of a sample, in dB, is the amount by which the waveform around it, between
the samples as well, exceeds the ceiling. The reduction, common to all channels, follows in three
steps:

1. hold:    the largest requirement from `HOLD` before to `LOOKAHEAD` after each sample;
2. release: where the held reduction falls, the distance to it decays exponentially. A small
            difference between two peaks thus moves the gain slowly, and steady sounds stay pure;
3. smooth:  three box filters, together as long as `LOOKAHEAD`, turn steps into ramps.

A peak's requirement is held over the whole window of that average, so the reduction at the peak is
never less than required. A reduction decays to exactly 0 in finite time: away from peaks samples
pass unchanged, bit for bit.

The signal is processed in chunks of fixed length counted from its start, so the output is
bit-identical for any division into blocks.

The log-domain side chain follows D. Giannoulis, M. Massberg, J. D. Reiss, "Digital Dynamic Range
Compressor Design", JAES 60(6), 2012; the order of the steps follows G. Luff, "Designing a
straightforward limiter", Signalsmith Audio, 2022.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from ..ir.units import DB_PER_NEPER, gain_factor
from . import FloatArray
from .kernels import KERNELS
from .peaks import REACH, InterSamplePeaks

LOOKAHEAD = 0.005
"""Attack time before a peak, in seconds."""

HOLD = 0.012
"""Hold time after a peak, in seconds.

Together with the look-ahead this is half a period of 30 Hz, so the gain is constant over a bass
note instead of following its waveform.
"""

RELEASE = 0.009
"""Time constant of the release, in seconds."""

TRACE_INTERVAL = 0.01
"""Interval of the gain-reduction trace, in seconds."""

_MARGIN_DB = {"true_peak": 0.03, "sample_peak": 0.0001}
"""How far below the ceiling a peak is reduced: changes of the gain add a little of their own."""

_METERING_DB = {"true_peak": 0.005, "sample_peak": 0.0}
"""A peak that is read this little below the ceiling may exceed it on another meter, or dithered: it
is reduced as well."""

_RELEASED_DB = 1e-4  # a reduction this small counts as released
_CHUNK = 32768

Detector = Literal["true_peak", "sample_peak"]


def look_ahead(rate: int) -> int:
    """How many samples a limiter reads ahead of its output, at most."""
    return _CHUNK + REACH + 1 + 3 * (_box(rate) - 1)


class TruePeakLimiter:
    """Limits a stream; output blocks may differ in length from input blocks, but not in total."""

    MEMORY = (
        *("_signal", "_between", "_required", "_reduction", "_is_reducing", "_released"),
        *("pending", "_taken", "_given", "_position", "_untraced"),
    )

    def __init__(
        self,
        rate: int,
        channels: int,
        ceiling_db: float,
        *,
        detector: Detector = "true_peak",
    ) -> None:
        """rate: Hz. ceiling_db: dBTP, or dBFS with the `sample_peak` detector, which is cheaper."""
        self._ceiling = gain_factor(ceiling_db)
        self._threshold = gain_factor(ceiling_db - _METERING_DB[detector])
        self._margin_db = _MARGIN_DB[detector]
        self._peaks = InterSamplePeaks(self._threshold) if detector == "true_peak" else None
        self._box = _box(rate)
        self._lookahead = 3 * (self._box - 1)
        self._hold = round(HOLD * rate)
        self._decays = np.exp(-np.arange(1, _CHUNK + 1) / (RELEASE * rate))
        self._trace_step = round(TRACE_INTERVAL * rate)
        # Every delay line starts with the silence before the signal.
        self._delay = REACH + 1 + self._lookahead
        self._signal = np.zeros((channels, max(self._delay, 2 * REACH)))
        self._between = 0.0
        self._required = np.zeros(self._lookahead + self._hold)
        self._reduction = 0.0
        self._is_reducing = False  # whether a requirement so far has an effect to come
        self._released = np.zeros(self._lookahead)
        self._chunk = np.zeros((channels, _CHUNK))
        self._filled = 0
        self._taken = self._given = self._position = 0
        self._trace: list[FloatArray] = []
        self._untraced = np.zeros(0)

    @property
    def pending(self) -> FloatArray:
        """The samples of the incomplete chunk, shape (channels, n)."""
        return self._chunk[:, : self._filled]

    @pending.setter
    def pending(self, samples: FloatArray) -> None:
        self._filled = samples.shape[1]
        self._chunk[:, : self._filled] = samples

    def trace(self) -> FloatArray:
        """The largest reduction in dB in each 10 ms of the output so far, shape (n,)."""
        tail = [self._untraced.max(keepdims=True)] if len(self._untraced) else []
        return np.concatenate([*self._trace, *tail, np.zeros(0)])

    def process(self, block: FloatArray) -> FloatArray:
        """Process the next samples, shape (channels, n); return those ready, (channels, m)."""
        self._taken += block.shape[1]
        parts, at = [block[:, :0]], 0
        while at < block.shape[1]:
            piece = block[:, at : at + _CHUNK - self._filled]
            self._chunk[:, self._filled : self._filled + piece.shape[1]] = piece
            self._filled += piece.shape[1]
            at += piece.shape[1]
            if self._filled == _CHUNK:
                parts.append(self._advance())
        return np.concatenate(parts, axis=1)

    def flush(self) -> FloatArray:
        """The remaining samples after the last block; the limiter cannot be used afterwards."""
        parts = [self._chunk[:, :0]]
        while self._given < self._taken:
            self._chunk[:, self._filled :] = 0.0
            parts.append(self._advance())
        return np.concatenate(parts, axis=1)

    def _advance(self) -> FloatArray:
        """Process a full chunk; return the samples ready, without the silence before the start."""
        signal = np.concatenate([self._signal, self._chunk], axis=1)
        self._signal = signal[:, _CHUNK:]
        first = self._position - self._delay
        self._position += _CHUNK
        self._filled = 0
        required = self._requirement(signal)
        if required.any() or self._is_reducing:
            reduction = self._smooth(self._release(self._held(required)))
            self._is_reducing = bool(
                self._required.any() or self._reduction or self._released.any()
            )
        else:
            reduction = required
        start = self._signal.shape[1] - self._delay
        ready = signal[:, start : start + _CHUNK]
        if reduction.any():
            ready = ready * np.exp(-reduction / DB_PER_NEPER)
        part = slice(max(-first, 0), max(min(_CHUNK, self._taken - first), 0))
        self._note(reduction[part])
        self._given += ready[:, part].shape[1]
        return ready[:, part]

    def _requirement(self, signal: FloatArray) -> FloatArray:
        """The reduction that the waveform at each sample requires, dB; delayed by REACH + 1."""
        recent = signal[:, -_CHUNK - 2 * REACH :]
        between = self._peaks.between(recent) if self._peaks is not None else None
        if self._peaks is not None and between is None and self._between <= self._threshold:
            self._between = 0.0
            return np.zeros(_CHUNK)
        peaks = np.max(np.abs(recent[:, REACH - 1 : REACH - 1 + _CHUNK]), axis=0)
        if between is not None:
            np.maximum(peaks, between, out=peaks)
            np.maximum(peaks[1:], between[:-1], out=peaks[1:])
        peaks[0] = max(peaks[0], self._between)
        self._between = 0.0 if between is None else float(between[-1])
        required = np.zeros(_CHUNK)
        over = peaks > self._threshold
        required[over] = DB_PER_NEPER * np.log(peaks[over] / self._ceiling) + self._margin_db
        return required

    def _held(self, required: FloatArray) -> FloatArray:
        """The largest requirement around each sample; delayed by the look-ahead as well."""
        line = np.concatenate([self._required, required])
        self._required = line[_CHUNK:]
        return KERNELS.held(line, self._lookahead + self._hold + 1, _CHUNK)

    def _release(self, held: FloatArray) -> FloatArray:
        """The held reduction where it rises; where it falls, an exponential decay towards it."""
        reduction, self._reduction = KERNELS.released(
            held, self._reduction, self._decays, _RELEASED_DB
        )
        return reduction

    def _smooth(self, released: FloatArray) -> FloatArray:
        line = np.concatenate([self._released, released])
        self._released = line[_CHUNK:]
        # Each box is centred; three of them reach half the look-ahead to either side.
        half = self._lookahead // 2
        smooth = KERNELS.smoothed(line, self._box)[half : half + _CHUNK]
        smooth[smooth < 1e-6] = 0.0
        return smooth

    def _note(self, reduction: FloatArray) -> None:
        pending = np.concatenate([self._untraced, reduction])
        whole = len(pending) // self._trace_step * self._trace_step
        self._trace.append(pending[:whole].reshape(-1, self._trace_step).max(axis=1))
        self._untraced = pending[whole:]


def _box(rate: int) -> int:
    """The length of a box filter, odd, so that it has a centre."""
    return 2 * round(LOOKAHEAD * rate / 6) + 1
