"""Detects dropouts: stretches where the sound stops abruptly and resumes.

A stretch is empty if no sample exceeds a threshold. Speech and music also pause, and synthetic
speech pauses in digital silence, but before a pause the level falls and before a dropout it does
not. So an empty stretch counts only if the sound is cut off at both its ends:

- the level of the `EDGE_S` next to it exceeds `SOUNDING_DB`, and is at most `LED_DB` below that of
  the `REACH_S` next to it, and
- the waveform is cut off away from zero: its step to silence is at least `SWING` of the largest
  step of the `BESIDE_S` next to it, and the two steps together are at least one such step.

Files are read in blocks. The parts of a source that no clip plays are not read, and those that
several clips play are read once. docs/report.md gives the error rates of the rule on real material.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce
from pathlib import Path

import numpy as np
import soundfile
from attrs import define, field, frozen

from ...audio import FloatArray
from ...audio.meter.spans import Series, SpanMeter
from ...ir.units import decibels, gain_factor
from .clips import SoundingClip
from .joins import gaps, steps, window

EMPTY_SOURCE_DB = -90.0
"""One step of 16 bits: below this, a stretch of a source is empty."""

EMPTY_MASTER_DB = -72.0
"""Above the dither of 16 bits: below this, a stretch of a master is empty."""

SHORTEST_S = 0.001
LONGEST_GAP_S = 0.03
"""A longer gap between two clips of a track is a deliberate pause."""

SOUNDING_DB = -50.0
EDGE_S = 0.005
REACH_S = 0.05
LED_DB = 12.0
BESIDE_S = 0.02
SWING = 0.3

MUTED_DB = -60.0
"""Automation that turns a clip down this far makes an intended silence."""

_BLOCK = 1 << 16
_NEVER = -(1 << 62)
_NEARBY = 256  # samples that are searched first


@frozen
class SampleRange:
    """The samples [start, stop) of a file."""

    start: int
    stop: int


@frozen(kw_only=True)
class Dropout:
    """A dropout in the mix.

    Attributes:
        start, stop: samples of the mix.
        clips: those that should sound, or the two on either side.
        between: whether it is between two clips.
        source_s: its position in the source, in seconds; None if only the master shows it.
    """

    start: int
    stop: int
    clips: tuple[SoundingClip, ...]
    between: bool = False
    source_s: float | None = None


@define
class EmptyStretches(SpanMeter):
    """Finds stretches without a sample above a threshold directly after loud samples.

    Fed with the peaks of all channels, block by block; `found` are candidates for `is_cut_off`.
    """

    MEMORY = ("_position", "_last", "_last_loud")
    FINDINGS = ("_found",)

    rate: int
    empty_db: float
    _found: Series = field(factory=lambda: Series(np.zeros((2, 0), np.int64)))
    _position: int = 0
    _last: int = -1
    _last_loud: int = _NEVER

    @property
    def found(self) -> tuple[SampleRange, ...]:
        """The stretches in everything fed."""
        return tuple(SampleRange(*pair) for pair in self._found.joined().T.tolist())

    def feed(self, peaks: FloatArray) -> None:
        """Process the magnitudes of the next samples, shape (n,)."""
        if not len(peaks):
            return
        start, self._position = self._position, self._position + len(peaks)
        self._look(peaks, start)
        if peaks.max() > self._loud:
            self._last_loud = start + _last_over(peaks, self._loud)
        if self._last + 1 - self._last_loud > self._near:  # the open stretch does not count
            self._last, self._last_loud = self._position - 1, _NEVER

    def _look(self, peaks: FloatArray, start: int) -> None:
        over = peaks > self._empty
        if not over.any():
            return
        changes = start + 1 + np.flatnonzero(over[1:] != over[:-1])
        if over[0]:
            changes = np.concatenate([[start], changes])
        starts, stops = np.concatenate([[self._last + 1], changes[1::2]]), changes[0::2]
        starts = starts[: len(stops)]
        self._last = start + _last_over(peaks, self._empty)
        wide = stops - starts > SHORTEST_S * self.rate
        if not wide.any():
            return
        starts, stops = starts[wide], stops[wide]
        louder = np.concatenate([[self._last_loud], start + np.flatnonzero(peaks > self._loud)])
        before = louder[np.searchsorted(louder, starts) - 1]
        near = starts - before <= self._near
        self._found.add(np.array([starts[near], stops[near]]))

    @property
    def _near(self) -> int:
        return round(SHORTEST_S * self.rate) + 1

    @property
    def _empty(self) -> float:
        return gain_factor(self.empty_db)

    @property
    def _loud(self) -> float:
        return gain_factor(SOUNDING_DB)


def _last_over(peaks: FloatArray, threshold: float) -> int:
    """The position of the last sample above a threshold; there must be one."""
    count = _NEARBY
    while not (over := peaks[-count:] > threshold).any():
        count *= 2
    return len(peaks) - 1 - int(np.argmax(over[::-1]))


def dropouts(
    clips: Sequence[SoundingClip],
    sources: Mapping[str, Path],
    master: Path,
    candidates: Iterable[SampleRange],
) -> tuple[Dropout, ...]:
    """The dropouts of a mix, in time order, each once.

    Raises:
        soundfile.LibsndfileError: a file cannot be read.
    """
    found = list(_in_sources(clips, sources))
    with soundfile.SoundFile(master) as audio:
        seen = tuple(_in_master(clips, audio, candidates))
    # A dropout of a source is also one of the master where nothing else sounds.
    found += [d for d in seen if not any(d.start < f.stop and f.start < d.stop for f in found)]
    return tuple(sorted(found, key=lambda d: (d.start, d.stop)))


def is_cut_off(
    audio: soundfile.SoundFile, hole: SampleRange, *, steps_to_silence: bool = True
) -> bool:
    """Whether the sound of a file is cut off at both ends of an empty stretch.

    steps_to_silence: whether the waveform must also be away from zero there.
    """
    rate = audio.samplerate
    reach, beside = round(REACH_S * rate), round(BESIDE_S * rate)
    edge = max(round(EDGE_S * rate), 1)
    before = window(audio, hole.start - reach, hole.start)
    after = window(audio, hole.stop, hole.stop + reach)[:, ::-1]
    if not all(_ends_loud(side, edge) for side in (before, after)):
        return False
    if not steps_to_silence:
        return True
    swings = sorted(
        (
            _share(steps(audio, hole.start - beside, hole.start + 1)),
            _share(steps(audio, hole.stop, hole.stop + beside)[:, ::-1]),
        )
    )
    return swings[0] >= SWING and sum(swings) >= 1.0


def _ends_loud(side: FloatArray, edge: int) -> bool:
    """Whether sound is about as loud at its end as before it."""
    last, all_of_it = decibels(_rms(side[:, -edge:])), decibels(_rms(side))
    return last > SOUNDING_DB and last > all_of_it - LED_DB


def _share(moved: FloatArray) -> float:
    """The last step as a share of the largest before it, in the channel where it is largest."""
    channel = moved[int(np.argmax(moved[:, -1]))]
    most = float(channel[:-1].max())
    return float(channel[-1]) / most if most > 0.0 else 0.0


def _rms(samples: FloatArray) -> float:
    return float(np.sqrt(np.mean(np.square(samples))))


def _in_master(
    clips: Sequence[SoundingClip], audio: soundfile.SoundFile, candidates: Iterable[SampleRange]
) -> Iterator[Dropout]:
    between = tuple(gaps(clips, round(LONGEST_GAP_S * audio.samplerate)))
    for hole in candidates:
        over = tuple(c for c in clips if c.start < hole.start and hole.stop < c.stop)
        around = next(
            (pair for pair in between if hole.start <= pair[1].start and pair[0].stop <= hole.stop),
            None,
        )
        if over:
            if is_cut_off(audio, hole) and any(_should_sound(c, hole.start) for c in over):
                yield Dropout(start=hole.start, stop=hole.stop, clips=over)
        elif around and is_cut_off(audio, hole, steps_to_silence=False):
            yield Dropout(start=hole.start, stop=hole.stop, clips=around, between=True)


def _should_sound(clip: SoundingClip, at: int) -> bool:
    return clip.automation_db(at) > MUTED_DB


def _in_sources(clips: Sequence[SoundingClip], sources: Mapping[str, Path]) -> Iterator[Dropout]:
    playing: dict[str, list[SoundingClip]] = {}
    for clip in clips:
        playing.setdefault(clip.source.name, []).append(clip)
    for name, players in playing.items():
        for hole in _holes(sources[name], [_played(clip) for clip in players]):
            yield from (d for clip in players if (d := _in_clip(clip, hole)) is not None)


def _played(clip: SoundingClip) -> SampleRange:
    """The part of its source that a clip plays, in the source's own samples."""
    ratio = clip.ratio
    last = clip.offset + clip.stop - clip.start
    return SampleRange(int(clip.offset / ratio), min(int(last / ratio) + 1, clip.source.frames))


