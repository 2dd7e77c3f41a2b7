"""The timeline: what a document says, as frozen values.

Promises: the model holds exactly what the document holds, numbers as decimals and names as written,
so that load -> dump -> load is the identity; nothing here is a sample or a factor yet. Absent
fields have the defaults below, which is how documents older than a field keep loading. Where a
value came from follows from its position: `Timeline.origin` makes the JSON Pointer into the
document, resolved to a line only when a diagnostic is shown.

It is also the way to write a timeline in Python, as short as the document and equal to it: lists
stand for tuples, ints and floats for decimals, (at_ms, value, curve) for a keyframe, a mapping for
a filter or an automation; `Timeline.track` and `Timeline.clip` return a timeline with one more.

    Timeline(id="intro").track("host", role="dialogue").clip("host.wav", fade_in_ms=50)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import evolve, field, frozen

from ...ir.codes import Code
from ...ir.curves import FilterKind, PanLaw, Shape
from ...ir.diagnostics import Diagnostic, TimelineError, counted
from ...ir.origin import Document, Documents, Origin

if TYPE_CHECKING:
    from typing import Unpack

    from .builder import BusFields, ClipFields, TrackFields

SCHEMA_VERSION = 1
ZERO = Decimal(0)


def decimal(value: Decimal | int | float) -> Decimal:
    """A number as the model keeps it; a float counts as the shortest decimal that names it."""
    if isinstance(value, Decimal):
        return value
    return Decimal(repr(value)) if isinstance(value, float) else Decimal(value)


def optional_decimal(value: Decimal | int | float | None) -> Decimal | None:
    """The same, None staying None."""
    return None if value is None else decimal(value)


def words(values: Iterable[str]) -> tuple[str, ...]:
    """Any run of texts as a tuple."""
    return tuple(values)


@frozen(kw_only=True)
class Keyframe:
    """An automation keyframe: gain in dB, pan in [-1, 1], filter in Hz."""

    at_ms: Decimal = field(converter=decimal)
    value: Decimal = field(converter=decimal)
    curve: Shape = field(default=Shape.LINEAR, converter=Shape)


def keyframes(points: Iterable[Keyframe | tuple[Any, ...]]) -> tuple[Keyframe, ...]:
    """Keyframes, also from (at_ms, value) and (at_ms, value, curve)."""
    return tuple(
        [
            point
            if isinstance(point, Keyframe)
            else Keyframe(**dict(zip(("at_ms", "value", "curve"), point, strict=False)))
            for point in points
        ]
    )


class Target(StrEnum):
    """What an automation moves."""

    GAIN = "gain"
    PAN = "pan"
    FILTER = "filter"


@frozen(kw_only=True)
class Region:
    """A run of keyframes that is moved as one; its times count from `start_ms`.

    Arrangements place regions; where two of one target overlap, the later wins from its start (the
    clamp pass, which makes plain keyframes of them all).
    """

    target: Target = field(converter=Target)
    start_ms: Decimal = field(converter=decimal)
    duration_ms: Decimal = field(converter=decimal)
    keyframes: tuple[Keyframe, ...] = field(converter=keyframes)


@frozen(kw_only=True)
class Automation:
    """What moves: each a run of keyframes, empty where it does not move."""

    gain: tuple[Keyframe, ...] = field(default=(), converter=keyframes)
    pan: tuple[Keyframe, ...] = field(default=(), converter=keyframes)
    filter: tuple[Keyframe, ...] = field(default=(), converter=keyframes)
    regions: tuple[Region, ...] = ()


def automation(moves: Automation | Mapping[str, Any]) -> Automation:
    """An automation, also from a mapping of its fields."""
    return moves if isinstance(moves, Automation) else Automation(**moves)


@frozen(kw_only=True)
class EqBand:
    """A biquad; `q` absent is 1/sqrt 2."""

    kind: FilterKind = field(converter=FilterKind)
    frequency_hz: Decimal = field(converter=decimal)
    q: Decimal | None = field(default=None, converter=optional_decimal)
    gain_db: Decimal = field(default=ZERO, converter=decimal)


def band(value: EqBand | Mapping[str, Any]) -> EqBand:
    """A filter, also from a mapping of its fields."""
    return value if isinstance(value, EqBand) else EqBand(**value)


def optional_band(value: EqBand | Mapping[str, Any] | None) -> EqBand | None:
    """The same, None staying None."""
    return None if value is None else band(value)


def bands(values: Iterable[EqBand | Mapping[str, Any]]) -> tuple[EqBand, ...]:
    """Filters, also from mappings."""
    return tuple([band(value) for value in values])


def optional_bands(
    values: Iterable[EqBand | Mapping[str, Any]] | None,
) -> tuple[EqBand, ...] | None:
    """The same, None staying None."""
    return None if values is None else bands(values)


@frozen(kw_only=True)
class Clip:
    """A piece of a source on a track.

    `duration_ms` absent: to the end of the source. `id` absent: its number on the track. A fade
    curve absent is tri, a crossfade curve qsin.
    """

    id: str | None = None
    source: str
    start_ms: Decimal = field(default=ZERO, converter=decimal)
    offset_ms: Decimal = field(default=ZERO, converter=decimal)
    duration_ms: Decimal | None = field(default=None, converter=optional_decimal)
    gain_db: Decimal = field(default=ZERO, converter=decimal)
    pan: Decimal = field(default=ZERO, converter=decimal)
    mute: bool = False
    fade_in_ms: Decimal = field(default=ZERO, converter=decimal)
    fade_out_ms: Decimal = field(default=ZERO, converter=decimal)
    fade_in_curve: str | None = None
    fade_out_curve: str | None = None
    crossfade_in_ms: Decimal | None = field(default=None, converter=optional_decimal)
    crossfade_out_ms: Decimal | None = field(default=None, converter=optional_decimal)
    crossfade_curve: str | None = None
    eq: tuple[EqBand, ...] = field(default=(), converter=bands)
    filter: EqBand | None = field(default=None, converter=optional_band)
    automation: Automation = field(default=Automation(), converter=automation)


@frozen(kw_only=True)
class Track:
    """Clips that share a role, a level and a bus; `bus` absent: the role's in the mix preset."""

    id: str
    role: str
    name: str | None = None
    bus: str | None = None
    gain_db: Decimal = field(default=ZERO, converter=decimal)
    pan: Decimal = field(default=ZERO, converter=decimal)
    mute: bool = False
    solo: bool = False
    tags: tuple[str, ...] = field(default=(), converter=words)
    eq: tuple[EqBand, ...] = field(default=(), converter=bands)
    filter: EqBand | None = field(default=None, converter=optional_band)
    automation: Automation = field(default=Automation(), converter=automation)
    clips: tuple[Clip, ...] = ()


