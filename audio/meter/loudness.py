"""Streaming loudness: integrated, momentary, short-term and loudness range.

Follows ITU-R BS.1770-5 (K-weighting, channel weights, two-stage gating of 400 ms blocks with 75 %
overlap), EBU Tech 3341 (momentary 400 ms, short-term 3 s) and EBU Tech 3342 (loudness range from
ten short-term values a second). Results are the same for any division of the stream into blocks.

The meter stores the weighted mean square of every 10 ms, 8 bytes each, and that of each channel of
every 100 ms, so three hours of stereo are 10 MB at any rate; everything else is computed from
those. The gates and the series step by 100 ms as the standards require. The maxima step by 10 ms,
because Tech 3341 places its test tones (10 and 13) between the 100 ms steps, and a coarser grid
reads up to 0.6 LU too low.

Audio at a rate under 16 kHz is resampled to 48 kHz first (see kweighting.py).

Mono counts as one channel: a mono sine reads 3.01 LU below the same sine in both channels of a
stereo pair, and the same as that sine panned to the centre by the constant-power law.
"""

from __future__ import annotations

import attrs
import numpy as np

from ...ir.units import power_factor
from .. import LOWEST_WEIGHTED_RATE, REFERENCE_RATE, FloatArray
from .framing import Framer, ResamplingFramer, part_edges
from .kweighting import KWeighting
from .spans import FramedMeter, Series

CHANNEL_WEIGHTS: dict[int, tuple[float, ...]] = {
    1: (1.0,),
    2: (1.0, 1.0),
    5: (1.0, 1.0, 1.0, 1.41, 1.41),
    6: (1.0, 1.0, 1.0, 0.0, 1.41, 1.41),
}
"""Channel count -> weights, BS.1770-5 table 3. Orders: M; L R; L R C Ls Rs; L R C LFE Ls Rs."""

SLICES_PER_SECOND = 100
SLICES_PER_STEP = 10
"""Slices in the 100 ms step of the gates and the series."""
MOMENTARY_STEPS = 4
SHORT_TERM_STEPS = 30

OFFSET_LU = -0.691
"""What makes a full-scale sine of 997 Hz in one channel -3.01 LUFS (BS.1770-5 equation 2)."""
ABSOLUTE_GATE_LUFS = -70.0
INTEGRATED_GATE_LU = -10.0
RANGE_GATE_LU = -20.0
RANGE_PERCENTILES = (10, 95)
_GATE = power_factor(ABSOLUTE_GATE_LUFS - OFFSET_LU)


def lufs(power: FloatArray) -> FloatArray:
    """-0.691 + 10 log10(power) (BS.1770-5 equation 2); silence is -inf."""
    with np.errstate(divide="ignore"):
        return OFFSET_LU + 10.0 * np.log10(power)


def power_of(levels: FloatArray) -> FloatArray:
    """The weighted mean squares of loudness levels in LUFS: the inverse of `lufs`."""
    powers: FloatArray = 10.0 ** ((levels - OFFSET_LU) / 10.0)
    return powers


def _maximum(powers: FloatArray) -> float:
    return float(lufs(powers.max(keepdims=True))[0]) if powers.size else float("-inf")


@attrs.frozen
class Loudness:
    """The loudness of one stream.

    integrated, momentary_max and short_term_max are LUFS, -inf if nothing passed the gate or the
    stream is shorter than one window; range is LU, 0 where it is undefined. momentary and
    short_term are the series at 10 Hz in LUFS; value k covers the window that ends at
    (window + k * 0.1) s. powers are the weighted mean squares of the complete 10 ms slices, summed
    over channels; channel_powers, of shape (channels, n), are those of each channel, K-weighted but
    without its channel weight, of the complete 100 ms. padded is integrated, except that silence is
    appended to a stream that is shorter than 400 ms, to make up one window.
    """

    integrated: float
    padded: float
    range: float
    momentary_max: float
    short_term_max: float
    momentary: FloatArray = attrs.field(eq=False, repr=False)
    short_term: FloatArray = attrs.field(eq=False, repr=False)
    powers: FloatArray = attrs.field(eq=False, repr=False)
    channel_powers: FloatArray = attrs.field(eq=False, repr=False)


def integrated_loudness(blocks: FloatArray) -> float:
    """Gated loudness, LUFS, of 400 ms block powers at 100 ms steps (BS.1770-5 eq. 4 to 7)."""
    gated = blocks[blocks > _GATE]
    if not gated.size:
        return float("-inf")
    gate = gated.mean() * power_factor(INTEGRATED_GATE_LU)
    return float(lufs(gated[gated > gate].mean(keepdims=True))[0])


def loudness_range(short_term: FloatArray) -> float:
    """Loudness range in LU of short-term powers at 10 Hz (EBU Tech 3342).

    The percentiles are nearest ranks, as in the reference implementation of the standard,
    section 5.
    """
    gated = short_term[short_term >= _GATE]
    if not gated.size:
        return 0.0
    gate = gated.mean() * power_factor(RANGE_GATE_LU)
    ranked = np.sort(gated[gated >= gate])
    ranks = [int((ranked.size - 1) * percent / 100 + 0.5) for percent in RANGE_PERCENTILES]
    low, high = lufs(ranked[ranks])
    return float(high - low)


