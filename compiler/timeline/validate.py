"""What is wrong with a timeline, as far as it can be told without presets.

Promises: every violation at once (the first thousand, if there are more), in one fixed order, each
with its place; nothing raises.
`validate` needs no files; `validate_media` adds what depends on how long the sources are. Both see
a timeline made in Python as they see a loaded one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import islice, pairwise

from ...documents.values import MOST, number_problem, shown, text_problem
from ...ir.codes import Code
from ...ir.curves import CURVE_ALIASES, FADE_CURVES, FilterKind
from ...ir.diagnostics import Diagnostic, Related, did_you_mean
from ...ir.units import milliseconds, samples
from ..geometry import Media, crossfades, extent
from .fields import FIELDS, KEYFRAME_VALUES, MAX_TEXT, TIME, Range
from .model import (
    ZERO,
    Automation,
    Clip,
    EqBand,
    Keyframe,
    Timeline,
    Track,
    clip_id,
)
from .sources import validate_cover, validate_sources

Place = tuple[str | int, ...]
Found = Iterator[Diagnostic]

# class -> the ranges of its numbers, by field
_RANGES: Mapping[type, tuple[tuple[str, Range], ...]] = {
    cls: tuple((name, spec.range) for name, spec in specs.items() if spec.range is not None)
    for cls, specs in FIELDS.items()
}

# What resamplers count rates in: the two sides of a speed, times those of the rates, must fit.
_HIGHEST_RATE = 2**31

_CURVES = (*FADE_CURVES, *CURVE_ALIASES)
_CURVE_FIELDS = ("fade_in_curve", "fade_out_curve", "crossfade_curve")
_WITHOUT_GAIN = (FilterKind.HIGHPASS, FilterKind.LOWPASS)


def validate(timeline: Timeline) -> tuple[Diagnostic, ...]:
    """Every violation that shows without the media, as SEMANTICS and `fields` have it."""
    return tuple(islice(_timeline(timeline), MOST))


def validate_media(timeline: Timeline, media: Media) -> tuple[Diagnostic, ...]:
    """Every violation that shows only with the media; none where `validate` finds worse.

    Args:
        timeline: any.
        media: by the clips' `source` as the document writes it; clips without an entry are passed
            over, as whoever could not read the file has said so.
    """
    return tuple(islice(_media(timeline, media), MOST))


def _timeline(timeline: Timeline) -> Found:
    yield from _numbers(timeline, timeline, ())
    yield from _name(timeline, timeline.id, ("id",))
    yield from _metadata(timeline)
    yield from validate_sources(timeline)
    yield from validate_cover(timeline)
    for m, marker in enumerate(timeline.markers):
        yield from _numbers(timeline, marker, ("markers", m))
    yield from _unique(timeline, [b.id for b in timeline.buses], ("buses",), "bus")
    for b, bus in enumerate(timeline.buses):
        yield from _numbers(timeline, bus, ("buses", b))
        yield from _name(timeline, bus.id, ("buses", b, "id"))
        yield from _mono(timeline, bool(bus.pan), ("buses", b, "pan"))
        for e, band in enumerate(bus.eq or ()):
            yield from _band(timeline, band, ("buses", b, "eq", e))
        if bus.duck is not None:
            yield from _numbers(timeline, bus.duck, ("buses", b, "duck"))
    yield from _unique(timeline, [t.id for t in timeline.tracks], ("tracks",), "track")
    for t, track in enumerate(timeline.tracks):
        yield from _track(timeline, track, ("tracks", t))
    if timeline.length_ms is None and not any(track.clips for track in timeline.tracks):
        yield Diagnostic(
            Code.EMPTY_TIMELINE,
            "nothing is on this timeline",
            timeline.origin("tracks"),
            "give it a clip, or a length_ms for a silent mix of that length",
        )


def _metadata(timeline: Timeline) -> Found:
    for key, value in timeline.metadata.items():
        if not key or "=" in key or "\n" in key:
            yield Diagnostic(
                Code.OUT_OF_RANGE,
                f"{shown(key)} is no name for a tag",
                timeline.origin("metadata", key),
                "a tag's name is not empty and holds neither '=' nor a line break",
            )
        problem = text_problem(key) or text_problem(value)
        if problem is not None:
            place = timeline.origin("metadata", key)
            yield Diagnostic(problem.code, f"{shown(key)} {problem.message}", place, problem.help)


def _track(timeline: Timeline, track: Track, place: Place) -> Found:
    yield from _name(timeline, track.id, (*place, "id"))
    yield from _numbers(timeline, track, place)
    yield from _mono(timeline, track.pan != 0, (*place, "pan"))
    yield from _processing(timeline, track, place)
    ids = [clip_id(clip, c) for c, clip in enumerate(track.clips)]
    yield from _unique(timeline, ids, (*place, "clips"), "clip")
    for c, clip in enumerate(track.clips):
        here = (*place, "clips", c)
        if clip.id is not None:
            yield from _name(timeline, clip.id, (*here, "id"))
        yield from _clip(timeline, clip, here)
        if clip.duration_ms is not None:
            yield from _fits(timeline, clip, here, clip.duration_ms)


def _clip(timeline: Timeline, clip: Clip, place: Place) -> Found:
    yield from _numbers(timeline, clip, place)
    yield from _mono(timeline, clip.pan != 0, (*place, "pan"))
    yield from _processing(timeline, clip, place)
    for name in _CURVE_FIELDS:
        curve = getattr(clip, name)
        if curve is not None and curve not in _CURVES:
            yield Diagnostic(
                Code.UNKNOWN_CURVE,
                f"no curve is named {shown(curve)}",
                timeline.origin(*place, name),
                did_you_mean(curve, _CURVES),
            )
    for fade, crossfade in (
        ("fade_in_ms", "crossfade_in_ms"),
        ("fade_out_ms", "crossfade_out_ms"),
    ):
        if getattr(clip, fade) and getattr(clip, crossfade):
            yield Diagnostic(
                Code.FADE_AND_CROSSFADE,
                "this edge has a fade and a crossfade",
                timeline.origin(*place, crossfade),
                "keep one of the two: a crossfade is the fade where clips overlap",
                (Related(timeline.origin(*place, fade), "the fade"),),
            )
    if clip.duration_ms is not None and _finite(clip.duration_ms) and clip.duration_ms >= 0:
        rate = timeline.sample_rate
        if 0 < rate < 10**6 and samples(clip.duration_ms, rate) == 0:
            yield Diagnostic(
                Code.EMPTY_CLIP,
                "this clip lasts less than a sample",
                timeline.origin(*place, "duration_ms"),
                "leave duration_ms out to play to the end of the source",
            )


def _processing(timeline: Timeline, owner: Track | Clip, place: Place) -> Found:
    """What tracks and clips have in common: eq, filter and automation."""
    for e, band in enumerate(owner.eq):
        yield from _band(timeline, band, (*place, "eq", e))
    if owner.filter is not None:
        yield from _band(timeline, owner.filter, (*place, "filter"))
    automation = owner.automation
    if automation is _STILL:
        return
    here = (*place, "automation")
    moved = {name for name in KEYFRAME_VALUES if getattr(automation, name)}
    for name in sorted(moved):
        yield from _keyframes(timeline, getattr(automation, name), (*here, name), name)
    for r, region in enumerate(automation.regions):
        spot = (*here, "regions", r)
        moved.add(region.target.value)
        yield from _numbers(timeline, region, spot)
        yield from _keyframes(timeline, region.keyframes, (*spot, "keyframes"), region.target.value)
        yield from _inside(
            timeline, region.keyframes, (*spot, "keyframes"), region.duration_ms, "region"
        )
    if "filter" in moved and owner.filter is None:
        yield Diagnostic(
            Code.FILTER_AUTOMATION_WITHOUT_FILTER,
            "this moves a filter that is not there",
            timeline.origin(*here, "filter"),
            "add the filter: filter: {kind: lowpass, frequency_hz: 12000}",
        )
    yield from _mono(timeline, "pan" in moved, (*here, "pan"))


_STILL = Automation()


def _keyframes(
    timeline: Timeline, keyframes: tuple[Keyframe, ...], place: Place, target: str
) -> Found:
    for k, keyframe in enumerate(keyframes):
        yield from _numbers(timeline, keyframe, (*place, k))
        value_range = KEYFRAME_VALUES[target]
        yield from _number(timeline, keyframe.value, "value", value_range, (*place, k))
        if target == "filter":
            yield from _nyquist(timeline, keyframe.value, (*place, k, "value"))
    rate = timeline.sample_rate
    if not 0 < rate < 10**6:
        return
    timed = [(k.at_ms, i) for i, k in enumerate(keyframes) if _finite(k.at_ms)]
    timed.sort()
    for (earlier, first), (later, second) in pairwise(timed):
        if samples(earlier, rate) == samples(later, rate):
            yield Diagnostic(
                Code.DUPLICATE_KEYFRAME,
                f"two keyframes stand at {_ms(later)}"
                if earlier == later
                else f"keyframes at {_ms(earlier)} and {_ms(later)} fall on one sample",
                timeline.origin(*place, max(first, second), "at_ms"),
                "keep one of the two, or move one",
                (Related(timeline.origin(*place, min(first, second), "at_ms"), "the other"),),
            )


def _fits(timeline: Timeline, clip: Clip, place: Place, duration: Decimal) -> Found:
    """What has to lie within a clip of a known length: its fades and keyframes."""
    if not (_finite(duration) and duration > 0):
        return
    length = f"the clip lasts {_ms(duration)}"
    if fades_exceed(clip, duration) and not timeline.lenient:
        edge = "fade_out_ms" if clip.fade_out_ms else "fade_in_ms"
        yield Diagnostic(
            Code.FADES_EXCEED_CLIP,
            f"fades of {_ms(clip.fade_in_ms)} in and {_ms(clip.fade_out_ms)} out "
            "are longer than their clip",
            timeline.origin(*place, edge),
            f"{length}; lenient: true shortens such fades",
        )
    automation = clip.automation
    if automation is _STILL:
        return
    here = (*place, "automation")
    for name in KEYFRAME_VALUES:
        yield from _inside(timeline, getattr(automation, name), (*here, name), duration, "clip")
    for r, region in enumerate(automation.regions):
        if _finite(region.start_ms) and _finite(region.duration_ms):
            end = region.start_ms + region.duration_ms
            if end > duration:
                yield Diagnostic(
                    Code.KEYFRAME_OUTSIDE_CLIP,
                    f"this region ends at {_ms(end)}, after its clip",
                    timeline.origin(*here, "regions", r, "duration_ms"),
                    length,
                )


def fades_exceed(clip: Clip, duration: Decimal) -> bool:
    """Whether a clip's fades together are longer than `duration`, in ms."""
    fades = (clip.fade_in_ms, clip.fade_out_ms)
    return all(map(_finite, fades)) and sum(fades) > duration


