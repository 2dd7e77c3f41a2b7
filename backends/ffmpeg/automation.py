"""Moving gain and pan: aevalsrc computes an envelope for every sample, amultiply applies it.

Each span between two keyframes is a source of its own, and concat joins them, which is the
quickest for few spans. ffmpeg's time grows with the square of the filters in a graph, so an
envelope of many spans is one source instead, whose expression finds the span of each sample by
halving. (ffmpeg refuses expressions that are nested a hundred deep.) The formulas are those of
docs/semantics.md in the order of operations of the native engine, so that the last bits agree too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

from ...audio.pan import position_gains
from ...ir.curves import PanLaw, Shape
from ...ir.nodes import (
    Aim,
    Automated,
    FilterAutomation,
    GainAutomation,
    PanAutomation,
    Point,
)
from ...ir.units import NEPERS_PER_DB, gain_factor
from .site import FRAME, LAYOUTS, FilterSite
from .wiring import FilterChain, call, quoted

MOST_SOURCES = 24
"""An envelope of more spans is one source. Measured with 40 clips of 5 s in one run: 17 spans each
take 0.8 s of CPU as sources and 1.2 s as one; 200 spans each take 33 s and 1.9 s."""


class EnvelopePiece(NamedTuple):
    """`length` samples of an envelope.

    `expressions` has an expression of n for each channel, given what n is at the first sample of
    the whole envelope.
    """

    length: int
    expressions: Callable[[int], tuple[str, ...]]


def _constant(length: int, *gains: float) -> EnvelopePiece:
    """An envelope that does not move; a gain for each channel."""
    return EnvelopePiece(length, lambda _: tuple(map(repr, gains)))


class EnvelopeSpan(NamedTuple):
    """Samples [start, end) of a signal over which an automation follows one formula.

    It moves from `here` towards `aim`; without `aim` it holds the value of `here`.
    """

    start: int
    end: int
    here: Point
    aim: Aim | None = None

    @property
    def length(self) -> int:
        """Length in samples."""
        return self.end - self.start

    def progress(self, variable: str, first: int) -> str:
        """The expression that goes from 0 at `here` to 1 at `aim`.

        `variable` counts samples, or what `first` at sample 0 makes it count.
        """
        assert self.aim is not None
        offset = -first - self.here.at
        position = f"({variable}{offset:+d})" if offset else variable
        line = f"{position}/{self.aim.at - self.here.at}"
        return f"((1-cos(PI*{line}))/2)" if self.here.shape is Shape.SMOOTH else f"({line})"

    def value(self, first: int) -> str:
        """The value as an expression of n, which is `first` at sample 0: v + (w - v) * s."""
        assert self.aim is not None
        change = self.aim.value - self.here.value
        return f"({self.here.value!r}+({change!r})*{self.progress('n', first)})"


def spans(points: Sequence[Point], length: int) -> list[EnvelopeSpan]:
    """The spans of an automation over samples [0, length), in order and without gaps."""
    return [s for s in _all_spans(points, length) if s.start < s.end]


def _all_spans(points: Sequence[Point], length: int) -> Iterator[EnvelopeSpan]:
    first, last = points[0], points[-1]
    yield EnvelopeSpan(0, min(first.at, length), first)
    for here, after in pairwise(points):
        aim = here.target(after)
        moves = here.shape is not Shape.HOLD and here.value != aim.value
        start, end = max(here.at, 0), min(after.at, length)
        yield EnvelopeSpan(start, end, here, aim if moves else None)
    yield EnvelopeSpan(max(last.at, 0), length, last)


def sources_of(node: Automated) -> int:
    """How many sources its envelope has at most; a moving filter has none."""
    spans_at_most = len(node.points) + 1
    if isinstance(node, FilterAutomation) or spans_at_most > MOST_SOURCES:
        return 0
    return spans_at_most


def multiplied(site: FilterSite, segments: Sequence[EnvelopePiece]) -> FilterChain:
    """The operand times the envelope, which has its channels, or one channel for both."""
    envelope, width = _envelope(site, segments)
    operand = site.operands[0]
    if width < site.signal.channels:
        site.wire.extend(envelope, site.value, call("pan", "stereo|c0=c0|c1=c0"))
    return site.wire.join([operand, envelope], site.value, call("amultiply"))


def _envelope(site: FilterSite, segments: Sequence[EnvelopePiece]) -> tuple[FilterChain, int]:
    """The samples of an envelope, and their number of channels."""
    *starts, end = accumulate((segment.length for segment in segments), initial=0)
    if len(segments) > MOST_SOURCES:
        texts = [segment.expressions(0) for segment in segments]
        whole = tuple(_choice(starts, channel) for channel in zip(*texts, strict=True))
        return _source(site, end, whole), len(whole)
    texts = [each.expressions(-start) for each, start in zip(segments, starts, strict=True)]
    sources = [_source(site, s.length, text) for s, text in zip(segments, texts, strict=True)]
    if len(sources) == 1:
        return sources[0], len(texts[0])
    joined = site.wire.join(sources, site.value, call("concat", n=len(sources), v=0, a=1))
    return joined, len(texts[0])


def _choice(starts: Sequence[int], texts: Sequence[str]) -> str:
    """The text whose start is the last one up to n, as an expression that is nested by halves."""
    if len(texts) == 1:
        return f"({texts[0]})"
    middle = len(texts) // 2
    before = _choice(starts[:middle], texts[:middle])
    return f"if(lt(n,{starts[middle]}),{before},{_choice(starts[middle:], texts[middle:])})"


def _source(site: FilterSite, length: int, expressions: Sequence[str]) -> FilterChain:
    made = call(
        "aevalsrc",
        exprs=quoted("|".join(expressions)),
        s=site.signal.rate,
        n=min(FRAME, length),
        c=LAYOUTS[len(expressions)],
    )
    return site.wire.source(site.value, made, call("atrim", end_sample=length))


def emit_gain_automation(site: FilterSite, node: GainAutomation) -> FilterChain:
    """A moving gain, linear in dB."""
    return multiplied(site, [_gain_segment(s) for s in spans(node.points, site.length)])


def _gain_segment(span: EnvelopeSpan) -> EnvelopePiece:
    if span.aim is None:
        return _constant(span.length, gain_factor(span.here.value))
    return EnvelopePiece(
        span.length, lambda first: (f"exp({span.value(first)}*{NEPERS_PER_DB!r})",)
    )


_CONSTANT_POWER = ("sin((1-ld(0))*(PI/4))", "sin((1+ld(0))*(PI/4))")
_LINEAR = ("(1-ld(0))/2", "(1+ld(0))/2")
_BALANCE = ("sin((1-max(ld(0),0))*(PI/2))", "sin((1+min(ld(0),0))*(PI/2))")
_COMPROMISE = tuple(f"sqrt({p}*{q})" for p, q in zip(_CONSTANT_POWER, _LINEAR, strict=True))
_LAWS: Mapping[PanLaw, tuple[str, ...]] = {
    PanLaw.CONSTANT_POWER: _CONSTANT_POWER,
    PanLaw.LINEAR: _LINEAR,
    PanLaw.COMPROMISE: _COMPROMISE,
    PanLaw.UNITY: _BALANCE,
}
"""Left and right gain of a mono source for the position in register 0."""


def emit_pan_automation(site: FilterSite, node: PanAutomation) -> FilterChain:
    """A moving pan, or balance."""
    channels = site.incoming.channels
    if channels == 1:
        site.then(call("pan", "stereo|c0=c0|c1=c0"))
    make = _pan_segments(node.law, channels)
    return multiplied(site, [make(s) for s in spans(node.points, site.length)])


def _pan_segments(law: PanLaw, channels: int) -> Callable[[EnvelopeSpan], EnvelopePiece]:
    sides = _LAWS[law] if channels == 1 else _BALANCE

    def segment(span: EnvelopeSpan) -> EnvelopePiece:
        if span.aim is None:
            return _constant(span.length, *position_gains(span.here.value, law.value, channels))
        return EnvelopePiece(
            span.length,
            lambda first: tuple(f"st(0,{span.value(first)});{side}" for side in sides),
        )

    return segment
