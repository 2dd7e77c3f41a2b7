"""Dropouts: stretches in which the sound breaks off and comes back, where it should go on.

A stretch is empty where no sample is over a threshold. Speech and music pause too, and synthetic
speech pauses in digital silence; but a pause is led into, and a dropout is not. So an empty stretch
counts only where the sound breaks off at both its ends:

- the level of the `EDGE_S` beside it is over `SOUNDING_DB`, and no more than `LED_DB` under that of
  the `REACH_S` beside it, and
- the waveform is in mid-swing: its step to silence is at least `SWING` of the largest step of the
  `BESIDE_S` beside it, and at both ends together one such step.

Promises: files are read in blocks, whatever their length; the parts of a source that nobody plays
are not read, and those that many clips play, once. A source that libsndfile does not read is judged
by what of it is in the master. How often the rule errs on real material stands
in docs/report.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from pathlib import Path

import numpy as np
import soundfile
from attrs import define, field, frozen

from ...audio import FloatArray
from ...ir.nodes import Source
from ...ir.units import decibels, gain_factor
from ...media.decode import is_readable
from .clips import SoundingClip
from .joins import gaps, steps, window

EMPTY_SOURCE_DB = -90.0
"""No more than a step of 16 bits: a stretch of a source in which nothing was recorded."""

EMPTY_MASTER_DB = -72.0
"""Over the dither of 16 bits: a stretch of a master in which nothing sounds."""

SHORTEST_S = 0.001
LONGEST_GAP_S = 0.03
"""A gap between two clips of a track that lasts longer is a pause that the timeline asks for."""

SOUNDING_DB = -50.0
EDGE_S = 0.005
REACH_S = 0.05
LED_DB = 12.0
BESIDE_S = 0.02
SWING = 0.3

MUTED_DB = -60.0
"""Automation that turns a clip down so far wants silence there."""

_BLOCK = 1 << 16


@frozen
class Stretch:
    """The samples [start, stop) of a file."""

    start: int
    stop: int


@frozen(kw_only=True)
class Dropout:
    """A dropout in the mix.

    Attributes:
        start, stop: samples of the mix.
        clips: those that should sound, or the two that it lies between.
        between: whether it lies between two clips.
        source_s: where in its source, in seconds; None for what only the master shows.
    """

    start: int
    stop: int
    clips: tuple[SoundingClip, ...]
    between: bool = False
    source_s: float | None = None


@define
class EmptyStretches:
    """Finds stretches without a sample over a threshold that loud samples lead to.

    Takes the peaks of all channels, block by block; `found` are candidates for `breaks_off`.
    """

    rate: int
    empty_db: float
    found: list[Stretch] = field(factory=list)
    _position: int = 0
    _last: int = -1
    _last_loud: int = -(1 << 62)

    def feed(self, peaks: FloatArray) -> None:
        """Take the next samples, shape (n,), magnitudes."""
        if not len(peaks):
            return
        start, self._position = self._position, self._position + len(peaks)
        if not self._may_be_empty(peaks, start):
            self._last = start + _last_over(peaks, self._empty)
        else:
            self._look(peaks, start)
        if peaks.max() > self._loud:
            self._last_loud = start + _last_over(peaks, self._loud)

    def _may_be_empty(self, peaks: FloatArray, start: int) -> bool:
        """Whether a long enough stretch may end or lie in a block: quick, and rarely so.

        Where every bin of half that length has a sample over the threshold, none does.
        """
        size = max(int(SHORTEST_S * self.rate) // 2, 1)
        whole = len(peaks) // size * size
        if start - 1 - self._last > size or not whole:
            return True
        return not (peaks[:whole].reshape(-1, size).max(axis=1) > self._empty).all()

    def _look(self, peaks: FloatArray, start: int) -> None:
        here = start + np.flatnonzero(peaks > self._empty)
        if not len(here):
            return
        sounding = np.concatenate([[self._last], here])
        louder = np.concatenate([[self._last_loud], start + np.flatnonzero(peaks > self._loud)])
        starts, stops = sounding[:-1] + 1, sounding[1:]
        before = louder[np.searchsorted(louder, starts) - 1]
        near = starts - before <= round(SHORTEST_S * self.rate) + 1
        for k in np.flatnonzero(near & (stops - starts > SHORTEST_S * self.rate)):
            self.found.append(Stretch(int(starts[k]), int(stops[k])))
        self._last = int(sounding[-1])

    @property
    def _empty(self) -> float:
        return gain_factor(self.empty_db)

    @property
    def _loud(self) -> float:
        return gain_factor(SOUNDING_DB)


def _last_over(peaks: FloatArray, threshold: float) -> int:
    """Where the last sample over a threshold is; there is one."""
    return len(peaks) - 1 - int(np.argmax(peaks[::-1] > threshold))


def dropouts(
    clips: Sequence[SoundingClip], root: Path, master: Path, candidates: Iterable[Stretch]
) -> tuple[Dropout, ...]:
    """The dropouts of a mix, in time order, each once.

    Args:
        clips: what sounds.
        root: the directory that sources count from.
        master: the delivered file.
        candidates: the empty stretches of the master.

    Raises:
        soundfile.LibsndfileError: a file cannot be read.
    """
    found = list(_in_sources(clips, root))
    with soundfile.SoundFile(master) as audio:
        seen = tuple(_in_master(clips, audio, candidates))
    # What a source lacks, the master lacks too where nothing else sounds.
    found += [d for d in seen if not any(d.start < f.stop and f.start < d.stop for f in found)]
    return tuple(sorted(found, key=lambda d: (d.start, d.stop)))


def breaks_off(audio: soundfile.SoundFile, hole: Stretch, *, in_swing: bool = True) -> bool:
    """Whether the sound of a file breaks off at both ends of an empty stretch.

    `in_swing`: whether the waveform must be in mid-swing there, too.
    """
    rate = audio.samplerate
    reach, beside = round(REACH_S * rate), round(BESIDE_S * rate)
    edge = max(round(EDGE_S * rate), 1)
    before = window(audio, hole.start - reach, hole.start)
    after = window(audio, hole.stop, hole.stop + reach)[:, ::-1]
    if not all(_ends_loud(side, edge) for side in (before, after)):
        return False
    if not in_swing:
        return True
    swings = sorted(
        (
            _share(steps(audio, hole.start - beside, hole.start + 1)),
            _share(steps(audio, hole.stop, hole.stop + beside)[:, ::-1]),
        )
    )
    return swings[0] >= SWING and sum(swings) >= 1.0


def _ends_loud(side: FloatArray, edge: int) -> bool:
    """Whether sound is about as loud at its end as before."""
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
    clips: Sequence[SoundingClip], audio: soundfile.SoundFile, candidates: Iterable[Stretch]
) -> Iterator[Dropout]:
    between = tuple(gaps(clips, round(LONGEST_GAP_S * audio.samplerate)))
    for hole in candidates:
        over = tuple(c for c in clips if c.start < hole.start and hole.stop < c.stop)
        around = next(
            (pair for pair in between if hole.start <= pair[1].start and pair[0].stop <= hole.stop),
            None,
        )
        if over:
            if breaks_off(audio, hole) and any(_is_wanted(c, hole.start) for c in over):
                yield Dropout(start=hole.start, stop=hole.stop, clips=over)
        elif around and breaks_off(audio, hole, in_swing=False):
            yield Dropout(start=hole.start, stop=hole.stop, clips=around, between=True)


def _is_wanted(clip: SoundingClip, at: int) -> bool:
    return clip.automation_db(at) > MUTED_DB


def _in_sources(clips: Sequence[SoundingClip], root: Path) -> Iterator[Dropout]:
    playing: dict[str, list[SoundingClip]] = {}
    for clip in clips:
        playing.setdefault(clip.source.name, []).append(clip)
    for players in playing.values():
        for hole in _holes(root, players[0].source, [_played(clip) for clip in players]):
            yield from (d for clip in players if (d := _heard(clip, hole)) is not None)


def _played(clip: SoundingClip) -> Stretch:
    """What a clip plays of its source, in the source's own samples."""
    ratio = clip.ratio
    last = clip.offset + clip.stop - clip.start
    return Stretch(int(clip.offset / ratio), min(int(last / ratio) + 1, clip.source.frames))


