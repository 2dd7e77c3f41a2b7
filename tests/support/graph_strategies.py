"""Hypothesis strategies for valid graphs: every kind, odd names, shared values, long origins.

`graphs()` makes what the verifier accepts, without dead values; the nodes stand in canonical order
or in the order in which they were made, which is topological too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import attrs
from hypothesis import strategies as st
from mixdown.ir import nodes as ir
from mixdown.ir.containers import CONTAINERS
from mixdown.ir.curves import FADE_CURVES, FilterKind, PanLaw, Shape
from mixdown.ir.graph import Graph
from mixdown.ir.node import Repair, Signal
from mixdown.ir.origin import Origin
from mixdown.ir.units import MAX_DB, resampled_length

Draw = Callable[[st.SearchStrategy], object]

decibels = st.one_of(
    st.floats(-MAX_DB, MAX_DB), st.floats(-60, 24), st.sampled_from([0.0, -0.0, 0.1, -6.0])
)
ranges = st.floats(0, 60)
positions = st.floats(-1, 1)
qs = st.floats(1e-50, 100)
channels = st.sampled_from([1, 2])
laws = st.sampled_from(PanLaw)
curves = st.sampled_from(FADE_CURVES)
edges = st.sampled_from(ir.Edge)
plain = ["host", "host/c1.clip", "bus_dialogue.gain", "c-1", "~a#2+b", "loc", "signal", "0"]
odd = ["", "a b", 'q"uote', "back\\slash", "/", "//", "a//b", "?", "%x", "@x", "x,", "é日本", "🎧"]
unprintable = ["\n", "tab\t", "\x00", "\x85", "\u2028", "\u202e", "\ufeff"]
texts = st.sampled_from([*plain, *odd, *unprintable]) | st.text(max_size=6)
pointers = st.lists(texts, max_size=2).map(lambda parts: Origin("").child(*parts).pointer) | texts
origins = st.builds(Origin, texts, pointers)
for _ in range(2):
    origins = st.builds(Origin, texts, pointers, st.none() | origins)
maybe_origins = st.none() | origins


def frequencies(signal: Signal) -> st.SearchStrategy[float]:
    return st.floats(0, signal.rate / 2, exclude_min=True, exclude_max=True)


def times(signal: Signal, *names: str) -> Mapping[str, st.SearchStrategy[int]]:
    """Times of dynamics, samples."""
    return dict.fromkeys(names, st.integers(0, signal.rate))


def points(values: st.SearchStrategy[float]) -> st.SearchStrategy[tuple[ir.Point, ...]]:
    """Keyframes at strictly increasing samples, at least one; any but the last may aim."""
    aims = st.none() | st.builds(ir.Aim, st.integers(10**6, 10**7), values)
    keyframes = st.builds(ir.Point, st.integers(0, 10**6), values, st.sampled_from(Shape), aims)
    unique = st.lists(keyframes, min_size=1, max_size=4, unique_by=lambda point: point.at)
    return unique.map(_in_order)


def _in_order(made: list[ir.Point]) -> tuple[ir.Point, ...]:
    *others, last = sorted(made, key=lambda point: point.at)
    return (*others, attrs.evolve(last, aim=None))


# The kinds of one operand: how to build one on a signal, as a strategy of attributes.
UNARY: Mapping[type[ir.Node], Callable[[Signal], Mapping[str, st.SearchStrategy]]] = {
    ir.Gain: lambda _: {"gain_db": decibels},
    ir.Fade: lambda s: {"edge": edges, "length": st.integers(0, s.length), "curve": curves},
    ir.Crossfade: lambda s: {"edge": edges, "length": st.integers(0, s.length), "curve": curves},
    ir.GainAutomation: lambda _: {"points": points(decibels)},
    ir.Filter: lambda s: {
        "shape": st.sampled_from(FilterKind),
        "frequency_hz": frequencies(s),
        "q": qs,
        "gain_db": decibels,
    },
    ir.FilterAutomation: lambda s: {
        "shape": st.sampled_from(FilterKind),
        "points": points(frequencies(s)),
        "q": qs,
        "gain_db": decibels,
    },
    ir.Gate: lambda s: {
        "threshold_db": decibels,
        "range_db": ranges,
        **times(s, "attack", "hold", "release", "look_ahead"),
    },
    ir.Deess: lambda s: {
        "frequency_hz": frequencies(s),
        "range_db": ranges,
        "threshold_db": decibels,
        "ratio": st.floats(1, 100),
        "knee_db": ranges,
        **times(s, "attack", "release"),
    },
    ir.Compress: lambda s: {
        "threshold_db": decibels,
        "ratio": st.floats(1, 100),
        "knee_db": ranges,
        **times(s, "attack", "release", "look_ahead"),
        "makeup_db": decibels,
    },
    ir.Pan: lambda _: {"position": positions, "law": laws},
    ir.PanAutomation: lambda _: {"points": points(positions), "law": laws},
    ir.Headroom: lambda _: {"headroom_db": decibels},
    ir.Loudnorm: lambda _: {"target_lufs": decibels, "gain_db": st.none() | decibels},
    ir.Limiter: lambda _: {
        "ceiling_db": decibels,
        "mode": st.sampled_from(ir.LimitMode),
        "margin_db": decibels,
    },
    ir.Dither: lambda _: {
        "bits": st.integers(1, 24),
        "noise": st.sampled_from(ir.DitherNoise),
        "seed": texts,
    },
}

SELECTIONS = (
    {},
    {"stream": 2, "silence": 24_000},
    {"matrix": (1, 0.5, 0.0, 2**-0.5), "repair": Repair.ZERO},
)


class Maker:
    """Makes the nodes of one graph, each under a name of its own."""

    def __init__(self, draw: Draw, rate: int, channels: int) -> None:
        self.draw = draw
        self.rate = rate
        self.channels = channels
        self.sources: list[ir.Source] = []
        self.nodes: list[ir.Node] = []
        self.signals: dict[str, Signal] = {}

    def add(self, cls: type[ir.Node], *operands: str, **attributes: object) -> str:
        """A node's name, after adding it."""
        name = unique(self.draw(texts), self.signals)
        origin = self.draw(maybe_origins)
        node = cls(name, operands=operands, origin=origin, **attributes)
        by_name = {source.name: source for source in self.sources}
        self.nodes.append(node)
        self.signals[name] = node.infer([self.signals[o] for o in operands], by_name)
        return name

    def source(self) -> None:
        """One more source, of any name, rate and length."""
        self.sources.append(
            ir.Source(
                unique(self.draw(texts), {source.name for source in self.sources}),
                self.draw(texts),
                f"sha256:{self.draw(st.integers(0, 2**256 - 1)):064x}",
                self.draw(st.sampled_from([8000, 22050, 44100, 48000])),
                self.draw(channels),
                self.draw(st.integers(100, 10**7)),
                self.draw(texts),
                **self.draw(st.sampled_from(SELECTIONS)),
            )
        )

    def clip(self) -> str:
        """A clip's chain, in the session's channels."""
        if self.draw(st.integers(0, 9)) == 0:
            length = self.draw(st.integers(1, 1000))
            value = self.add(
                ir.Silence, rate=self.rate, channels=self.draw(channels), length=length
            )
        else:
            source = self.draw(st.sampled_from(self.sources))
            available = resampled_length(source.frames, source.rate, self.rate)
            offset = self.draw(st.integers(0, available - 1))
            length = self.draw(st.integers(1, available - offset))
            value = self.add(
                ir.Clip, source=source.name, offset=offset, length=length, rate=self.rate
            )
        value = self.chain(value, max_size=4)
        if self.draw(st.integers(0, 4)) == 0:
            length = self.signals[value].length
            offset = self.draw(st.integers(0, length - 1))
            kept = self.draw(st.integers(1, length - offset))
            value = self.add(ir.Slice, value, offset=offset, length=kept)
        return self.in_session(value)

    def chain(self, value: str, max_size: int) -> str:
        """The value behind up to `max_size` nodes of one operand."""
        for cls in self.draw(st.lists(st.sampled_from(list(UNARY)), max_size=max_size)):
            attributes = UNARY[cls](self.signals[value])
            value = self.add(cls, value, **{k: self.draw(v) for k, v in attributes.items()})
        return value

    def in_session(self, value: str) -> str:
        """The value with as many channels as the session has."""
        if self.signals[value].channels == self.channels:
            return value
        if self.channels == 1:
            return self.add(ir.Downmix, value)
        return self.add(ir.Pan, value, position=self.draw(positions), law=self.draw(laws))

    def track(self, clips: list[str], length: int) -> str:
        """The clips one after another in a lane, or placed anywhere, mixed to `length`."""
        if self.draw(st.booleans()):
            starts, end = [], 0
            for clip in clips:
                starts.append(end + self.draw(st.integers(0, 1000)))
                end = starts[-1] + self.signals[clip].length
            total = end + self.draw(st.integers(0, 1000))
            placed = [self.add(ir.Lane, *clips, starts=tuple(starts), length=total)]
        else:
            start = st.integers(0, 10**6)
            placed = [self.add(ir.Place, clip, start=self.draw(start)) for clip in clips]
        mixed = self.add(ir.Mix, *placed, length=length)
        return self.in_session(self.chain(mixed, max_size=2))

    def output(self, value: str, role: ir.OutputRole, target: str) -> None:
        container = self.draw(st.sampled_from(list(CONTAINERS)))
        encoding = self.draw(st.sampled_from(CONTAINERS[container].encodings))
        index = self.draw(st.integers(0, 3))
        signal = self.signals[value]
        allowed = CONTAINERS[container].allowed(signal.rate, signal.channels)
        bit_rate = self.draw(st.sampled_from(allowed)) if allowed else None
        attributes = {"container": container, "encoding": encoding, "index": index}
        attributes["bit_rate"] = bit_rate
        self.add(ir.Output, value, role=role, target=target, **attributes)


