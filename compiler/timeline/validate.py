"""Checks a timeline, as far as is possible without presets.

Promises: every violation at once (at most the first thousand), in a fixed order, each with its
place; nothing raises. Values that break the limits of their fields come first. `validate` needs no
files; `validate_media` checks what depends on the lengths of the sources. Both treat timelines made
in Python and loaded ones the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import islice, pairwise

from ...documents.models import exceeded, over, within_limits
from ...documents.values import MOST, shown
from ...ir.codes import Code
from ...ir.diagnostics import Diagnostic, Related, Severity
from ...ir.origin import Origin
from ...ir.units import milliseconds, samples
from ...presets.model import FREQUENCY, EqBand, EqKind
from ..geometry import Media, crossfades, extent, mix_length
from .automation import STILL, VALUES, Automation, Keyframe, Target
from .model import BusOverride, Clip, Timeline, Track, clip_id
from .sources import entry_of, entry_origin, validate_cover, validate_sources

Place = tuple[str | int, ...]
Found = Iterator[Diagnostic]

# The integers of resamplers: the terms of a speed, multiplied by the rates, must fit.
_HIGHEST_RATE = 2**31


def validate(timeline: Timeline) -> tuple[Diagnostic, ...]:
    """Every violation that can be found without the media."""
    return tuple(islice(_timeline(timeline), MOST))


def validate_media(timeline: Timeline, media: Media) -> tuple[Diagnostic, ...]:
    """Every violation that needs the media; none of values that `validate` already reports.

    Args:
        timeline: any.
        media: by the clips' `source` as written in the document; clips without an entry are
            skipped, as the probe has reported them.
    """
    return tuple(islice(_media(timeline, media), MOST))


def _timeline(timeline: Timeline) -> Found:
    yield from exceeded(timeline, timeline.origin)
    yield from validate_tags(timeline)
    yield from validate_sources(timeline)
    yield from validate_cover(timeline)
    yield from unique(timeline.origin, [b.id for b in timeline.buses], ("buses",), "bus")
    for b, bus in enumerate(timeline.buses):
        yield from _mono(timeline, bool(bus.pan), ("buses", b, "pan"))
        for e, band in enumerate(bus.eq or ()):
            yield from _band(timeline, band, ("buses", b, "eq", e))
        yield from _deess(timeline, bus, ("buses", b))
        if bus.gate is not None and bus.gate.threshold_db is None:
            yield Diagnostic(
                Code.GATE_WITHOUT_THRESHOLD,
                "the gate of a bus needs a threshold",
                timeline.origin("buses", b, "gate"),
                "give it a threshold_db, or gate the tracks, where what is said is known",
            )
    yield from unique(timeline.origin, [t.id for t in timeline.tracks], ("tracks",), "track")
    for t, track in enumerate(timeline.tracks):
        yield from _track(timeline, track, ("tracks", t))
    yield from _cuts(timeline)
    if timeline.length_ms is None and not any(track.clips for track in timeline.tracks):
        yield Diagnostic(
            Code.EMPTY_TIMELINE,
            "the timeline is empty",
            timeline.origin("tracks"),
            "give it a clip, or a length_ms for a silent mix of that length",
        )


def _cuts(timeline: Timeline) -> Found:
    for number, cut in enumerate(timeline.cuts):
        if cut.from_ms >= cut.to_ms:
            yield Diagnostic(
                Code.BAD_CUT,
                f"cut {number + 1} ends at {_ms(cut.to_ms)}, where it starts or before",
                timeline.origin("cuts", number, "to_ms"),
                "to_ms is the end of what is taken out, not its length",
            )


def validate_tags(timeline: Timeline) -> Found:
    """What is wrong with the names of the tags."""
    for key in timeline.metadata:
        if not key or "=" in key or "\n" in key:
            yield Diagnostic(
                Code.OUT_OF_RANGE,
                f"{shown(key)} is not a valid tag name",
                timeline.origin("metadata", key),
                "a tag name must not be empty or contain '=' or a line break",
            )


def _track(timeline: Timeline, track: Track, place: Place) -> Found:
    yield from _mono(timeline, track.pan != 0, (*place, "pan"))
    yield from _processing(timeline, track, place)
    ids = [clip_id(clip, c) for c, clip in enumerate(track.clips)]
    yield from unique(timeline.origin, ids, (*place, "clips"), "clip")
    for c, clip in enumerate(track.clips):
        here = (*place, "clips", c)
        yield from _clip(timeline, clip, here)
        if clip.duration_ms is not None:
            yield from _fits(timeline, clip, here, clip.duration_ms)


def _clip(timeline: Timeline, clip: Clip, place: Place) -> Found:
    yield from _mono(timeline, clip.pan != 0, (*place, "pan"))
    yield from _processing(timeline, clip, place)
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
    if clip.duration_ms is not None and clip.duration_ms >= 0:
        rate = timeline.sample_rate
        if 0 < rate < 10**6 and samples(clip.duration_ms, rate) == 0:
            yield Diagnostic(
                Code.EMPTY_CLIP,
                "this clip lasts less than a sample",
                timeline.origin(*place, "duration_ms"),
                "leave duration_ms out to play to the end of the source",
            )


def _processing(timeline: Timeline, owner: Track | Clip, place: Place) -> Found:
    """The fields that tracks and clips share: eq, filter and automation."""
    for e, band in enumerate(owner.eq):
        yield from _band(timeline, band, (*place, "eq", e))
    if owner.filter is not None:
        yield from _band(timeline, owner.filter, (*place, "filter"))
        if owner.filter.kind is EqKind.HUM:
            place_of = timeline.origin(*place, "filter", "kind")
            message, help = "a filter that moves is one biquad", "write it under eq"
            yield Diagnostic(Code.OUT_OF_RANGE, message, place_of, help)
    yield from _deess(timeline, owner, place)
    automation = owner.automation
    if automation is STILL:
        return
    here = (*place, "automation")
    moved = {target for target in Target if getattr(automation, target)}
    for target in sorted(moved):
        yield from _keyframes(timeline, getattr(automation, target), (*here, target), target)
        if isinstance(owner, Clip):
            yield from _in_order(timeline, getattr(automation, target), (*here, target))
    for r, region in enumerate(automation.regions):
        spot, allowed = (*here, "regions", r, "keyframes"), VALUES[region.target]
        moved.add(region.target)
        for k, keyframe in enumerate(region.keyframes):
            if not allowed.holds(keyframe.value):
                yield over(allowed, keyframe.value, timeline.origin(*spot, k, "value"))
        yield from _keyframes(timeline, region.keyframes, spot, region.target)
        yield from _inside(timeline, region.keyframes, spot, region.duration_ms, "region")
        if isinstance(owner, Clip):
            yield from _in_order(timeline, region.keyframes, spot)
    if Target.FILTER in moved and owner.filter is None:
        yield Diagnostic(
            Code.FILTER_AUTOMATION_WITHOUT_FILTER,
            "this automates a filter that does not exist",
            timeline.origin(*here, "filter"),
            "add the filter: filter: {kind: lowpass, frequency_hz: 12000}",
        )
    yield from _mono(timeline, Target.PAN in moved, (*here, "pan"))


def _keyframes(
    timeline: Timeline, keyframes: tuple[Keyframe, ...], place: Place, target: Target
) -> Found:
    if target is Target.FILTER:
        for k, keyframe in enumerate(keyframes):
            yield from _nyquist(timeline, keyframe.value, (*place, k, "value"))
    rate = timeline.sample_rate
    if not 0 < rate < 10**6:
        return
    timed = sorted((k.at_ms, i) for i, k in enumerate(keyframes))
    for (earlier, first), (later, second) in pairwise(timed):
        if samples(earlier, rate) == samples(later, rate):
            yield Diagnostic(
                Code.DUPLICATE_KEYFRAME,
                f"two keyframes are at {_ms(later)}"
                if earlier == later
                else f"keyframes at {_ms(earlier)} and {_ms(later)} are at the same sample",
                timeline.origin(*place, max(first, second), "at_ms"),
                "keep one of the two, or move one",
                (Related(timeline.origin(*place, min(first, second), "at_ms"), "the other"),),
            )


def _in_order(timeline: Timeline, keyframes: tuple[Keyframe, ...], place: Place) -> Found:
    for k, (before, keyframe) in enumerate(pairwise(keyframes), 1):
        if keyframe.at_ms < before.at_ms:
            yield Diagnostic(
                Code.KEYFRAMES_OUT_OF_ORDER,
                f"this keyframe at {_ms(keyframe.at_ms)} follows one at {_ms(before.at_ms)}",
                timeline.origin(*place, k, "at_ms"),
                "keyframes of a clip go forward in time",
                (Related(timeline.origin(*place, k - 1, "at_ms"), "the one before"),),
            )


def _fits(timeline: Timeline, clip: Clip, place: Place, duration: Decimal) -> Found:
    """The fades and keyframes of a clip of known length, which must be within it."""
    if duration <= 0:
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
    if automation is STILL:
        return
    here = (*place, "automation")
    for target in Target:
        yield from _inside(timeline, getattr(automation, target), (*here, target), duration, "clip")
    for r, region in enumerate(automation.regions):
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
    return clip.fade_in_ms + clip.fade_out_ms > duration


def _inside(
    timeline: Timeline,
    keyframes: tuple[Keyframe, ...],
    place: Place,
    duration: Decimal,
    owner: str,
) -> Found:
    for k, keyframe in enumerate(keyframes):
        if keyframe.at_ms > duration:
            yield Diagnostic(
                Code.KEYFRAME_OUTSIDE_CLIP,
                f"this keyframe at {_ms(keyframe.at_ms)} is after the end of its {owner}",
                timeline.origin(*place, k, "at_ms"),
                f"the {owner} lasts {_ms(duration)}; its keyframes count from its start",
            )


def _media(timeline: Timeline, media: Media) -> Found:
    if not within_limits(timeline):
        return
    whole = True
    for t, track in enumerate(timeline.tracks):
        place = ("tracks", t)
        sound = True
        for c, clip in enumerate(track.clips):
            here = (*place, "clips", c)
            if clip.source not in media or not within_limits(clip):
                sound = False
            else:
                yield from _clip_media(timeline, clip, here, media)
        if sound:
            yield from _joins(timeline, track, place, media)
        whole = whole and sound
    if whole:
        end = milliseconds(mix_length(timeline, media), timeline.sample_rate)
        for t, track in enumerate(timeline.tracks):
            yield from _after_mix(timeline, track.automation, ("tracks", t, "automation"), end)


def _after_mix(timeline: Timeline, automation: Automation, place: Place, end: Decimal) -> Found:
    """The last keyframe of each run of a track, as a warning, if it is after the end of the mix.

    It still shapes the way up to the end.
    """
    if automation is STILL:
        return
    runs = [((*place, target), Decimal(0), getattr(automation, target)) for target in Target]
    for r, region in enumerate(automation.regions):
        runs.append(((*place, "regions", r, "keyframes"), region.start_ms, region.keyframes))
    for where, start, keyframes in runs:
        times = [start + keyframe.at_ms for keyframe in keyframes]
        last = max(times, default=start)
        if times and last > end:
            yield Diagnostic(
                Code.KEYFRAME_AFTER_MIX,
                f"this keyframe at {_ms(last)} is after the end of the mix",
                timeline.origin(*where, times.index(last), "at_ms"),
                f"the mix lasts {_ms(end)}",
                severity=Severity.WARNING,
            )


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


def _lasts(clip: Clip, length: int, rate: int) -> str:
    """How long the source of a clip is."""
    return f"{shown(clip.source)} lasts {_ms(milliseconds(length, rate))}"


def _clip_media(timeline: Timeline, clip: Clip, place: Place, media: Media) -> Found:
    rate = timeline.sample_rate
    info = media[clip.source]
    if max(info.rates(rate)) >= _HIGHEST_RATE:
        yield Diagnostic(
            Code.OUT_OF_RANGE,
            f"{shown(clip.source)} cannot play at {timeline.sources[clip.source].speed} exactly",
            entry_origin(timeline, clip.source, "speed"),
            "use a ratio of smaller numbers",
        )
    if info.channels not in (1, 2):
        yield Diagnostic(
            Code.UNSUPPORTED_CHANNELS,
            f"{shown(clip.source)} has {info.channels} channels",
            timeline.origin(*place, "source"),
            f"write {{path: {entry_of(timeline, clip.source).path}, downmix: itu}} in sources, or "
            "select one or two channels there: channels: [0, 1]",
        )
    whole = info.length(rate)
    where = extent(clip, rate, media)
    offset, length = where.offset, where.length
    if offset + length > whole or offset > whole:
        end = milliseconds(offset + length, rate)
        rest = milliseconds(max(0, whole - offset), rate)
        lasts = _lasts(clip, whole, rate)
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
            "this clip starts at the end of its source",
            timeline.origin(*place, "offset_ms" if clip.offset_ms else "source"),
            _lasts(clip, whole, rate),
        )
    elif clip.duration_ms is None:
        yield from _fits(timeline, clip, place, milliseconds(length, rate))


def _band(timeline: Timeline, band: EqBand, place: Place) -> Found:
    yield from _nyquist(timeline, band.highest_hz, (*place, "frequency_hz"))
    if not band.kind.has_gain and band.gain_db:
        yield Diagnostic(
            Code.OUT_OF_RANGE,
            f"a {band.kind} has no gain_db",
            timeline.origin(*place, "gain_db"),
            "leave it out, or use peaking, lowshelf or highshelf",
        )


def _deess(timeline: Timeline, owner: Track | Clip | BusOverride, place: Place) -> Found:
    if owner.deess is not None:
        here = (*place, "deess", "frequency_hz")
        yield from _nyquist(timeline, owner.deess.frequency_hz, here)


def _nyquist(timeline: Timeline, frequency: Decimal, place: Place) -> Found:
    half = Decimal(timeline.sample_rate) / 2
    if half <= frequency <= FREQUENCY.high:
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


def unique(origin: Callable[..., Origin], ids: list[str], place: Place, noun: str) -> Found:
    """Names that are used twice.

    Args:
        origin: the place of a value, by the keys and indices that lead to it.
        ids: the names of a list's items.
        place: of the list.
        noun: what messages call an item.
    """
    if len(set(ids)) == len(ids):
        return
    first: dict[str, int] = {}
    for index, name in enumerate(ids):
        if name in first:
            yield Diagnostic(
                Code.DUPLICATE_ID,
                f"two {noun}{'e' if noun.endswith('s') else ''}s are named {shown(name)}",
                origin(*place, index, "id"),
                "give each its own id",
                (Related(origin(*place, first[name], "id"), "the first"),),
            )
        first.setdefault(name, index)


def _ms(value: Decimal) -> str:
    return f"{value.normalize():f} ms"