def window_powers(slices: FloatArray, steps: int) -> FloatArray:
    """Mean power of every window of `steps` x 100 ms, one starting at each 10 ms slice.

    Sums 100 ms first and windows of those second: as exact as a direct sum at a tenth of the work,
    without the cancellation that a running sum suffers after loud passages.
    """
    count = len(slices) - steps * SLICES_PER_STEP + 1
    if count <= 0:
        return np.zeros(0)
    step_starts = len(slices) - SLICES_PER_STEP + 1
    hundreds = np.zeros(step_starts)
    for i in range(SLICES_PER_STEP):
        hundreds += slices[i : i + step_starts]
    total = np.zeros(count)
    for i in range(steps):
        total += hundreds[i * SLICES_PER_STEP : i * SLICES_PER_STEP + count]
    return total / (steps * SLICES_PER_STEP)


class LoudnessMeter(FramedMeter):
    """Feed blocks of any size and read the result at any time.

    rate is in Hz, channels one of CHANNEL_WEIGHTS, full scale 1.0. Raises ValueError for another
    number of channels; `feed` raises it for a block of another shape and for NaN or infinity.
    """

    MEMORY = ("_framer", "_weighting")
    FINDINGS = ("_slices", "_channels")

    def __init__(self, rate: int, channels: int) -> None:
        if channels not in CHANNEL_WEIGHTS:
            raise ValueError(
                f"no BS.1770 weights for {channels} channels; known: {sorted(CHANNEL_WEIGHTS)}"
            )
        self._weights = np.array(CHANNEL_WEIGHTS[channels])
        # A frame of one second holds a whole number of samples and slices at any rate, so the slice
        # edges (rounded if the rate is not a multiple of 100) repeat and never drift.
        self._framer: Framer | ResamplingFramer = Framer(channels, rate)
        if rate < LOWEST_WEIGHTED_RATE:
            self._framer = ResamplingFramer(rate, REFERENCE_RATE, channels)
            rate = REFERENCE_RATE
        self._second = rate
        self._weighting = KWeighting(rate, channels)
        self._edges = part_edges(rate, SLICES_PER_SECOND)
        self._lengths = np.diff(self._edges)
        self._step_lengths = np.diff(self._edges[::SLICES_PER_STEP])
        self._slices, self._channels = Series(np.zeros(0)), Series(np.zeros((channels, 0)))

    @property
    def has_memory(self) -> bool:
        """Whether spans are possible: not of a stream that is resampled."""
        return isinstance(self._framer, Framer)

    def take(self, frame: FloatArray) -> None:
        """See `FramedMeter`."""
        slices, channels = self._powers(self._weighting, frame)
        self._slices.add(slices)
        self._channels.add(channels)

    def result(self) -> Loudness:
        """The loudness of everything fed so far."""
        weighting, rest = self._weighting.branch(), self._framer.pending
        starts = range(0, max(1, rest.shape[1]), self._second)
        last = [self._powers(weighting, rest[:, at : at + self._second]) for at in starts]
        slices = self._slices.joined(*(powers for powers, _ in last))
        channel_powers = self._channels.joined(*(powers for _, powers in last))
        momentary = window_powers(slices, MOMENTARY_STEPS)
        short_term = window_powers(slices, SHORT_TERM_STEPS)
        integrated = padded = integrated_loudness(momentary[::SLICES_PER_STEP])
        if not momentary.size:
            missing = MOMENTARY_STEPS * self._second // 10 + 1 - rest.shape[1]
            window, _ = self._powers(self._weighting.branch(), np.pad(rest, ((0, 0), (0, missing))))
            padded = integrated_loudness(window_powers(window, MOMENTARY_STEPS))
        return Loudness(
            integrated=integrated,
            padded=padded,
            range=loudness_range(short_term[::SLICES_PER_STEP]),
            momentary_max=_maximum(momentary),
            short_term_max=_maximum(short_term),
            momentary=lufs(momentary[::SLICES_PER_STEP]),
            short_term=lufs(short_term[::SLICES_PER_STEP]),
            powers=slices,
            channel_powers=channel_powers,
        )

    def _powers(self, weighting: KWeighting, frame: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The `powers` and `channel_powers` of a frame."""
        channels = len(self._weights)
        whole = int(np.searchsorted(self._edges, frame.shape[1], side="right")) - 1
        if whole == 0:
            return np.zeros(0), np.zeros((channels, 0))
        edges = self._edges[: whole + 1]
        sums = weighting.energies(frame[:, : edges[-1]], edges)
        steps = whole // SLICES_PER_STEP
        totals = sums[:, : steps * SLICES_PER_STEP].reshape(channels, steps, SLICES_PER_STEP)
        channel_powers = totals.sum(axis=2) / self._step_lengths[:steps]
        return self._weights @ sums / self._lengths[:whole], channel_powers
