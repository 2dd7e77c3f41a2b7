"""Hypothesis draws valid timelines of any shape.

Promises: every timeline that `timelines()` draws passes `validate` and is equal to its own dump
loaded. With `sources` it keeps to those, for tests that render; with their lengths in `lengths_ms`
clips stay within them and pass `validate_media` too.

The parts are plain functions of `draw`, and strategies are made once: making one costs far more
than drawing from it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_DOWN, Decimal
from typing import Any

from attrs import evolve
from hypothesis import strategies as st
from mixdown.compiler.timeline.automation import Automation, Keyframe, Region, Target
from mixdown.compiler.timeline.model import BusOverride, Clip, EqBand, Marker, Timeline, Track
from mixdown.ir.curves import CURVE_ALIASES, FADE_CURVES, FilterKind, PanLaw, Shape
from mixdown.ir.units import samples

ROLES = ("dialogue", "vox", "voiceover", "music", "drums", "bass", "keys", "fx", "ambience")

# Any text that a document may hold, nasty ones likelier than chance would have them.
NASTY = ["a: b", "- x", "#c", "'", '"', "null", "yes", "012", "1e3", "~", " x ", "é\n", "[", "%"]
TEXTS = st.one_of(
    st.sampled_from([*NASTY, "\\", "host", "a/b"]),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12),
)
NAMES = TEXTS.filter(bool)
TAG_NAMES = NAMES.filter(lambda name: "=" not in name and "\n" not in name)

_STEPS = 4000
_STEP = st.integers(0, _STEPS)
_FLAG = st.booleans()
_ONE_IN_THREE = st.sampled_from([True, False, False])
_FEW = st.sampled_from([0, 0, 1, 2])
_SEVERAL = st.sampled_from([1, 1, 2, 3, 4])
_TEXT_OR_NONE = st.none() | TEXTS
_KINDS = st.sampled_from(FilterKind)
_SHAPES = st.sampled_from(Shape)
_LAWS = st.sampled_from(PanLaw)
_ROLES = st.sampled_from(ROLES)
_CURVES = st.sampled_from([None, *FADE_CURVES, *CURVE_ALIASES])
_EDGES = st.sampled_from(["none", "fade", "crossfade"])
_PATHS = NAMES.map(lambda name: "media/" + name.replace("/", "_"))
_SOURCES = st.dictionaries(NAMES, _PATHS, min_size=1, max_size=3)
_IDS = st.lists(NAMES, min_size=4, max_size=4, unique=True)
_METADATA = st.dictionaries(TAG_NAMES, TEXTS, max_size=3)

Draw = st.DrawFn


def number(draw: Draw, low: Decimal | int, high: Decimal | int) -> Decimal:
    """A decimal in [low, high]: one of 4001 steps between them, to a thousandth, some whole."""
    low, high = Decimal(low), Decimal(high)
    step = draw(_STEP)
    exact = low + (high - low) * step / _STEPS
    whole = exact.quantize(Decimal(1), ROUND_DOWN)
    if step % 3 == 0 and low <= whole <= high:
        return whole
    near = exact.quantize(Decimal("0.001"), ROUND_DOWN)
    return near if low <= near <= high else low


def gain(draw: Draw) -> Decimal:
    """A gain in dB that leaves something to hear."""
    return number(draw, -24, 12)


def pan(draw: Draw, channels: int) -> Decimal:
    """A pan; the centre in a mono session."""
    return number(draw, -1, 1) if channels == 2 else Decimal(0)


def eq_band(draw: Draw, rate: int) -> EqBand:
    """A filter under half the sample rate, with a gain only where its kind has one."""
    kind = draw(_KINDS)
    flat = kind in (FilterKind.HIGHPASS, FilterKind.LOWPASS)
    return EqBand(
        kind=kind,
        frequency_hz=number(draw, 20, rate // 2 - 100),
        q=number(draw, Decimal("0.1"), 10) if draw(_FLAG) else None,
        gain_db=Decimal(0) if flat else gain(draw),
    )


def eq_bands(draw: Draw, rate: int) -> tuple[EqBand, ...]:
    """Up to two filters, most often none."""
    return tuple(eq_band(draw, rate) for _ in range(draw(_FEW)))


def keyframes(draw: Draw, rate: int, length_ms: Decimal, target: Target) -> tuple[Keyframe, ...]:
    """Keyframes in [0, length_ms], in any order, each on a sample of its own."""
    made: dict[int, Keyframe] = {}
    for _ in range(draw(_SEVERAL)):
        at = number(draw, 0, length_ms)
        value = {
            Target.GAIN: (-24, 12),
            Target.PAN: (-1, 1),
            Target.FILTER: (40, rate // 2 - 100),
        }[target]
        made.setdefault(
            samples(at, rate),
            Keyframe(at_ms=at, value=number(draw, *value), curve=draw(_SHAPES)),
        )
    return tuple(made.values())


def in_order(automation: Automation) -> Automation:
    """With the keyframes in time order, as in a clip."""
    regions = [evolve(r, keyframes=by_time(r.keyframes)) for r in automation.regions]
    plain = {target.value: by_time(getattr(automation, target.value)) for target in Target}
    return Automation(**plain, regions=regions)


def by_time(keyframes: tuple[Keyframe, ...]) -> tuple[Keyframe, ...]:
    """In time order."""
    return tuple(sorted(keyframes, key=lambda k: k.at_ms))


def automation(
    draw: Draw, rate: int, channels: int, length_ms: Decimal, filtered: bool
) -> Automation:
    """Anything that may move in that session, regions too; a filter only if there is one."""
    targets = [Target.GAIN]
    targets += [Target.PAN] if channels == 2 else []
    targets += [Target.FILTER] if filtered else []
    plain = {
        target.value: keyframes(draw, rate, length_ms, target)
        for target in targets
        if draw(_ONE_IN_THREE)
    }
    regions = []
    for target in targets:
        if draw(_ONE_IN_THREE):
            start = number(draw, 0, length_ms)
            duration = number(draw, 0, length_ms - start)
            run = keyframes(draw, rate, duration, target)
            regions.append(
                Region(target=target, start_ms=start, duration_ms=duration, keyframes=run)
            )
    return Automation(**plain, regions=tuple(regions))


def edges(draw: Draw, length_ms: Decimal) -> dict[str, Any]:
    """Fades that fit in the clip, or crossfade hints: never both on one edge."""
    fields: dict[str, Any] = {}
    for edge in ("in", "out"):
        kind = draw(_EDGES)
        if kind == "fade":
            fields[f"fade_{edge}_ms"] = number(draw, 0, length_ms / 2)
            fields[f"fade_{edge}_curve"] = draw(_CURVES)
        elif kind == "crossfade":
            fields[f"crossfade_{edge}_ms"] = number(draw, 0, 3000)
            fields["crossfade_curve"] = draw(_CURVES)
    return fields


def clip(
    draw: Draw,
    rate: int,
    channels: int,
    source: str,
    source_ms: Decimal | None,
    span_ms: int,
) -> Clip:
    """A clip that starts within `span_ms`; of a source of known length, within it."""
    # A margin of a millisecond keeps rounding to samples within the source.
    whole = Decimal(5000) if source_ms is None else source_ms
    offset = number(draw, 0, whole / 2)
    rest = whole - offset - 1
    to_the_end = source_ms is not None and draw(_ONE_IN_THREE)
    duration = rest if to_the_end else number(draw, 1, rest)
    filtered = draw(_ONE_IN_THREE)
    return Clip(
        source=source,
        start_ms=number(draw, 0, span_ms),
        offset_ms=offset,
        duration_ms=None if to_the_end else duration,
        gain_db=gain(draw),
        pan=pan(draw, channels),
        mute=draw(_ONE_IN_THREE),
        eq=eq_bands(draw, rate),
        filter=eq_band(draw, rate) if filtered else None,
        automation=in_order(automation(draw, rate, channels, duration, filtered)),
        **edges(draw, duration),
    )


def track(draw: Draw, id: str, rate: int, channels: int, clips: list[Clip], span_ms: int) -> Track:
    """A track of these clips, which may overlap; a fade never meets a neighbour's crossfade."""
    for side, other in (("in", "out"), ("out", "in")):
        if any(getattr(c, f"fade_{side}_ms") for c in clips):
            clips = [evolve(c, **{f"crossfade_{other}_ms": None}) for c in clips]
    if draw(_FLAG):
        clips = [evolve(c, id=name) for c, name in zip(clips, draw(_IDS), strict=False)]
    filtered = draw(_ONE_IN_THREE)
    return Track(
        id=id,
        role=draw(_ROLES),
        name=draw(_TEXT_OR_NONE),
        gain_db=gain(draw),
        pan=pan(draw, channels),
        mute=draw(_ONE_IN_THREE),
        solo=draw(_ONE_IN_THREE),
        tags=[draw(TEXTS) for _ in range(draw(_FEW))],
        eq=eq_bands(draw, rate),
        filter=eq_band(draw, rate) if filtered else None,
        automation=automation(draw, rate, channels, Decimal(span_ms), filtered),
        clips=tuple(clips),
    )