def _in_clip(clip: SoundingClip, hole: SampleRange) -> Dropout | None:
    """The dropout that a hole of its source makes in a clip; None without sound on both sides."""
    played, ratio = _played(clip), clip.ratio
    margin = round(EDGE_S * clip.source.rate)
    if not (played.start + margin <= hole.start and hole.stop <= played.stop - margin):
        return None
    start = clip.start + round(hole.start * ratio) - clip.offset
    if not _should_sound(clip, start):
        return None
    stop = clip.start + round(hole.stop * ratio) - clip.offset
    return Dropout(start=start, stop=stop, clips=(clip,), source_s=hole.start / clip.source.rate)


def _holes(source: Path, played: Iterable[SampleRange]) -> Iterator[SampleRange]:
    """The dropouts in the played parts of a source."""
    with soundfile.SoundFile(source) as audio:
        for part in _united(played):
            finder = EmptyStretches(audio.samplerate, EMPTY_SOURCE_DB)
            audio.seek(part.start)
            for start in range(part.start, part.stop, _BLOCK):
                count = min(_BLOCK, part.stop - start)
                block = audio.read(count, dtype="float64", always_2d=True)
                finder.feed(reduce(np.maximum, np.abs(block.T)))
            for hole in finder.found:
                whole = SampleRange(part.start + hole.start, part.start + hole.stop)
                if is_cut_off(audio, whole):
                    yield whole


def _united(stretches: Iterable[SampleRange]) -> Iterator[SampleRange]:
    """The ranges in order, with touching or overlapping ones merged."""
    current: SampleRange | None = None
    for stretch in sorted(stretches, key=lambda s: (s.start, s.stop)):
        if current is None or stretch.start > current.stop:
            if current is not None:
                yield current
            current = stretch
        else:
            current = SampleRange(current.start, max(current.stop, stretch.stop))
    if current is not None:
        yield current