@frozen(kw_only=True)
class Marker:
    """A named moment."""

    at_ms: Decimal = field(converter=decimal)
    label: str


@frozen(kw_only=True)
class Duck:
    """How a bus steps back while tracks of the roles `by` play; no roles: it does not."""

    by: tuple[str, ...] = field(converter=words)
    gain_db: Decimal = field(default=Decimal(-9), converter=decimal)
    attack_ms: Decimal = field(default=Decimal(200), converter=decimal)
    release_ms: Decimal = field(default=Decimal(600), converter=decimal)
    hold_ms: Decimal = field(default=Decimal(300), converter=decimal)


def optional_duck(value: Duck | Mapping[str, Any] | None) -> Duck | None:
    """A ducking, also from a mapping of its fields; None stays None."""
    return Duck(**value) if isinstance(value, Mapping) else value


@frozen(kw_only=True)
class BusOverride:
    """A change to a bus of the mix preset, or a bus of its own; None keeps what the preset has."""

    id: str
    gain_db: Decimal | None = field(default=None, converter=optional_decimal)
    pan: Decimal | None = field(default=None, converter=optional_decimal)
    eq: tuple[EqBand, ...] | None = field(default=None, converter=optional_bands)
    roles: tuple[str, ...] = field(default=(), converter=words)
    duck: Duck | None = field(default=None, converter=optional_duck)