def _inside(
    timeline: Timeline,
    keyframes: tuple[Keyframe, ...],
    place: Place,
    duration: Decimal,
    owner: str,
) -> Found:
    for k, keyframe in enumerate(keyframes):
        if _finite(keyframe.at_ms) and _finite(duration) and keyframe.at_ms > duration:
            yield Diagnostic(
                Code.KEYFRAME_OUTSIDE_CLIP,
                f"this keyframe at {_ms(keyframe.at_ms)} is after the end of its {owner}",
                timeline.origin(*place, k, "at_ms"),
                f"the {owner} lasts {_ms(duration)}; its keyframes count from its start",
            )


def _media(timeline: Timeline, media: Media) -> Found:
    if any(True for _ in _numbers(timeline, timeline, ())):
        return
    for t, track in enumerate(timeline.tracks):
        place = ("tracks", t)
        sound = True
        for c, clip in enumerate(track.clips):
            here = (*place, "clips", c)
            if clip.source not in media or any(True for _ in _numbers(timeline, clip, here)):
                sound = False
            else:
                yield from _clip_media(timeline, clip, here, media)
        if sound:
            yield from _joins(timeline, track, place, media)


def _joins(timeline: Timeline, track: Track, place: Place, media: Media) -> Found:
    """Fades on edges that crossfade by the hint of the clip on the other side."""
    rate = timeline.sample_rate
    met = crossfades(track, [extent(clip, rate, media) for clip in track.clips], rate)
    for c, join in sorted(met.items()):
        clip = track.clips[c]
        for fade, own_hint, crossfade in (
            ("fade_in_ms", clip.crossfade_in_ms, join.fade_in),
            ("fade_out_ms", clip.crossfade_out_ms, join.fade_out),
        ):
            if crossfade and getattr(clip, fade) and not own_hint:
                yield Diagnostic(
                    Code.FADE_AND_CROSSFADE,
                    "this edge has a fade, and a crossfade by its neighbour's hint",
                    timeline.origin(*place, "clips", c, fade),
                    "keep one of the two: a crossfade is the fade where clips overlap",
                )


