"""The arrangement: a document in sections, bars and parts, with the purpose of each field.

Promises: the model has exactly the content of the document, numbers as decimals; positions are not
converted to times. They are `bar:beat:tick` (see `grid`). Fields that parts share with tracks have
the same names and the same meaning as in a timeline.
"""

from __future__ import annotations

from enum import StrEnum

from ...documents.fields import (
    Many,
    Number,
    One,
    OptionalNumber,
    OptionalTime,
    Texts,
    Time,
    Word,
    key,
    like,
    version,
)
from ...documents.limits import DURATION, TIME, Range
from ...documents.models import model
from ...ir.curves import Shape
from ...presets.model import GAIN, Compressing, DeEssing, EqBand, Gating, LevelTarget
from ..timeline.automation import Target
from ..timeline.model import Clip, Track
from .whole import Whole

ARRANGEMENT_VERSION = 1
MAX_BAR = 100_000

_TEMPO = Range(1, 1000, "quarter notes per minute")
_BARS = Range(0, MAX_BAR, "bars", open_low=True)
_BEATS = Range(0, MAX_BAR, "beats", open_low=True)
_WHOLE = Range(1, MAX_BAR)


class Stretch(StrEnum):
    """How a loop is fitted to music at another tempo."""

    REFUSE = "refuse"
    RESAMPLE = "resample"


class TransitionKind(StrEnum):
    """The transition from a section to the next."""

    CUT = "cut"
    CROSSFADE = "crossfade"
    GAP = "gap"


@model("an entry of the tempo map")
class TempoChange:
    """The tempo and time signature from a bar on; absent: as before.

    The first is at bar 1 and gives a tempo; its default time signature is 4/4.
    """

    bar: int = key("from this bar on; bars count from 1", _WHOLE, examples=(1,))
    tempo: OptionalNumber = key(
        "quarter notes per minute; absent: unchanged", _TEMPO, default=None, examples=(97,)
    )
    time_signature: str | None = key(
        "such as 4/4 or 6/8; absent: unchanged", default=None, examples=("4/4",)
    )


@model("a transition")
class Transition:
    """How a section ends: a crossfade or a gap over its last milliseconds, or its last beats."""

    kind: TransitionKind = key("cut, crossfade with the next section, or gap (silence)")
    length_ms: OptionalTime = key(
        "its length, at the end of the section", DURATION, default=None, examples=(500,)
    )
    beats: OptionalNumber = key("its length in beats", _BEATS, default=None, examples=(1,))
    curve: str | None = like(Clip, "crossfade_curve", default=None)


@model("a section")
class Section:
    """A section of the arrangement, measured in bars or milliseconds; names may repeat."""

    name: str = key("its name; sections of the same name play the same", examples=("verse",))
    bars: int | None = key("its length in bars", _WHOLE, default=None, examples=(8,))
    length_ms: OptionalTime = key("its length, for a section without bars", DURATION, default=None)
    transition: One[Transition | None] = key(
        "the transition to the next; absent: a cut", default=None
    )


@model("a marker")
class Mark:
    """A named moment, in addition to the starts of sections."""

    label: str = key("what happens", examples=("Drop",))
    at: str | int | None = key("its position, as bar:beat:tick", default=None, examples=("33:1:0",))
    at_ms: OptionalTime = key("its time from the start of the arrangement", TIME, default=None)


@model("a material")
class Material:
    """Material of parts: a file, which plays once; with `bars`, it repeats after that many bars.

    With a tempo it is a loop, which fits only music at that tempo unless `stretch` says otherwise.
    """

    id: str = key("the name that parts use", examples=("beat",))
    source: str = key("a name from sources, or a path", examples=("loops/beat.flac",))
    bars: OptionalNumber = key(
        "its length in bars; absent: it plays once, to its end",
        _BARS,
        default=None,
        examples=(2,),
    )
    tempo: OptionalNumber = key(
        "the loop's own tempo, in quarter notes per minute", _TEMPO, default=None, examples=(97,)
    )
    time_signature: str | None = key(
        "its time signature; absent: that of where it plays", default=None, examples=("4/4",)
    )
    stretch: Stretch = key(
        "if the tempo differs: refuse (an error), or resample, which changes the pitch",
        default=Stretch.REFUSE,
    )
    offset_ms: Time = key("its start in the file", TIME, default=0)
    duration_ms: OptionalTime = key(
        "how much of the file plays; absent: to its end", DURATION, default=None
    )
    gain_db: Number = key("level", GAIN, default=0, examples=(-3,))
    fade_in_ms: Time = key("a fade at the start of each time it plays", TIME, default=0)
    fade_out_ms: Time = key(
        "a fade at the end of each time it plays", TIME, default=0, examples=(20,)
    )