@st.composite
def graphs(draw: Draw) -> Graph:
    """A valid graph of one to four tracks on one or two buses, with or without stems."""
    rate = draw(st.sampled_from([8000, 44100, 48000, 96000]))
    make = Maker(draw, rate, draw(channels))
    for _ in range(draw(st.integers(1, 2))):
        make.source()
    length = draw(st.integers(1, 10**7))
    clips = [make.clip() for _ in range(draw(st.integers(1, 3)))]
    some_clips = st.lists(st.sampled_from(clips), min_size=1, max_size=3)
    all_clips = [clips]  # so that no clip is dead; further tracks share them
    all_clips += draw(st.lists(some_clips, max_size=2))
    tracks = [make.track(chosen, length) for chosen in all_clips]
    buses = [make.in_session(make.chain(make.add(ir.Bus, *tracks), max_size=2))]
    if draw(st.booleans()):
        buses.append(make.add(ir.Bus, tracks[-1], *draw(st.permutations(tracks))))
    premaster = make.add(ir.Mix, *buses, length=length)
    master = make.chain(premaster, max_size=3)
    make.output(master, ir.OutputRole.MASTER, "master")
    if draw(st.booleans()):
        for number, bus in enumerate(buses):
            target, gain = draw(decibels), draw(st.none() | decibels)
            stem = make.add(ir.Loudnorm, bus, premaster, target_lufs=target, gain_db=gain)
            make.output(stem, ir.OutputRole.STEM, unique(draw(texts), {"master"}) + f"~{number}")
    build = Graph.ordered if draw(st.booleans()) else Graph
    return build(tuple(make.sources), tuple(make.nodes))


def unique(text: str, taken: object) -> str:
    """The text, or where it is taken, the text with the first number that is not."""
    name, number = text, 1
    while name in taken:  # type: ignore[operator]
        name, number = f"{text}.{number}", number + 1
    return name
