"""What each field of an arrangement is for, and what it may hold: the one table of both.

Promises: as the table of timelines, from which it takes what the two have in common.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from ..timeline.fields import FIELDS as TIMELINE_FIELDS
from ..timeline.fields import GAIN, MAX_TIME_MS, TIME, Range, Spec
from ..timeline.fields import NOUNS as TIMELINE_NOUNS
from ..timeline.model import Track
from ..timeline.structure import Language
from .model import (
    Arrangement,
    Mark,
    Material,
    Move,
    Part,
    Play,
    Section,
    TempoChange,
    Transition,
)
from .whole import WHOLE

MAX_BAR = 100_000
TEMPO = Range(Decimal(1), Decimal(1000), "quarter notes a minute")
BARS = Range(Decimal(0), Decimal(MAX_BAR), "bars", open_low=True)
LENGTH = Range(Decimal(0), MAX_TIME_MS, "ms", open_low=True)
_BAR = Range(Decimal(1), Decimal(MAX_BAR))
_BEATS = Range(Decimal(0), Decimal(MAX_BAR), "beats", open_low=True)

_TRACK = TIMELINE_FIELDS[Track]
_AT = Spec("where in the section, as bar:beat:tick; absent: 1, its beginning", examples=("5",))
_AT_MS = Spec("where in the section", TIME)
_SECTION = Spec("the name of the sections in which it does so", examples=("verse",))

NOUNS: Mapping[type, str] = {
    **TIMELINE_NOUNS,
    Arrangement: "an arrangement",
    TempoChange: "an entry of the tempo map",
    Section: "a section",
    Transition: "a transition",
    Mark: "a marker",
    Material: "a material",
    Part: "a part",
    Play: "an entry of play",
    Move: "a move",
}

FIELDS: Mapping[type, Mapping[str, Spec]] = {
    **TIMELINE_FIELDS,
    Arrangement: {
        **WHOLE,
        "id": Spec("the song's name among others", examples=("night-train",)),
        "arrangement_version": Spec("the version of this format that the document is written in"),
        "tempo_map": Spec(
            "tempo and time signature, by the bars from which they hold",
            examples=([{"bar": 1, "tempo": 97}, {"bar": 41, "tempo": 100}],),
        ),
        "sections": Spec("what comes after what", examples=([{"name": "intro", "bars": 8}],)),
        "markers": Spec("named moments besides the sections' beginnings"),
        "materials": Spec("the files and loops that parts play"),
        "parts": Spec("who plays; each becomes a track"),
    },
    TempoChange: {
        "bar": Spec("from this bar on; bars count from 1", _BAR, (1,)),
        "tempo": Spec("quarter notes a minute; absent: as before", TEMPO, (97,)),
        "time_signature": Spec("as 4/4 or 6/8; absent: as before", examples=("4/4",)),
    },
    Section: {
        "name": Spec("its name; sections of one name share what plays", examples=("verse",)),
        "bars": Spec("how many bars it lasts", _BAR, (8,)),
        "length_ms": Spec("how long it lasts, for one that is not counted in bars", LENGTH),
        "transition": Spec("how it goes over into the next; absent: by a cut"),
    },
    Transition: {
        "kind": Spec("cut, crossfade with what comes next, or gap: nothing plays"),
        "length_ms": Spec("over how much of the section's end", LENGTH, (500,)),
        "beats": Spec("over how many of its last beats", _BEATS, (1,)),
        "curve": Spec("the crossfade's curve; absent: qsin, equal power", examples=("qsin",)),
    },
    Mark: {
        "label": Spec("what happens", examples=("Drop",)),
        "at": Spec("when, as bar:beat:tick of the whole", examples=("33:1:0",)),
        "at_ms": Spec("when, from the start of the whole", TIME),
    },
    Material: {
        "id": Spec("the name that parts use", examples=("beat",)),
        "source": Spec("a name from sources, or a path", examples=("loops/beat.flac",)),
        "bars": Spec("how many bars it lasts; absent: it plays once, to its end", BARS, (2,)),
        "tempo": Spec("the loop's own tempo, in quarter notes a minute", TEMPO, (97,)),
        "time_signature": Spec(
            "what a bar of it is; absent: a bar where it plays", examples=("4/4",)
        ),
        "stretch": Spec(
            "where the music's tempo is another: refuse, or resample: faster or slower, "
            "the pitch follows"
        ),
        "offset_ms": Spec("where in the file it begins", TIME),
        "duration_ms": Spec("how much of the file counts; absent: to its end", LENGTH),
        "gain_db": Spec("level", GAIN, (-3,)),
        "fade_in_ms": Spec("a fade at the start of each time it plays", TIME),
        "fade_out_ms": Spec("a fade at the end of each time it plays", TIME, (20,)),
    },
    Part: {
        "id": Spec("the part's name, unique", examples=("drums",)),
        "role": _TRACK["role"],
        "name": _TRACK["name"],
        "material": Spec("what it plays where an entry of play says nothing else"),
        "bus": _TRACK["bus"],
        "gain_db": Spec("level", GAIN, (-3,)),
        "pan": _TRACK["pan"],
        "mute": _TRACK["mute"],
        "solo": _TRACK["solo"],
        "tags": _TRACK["tags"],
        "eq": _TRACK["eq"],
        "filter": Spec("the one filter whose frequency moves of target filter move"),
        "play": Spec(
            "the sections in which it plays: their names, or what it does there",
            examples=(["intro", {"section": "verse", "fill": "roll"}],),
        ),
        "moves": Spec("what moves in which sections"),
    },
    Play: {
        "section": _SECTION,
        "material": Spec("what it plays there; absent: the part's material"),
        "at": _AT,
        "at_ms": _AT_MS,
        "repeats": Spec("how often it plays; absent: until the section ends", _BAR, (4,)),
        "fill": Spec("material that ends the section, in place of its last bars"),
        "gain_db": Spec("level there", GAIN, (-3,)),
    },
    Move: {
        "section": _SECTION,
        "target": Spec("gain, pan or filter"),
        "begin": Spec("from this gain in dB, pan from -1 to 1, or frequency in Hz"),
        "end": Spec("to this one; absent: it stays"),
        "at": _AT,
        "at_ms": _AT_MS,
        "bars": Spec("for so many bars; absent: until the section ends", BARS, (8,)),
        "length_ms": Spec("for so long", LENGTH),
        "curve": Spec("how it gets there"),
    },
}

ARRANGEMENT = Language(Arrangement, NOUNS, FIELDS)