def _heard(clip: SoundingClip, hole: Stretch) -> Dropout | None:
    """A hole of its source as a clip plays it; None where it plays no sound beside it."""
    played, ratio = _played(clip), clip.ratio
    margin = round(EDGE_S * clip.source.rate)
    if not (played.start + margin <= hole.start and hole.stop <= played.stop - margin):
        return None
    start = clip.start + round(hole.start * ratio) - clip.offset
    if not _is_wanted(clip, start):
        return None
    stop = clip.start + round(hole.stop * ratio) - clip.offset
    return Dropout(start=start, stop=stop, clips=(clip,), source_s=hole.start / clip.source.rate)


def _holes(root: Path, source: Source, played: Iterable[Stretch]) -> Iterator[Stretch]:
    """The dropouts in what is played of a source; none of one that only ffmpeg reads."""
    if not is_readable(root / source.path):
        return
    with soundfile.SoundFile(root / source.path) as audio:
        for part in _united(played):
            finder = EmptyStretches(audio.samplerate, EMPTY_SOURCE_DB)
            audio.seek(part.start)
            for start in range(part.start, part.stop, _BLOCK):
                count = min(_BLOCK, part.stop - start)
                block = audio.read(count, dtype="float64", always_2d=True)
                finder.feed(reduce(np.maximum, np.abs(block.T)))
            for hole in finder.found:
                whole = Stretch(part.start + hole.start, part.start + hole.stop)
                if breaks_off(audio, whole):
                    yield whole


def _united(stretches: Iterable[Stretch]) -> Iterator[Stretch]:
    """The stretches in order, those that touch or overlap as one."""
    current: Stretch | None = None
    for stretch in sorted(stretches, key=lambda s: (s.start, s.stop)):
        if current is None or stretch.start > current.stop:
            if current is not None:
                yield current
            current = stretch
        else:
            current = Stretch(current.start, max(current.stop, stretch.stop))
    if current is not None:
        yield current
