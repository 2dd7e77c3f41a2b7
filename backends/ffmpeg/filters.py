"""Gains, fades, pans and static filters: one function for each node kind.

Every number is written as `repr` does, so that ffmpeg reads back the float that the IR holds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache

from ...audio.pan import position_gains
from ...ir.curves import FilterKind, PanLaw
from ...ir.nodes import Downmix, Edge, Fade, Filter, Gain, Headroom, Loudnorm, Pan
from ...plans.plan import Fact
from .automation import EnvelopePiece, multiplied
from .inputs import counted, resample
from .site import FilterSite
from .wiring import Call, FilterChain, call

BIQUADS: Mapping[FilterKind, str] = {
    FilterKind.HIGHPASS: "highpass",
    FilterKind.LOWPASS: "lowpass",
    FilterKind.PEAKING: "equalizer",
    FilterKind.LOWSHELF: "lowshelf",
    FilterKind.HIGHSHELF: "highshelf",
}
"""ffmpeg's filter for each RBJ biquad; its `bass` and `treble` are different shelves."""


def volume(db: float | Fact) -> Call:
    """A gain in dB, known or still to be measured."""
    level = db if isinstance(db, Fact) else repr(db)
    return call("volume", volume=(level, "dB"), precision="double")


def biquad(shape: FilterKind, frequency: str, q: float, gain_db: float) -> Call:
    """An RBJ biquad as transposed direct form II in float64."""
    gain = {"g": gain_db} if shape.has_gain else {}
    return call(BIQUADS[shape], f=frequency, t="q", w=q, **gain, r="f64", a="tdii")


def emit_gain(site: FilterSite, node: Gain | Headroom) -> FilterChain:
    """A static gain."""
    return site.then(volume(node.gain_db))


ONE_PASS_RATE = 192000
"""The rate at which ffmpeg's loudnorm works, Hz."""


def emit_loudnorm(site: FilterSite, node: Loudnorm) -> FilterChain:
    """The static loudness gain: known, or a fact of the plan; without either, ffmpeg's loudnorm.

    One pass of that filter applies a moving gain (EBU R128 with look-ahead). Its target is a range
    of 11 LU and at most 0 dBTP, because the limiter after it holds the ceiling.
    """
    gain = site.facts.get(node.name) if node.gain_db is None else node.gain_db
    if gain is not None:
        return site.then(volume(gain))
    return site.then(
        resample(ONE_PASS_RATE, "dbl"),
        call("loudnorm", I=node.target_lufs, TP=0, LRA=11),
        resample(site.signal.rate),
        *counted(site.signal.rate),
        call("apad", whole_len=site.length),
        call("atrim", end_sample=site.length),
    )


def emit_fade(site: FilterSite, node: Fade) -> FilterChain:
    """A fade over the first or the last samples of its operand."""
    if not node.length:
        return site.then()
    if node.curve == "exp" and node.edge is Edge.IN:
        return multiplied(site, _exponential_rise(site, node.length))
    start = 0 if node.edge is Edge.IN else site.length - node.length
    return site.then(call("afade", t=node.edge.value, ss=start, ns=node.length, curve=node.curve))


def _exponential_rise(site: FilterSite, length: int) -> list[EnvelopePiece]:
    """The fade-in 10^(-5(1-g)) with 0 at its start, where afade has 1e-5.

    A clip that a crossfade cuts short may be shorter than its fade-in.
    """
    rise = f"if(n,exp({-5.0 * math.log(10.0)!r}*(1-n/{length})),0)"
    rest = site.length - length
    segment = EnvelopePiece(min(length, site.length), lambda _: (rise,))
    return [segment, EnvelopePiece(rest, lambda _: ("1",))] if rest > 0 else [segment]


def emit_pan(site: FilterSite, node: Pan) -> FilterChain:
    """A static pan, or balance."""
    return site.then(_panned(node.position, node.law, site.incoming.channels))


@lru_cache(maxsize=64)  # most clips are in the centre
def _panned(position: float, law: PanLaw, channels: int) -> Call:
    sides = enumerate(position_gains(position, law.value, channels))
    terms = (f"c{side}={gain!r}*c{0 if channels == 1 else side}" for side, gain in sides)
    return call("pan", "|".join(("stereo", *terms)))


def emit_downmix(site: FilterSite, node: Downmix) -> FilterChain:
    """Half of the left channel plus half of the right."""
    return site.then(call("pan", "mono|c0=0.5*c0+0.5*c1"))


def emit_filter(site: FilterSite, node: Filter) -> FilterChain:
    """A static biquad."""
    return site.then(biquad(node.shape, repr(node.frequency_hz), node.q, node.gain_db))
