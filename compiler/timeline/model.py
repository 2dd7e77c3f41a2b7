"""The timeline: a document as frozen values, with the purpose of each field.

Promises: the model has exactly the content of the document, numbers as decimals and names as
written, so that load -> dump -> load is the identity; times and gains are not converted. Absent
fields have the defaults below, so that documents older than a field still load. The origin of a
value follows from its position: `Timeline.origin` makes the JSON Pointer into the document, which
is resolved to a line only when a diagnostic is shown.

Timelines are written in Python with the same classes. Any iterable is accepted for a list, an int
or a float for a decimal, (at_ms, value, curve) for a keyframe, a mapping for a filter or an
automation; `Timeline.track` and `Timeline.clip` return a timeline with one more.

    Timeline(id="intro").track("host", role="dialogue").clip("host.wav", fade_in_ms=50)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path, PurePath
from typing import Any

from attrs import evolve

from ...documents.fields import (
    As,
    FilePath,
    Many,
    Number,
    One,
    OptionalNumber,
    OptionalTime,
    Texts,
    Time,
    Word,
    aside,
    key,
    like,
    version,
)
from ...documents.limits import DURATION, MAX_TIME_MS, TIME, Range, Words
from ...documents.load import Faults
from ...documents.models import adds, model, put
from ...documents.writer import dump, write_file
from ...ir.codes import Code
from ...ir.curves import CURVE_ALIASES, FADE_CURVES, PanLaw
from ...ir.diagnostics import Diagnostic, TimelineError, counted
from ...ir.node import Source
from ...ir.origin import Document, Documents, Origin, parents
from ...presets.model import GAIN, PAN, MixPreset
from ...presets.model import Compressing as Compressing
from ...presets.model import DeEssing as DeEssing
from ...presets.model import Duck as Duck
from ...presets.model import EqBand as EqBand
from ...presets.model import Gating as Gating
from ...presets.model import LevelTarget as LevelTarget
from .automation import STILL, Automation
from .cuts import CutRange, Keep, Remove, Tighten
from .entry import CLICK, DROPOUT, FAULTS, NAME, SourceEntry, reasons

SCHEMA_VERSION = 1
ZERO = Decimal(0)

CURVE = Words((*FADE_CURVES, *CURVE_ALIASES), Code.UNKNOWN_CURVE)


@model("a clip")
class Clip:
    """A piece of a source on a track."""

    id: str | None = key(
        "its name, unique on the track; absent: c1, c2 and so on",
        NAME,
        default=None,
        examples=("c1",),
    )
    source: FilePath = key(
        "a name from sources, or a path",
        kw_only=False,
        examples=("host", "audio/host.flac"),
        schema=NAME.schema(),
    )
    start_ms: Time = key("where it starts on the timeline", TIME, default=0, examples=(4000,))
    after: str | None = key(
        "the clip at whose end it starts, in place of start_ms: previous, an id, or track/id",
        NAME,
        default=None,
        examples=("previous", "host/c1"),
    )
    gap_ms: Time = key(
        "with after: the pause before it; negative: it overlaps that clip",
        Range(-MAX_TIME_MS, MAX_TIME_MS, "ms"),
        default=0,
        examples=(500,),
    )
    offset_ms: Time = key("where it starts in the source", TIME, default=0, examples=(250,))
    duration_ms: OptionalTime = key(
        "how long it plays; absent: to the end of the source",
        TIME,
        default=None,
        examples=(12000, 1500.5),
        schema={"exclusiveMinimum": 0},
    )
    loop: bool = key("true: what it plays is repeated until `until` or `through`", default=False)
    until: str | None = key(
        "with loop: where it ends: end (of the mix), a marker's label, or the clip that starts "
        "there; absent: end",
        NAME,
        default=None,
        examples=("end", "Outro"),
    )
    through: str | None = key(
        "with loop: the clip at whose end it ends, in place of until", NAME, default=None
    )
    loop_crossfade_ms: Time = key(
        "with loop: the crossfade from each repeat to the next", TIME, default=0, examples=(2000,)
    )
    gain_db: Number = key("level", GAIN, default=0, examples=(2,))
    pan: Number = key("-1 left, 0 centre, 1 right", PAN, default=0, examples=(-0.2,))
    mute: bool = key("true: it is silent", default=False)
    accept: As[Mapping[str, str], str | Iterable[str] | Mapping[str, str]] = key(
        "what the report may find in it without a warning, each with the reason, or a list",
        FAULTS,
        default={},
        examples=({DROPOUT: "breath before the punchline"}, [CLICK]),
        schema={
            "type": ["object", "array", "string"],
            "propertyNames": {"enum": [CLICK, DROPOUT]},
            "items": {"enum": [CLICK, DROPOUT]},
        },
        convert=reasons,
    )
    fade_in_ms: Time = key("the length of its fade-in", TIME, default=0, examples=(30,))
    fade_out_ms: Time = key("the length of its fade-out", TIME, default=0, examples=(30,))
    fade_in_curve: str | None = key(
        "the fade-in's curve; absent: tri", CURVE, default=None, examples=("tri",)
    )
    fade_out_curve: str | None = key(
        "the fade-out's curve; absent: tri", CURVE, default=None, examples=("tri",)
    )
    crossfade_in_ms: OptionalTime = key(
        "crossfade with the clip that it overlaps at its start; 0: none, the clips are summed",
        TIME,
        default=None,
    )
    crossfade_out_ms: OptionalTime = key(
        "crossfade with the clip that it overlaps at its end; 0: none, the clips are summed",
        TIME,
        default=None,
        examples=(400,),
    )
    crossfade_curve: str | None = key(
        "the crossfade's curve; absent: qsin, equal power", CURVE, default=None, examples=("qsin",)
    )
    eq: Many[EqBand] = key(
        "static biquad filters, in order",
        default=(),
        examples=([{"kind": "highpass", "frequency_hz": 80}],),
    )
    filter: One[EqBand | None] = key(
        "the filter whose frequency automation.filter changes", default=None
    )
    gate: One[Gating | None] = key("lowers pauses", default=None, examples=({},))
    deess: One[DeEssing | None] = key("lowers sibilants", default=None, examples=({},))
    compress: One[Compressing | None] = key(
        "reduces levels above a threshold", default=None, examples=({"ratio": 3},)
    )
    automation: One[Automation] = key(
        "automation; times count from the start of the clip", default=STILL
    )
    level: One[LevelTarget | None] = key(
        "the loudness of the piece that it plays; gain_db is added",
        default=None,
        examples=({"to": -20},),
    )


@model("a track")
class Track:
    """Clips that share a role, a level and a bus; `bus` absent: the role's in the mix preset."""

    id: str = key(
        "the track's name, unique in the timeline", NAME, kw_only=False, examples=("host",)
    )
    role: str = key(
        "kind of material: dialogue, vox, voiceover, music, drums, bass, keys, fx, ambience, "
        "or a role of the mix preset; decides its bus",
        examples=("dialogue",),
    )
    name: str | None = key("a descriptive name", default=None, examples=("Host",))
    bus: str | None = key(
        "the bus it goes to; absent: its role's", default=None, examples=("bus_dialogue",)
    )
    gain_db: Number = key("level, added to all of its clips", GAIN, default=0, examples=(-1.5,))
    pan: Number = key(
        "-1 left, 0 centre, 1 right; a balance, as the track is stereo", PAN, default=0
    )
    mute: bool = like(Clip, default=False)
    solo: bool = key("true: only tracks that are solo sound", default=False)
    tags: Texts = key(
        "keywords; --only-tags selects the tracks of a version, such as a language",
        default=(),
        examples=(["en"],),
    )
    eq: Many[EqBand] = like(Clip, default=())
    filter: One[EqBand | None] = like(Clip, default=None)
    gate: One[Gating | None] = like(Clip, default=None)
    deess: One[DeEssing | None] = like(Clip, default=None)
    compress: One[Compressing | None] = like(Clip, default=None)
    automation: One[Automation] = key(
        "automation; times count from the start of the timeline", default=STILL
    )
    level: One[LevelTarget | None] = key(
        "the loudness of all that it plays, but for clips with a level of their own; gain_db is "
        "added",
        default=None,
        examples=({"to": -20},),
    )
    ripple: bool = key(
        "false: cuts do not split its clips, which play on and end earlier", default=True
    )
    clips: Many[Clip] = key("its clips", default=())