@model("an entry of play", short="section")
class Play:
    """A part plays in the sections of this name, from `at` on; `at` counts from their first bar."""

    section: str = key("the name of the sections in which it plays", examples=("verse",))
    material: str | None = key("what it plays there; absent: the part's material", default=None)
    at: str | int | None = key(
        "its position in the section, as bar:beat:tick; absent: the start",
        default=None,
        examples=("5",),
    )
    at_ms: OptionalTime = key("its time from the start of the section", TIME, default=None)
    repeats: int | None = key(
        "how often it plays; absent: until the section ends", _WHOLE, default=None, examples=(4,)
    )
    fill: str | None = key(
        "material that ends the section, in place of its last bars", default=None
    )
    gain_db: Number = key("level there", GAIN, default=0, examples=(-3,))
    level: One[LevelTarget | None] = key(
        "the loudness of each time it plays; gain_db, also the material's, is added",
        default=None,
        examples=({"to": -20},),
    )
    gate: One[Gating | None] = like(Clip, default=None)
    deess: One[DeEssing | None] = like(Clip, default=None)
    compress: One[Compressing | None] = like(Clip, default=None)


@model("a move")
class Move:
    """A change of one value of a part in the sections of this name, from `begin` to `end`.

    When both the section and the move are over, the value returns to that of the part.
    """

    section: str = like(Play)
    target: Target = key("gain, pan or filter")
    begin: Number = key("the start value: gain in dB, pan from -1 to 1, or frequency in Hz")
    end: OptionalNumber = key("the end value; absent: the start value", default=None)
    at: str | int | None = like(Play, default=None)
    at_ms: OptionalTime = like(Play, default=None)
    bars: OptionalNumber = key(
        "its length in bars; absent: to the end of the section", _BARS, default=None, examples=(8,)
    )
    length_ms: OptionalTime = key("for so long", DURATION, default=None)
    curve: Word[Shape] = key("the curve", default=Shape.LINEAR)


@model("a part")
class Part:
    """One player: it becomes a track."""

    id: str = key("the part's name, unique", examples=("drums",))
    role: str = like(Track)
    name: str | None = like(Track, default=None)
    material: str | None = key("its material, unless an entry of play names another", default=None)
    bus: str | None = like(Track, default=None)
    gain_db: Number = key("level", GAIN, default=0, examples=(-3,))
    pan: Number = like(Track, default=0)
    mute: bool = like(Track, default=False)
    solo: bool = like(Track, default=False)
    tags: Texts = like(Track, default=())
    eq: Many[EqBand] = like(Track, default=())
    filter: One[EqBand | None] = key(
        "the filter whose frequency the moves with the target filter change", default=None
    )
    level: One[LevelTarget | None] = key(
        "the loudness of all that it plays, but for entries of play with a level of their own; "
        "gain_db is added",
        default=None,
        examples=({"to": -20},),
    )
    gate: One[Gating | None] = like(Clip, default=None)
    deess: One[DeEssing | None] = like(Clip, default=None)
    compress: One[Compressing | None] = like(Clip, default=None)
    play: Many[Play] = key(
        "the sections in which it plays: their names, or entries with details",
        default=(),
        examples=(["intro", {"section": "verse", "fill": "roll"}],),
    )
    moves: Many[Move] = key("the moves, by section", default=())


@model("an arrangement")
class Arrangement(Whole):
    """A whole document."""

    arrangement_version: int = version(default=ARRANGEMENT_VERSION)
    tempo_map: Many[TempoChange] = key(
        "tempo and time signature at the bars where they change",
        default=(),
        examples=([{"bar": 1, "tempo": 97}, {"bar": 41, "tempo": 100}],),
    )
    sections: Many[Section] = key(
        "the sections, in order", examples=([{"name": "intro", "bars": 8}],)
    )
    markers: Many[Mark] = key("named moments, in addition to the starts of sections", default=())
    materials: Many[Material] = key("the files and loops that parts play", default=())
    parts: Many[Part] = key("the parts; each becomes a track")
