"""Upper bounds of the samples of a value, whatever its sources hold.

SoX's samples are 32-bit integers that saturate, so the full scale of every file is chosen for the
largest sample that its graph allows. A linear filter lets no sample grow by more than the sum of
the magnitudes of its impulse response (its L1 norm); the bounds of gains, envelopes, pans and sums
follow from their definitions.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import pairwise

import numpy as np
from attrs import evolve

from ...audio import biquad
from ...audio.biquad import CONTROL_INTERVAL
from ...audio.recursion import RECURSION
from ...ir.curves import Shape
from ...ir.graph import Graph
from ...ir.nodes import Clip, Filter, FilterAutomation, Lane, Node, Point, Source
from ...plans.carried import is_decoded

Section = tuple[float, float, float, float, float]
"""b0 b1 b2 a1 a2 of a biquad whose a0 is 1."""

ROOM_FOR_FLOATS = 16.0
"""Full scale of a float source's integers: +24 dBFS. A source over that is refused when it is
prepared."""

ROOM_FOR_DECODED = 8.0
"""The same for what was decoded to 32-bit floats: decoders of lossy formats overshoot."""

ROOM_FOR_RESAMPLED = 4.0
"""The same for integer sources at another rate: libsoxr's filters have L1 norms under 3."""

DIRECT = {"wav": "wav", "wavex": "wav", "aiff": "aiff", "flac": "flac"}
"""Containers that SoX reads as libsndfile does -> SoX's name for them."""

_INTEGERS = ("pcm_16", "pcm_24", "pcm_32")
_LOUDEST = 2.0**1000
_MOVING_MARGIN = 2.0
_LONGEST_RESPONSE = 1 << 20
_RUNG_OUT = math.log(1e-12)


def exponent(bound: float) -> int:
    """The smallest e with 2^e at least the bound; 0 for a bound of 0, and at most 1000."""
    if bound == 0.0 or bound > _LOUDEST:
        return 1000 if bound else 0
    mantissa, power = math.frexp(bound)
    return power - 1 if mantissa == 0.5 else power


def is_direct(source: Source, rate: int) -> bool:
    """Whether SoX itself reads the source exactly.

    It does not where a speed makes up for another rate: SoX resamples by the rate in the header.
    """
    container, _, coding = source.codec.partition("/")
    as_it_is = source.rate == rate and source.speed == (1, 1)
    return as_it_is and container in DIRECT and coding in _INTEGERS


def room(source: Source, rate: int) -> float:
    """The largest sample of the source that its file of integers can hold."""
    coding = source.codec.rpartition("/")[2]
    if is_direct(source, rate):
        return 1.0
    if is_decoded(source) and coding == "float":
        return ROOM_FOR_DECODED
    return ROOM_FOR_RESAMPLED if coding in _INTEGERS else ROOM_FOR_FLOATS


def section(node: Filter, rate: int) -> Section:
    """The biquad of a filter."""
    rows = biquad.coefficients(node.shape.value, node.frequency_hz, rate, node.q, node.gain_db)
    b0, b1, b2, _, a1, a2 = map(float, rows[0])
    return b0, b1, b2, a1, a2


@lru_cache(maxsize=4096)
def l1_norm(sections: tuple[Section, ...]) -> float:
    """The factor by which successive filters can make the largest sample grow.

    The impulse response is summed until it has decayed. Where that would take too long, each filter
    is bounded by itself, by the geometric series of its poles.
    """
    count = sum(map(_ringing, sections)) + 3
    if count > _LONGEST_RESPONSE:
        return math.prod(map(_series, sections))
    response = np.zeros((1, count))
    response[0, 0] = 1.0
    for b0, b1, b2, a1, a2 in sections:
        section = np.array([b0, b1, b2, 1.0, a1, a2])
        response, _ = RECURSION.biquad(section, response, np.zeros((1, 2)))
    return float(np.sum(np.abs(response))) * (1.0 + 1e-6)


def _poles(part: Section) -> tuple[complex, complex]:
    root = complex((part[3] / 2.0) ** 2 - part[4]) ** 0.5
    return -part[3] / 2.0 + root, -part[3] / 2.0 - root


def _ringing(part: Section) -> int:
    """The samples after which the response of a filter has decayed."""
    radius = max(map(abs, _poles(part)))
    if radius >= 1.0:  # rounding, at a few mHz
        return _LONGEST_RESPONSE + 1
    return math.ceil(_RUNG_OUT / math.log(radius)) if radius > 0.0 else 0


def _series(part: Section) -> float:
    """A bound for one filter, from its partial fractions: the geometric series of each pole."""
    b0, b1, b2, _, a2 = part
    first, second = _poles(part)
    if first == second or not a2:
        return math.inf
    direct = abs(b2 / a2)
    return direct + sum(
        abs((b0 * pole * pole + b1 * pole + b2) / (pole * (pole - other))) / (1.0 - abs(pole))
        if abs(pole) < 1.0
        else math.inf
        for pole, other in ((first, second), (second, first))
    )