def bus(draw: Draw, id: str, rate: int, channels: int) -> BusOverride:
    """A bus of the timeline's own."""
    return BusOverride(
        id=id,
        gain_db=gain(draw) if draw(_FLAG) else None,
        pan=pan(draw, channels) if draw(_FLAG) else None,
        eq=eq_bands(draw, rate) if draw(_FLAG) else None,
    )


@st.composite
def timelines(
    draw: Draw,
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
        max_tracks: at most, up to 4.
    """
    rate = draw(st.sampled_from(rates))
    channels = draw(st.sampled_from([1, 2]))
    if sources is None:
        sources = draw(_SOURCES)
    pick = st.sampled_from(list(sources))
    tracks = []
    for id in draw(_IDS)[: draw(st.integers(1, max_tracks))]:
        played = [draw(pick) for _ in range(draw(_SEVERAL))]
        lengths = [(lengths_ms or {}).get(source) for source in played]
        clips = [
            clip(draw, rate, channels, source, length, span_ms)
            for source, length in zip(played, lengths, strict=True)
        ]
        tracks.append(track(draw, id, rate, channels, clips, span_ms))
    return Timeline(
        id=draw(NAMES),
        sample_rate=rate,
        channels=channels,
        pan_law=draw(_LAWS),
        length_ms=number(draw, 1, 20000) if draw(_ONE_IN_THREE) else None,
        lenient=draw(_FLAG),
        metadata=draw(_METADATA),
        sources=sources,
        markers=tuple(
            Marker(at_ms=number(draw, 0, 20000), label=draw(TEXTS)) for _ in range(draw(_FEW))
        ),
        buses=tuple(bus(draw, id, rate, channels) for id in draw(_IDS)[: draw(_FEW)]),
        tracks=tuple(tracks),
    )
