"""Finds the dropouts of a mix: those of the sources that clips play, and those of the master.

Sources were searched once for each content (media/outline.py), and the empty stretches of the
master were found as it was measured. docs/report.md gives the error rates on real material.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import soundfile
from attrs import frozen

from ...audio.meter.dropouts import EDGE_S, SampleRange, is_cut_off
from ...media.outline import SourceOutline
from .clips import SoundingClip
from .joins import gaps

LONGEST_GAP_S = 0.03
"""A longer gap between two clips of a track is a deliberate pause."""

MUTED_DB = -60.0
"""Automation that turns a clip down this far makes an intended silence."""


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


def dropouts(
    clips: Sequence[SoundingClip],
    sources: Mapping[str, SourceOutline],
    master: Path,
    candidates: Iterable[SampleRange],
) -> tuple[Dropout, ...]:
    """The dropouts of a mix, in time order, each once.

    Args:
        clips: that sound.
        sources: what is known of each source, by its name.
        master: its file.
        candidates: empty stretches of the master.

    Raises:
        soundfile.LibsndfileError: a file cannot be read.
    """
    found = list(_in_sources(clips, sources))
    with soundfile.SoundFile(master) as audio:
        seen = tuple(_in_master(clips, audio, candidates))
    # A dropout of a source is also one of the master where nothing else sounds.
    found += [d for d in seen if not any(d.start < f.stop and f.start < d.stop for f in found)]
    return tuple(sorted(found, key=lambda d: (d.start, d.stop)))


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


def _in_sources(
    clips: Sequence[SoundingClip], sources: Mapping[str, SourceOutline]
) -> Iterator[Dropout]:
    for clip in clips:
        for start, stop in sources[clip.source.name].dropouts:
            dropout = _in_clip(clip, SampleRange(start, stop))
            if dropout is not None:
                yield dropout


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