def moving_peak(node: FilterAutomation, rate: int) -> float:
    """The factor by which a moving filter may make the largest sample grow.

    No formula bounds that. Measured over sweeps and jumps of all kinds (docs/sox.md), it is the
    largest factor of the filters on the way, times the overshoot of a state that belongs to a
    higher frequency at a lower one: their ratio where the filter jumps, hardly more than 1 where it
    moves slowly. The step that runs the filter fails on a sample that exceeds the bound all the
    same.
    """
    largest = max(l1_norm((part,)) for part in _passed(node, rate))
    overshoots = (_overshoot(node, *pair, rate) for pair in pairwise(node.points))
    return _MOVING_MARGIN * largest * max(overshoots, default=1.0)


def _overshoot(node: FilterAutomation, here: Point, there: Point, rate: int) -> float:
    """The overshoot between two keyframes: how far the frequency falls while the filter rings."""
    if here.aim is not None:  # it moves towards the aim, and then jumps
        aim = Point(here.aim.at, here.aim.value)
        jump = max(*here.values, there.value) / there.value
        return max(jump, _overshoot(node, evolve(here, aim=None), aim, rate))
    ratio = max(1.0, here.value / there.value)
    if here.shape is Shape.HOLD:
        return ratio
    lower = section(_at(node, min(here.value, there.value)), rate)
    memory = max(float(CONTROL_INTERVAL), 1.0 / max(1.0 - max(map(abs, _poles(lower))), 1e-9))
    steepest = math.pi / 2.0 if here.shape is Shape.SMOOTH else 1.0
    octaves = math.log2(ratio) * min(1.0, steepest * memory / (there.at - here.at))
    return float(min(ratio, 2.0 * 2.0**octaves))


def _passed(node: FilterAutomation, rate: int) -> Iterator[Section]:
    """The filters at the keyframes of a moving filter, and midway between them."""
    frequencies = [value for point in node.points for value in point.values]
    # The product of two tiny frequencies may be 0.
    between = (math.sqrt(low * high) or min(low, high) for low, high in pairwise(frequencies))
    for hertz in (*frequencies, *between):
        yield section(_at(node, hertz), rate)


def _at(node: FilterAutomation, hertz: float) -> Filter:
    """The static filter at a frequency."""
    return Filter(node.name, node.shape, hertz, node.q, node.gain_db)


@lru_cache(maxsize=4096)
def largest_gain(part: Section) -> float:
    """The largest gain of a filter at any frequency, to one percent.

    It is searched on a grid that is dense near the frequency of the poles.
    """
    b0, b1, b2, a1, a2 = part
    pole = max(_poles(part), key=abs)
    centre, width = abs(cmath.phase(pole)), max(1.0 - abs(pole), 1e-9)
    near = centre + width * np.linspace(-4.0, 4.0, 257)
    z = np.exp(-1j * np.clip(np.concatenate([np.linspace(0.0, np.pi, 257), near]), 0.0, np.pi))
    with np.errstate(divide="ignore", invalid="ignore"):  # a pole that rounding puts on the circle
        gains = np.abs((b0 + b1 * z + b2 * z * z) / (1.0 + a1 * z + a2 * z * z))
    return float(np.nanmax(gains)) * 1.01


def growth(node: Node, rate: int) -> float:
    """The factor by which a node can make the largest sample of its operands (their sum) grow."""
    if isinstance(node, Filter):
        return l1_norm((section(node, rate),))
    if isinstance(node, FilterAutomation):
        return moving_peak(node, rate)
    return _bounded(node)


def noise_growth(node: Node, rate: int) -> float:
    """The factor by which a node can make noise louder, whatever its spectrum."""
    if isinstance(node, Filter):
        return largest_gain(section(node, rate))
    if isinstance(node, FilterAutomation):
        return max(map(largest_gain, _passed(node, rate)))
    return _bounded(node)


def _bounded(node: Node) -> float:
    if node.growth is None:
        raise TypeError(f"nothing bounds {node.kind}")
    return node.growth


def bounds(graph: Graph, names: set[str]) -> Mapping[str, float]:
    """The largest sample of each of the named values; the names include all operands."""
    found: dict[str, float] = {}
    for node in graph.nodes:
        if node.name not in names:
            continue
        if isinstance(node, Clip):
            found[node.name] = room(graph.source_by_name[node.source], node.rate)
            continue
        operands = [found[operand] for operand in node.audio_operands]
        # Only one operand of a lane sounds at a time. A silence has no operands.
        loudest = max(operands) if isinstance(node, Lane) else math.fsum(operands)
        found[node.name] = loudest * growth(node, graph.signals[node.name].rate)
    return found
