"""Hypothesis strategies: valid timelines of any shape, and the plain values that they are made of.

Promises: every timeline that `timelines()` draws passes `validate` and is equal to its own dump
loaded. `timelines(sources=...)` keeps to sources that exist, for tests that render; with their
lengths in `lengths_ms`, clips stay within them and pass `validate_media` too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from mixdown.compiler.timeline.model import (
    Automation,
    BusOverride,
    Clip,
    EqBand,
    Keyframe,
    Marker,
    Region,
    Target,
    Timeline,
    Track,
)
from mixdown.ir.curves import CURVE_ALIASES, FADE_CURVES, FilterKind, PanLaw, Shape
from mixdown.ir.types import samples

ROLES = ("dialogue", "vox", "voiceover", "music", "drums", "bass", "keys", "fx", "ambience")
CURVES = (*FADE_CURVES, *CURVE_ALIASES)

# Any text that a document may hold, nasty ones likelier than chance would have them.
TEXTS = st.one_of(
    st.sampled_from(
        [
            "a: b",
            "- x",
            "#c",
            "'",
            '"',
            "null",
            "yes",
            "012",
            "1e3",
            "~",
            " x ",
            "é\n",
            "[",
            "%",
            "\\",
        ]
    ),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20),
)
NAMES = TEXTS.filter(bool)


def decimals(
    low: Decimal | float, high: Decimal | float, places: int = 3
) -> st.SearchStrategy[Decimal]:
    """Decimals in [low, high]: whole ones, and some with a fraction of up to `places` digits."""
    low, high = Decimal(str(low)), Decimal(str(high))
    scale = 10**places
    finer = st.integers(math.ceil(low * scale), math.floor(high * scale))
    return st.one_of(
        st.integers(math.ceil(low), math.floor(high)).map(Decimal),
        finer.map(lambda n: Decimal(n) / scale),
    )


def gains() -> st.SearchStrategy[Decimal]:
    """Gains in dB that leave something to hear."""
    return decimals(-24, 12)


def pans(channels: int) -> st.SearchStrategy[Decimal]:
    """Pans; only the centre in a mono session."""
    return decimals(-1.0, 1.0) if channels == 2 else st.just(Decimal(0))


@st.composite
def eq_bands(draw: st.DrawFn, rate: int) -> EqBand:
    """A filter under half the sample rate, a gain only where its kind has one."""
    kind = draw(st.sampled_from(FilterKind))
    flat = kind in (FilterKind.HIGHPASS, FilterKind.LOWPASS)
    return EqBand(
        kind=kind,
        frequency_hz=draw(decimals(20, rate // 2 - 100)),
        q=draw(st.none() | decimals(0.1, 10)),
        gain_db=Decimal(0) if flat else draw(gains()),
    )


@st.composite
def keyframes(
    draw: st.DrawFn, rate: int, length_ms: Decimal, values: st.SearchStrategy[Decimal]
) -> tuple[Keyframe, ...]:
    """Keyframes in [0, length_ms], in any order, each on a sample of its own."""
    times = draw(
        st.lists(
            decimals(0, length_ms),
            max_size=5,
            unique_by=lambda t: samples(t, rate),
        )
    )
    shapes = st.sampled_from(Shape)
    return tuple(Keyframe(at_ms=t, value=draw(values), curve=draw(shapes)) for t in times)


@st.composite
def automations(
    draw: st.DrawFn, rate: int, channels: int, length_ms: Decimal, filtered: bool
) -> Automation:
    """Anything that may move in that session, regions too; a filter only if there is one."""
    values = {
        Target.GAIN: gains(),
        Target.PAN: decimals(-1.0, 1.0),
        Target.FILTER: decimals(40, rate // 2 - 100),
    }
    targets = [
        t
        for t in Target
        if (t is not Target.PAN or channels == 2) and (t is not Target.FILTER or filtered)
    ]
    moved = draw(st.sets(st.sampled_from(targets), max_size=2))
    plain = {t.value: draw(keyframes(rate, length_ms, values[t])) for t in Target if t in moved}
    regions = []
    for target in draw(st.lists(st.sampled_from(targets), max_size=2)):
        start = draw(decimals(0, length_ms))
        room = length_ms - start
        duration = draw(decimals(0, room))
        run = draw(keyframes(rate, duration, values[target]))
        regions.append(Region(target=target, start_ms=start, duration_ms=duration, keyframes=run))
    return Automation(**plain, regions=tuple(regions))


@st.composite
def _edges(draw: st.DrawFn, length_ms: Decimal | None) -> dict[str, Any]:
    """Fades that fit, or crossfade hints: never both on one edge, hints only of known clips."""
    fields: dict[str, Any] = {}
    room = (length_ms or Decimal(0)) / 2
    for edge in ("in", "out"):
        kind = draw(st.sampled_from(["none", "fade", "crossfade"]))
        if kind == "fade" and room:
            fields[f"fade_{edge}_ms"] = draw(decimals(0, room))
            fields[f"fade_{edge}_curve"] = draw(st.none() | st.sampled_from(CURVES))
        elif kind == "crossfade":
            fields[f"crossfade_{edge}_ms"] = draw(decimals(0, 3000))
            fields["crossfade_curve"] = draw(st.none() | st.sampled_from(CURVES))
    return fields


@st.composite
def clips(
    draw: st.DrawFn,
    rate: int,
    channels: int,
    sources: Sequence[str],
    lengths_ms: Mapping[str, Decimal],
    span_ms: int,
) -> Clip:
    """A clip; of a source of known length, within it."""
    source = draw(st.sampled_from(sources))
    whole = lengths_ms.get(source, Decimal(5000))
    # A margin of a millisecond keeps rounding to samples within the source.
    offset = draw(decimals(0, whole / 2))
    rest = whole - offset - 1
    known = source in lengths_ms
    duration = draw(decimals(1, rest))
    open_end = draw(st.booleans()) and known
    filtered = draw(st.booleans())
    return Clip(
        source=source,
        start_ms=draw(decimals(0, span_ms)),
        offset_ms=offset,
        duration_ms=None if open_end else duration,
        gain_db=draw(gains()),
        pan=draw(pans(channels)),
        mute=draw(st.booleans()),
        eq=tuple(draw(st.lists(eq_bands(rate), max_size=2))),
        filter=draw(eq_bands(rate)) if filtered else None,
        automation=draw(automations(rate, channels, rest if open_end else duration, filtered)),
        **draw(_edges(rest if open_end else duration)),
    )


@st.composite
def tracks(
    draw: st.DrawFn,
    id: str,
    rate: int,
    channels: int,
    sources: Sequence[str],
    lengths_ms: Mapping[str, Decimal],
    span_ms: int,
) -> Track:
    """A track of up to four clips, which may overlap; a fade never meets a crossfade."""
    made = draw(
        st.lists(clips(rate, channels, sources, lengths_ms, span_ms), min_size=1, max_size=4)
    )
    names = draw(st.none() | st.lists(NAMES, min_size=len(made), max_size=len(made), unique=True))
    fading = any(c.fade_in_ms or c.fade_out_ms for c in made)
    crossing = any(c.crossfade_in_ms or c.crossfade_out_ms for c in made)
    filtered = draw(st.booleans())
    return Track(
        id=id,
        role=draw(st.sampled_from(ROLES)),
        name=draw(st.none() | TEXTS),
        gain_db=draw(gains()),
        pan=draw(pans(channels)),
        mute=draw(st.booleans()),
        solo=draw(st.booleans()),
        tags=draw(st.lists(TEXTS, max_size=2)),
        eq=tuple(draw(st.lists(eq_bands(rate), max_size=2))),
        filter=draw(eq_bands(rate)) if filtered else None,
        automation=draw(automations(rate, channels, Decimal(span_ms), filtered)),
        clips=tuple(_named(made, names, without_hints=fading and crossing)),
    )


def _named(made: list[Clip], names: list[str] | None, *, without_hints: bool) -> list[Clip]:
    from attrs import evolve

    if without_hints:
        made = [evolve(c, crossfade_in_ms=None, crossfade_out_ms=None) for c in made]
    return made if names is None else [evolve(c, id=n) for c, n in zip(made, names, strict=True)]


@st.composite
def timelines(
    draw: st.DrawFn,
    *,
    sources: Mapping[str, str] | None = None,
    lengths_ms: Mapping[str, Decimal] | None = None,
    rates: Sequence[int] = (8000, 44100, 48000, 96000),
    span_ms: int = 8000,
    max_tracks: int = 3,
) -> Timeline:
    """A valid timeline.

    Args:
        draw: hypothesis'.
        sources: name -> path of the sources to use; any names and paths if None.
        lengths_ms: how long each is, by name; clips of the others always say how long they last.
        rates: sample rates to choose from.
        span_ms: clips start within it.
        max_tracks: at most.
    """
    rate = draw(st.sampled_from(list(rates)))
    channels = draw(st.sampled_from([1, 2]))
    if sources is None:
        paths = NAMES.map(lambda name: "media/" + name.replace("/", "_"))
        sources = draw(st.dictionaries(NAMES, paths, min_size=1, max_size=3))
    ids = draw(st.lists(NAMES, min_size=1, max_size=max_tracks, unique=True))
    bus_ids = draw(st.lists(NAMES, max_size=2, unique=True))
    return Timeline(
        id=draw(NAMES),
        sample_rate=rate,
        channels=channels,
        pan_law=draw(st.sampled_from(PanLaw)),
        length_ms=draw(st.none() | decimals(1, 20000)),
        lenient=draw(st.booleans()),
        metadata=draw(
            st.dictionaries(
                NAMES.filter(lambda n: "=" not in n and "\n" not in n), TEXTS, max_size=3
            )
        ),
        sources=sources,
        markers=tuple(
            Marker(at_ms=draw(decimals(0, 20000)), label=draw(TEXTS))
            for _ in range(draw(st.integers(0, 2)))
        ),
        buses=tuple(
            BusOverride(
                id=name,
                gain_db=draw(st.none() | gains()),
                pan=draw(st.none() | pans(channels)),
                eq=draw(st.none() | st.lists(eq_bands(rate), max_size=1)),
                roles=draw(st.lists(st.sampled_from(ROLES), max_size=1)),
            )
            for name in bus_ids
        ),
        tracks=tuple(
            draw(tracks(name, rate, channels, list(sources), lengths_ms or {}, span_ms))
            for name in ids
        ),
    )