@frozen(kw_only=True)
class Timeline:
    """A whole document.

    `lenient` lets the clamp pass shorten fades that are longer than their clip. `document` and
    `root` are where it came from and the directory its paths count from; they take no part in
    equality. Of a generated timeline, `via` says for pointers into it what each, and all below it,
    was made from, `made_from` is the document of those places, and `notes` are warnings about it. A
    timeline made in Python trusts its author's paths (`allow_outside`); `load` does not unless it
    is asked.
    """

    id: str
    schema_version: int = SCHEMA_VERSION
    sample_rate: int = 48000
    channels: int = 2
    pan_law: PanLaw = field(default=PanLaw.CONSTANT_POWER, converter=PanLaw)
    length_ms: Decimal | None = field(default=None, converter=optional_decimal)
    lenient: bool = False
    mix_preset_id: str = "default_mix"
    metadata: Mapping[str, str] = field(factory=dict)
    cover: str | None = None
    sources: Mapping[str, str] = field(factory=dict)
    speeds: Mapping[str, str] = field(factory=dict)
    markers: tuple[Marker, ...] = ()
    buses: tuple[BusOverride, ...] = ()
    tracks: tuple[Track, ...] = ()
    document: Document | None = field(default=None, eq=False)
    root: Path = field(factory=Path, converter=Path, eq=False)
    via: Mapping[str, Origin] = field(factory=dict, eq=False)
    made_from: Document | None = field(default=None, eq=False)
    notes: tuple[Diagnostic, ...] = field(default=(), eq=False)
    allow_outside: bool = field(default=True, eq=False)

    def __repr__(self) -> str:
        clips = sum(len(track.clips) for track in self.tracks)
        parts = (counted(len(self.tracks), "track"), counted(clips, "clip"))
        sound = "mono" if self.channels == 1 else "stereo"
        return f"<Timeline {self.id!r}: {', '.join(parts)}, {self.sample_rate} Hz {sound}>"

    def _repr_html_(self) -> str:
        from ..lanes import lanes_svg  # noqa: PLC0415 (it draws timelines)

        return lanes_svg(self)

    def origin(self, *tokens: str | int) -> Origin:
        """The place of a value, by the keys and indices that lead to it."""
        name = self.document.name if self.document else "<timeline>"
        place = Origin(name).child(*tokens)
        return Origin(name, place.pointer, self._via(place.pointer)) if self.via else place

    def _via(self, pointer: str) -> Origin | None:
        """What the place was made from: as far below that of the nearest one around it."""
        known = pointer
        while known and known not in self.via:
            known = known.rpartition("/")[0]
        via = self.via.get(known)
        return via and Origin(via.document, via.pointer + pointer[len(known) :], via.via)

    def track(self, id: str, *, role: str, **fields: Unpack[TrackFields]) -> Timeline:
        """The same with one more track, which following clips go on."""
        return evolve(self, tracks=(*self.tracks, Track(id=id, role=role, **fields)))

    def clip(self, source: str, **fields: Unpack[ClipFields]) -> Timeline:
        """The same with one more clip on its last track.

        Raises:
            TimelineError: MIX307, it has no track yet.
        """
        if not self.tracks:
            message = "a clip goes on the last track, and there is none yet"
            raise TimelineError(Diagnostic(Code.BAD_REQUEST, message, help="call track() first"))
        *others, last = self.tracks
        last = evolve(last, clips=(*last.clips, Clip(source=source, **fields)))
        return evolve(self, tracks=(*others, last))

    def bus(self, id: str, **fields: Unpack[BusFields]) -> Timeline:
        """The same with one more change to a bus, or a bus of its own."""
        return evolve(self, buses=(*self.buses, BusOverride(id=id, **fields)))

    def marker(self, at_ms: Decimal | int | float, label: str) -> Timeline:
        """The same with one more marker."""
        return evolve(self, markers=(*self.markers, Marker(at_ms=at_ms, label=label)))

    @property
    def documents(self) -> Documents:
        """The documents that its origins speak of."""
        return {d.name: d for d in (self.document, self.made_from) if d is not None}


def clip_id(clip: Clip, index: int) -> str:
    """A clip's id, or the one it has by its number on the track, counted from 1."""
    return clip.id if clip.id is not None else f"c{index + 1}"
