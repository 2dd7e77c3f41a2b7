"""The show: a document in segments as frozen values, with the purpose of each field.

Promises: the model has exactly the content of the document; nothing is placed in time. The default
mix preset of shows brings all voices to one loudness, and music and ambience to a distance below.
"""

from __future__ import annotations

from enum import StrEnum

from ...documents.fields import Many, Number, One, OptionalTime, Texts, Time, key, like, version
from ...documents.limits import DURATION, TIME
from ...documents.models import model
from ...presets.model import GAIN, Compressing, DeEssing, EqBand, Gating, LevelTarget
from ..timeline.model import Clip, Marker, Track
from .whole import Whole

SHOW_VERSION = 1


class SegmentKind(StrEnum):
    """The kind of a segment."""

    PART = "part"
    AD = "ad"
    STING = "sting"


@model("a speaker", short="id")
class Speaker:
    """A speaker, who has a track."""

    id: str = key("the name that segments use", examples=("host",))
    role: str = key("dialogue, vox, voiceover, or a role of the mix preset", default="dialogue")
    name: str | None = like(Track, default=None)
    gain_db: Number = key("level", GAIN, default=0, examples=(-3,))
    pan: Number = like(Track, default=0)
    tags: Texts = like(Track, default=())
    eq: Many[EqBand] = like(Track, default=())
    level: One[LevelTarget | None] = like(Track, default=None)
    gate: One[Gating | None] = like(Clip, default=None)
    deess: One[DeEssing | None] = like(Clip, default=None)
    compress: One[Compressing | None] = like(Clip, default=None)


@model("a segment", short="source")
class Segment:
    """A segment of the show; an ad without a source is a silent slot of `duration_ms`."""

    kind: SegmentKind = key(
        "part (speech), ad, or sting (a sound between segments)", default=SegmentKind.PART
    )
    source: str | None = key(
        "a name from sources, or a path; an ad without one is a silent slot",
        default=None,
        examples=("audio/host.flac",),
    )
    speaker: str | None = key("the speaker; absent: the first one", default=None)
    label: str | None = key(
        "the label of a marker at its start; ads always have one",
        default=None,
        examples=("Welcome",),
    )
    offset_ms: Time = key("its start in the file", TIME, default=0)
    duration_ms: OptionalTime = key(
        "how long it plays; absent: to the end of the file", DURATION, default=None
    )
    gain_db: Number = like(Speaker, default=0)
    gap_ms: OptionalTime = key("the silence before it; absent: the show's", TIME, default=None)
    level: One[LevelTarget | None] = like(Clip, default=None)
    gate: One[Gating | None] = like(Clip, default=None)
    deess: One[DeEssing | None] = like(Clip, default=None)
    compress: One[Compressing | None] = like(Clip, default=None)


@model("the music", short="source")
class Music:
    """Music that opens or closes the show."""

    source: str = key("a name from sources, or a path", examples=("audio/theme.flac",))
    offset_ms: Time = like(Segment, default=0)
    duration_ms: OptionalTime = like(Segment, default=None)
    gain_db: Number = like(Speaker, default=0)
    alone_ms: OptionalTime = key(
        "how long it plays alone before the first word, or after the last; absent: all of it",
        TIME,
        default=None,
        examples=(5000,),
    )
    fade_in_ms: Time = key("the length of its fade-in", TIME, default=0)
    fade_out_ms: Time = key("the length of its fade-out", TIME, default=0)


@model("a bed", short="source")
class Bed:
    """Music or ambience under the whole show, repeated to its end."""

    source: str = like(Music)
    role: str = key("ambience, music, or a role of the mix preset", default="ambience")
    gain_db: Number = like(Speaker, default=0)
    crossfade_ms: Time = key("the overlap of consecutive rounds", DURATION, default=2000)
    fade_in_ms: Time = like(Music, default=2000)
    fade_out_ms: Time = like(Music, default=2000)


@model("a show")
class Show(Whole):
    """A whole document."""

    mix_preset_id: str = like(Whole, default="podcast_leveled")
    show_version: int = version(default=SHOW_VERSION)
    gap_ms: Time = key("the silence between segments", TIME, default=500)
    fade_ms: Time = key(
        "the length of the fades at both ends of each segment, which avoid clicks", TIME, default=10
    )
    speakers: Many[Speaker] = key(
        "the speakers, if there are several", default=(), examples=([{"id": "host"}],)
    )
    intro: One[Music | None] = key("the music that opens the show", default=None)
    segments: Many[Segment] = key(
        "the segments, in order", examples=([{"source": "audio/host.flac"}],)
    )
    markers: Many[Marker] = key("named moments, in addition to those of segments", default=())
    outro: One[Music | None] = key("the music that closes the show", default=None)
    bed: One[Bed | None] = key("the bed under the whole show", default=None)
