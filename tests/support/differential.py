"""Random mixes that can be rendered, and what is done where two renderings of one disagree.

Promises: the media are made from fixed seeds, at rates equal to the session's and others, mono and
stereo, of several codings; `mixes` draws timelines over them. `kept` writes the timeline of a
failure next to the media, so that the file itself can be compiled and rendered; hypothesis runs its
smallest failure last, so the smallest is what stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from os import getpid
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import soundfile
from attrs import frozen
from hypothesis import strategies as st
from mixdown.compiler.timeline.automation import Automation, Keyframe, Region, Target
from mixdown.compiler.timeline.cuts import CutRange
from mixdown.compiler.timeline.model import BusOverride, Clip, EqBand, Timeline, Track
from mixdown.documents.writer import dump
from mixdown.ir.curves import FADE_CURVES, FilterKind, PanLaw, Shape
from mixdown.ir.units import samples
from mixdown.presets.model import Compressing, DeEssing, Gating

RATES = (44100, 48000)


@frozen
class Medium:
    """A source: file name, Hz, channels, milliseconds, libsndfile's subtype."""

    file: str
    rate: int
    channels: int
    length_ms: int
    subtype: str


MEDIA: Mapping[str, Medium] = {
    "speech": Medium("speech.wav", 48000, 1, 1300, "PCM_16"),
    "music": Medium("music.wav", 48000, 2, 1700, "PCM_24"),
    "loop": Medium("loop.flac", 44100, 2, 900, "PCM_16"),
    "call": Medium("call.wav", 22050, 1, 1100, "PCM_16"),
    "prompt": Medium("prompt.wav", 8000, 1, 700, "PCM_16"),
    "hi-res": Medium("hi-res.wav", 96000, 2, 500, "FLOAT"),
    "bed": Medium("bed.ogg", 44100, 2, 800, "VORBIS"),
}


def make_media(directory: Path) -> Path:
    """Writes what is missing of the media: coloured noise under a tone, so loud that sums clip."""
    for number, medium in enumerate(MEDIA.values()):
        path = directory / medium.file
        if path.exists():
            continue
        count = medium.rate * medium.length_ms // 1000
        generator = np.random.Generator(np.random.Philox(number))
        time = np.arange(count)[:, None] / medium.rate
        tone = np.sin(2 * np.pi * (220 + 70 * number) * time + np.arange(medium.channels))
        noise = generator.standard_normal((count, medium.channels)).cumsum(axis=0)
        noise -= np.linspace(0, 1, count)[:, None] * noise[-1]
        samples = 0.4 * tone + 0.4 * noise / np.max(np.abs(noise))
        partial = path.with_stem(f".{path.stem}-{getpid()}")
        soundfile.write(partial, samples, medium.rate, medium.subtype)
        partial.rename(path)
    return directory


ROLES = ("dialogue", "music", "drums", "ambience")
BUSES = ("bus_dialogue", "bus_music")
MOVES = ("gain automation", "pan automation", "filter automation", "gain region")
DYNAMICS = ("gate", "deess", "compress")
SHARED = ("gain", "pan", "eq", "filter", "mute", *MOVES, *DYNAMICS)
"""What a clip and a track may have."""
CLIP_FEATURES = (*SHARED, "to the end", "edge in", "edge out")
TRACK_FEATURES = (*SHARED, "solo")


def features(names: Sequence[str]) -> st.SearchStrategy[frozenset[str]]:
    """Some of the names; fewer are simpler."""
    return st.frozensets(st.sampled_from(names), max_size=len(names))


CLIPS = st.tuples(st.sampled_from(list(MEDIA)), features(CLIP_FEATURES))
TRACKS = st.tuples(
    st.lists(CLIPS, min_size=1, max_size=4),
    features(TRACK_FEATURES),
    st.sampled_from(["fade", "crossfade"]),
)