def _clip_media(timeline: Timeline, clip: Clip, place: Place, media: Media) -> Found:
    rate = timeline.sample_rate
    info = media[clip.source]
    if max(info.rates(rate)) >= _HIGHEST_RATE:
        yield Diagnostic(
            Code.OUT_OF_RANGE,
            f"{shown(clip.source)} cannot play at {timeline.speeds[clip.source]} exactly",
            timeline.origin("speeds", clip.source),
            "use a ratio of smaller numbers",
        )
    if info.channels not in (1, 2):
        yield Diagnostic(
            Code.UNSUPPORTED_CHANNELS,
            f"{shown(clip.source)} has {info.channels} channels",
            timeline.origin(*place, "source"),
            "make it mono or stereo first",
        )
    whole = info.length(rate)
    lasts = f"{shown(clip.source)} lasts {_ms(milliseconds(whole, rate))}"
    lies = extent(clip, rate, media)
    offset, length = lies.offset, lies.length
    if offset + length > whole or offset > whole:
        end = milliseconds(offset + length, rate)
        rest = milliseconds(max(0, whole - offset), rate)
        yield Diagnostic(
            Code.CLIP_PAST_SOURCE,
            f"this clip starts at {_ms(clip.offset_ms)} of its source, past its end"
            if offset > whole
            else f"this clip plays its source up to {_ms(end)}, past its end",
            timeline.origin(*place, "offset_ms" if offset > whole else "duration_ms"),
            lasts if offset > whole else f"{lasts}; from offset_ms on that leaves {_ms(rest)}",
        )
    elif clip.duration_ms is None and length == 0:
        yield Diagnostic(
            Code.EMPTY_CLIP,
            "nothing of the source is left for this clip to play",
            timeline.origin(*place, "offset_ms" if clip.offset_ms else "source"),
            lasts,
        )
    elif clip.duration_ms is None:
        yield from _fits(timeline, clip, place, milliseconds(length, rate))


