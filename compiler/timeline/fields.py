"""What each field of a document is for, and what it may hold: the one table of both.

Promises: every field that a document may set stands here once, with a sentence, a range where it is
a number, and examples; validation, the JSON Schema, the starter document and help texts read it. A
test holds the table and the model equal.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from attrs import frozen

from .model import (
    Automation,
    BusOverride,
    Clip,
    Duck,
    EqBand,
    Keyframe,
    Marker,
    Region,
    Timeline,
    Track,
)

MAX_TIME_MS = Decimal(1_000_000_000)  # eleven and a half days
MAX_TEXT = 4096  # characters of one name or path: what file systems allow


@frozen
class Range:
    """What a number may be; `open_low` leaves the lower end itself out."""

    low: Decimal
    high: Decimal
    unit: str = ""
    open_low: bool = False

    def holds(self, value: Decimal | int) -> bool:
        """Whether a finite number is in it."""
        above = value > self.low if self.open_low else value >= self.low
        return above and value <= self.high

    def __str__(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        if self.open_low:
            return f"over {self.low:,f} up to {self.high:,f}{unit}"
        return f"{self.low:,f} to {self.high:,f}{unit}"


@frozen
class Spec:
    """A field: what it is for, its range where it is a number, and values it might have."""

    doc: str
    range: Range | None = None
    examples: tuple[object, ...] = ()


def _range(low: str, high: str, unit: str = "", *, open_low: bool = False) -> Range:
    return Range(Decimal(low), Decimal(high), unit, open_low)


TIME = Range(Decimal(0), MAX_TIME_MS, "ms")
RAMP = Range(Decimal(0), Decimal(60_000), "ms")
GAIN = _range("-120", "60", "dB")
PAN = _range("-1", "1")
FREQUENCY = _range("0", "192000", "Hz", open_low=True)
Q = _range("0", "1000", open_low=True)

# What the value of a keyframe may be, by the name of the automation that it stands in.
KEYFRAME_VALUES: Mapping[str, Range] = {"gain": GAIN, "pan": PAN, "filter": FREQUENCY}

NOUNS: Mapping[type, str] = {
    Timeline: "a timeline",
    Track: "a track",
    Clip: "a clip",
    Automation: "an automation",
    Region: "an automation region",
    Keyframe: "a keyframe",
    EqBand: "a filter",
    Marker: "a marker",
    BusOverride: "a bus",
    Duck: "a ducking",
}

_EQ = Spec(
    "static biquad filters, in order", examples=([{"kind": "highpass", "frequency_hz": 80}],)
)
_FILTER = Spec("the one filter whose frequency automation.filter moves")
_MUTE = Spec("true: it does not sound")

FIELDS: Mapping[type, Mapping[str, Spec]] = {
    Timeline: {
        "schema_version": Spec("the version of this format that the document is written in"),
        "id": Spec("the timeline's name among others", examples=("episode-042",)),
        "sample_rate": Spec("the session's sample rate", _range("8000", "384000", "Hz")),
        "channels": Spec("1 for a mono session, 2 for stereo", _range("1", "2")),
        "pan_law": Spec("what panning a mono source to the centre costs"),
        "length_ms": Spec(
            "how long the mix is; absent: to the end of the last clip",
            Range(Decimal(0), MAX_TIME_MS, "ms", open_low=True),
            (60000,),
        ),
        "lenient": Spec("true: fades longer than their clip are shortened, with a warning"),
        "mix_preset_id": Spec("the preset that says which buses there are and who plays on them"),
        "metadata": Spec("tags for the rendered files", examples=({"title": "Episode 42"},)),
        "cover": Spec(
            "a JPEG or PNG for the rendered files; its path counts from this document's directory",
            examples=("cover.jpg",),
        ),
        "sources": Spec(
            "a name for each file; paths count from this document's directory",
            examples=({"host": "audio/host.flac"},),
        ),
        "speeds": Spec(
            "for names of sources, how fast they play, as a ratio or a number in quotes; the pitch "
            "follows",
            examples=({"loop": "100/97"},),
        ),
        "markers": Spec("named moments", examples=([{"at_ms": 0, "label": "Intro"}],)),
        "buses": Spec("changes to the mix preset's buses, and buses of the timeline's own"),
        "tracks": Spec("what sounds"),
    },
    Track: {
        "id": Spec("the track's name, unique in the timeline", examples=("host",)),
        "role": Spec(
            "what it plays: dialogue, vox, voiceover, music, drums, bass, keys, fx, ambience, "
            "or a role of the mix preset; decides its bus",
            examples=("dialogue",),
        ),
        "name": Spec("a name for people", examples=("Host",)),
        "bus": Spec("the bus it goes to; absent: its role's", examples=("bus_dialogue",)),
        "gain_db": Spec("level, added to all of its clips", GAIN, (-1.5,)),
        "pan": Spec("-1 left, 0 centre, 1 right; a balance, as the track is stereo", PAN),
        "mute": _MUTE,
        "solo": Spec("true: only tracks that are solo sound"),
        "tags": Spec("words to find it by", examples=(["remote"],)),
        "eq": _EQ,
        "filter": _FILTER,
        "automation": Spec("what moves; times count from the start of the timeline"),
        "clips": Spec("what it plays"),
    },
    Clip: {
        "id": Spec("its name, unique on the track; absent: c1, c2 and so on", examples=("c1",)),
        "source": Spec("a name from sources, or a path", examples=("host", "audio/host.flac")),
        "start_ms": Spec("where it starts on the timeline", TIME, (4000,)),
        "offset_ms": Spec("where it starts in the source", TIME, (250,)),
        "duration_ms": Spec(
            "how long it plays; absent: to the end of the source", TIME, (12000, 1500.5)
        ),
        "gain_db": Spec("level", GAIN, (2,)),
        "pan": Spec("-1 left, 0 centre, 1 right", PAN, (-0.2,)),
        "mute": _MUTE,
        "fade_in_ms": Spec("how long it fades in", TIME, (30,)),
        "fade_out_ms": Spec("how long it fades out", TIME, (30,)),
        "fade_in_curve": Spec("the fade-in's curve; absent: tri", examples=("tri",)),
        "fade_out_curve": Spec("the fade-out's curve; absent: tri", examples=("tri",)),
        "crossfade_in_ms": Spec("crossfade with the clip that it overlaps at its start", TIME),
        "crossfade_out_ms": Spec(
            "crossfade with the clip that it overlaps at its end", TIME, (400,)
        ),
        "crossfade_curve": Spec(
            "the crossfade's curve; absent: qsin, equal power", examples=("qsin",)
        ),
        "eq": _EQ,
        "filter": _FILTER,
        "automation": Spec("what moves; times count from the start of the clip"),
    },
    Automation: {
        "gain": Spec(
            "keyframes in dB, added to gain_db",
            examples=([{"at_ms": 0, "value": 0}, {"at_ms": 3000, "value": -6}],),
        ),
        "pan": Spec("keyframes from -1 to 1, in place of pan"),
        "filter": Spec("keyframes in Hz, in place of the filter's frequency_hz"),
        "regions": Spec(
            "runs of keyframes that are moved as one; of two that overlap the later wins "
            "from its start"
        ),
    },
    Region: {
        "target": Spec("what it moves"),
        "start_ms": Spec("where it starts, on its track's or clip's clock", TIME, (8000,)),
        "duration_ms": Spec("how long it is", TIME, (4000,)),
        "keyframes": Spec("its keyframes; their times count from its start"),
    },
    Keyframe: {
        "at_ms": Spec("when", TIME, (3000,)),
        "value": Spec("gain in dB, pan from -1 to 1, or frequency in Hz", examples=(-6,)),
        "curve": Spec("how it runs to the next keyframe"),
    },
    EqBand: {
        "kind": Spec("which biquad of the RBJ cookbook"),
        "frequency_hz": Spec("corner or centre; under half the sample rate", FREQUENCY, (80,)),
        "q": Spec("width; absent: 1/sqrt 2", Q, (0.707,)),
        "gain_db": Spec("boost or cut of a peaking or shelving filter", GAIN, (0,)),
    },
    Marker: {
        "at_ms": Spec("when", TIME, (0,)),
        "label": Spec("what happens", examples=("Intro",)),
    },
    BusOverride: {
        "id": Spec("the bus, the preset's or a new one", examples=("bus_music",)),
        "gain_db": Spec("level; absent: the preset's", GAIN, (-3,)),
        "pan": Spec("balance; absent: the preset's", PAN),
        "eq": Spec("static biquad filters; absent: the preset's"),
        "roles": Spec("the roles that play on it, besides the preset's", examples=(["music"],)),
        "duck": Spec("how it steps back while others play; absent: the preset's"),
    },
    Duck: {
        "by": Spec("the roles that it makes room for; none: no ducking", examples=(["dialogue"],)),
        "gain_db": Spec("how far it goes down", _range("-120", "0", "dB"), (-9,)),
        "attack_ms": Spec("how long it takes to go down; it is down when they start", RAMP, (200,)),
        "release_ms": Spec("how long it takes to come back", RAMP, (600,)),
        "hold_ms": Spec(
            "how long it stays down after they end; shorter gaps do not pump", RAMP, (300,)
        ),
    },
}