@st.composite
def mixes(
    draw: st.DrawFn, directory: Path, *, span_ms: int = 1500, max_tracks: int = 3
) -> Timeline:
    """A timeline over the media: clips start within `span_ms`, and overlap more often than not.

    What there is (tracks, clips, their features) is hypothesis' to choose and to shrink; the values
    come from a seed and the place, so that dropping one thing leaves the others as they are.
    """
    seed = draw(st.integers(0, 2**32 - 1))
    chance = Random(seed)
    session = _Session(draw(st.sampled_from(RATES)), draw(st.sampled_from([2, 2, 1])), span_ms)
    shapes = draw(st.lists(TRACKS, min_size=1, max_size=max_tracks))
    length = session.ms(chance, span_ms / 4, 2 * span_ms) if draw(st.booleans()) else None
    buses = draw(st.frozensets(st.sampled_from(BUSES)))
    cuts = draw(st.integers(0, 2))
    return Timeline(
        id="random",
        sample_rate=session.rate,
        channels=session.channels,
        pan_law=draw(st.sampled_from(PanLaw)),
        length_ms=length,
        sources={name: medium.file for name, medium in MEDIA.items()},
        buses=tuple(session.bus(Random(f"{seed}/{name}"), name) for name in sorted(buses)),
        cuts=tuple(session.cut(Random(f"{seed}/cut {number}")) for number in range(cuts)),
        tracks=tuple(session.track(f"{seed}/{t}", t, *shape) for t, shape in enumerate(shapes)),
        root=directory,
    )


