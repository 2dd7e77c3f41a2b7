"""The show: what a document in segments says, as frozen values, and what each field is for.

Promises: the model holds exactly what the document holds; nothing here is a time yet. The music
steps back for speech by the ducking of its bus, which the default mix preset of shows brings.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum

from attrs import frozen

from ..timeline.fields import FIELDS as TIMELINE_FIELDS
from ..timeline.fields import GAIN, MAX_TIME_MS, TIME, Range, Spec
from ..timeline.fields import NOUNS as TIMELINE_NOUNS
from ..timeline.model import ZERO, EqBand, Track
from ..timeline.structure import Language
from .whole import WHOLE, Whole

SHOW_VERSION = 1


class SegmentKind(StrEnum):
    """What a segment is."""

    PART = "part"
    AD = "ad"
    STING = "sting"


@frozen(kw_only=True)
class Speaker:
    """Somebody who speaks: a track."""

    id: str
    role: str = "dialogue"
    name: str | None = None
    gain_db: Decimal = ZERO
    pan: Decimal = ZERO
    eq: tuple[EqBand, ...] = ()


@frozen(kw_only=True)
class Segment:
    """One thing after the other; an ad without a source is a silent slot of `duration_ms`.

    `gap_ms` is the silence before it; absent: the show's.
    """

    kind: SegmentKind = SegmentKind.PART
    source: str | None = None
    speaker: str | None = None
    label: str | None = None
    offset_ms: Decimal = ZERO
    duration_ms: Decimal | None = None
    gain_db: Decimal = ZERO
    gap_ms: Decimal | None = None


@frozen(kw_only=True)
class Music:
    """Music that opens or closes the show.

    `alone_ms` is how long it is heard before anybody speaks over it, or after the last word;
    absent: nobody speaks over it.
    """

    source: str
    offset_ms: Decimal = ZERO
    duration_ms: Decimal | None = None
    gain_db: Decimal = ZERO
    alone_ms: Decimal | None = None
    fade_in_ms: Decimal = ZERO
    fade_out_ms: Decimal = ZERO


@frozen(kw_only=True)
class Bed:
    """What lies under the whole show, repeated for as long as it lasts."""

    source: str
    role: str = "ambience"
    gain_db: Decimal = ZERO
    crossfade_ms: Decimal = Decimal(2000)
    fade_in_ms: Decimal = Decimal(2000)
    fade_out_ms: Decimal = Decimal(2000)


@frozen(kw_only=True)
class Show(Whole):
    """A whole document."""

    mix_preset_id: str = "podcast_mix"
    show_version: int = SHOW_VERSION
    gap_ms: Decimal = Decimal(500)
    fade_ms: Decimal = Decimal(10)
    speakers: tuple[Speaker, ...] = ()
    intro: Music | None = None
    segments: tuple[Segment, ...]
    outro: Music | None = None
    bed: Bed | None = None


LENGTH = Range(Decimal(0), MAX_TIME_MS, "ms", open_low=True)
_TRACK = TIMELINE_FIELDS[Track]
_SOURCE = Spec("a name from sources, or a path", examples=("audio/host.flac",))
_OFFSET = Spec("where in the file it begins", TIME)
_DURATION = Spec("how long it plays; absent: to the end of the file", LENGTH)
_LEVEL = Spec("level", GAIN, (-3,))
_FADE_IN = Spec("how long it fades in", TIME)
_FADE_OUT = Spec("how long it fades out", TIME)

NOUNS: Mapping[type, str] = {
    **TIMELINE_NOUNS,
    Show: "a show",
    Speaker: "a speaker",
    Segment: "a segment",
    Music: "the music",
    Bed: "a bed",
}

FIELDS: Mapping[type, Mapping[str, Spec]] = {
    **TIMELINE_FIELDS,
    Show: {
        **WHOLE,
        "id": Spec("the show's name among others", examples=("episode-7",)),
        "show_version": Spec("the version of this format that the document is written in"),
        "gap_ms": Spec("the silence between segments", TIME),
        "fade_ms": Spec("the fades at both ends of each segment, which keep cuts quiet", TIME),
        "speakers": Spec("who speaks, where more than one does", examples=([{"id": "host"}],)),
        "intro": Spec("the music that opens the show"),
        "segments": Spec("what comes after what", examples=([{"source": "audio/host.flac"}],)),
        "outro": Spec("the music that closes the show"),
        "bed": Spec("what lies under the whole show"),
    },
    Speaker: {
        "id": Spec("the name that segments use", examples=("host",)),
        "role": Spec("dialogue, vox, voiceover, or a role of the mix preset"),
        "name": _TRACK["name"],
        "gain_db": _LEVEL,
        "pan": _TRACK["pan"],
        "eq": _TRACK["eq"],
    },
    Segment: {
        "kind": Spec("part: somebody speaks; ad; or sting: a sound between"),
        "source": Spec(
            f"{_SOURCE.doc}; an ad without one is a silent slot", None, _SOURCE.examples
        ),
        "speaker": Spec("who speaks; absent: the first speaker"),
        "label": Spec("a marker where it begins; ads have one anyhow", examples=("Welcome",)),
        "offset_ms": _OFFSET,
        "duration_ms": _DURATION,
        "gain_db": _LEVEL,
        "gap_ms": Spec("the silence before it; absent: the show's", TIME),
    },
    Music: {
        "source": _SOURCE,
        "offset_ms": _OFFSET,
        "duration_ms": _DURATION,
        "gain_db": _LEVEL,
        "alone_ms": Spec(
            "how long it is heard before the first word, or after the last; absent: nobody "
            "speaks over it",
            TIME,
            (5000,),
        ),
        "fade_in_ms": _FADE_IN,
        "fade_out_ms": _FADE_OUT,
    },
    Bed: {
        "source": _SOURCE,
        "role": Spec("ambience, music, or a role of the mix preset"),
        "gain_db": _LEVEL,
        "crossfade_ms": Spec("how much one round and the next overlap", LENGTH),
        "fade_in_ms": _FADE_IN,
        "fade_out_ms": _FADE_OUT,
    },
}

SHOW = Language(Show, NOUNS, FIELDS)