@model("a marker")
class Marker:
    """A named moment."""

    at_ms: Time = key("its time", TIME, kw_only=False, examples=(0,))
    label: str = key("what happens", kw_only=False, examples=("Intro",))
    length_ms: OptionalTime = key(
        "for a region of WAV files: how long it lasts", DURATION, default=None
    )
    loop: bool = key("whether samplers loop over the region of a WAV", default=False)
    url: str | None = key("a link for the chapter, in chapters.json", default=None)
    image: str | None = key("the URL of a picture for the chapter, in chapters.json", default=None)
    toc: bool = key("whether players list the chapter", default=True)


@model("a bus")
class BusOverride:
    """A change to a bus of the mix preset, or a bus of its own; None keeps what the preset has."""

    id: str = key(
        "the id of a bus of the preset, or of a new one",
        NAME,
        kw_only=False,
        examples=("bus_music",),
    )
    gain_db: OptionalNumber = key("level; absent: the preset's", GAIN, default=None, examples=(-3,))
    pan: OptionalNumber = key("balance; absent: the preset's", PAN, default=None)
    eq: As[tuple[EqBand, ...] | None, Iterable[EqBand | Mapping[str, Any]] | None] = key(
        "static biquad filters; absent: the preset's", default=None
    )
    gate: One[Gating | None] = like(Clip, default=None)
    deess: One[DeEssing | None] = like(Clip, default=None)
    compress: One[Compressing | None] = like(Clip, default=None)
    roles: Texts = key(
        "the roles that play on it, besides the preset's", default=(), examples=(["music"],)
    )
    duck: One[Duck | None] = key(
        "its ducking while other tracks play; absent: the preset's", default=None
    )
    level: One[LevelTarget | None] = key(
        "the loudness of each source on each of its tracks; absent: the preset's", default=None
    )