def _numbers(timeline: Timeline, owner: object, place: Place) -> Found:
    for name, allowed in _RANGES[type(owner)]:
        value = getattr(owner, name)
        if value is not None and value is not ZERO:
            yield from _number(timeline, value, name, allowed, place)


def _number(
    timeline: Timeline, value: Decimal | int, name: str, allowed: Range, place: Place
) -> Found:
    problem = number_problem(value)
    if problem is not None:
        origin = timeline.origin(*place, name)
        yield Diagnostic(problem.code, f"{name!r} {problem.message}", origin, problem.help)
    elif not allowed.holds(value):
        negative = value < 0 and allowed.unit == TIME.unit
        yield Diagnostic(
            Code.NEGATIVE_TIME if negative else Code.OUT_OF_RANGE,
            f"{name!r} is {value}, a negative time" if negative else f"{name!r} cannot be {value}",
            timeline.origin(*place, name),
            f"allowed: {allowed}",
        )


def _band(timeline: Timeline, band: EqBand, place: Place) -> Found:
    yield from _numbers(timeline, band, place)
    yield from _nyquist(timeline, band.frequency_hz, (*place, "frequency_hz"))
    if band.kind in _WITHOUT_GAIN and band.gain_db:
        yield Diagnostic(
            Code.OUT_OF_RANGE,
            f"a {band.kind} has no gain_db",
            timeline.origin(*place, "gain_db"),
            "leave it out, or use peaking, lowshelf or highshelf",
        )


def _nyquist(timeline: Timeline, frequency: Decimal, place: Place) -> Found:
    half = Decimal(timeline.sample_rate) / 2
    if _finite(frequency) and half <= frequency <= KEYFRAME_VALUES["filter"].high:
        yield Diagnostic(
            Code.OUT_OF_RANGE,
            f"{frequency} Hz is not under half the sample rate",
            timeline.origin(*place),
            f"allowed: over 0 and under {half:f} Hz",
        )


def _mono(timeline: Timeline, panned: bool, place: Place) -> Found:
    if panned and timeline.channels == 1:
        yield Diagnostic(
            Code.PAN_IN_MONO,
            "a mono session cannot pan",
            timeline.origin(*place),
            "leave pan out, or set channels: 2",
            (Related(timeline.origin("channels"), "mono here"),),
        )


def _name(timeline: Timeline, name: str, place: Place) -> Found:
    problem = text_problem(name)
    if not name or len(name) > MAX_TEXT:
        yield Diagnostic(
            Code.OUT_OF_RANGE,
            f"an id has 1 to {MAX_TEXT:,} characters",
            timeline.origin(*place),
        )
    elif problem is not None:
        yield Diagnostic(problem.code, f"'id' {problem.message}", timeline.origin(*place))


def _unique(timeline: Timeline, ids: list[str], place: Place, noun: str) -> Found:
    if len(set(ids)) == len(ids):
        return
    first: dict[str, int] = {}
    for index, name in enumerate(ids):
        if name in first:
            yield Diagnostic(
                Code.DUPLICATE_ID,
                f"two {noun}{'e' if noun.endswith('s') else ''}s are named {shown(name)}",
                timeline.origin(*place, index, "id"),
                "give each its own id",
                (Related(timeline.origin(*place, first[name], "id"), "the first"),),
            )
        else:
            first[name] = index


def _finite(value: Decimal) -> bool:
    return number_problem(value) is None


def _ms(value: Decimal) -> str:
    return f"{value.normalize():f} ms" if _finite(value) else "?"