@frozen
class _Session:
    """Makes values for one timeline."""

    rate: int
    channels: int
    span_ms: int

    def cut(self, chance: Random) -> CutRange:
        """A cut that starts within the span and leaves something before it."""
        start = self.ms(chance, 20, self.span_ms)
        return CutRange(
            from_ms=start,
            to_ms=start + self.ms(chance, 1, self.span_ms / 3),
            crossfade_ms=chance.choice([0, 0.1, 10, 120]),
        )

    def track(
        self,
        seed: str,
        number: int,
        clips: Sequence[tuple[str, frozenset[str]]],
        has: frozenset[str],
        edge: str,
    ) -> Track:
        chance = Random(seed)
        return Track(
            id=f"t{number + 1}",
            role=chance.choice(ROLES),
            solo="solo" in has and chance.random() < 0.3,
            clips=tuple(
                self.clip(Random(f"{seed}/{c}"), *clip, edge) for c, clip in enumerate(clips)
            ),
            **self.shared(chance, has, Decimal(self.span_ms)),
        )

    def clip(self, chance: Random, source: str, has: frozenset[str], edge: str) -> Clip:
        whole = MEDIA[source].length_ms
        offset = self.ms(chance, 0, whole / 2)
        rest = whole - offset - 1
        duration = rest if "to the end" in has else self.ms(chance, 1, float(rest))
        edges: dict[str, Any] = {}
        for side in ("in", "out"):
            if f"edge {side}" in has and edge == "fade":
                edges[f"fade_{side}_ms"] = min(
                    self.ms(chance, 0, float(duration) / 2), duration / 2
                )
                edges[f"fade_{side}_curve"] = chance.choice(FADE_CURVES)
            elif f"edge {side}" in has:
                edges[f"crossfade_{side}_ms"] = self.ms(chance, 0, 600)
                edges["crossfade_curve"] = chance.choice(FADE_CURVES)
        return Clip(
            source=source,
            start_ms=self.ms(chance, 0, self.span_ms),
            offset_ms=offset,
            duration_ms=None if "to the end" in has else duration,
            **edges,
            **self.shared(chance, has, duration),
        )

    def shared(self, chance: Random, has: frozenset[str], length: Decimal) -> dict[str, Any]:
        """What clips and tracks have in common; automation lies within `length` milliseconds."""
        made: dict[str, Any] = {"mute": "mute" in has and chance.random() < 0.3}
        if "gain" in has:
            made["gain_db"] = self.number(chance, -18, 9)
        if "pan" in has and self.channels == 2:
            made["pan"] = self.number(chance, -1, 1)
        if "eq" in has:
            made["eq"] = tuple(self.band(chance) for _ in range(chance.randint(1, 2)))
        if "filter" in has or "filter automation" in has:
            made["filter"] = self.band(chance)
        made |= {kind: self.dynamics(chance, kind) for kind in DYNAMICS if kind in has}
        moves: dict[str, Any] = {}
        if "gain automation" in has:
            moves["gain"] = self.moves(chance, length, -30, 6)
        if "pan automation" in has and self.channels == 2:
            moves["pan"] = self.moves(chance, length, -1, 1)
        if "filter automation" in has:
            moves["filter"] = self.moves(chance, length, 60, self.rate // 2 - 200)
        if "gain region" in has:
            low, high = -20, 6
            moves["regions"] = [self.region(chance, Target.GAIN, length, low, high) for _ in "ab"]
            if "filter automation" in has:
                low, high = 60, self.rate // 2 - 200
                moves["regions"].append(self.region(chance, Target.FILTER, length, low, high))
        return {**made, "automation": Automation(**moves)}

    def region(
        self, chance: Random, target: Target, length: Decimal, low: float, high: float
    ) -> Region:
        """A region to the end of what it moves: it cuts off what begins before it."""
        start = min(self.ms(chance, 0, float(length) / 2), length)
        inside = self.moves(chance, length - start, low, high)
        return Region(target=target, start_ms=start, duration_ms=length - start, keyframes=inside)

    def moves(
        self, chance: Random, length: Decimal, low: float, high: float
    ) -> tuple[Keyframe, ...]:
        times = (
            min(self.ms(chance, 0, float(length)), length) for _ in range(chance.randint(1, 5))
        )
        apart = {samples(time, self.rate): time for time in times}
        return tuple(
            Keyframe(
                at_ms=t, value=self.number(chance, low, high), curve=chance.choice(list(Shape))
            )
            for t in sorted(apart.values())
        )

    def band(self, chance: Random) -> EqBand:
        kind = chance.choice(list(FilterKind))
        flat = kind in (FilterKind.HIGHPASS, FilterKind.LOWPASS)
        hertz = 20 * (self.rate / 2 / 20 - 10) ** chance.random()
        return EqBand(
            kind=kind,
            frequency_hz=Decimal(f"{hertz:.3f}"),
            q=chance.choice([None, Decimal(f"{chance.uniform(0.2, 6):.2f}")]),
            gain_db=Decimal(0) if flat else self.number(chance, -15, 12),
        )

    def dynamics(self, chance: Random, kind: str) -> Compressing | DeEssing | Gating:
        """With times from none to long."""

        def time(most: float) -> Decimal:
            return self.ms(chance, 0, chance.choice([1, most]))

        times = {"attack_ms": time(80), "release_ms": time(400)}
        if kind == "deess":
            hertz = self.number(chance, 1000, 20_000)
            return DeEssing(frequency_hz=hertz, threshold_db=self.number(chance, -12, 3), **times)
        times["look_ahead_ms"] = time(120)
        threshold = self.number(chance, -40, -3)
        if kind == "gate":
            return Gating(threshold_db=threshold, hold_ms=time(200), **times)
        return Compressing(
            threshold_db=threshold,
            ratio=self.number(chance, 1, 20),
            knee_db=self.number(chance, 0, 12),
            makeup_db=self.number(chance, -6, 6),
            **times,
        )

    def bus(self, chance: Random, name: str) -> BusOverride:
        return BusOverride(
            id=name,
            gain_db=self.number(chance, -9, 6),
            pan=self.number(chance, -1, 1) if self.channels == 2 else None,
            eq=chance.choice([None, (self.band(chance),)]),
            compress=chance.choice([None, self.dynamics(chance, "compress")]),
        )

    def ms(self, chance: Random, low: float, high: float) -> Decimal:
        """A time: whole, a third of a second's kind, or at the edge between two samples."""
        value = chance.uniform(low, high)
        kind = chance.randrange(3)
        if kind == 2:
            half = (round(value * self.rate / 1000) + Decimal("0.5")) * 1000 / self.rate
            value = min(max(float(half), low), high)
        return (
            Decimal(f"{value:.{(0, 4, 6)[kind]}f}") if low <= round(value) <= high else Decimal(low)
        )

    def number(self, chance: Random, low: float, high: float) -> Decimal:
        return Decimal(f"{chance.uniform(low, high):.{chance.choice((0, 1, 4))}f}")


@contextmanager
def kept(timeline: Timeline, name: str) -> Iterator[Path]:
    """Writes the timeline to a file where the body fails, and says so."""
    path = timeline.root / f"failing-{name}.yaml"
    try:
        yield path
    except Exception as error:
        path.write_text(dump(timeline), encoding="utf-8")
        error.add_note(f"the timeline that failed: {path}")
        raise