@model("a timeline")
class Timeline:
    """A whole document.

    `lenient` lets the clamp pass shorten fades that are longer than their clip. `document` is the
    text that it was read from, and `root` the directory of its relative paths; they take no part in
    equality. `via` maps pointers to the origins of these values and of those inside them: to what
    decided on them (an origin with a cause), or to where they were written. In a generated
    timeline, `made_from` is the document of the origins, and `notes` are warnings about it.
    `faults` are the errors of its document, which a compilation raises with its own. A timeline
    made in Python may use any path (`allow_outside`); `load` does not allow this unless requested.
    Until the timelines that clips play are inlined (compiler/nesting.py), `nested` has their
    lengths, by the names that clips use; `others` are their documents.
    """

    id: str = key("the name of the timeline", NAME, examples=("episode-042",))
    schema_version: int = version(default=SCHEMA_VERSION)
    sample_rate: int = key("the session's sample rate", Range(8000, 384_000, "Hz"), default=48000)
    channels: int = key("1 for a mono session, 2 for stereo", Range(1, 2), default=2)
    pan_law: Word[PanLaw] = key(
        "the pan law: how loud a mono source is in the centre", default=PanLaw.CONSTANT_POWER
    )
    length_ms: OptionalTime = key(
        "the length of the mix; absent: to the end of the last clip",
        DURATION,
        default=None,
        examples=(60000,),
    )
    lenient: bool = key(
        "true: fades longer than their clip are shortened, with a warning", default=False
    )
    mix_preset_id: str = key(
        "the preset that defines the buses and their roles", default="default_mix"
    )
    mix_presets: Mapping[str, MixPreset] = key(
        "mix presets of the document's own, by id",
        default={},
        examples=({"house": {"title": "House mix", "use": "Shows.", "buses": [{"id": "all"}]}},),
    )
    metadata: Mapping[str, str] = key(
        "tags for the rendered files", default={}, examples=({"title": "Episode 42"},)
    )
    cover: As[str | None, str | PurePath | None] = key(
        "a JPEG or PNG for the rendered files; its path counts from this document's directory",
        default=None,
        examples=("cover.jpg",),
    )
    sources: As[
        Mapping[str, SourceEntry],
        Mapping[str, str] | Mapping[str, SourceEntry | str | PurePath | Mapping[str, Any]],
    ] = key(
        "a name for each file; paths count from this document's directory",
        default={},
        examples=({"host": "audio/host.flac", "film": {"path": "film.mkv", "stream": "eng"}},),
    )
    detector: str | None = key(
        "what finds where something is said, of another package; absent: mixdown's own",
        default=None,
    )
    markers: Many[Marker] = key(
        "named moments", default=(), examples=([{"at_ms": 0, "label": "Intro"}],)
    )
    buses: Many[BusOverride] = key(
        "changes to the mix preset's buses, and buses of the timeline's own", default=()
    )
    cuts: Many[CutRange] = key(
        "ranges of time that are taken out of everything",
        default=(),
        examples=([{"from_ms": 61_200, "to_ms": 64_850}],),
    )
    tighten: One[Tighten | None] = key(
        "shortens pauses, wherever none of some roles says anything", default=None
    )
    remove: One[Remove | None] = key(
        "takes out what is said, by the transcripts of the sources", default=None
    )
    keep: One[Keep | None] = key(
        "takes out everything but some passages, by the transcripts of the sources", default=None
    )
    tracks: Many[Track] = key("what sounds", default=())
    document: Document | None = aside(default=None)
    root: As[Path, str | Path] = aside(default=Path(), converter=Path)
    via: Mapping[str, Origin] = aside(default={})
    made_from: Document | None = aside(default=None)
    notes: tuple[Diagnostic, ...] = aside(default=())
    faults: Faults = aside(default=Faults())
    allow_outside: bool = aside(default=True)
    nested: Mapping[str, Source] = aside(default={})
    others: tuple[Document, ...] = aside(default=())

    def __repr__(self) -> str:
        clips = sum(len(track.clips) for track in self.tracks)
        parts = (counted(len(self.tracks), "track"), counted(clips, "clip"))
        sound = "mono" if self.channels == 1 else "stereo"
        return f"<Timeline {self.id!r}: {', '.join(parts)}, {self.sample_rate} Hz {sound}>"

    def _repr_html_(self) -> str:
        from ..lanes import lanes_svg  # noqa: PLC0415 (it imports this module)

        return lanes_svg(self)

    def origin(self, *tokens: str | int) -> Origin:
        """The place of a value, by the keys and indices that lead to it.

        Of what a cut or a loop has moved, it is the place in the document.
        """
        name = self.document.name if self.document else "<timeline>"
        place = Origin(name).child(*tokens)
        decision, written = self._via(place.pointer) if self.via else (None, None)
        if written is not None and self.made_from and written.document == self.made_from.name:
            place = evolve(place, via=written)
        elif written is not None:
            place = written
        return place if decision is None else evolve(place, via=decision)

    def _via(self, pointer: str) -> tuple[Origin | None, Origin | None]:
        """What decided on a value, and where it was written, as far as `via` knows.

        Both are those of its nearest parent that has one, and the rest of its path.
        """
        decision = None
        for known in parents(pointer):
            via = self.via.get(known)
            if via is not None and not via.cause:
                return decision, via.inside(pointer[len(known) :])
            if via is not None and decision is None:
                decision = via.inside(pointer[len(known) :])
        return decision, None

    @adds(Track)
    def track(self, track: Track) -> Timeline:
        """The same with one more track, on which the following clips are placed."""
        return put(self, tracks=(*self.tracks, track))

    @adds(Clip)
    def clip(self, clip: Clip) -> Timeline:
        """The same with one more clip on its last track.

        Raises:
            TimelineError: MIX307, it has no track yet.
        """
        if not self.tracks:
            message = "clip() adds to the last track, but there is no track yet"
            raise TimelineError.of(Code.BAD_REQUEST, message, help="call track() first")
        *others, last = self.tracks
        return put(self, tracks=(*others, put(last, clips=(*last.clips, clip))))

    @adds(BusOverride)
    def bus(self, bus: BusOverride) -> Timeline:
        """The same with one more change to a bus, or a bus of its own."""
        return put(self, buses=(*self.buses, bus))

    @adds(Marker)
    def marker(self, marker: Marker) -> Timeline:
        """The same with one more marker."""
        return put(self, markers=(*self.markers, marker))

    def dump(self, path: str | Path) -> None:
        """Write it as a document, JSON if the path ends in .json and else YAML.

        Paths in it count from the new document's directory: write it where the old one is.

        Raises:
            RenderError: MIX604, the file cannot be written.
        """
        form = "json" if Path(path).suffix.lower() == ".json" else "yaml"
        write_file(Path(path), dump(self, form))

    @property
    def documents(self) -> Documents:
        """The documents of its origins."""
        found = (self.document, self.made_from, *self.others)
        return {d.name: d for d in found if d is not None}


def clip_id(clip: Clip, index: int) -> str:
    """A clip's id; by default its number on the track, counted from 1."""
    return clip.id if clip.id is not None else f"c{index + 1}"
