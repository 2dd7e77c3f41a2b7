"""The presets as frozen values, with a description of every field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from enum import StrEnum
from math import sqrt

from ..documents.fields import Many, Number, One, OptionalNumber, Texts, Time, Word, aside, key
from ..documents.limits import Range
from ..documents.models import model
from ..ir.curves import FilterKind
from ..ir.nodes import DitherNoise, Encoding, LimitMode, Reading, ShortLoudness

MASTER = "master"
"""The id of the master, which no bus may have."""

GAIN = Range(-120, 60, "dB")
PAN = Range(-1, 1)
FREQUENCY = Range(0, 192_000, "Hz", open_low=True)
_TIME = Range(0, 10_000, "ms")
_RATIO = Range(1, 1000)
_KNEE = Range(0, 60, "dB")
_RAMP = Range(0, 60_000, "ms")
_PEAK = Range(-60, 0, "dB")
_LOUDNESS = Range(-70, 0, "LUFS")
_ENDS = Range(0, 3600, "s")
_RMS = Range(-120, 0, "dBFS")


class DitherChoice(StrEnum):
    """The dither noise: none, white, or shaped to where hearing is insensitive."""

    NONE = "none"
    TPDF = "tpdf"
    SHAPED = "shaped"

    @property
    def noise(self) -> DitherNoise | None:
        """The noise of the graph's dither; None for no dither."""
        return None if self is DitherChoice.NONE else DitherNoise(self.value)


@model("a format")
class FormatOptions:
    """The options of a preset for one container."""

    bit_rate: int = key(
        "kbit/s of a stereo file; a mono file has half of it, unless mono_bit_rate says otherwise",
        examples=(128,),
    )
    mono_bit_rate: int | None = key(
        "kbit/s of a mono file", Range(1, 1000, "kbit/s"), default=None, examples=(64,)
    )


@model("an export preset")
class ExportPreset:
    """How a mix is delivered; `id` is the name of its table, which users give."""

    id: str = aside(default="")
    title: str = key("its name in tables", examples=("Podcast",))
    use: str = key("when to use it, in one sentence")
    lufs: float | None = key(
        "target integrated loudness; if absent, no measurement and no loudness gain",
        _LOUDNESS,
        default=None,
        examples=(-16,),
    )
    rms_dbfs: float | None = key(
        "target RMS of the whole file, instead of a loudness", _RMS, default=None, examples=(-20,)
    )
    short: ShortLoudness = key(
        "the loudness of a mix shorter than 400 ms: none, or momentary, with silence appended",
        default=ShortLoudness.NONE,
    )
    ceiling_db: float = key(
        "maximum peak: dBTP, or dBFS if limit is sample_peak", _PEAK, examples=(-1,)
    )
    headroom_db: float = key(
        "attenuation of the premaster before the loudness gain", Range(0, 60, "dB"), examples=(3,)
    )
    dither: DitherChoice = key("the dither noise at 16 bits and below")
    container: str = key("the file format", examples=("wav",))
    encoding: Encoding = key("the sample format")
    limit: LimitMode = key("the kind of peak that the ceiling limits", default=LimitMode.TRUE_PEAK)
    sample_rate: int | None = key(
        "the sample rate of the mix; if absent, the timeline's",
        Range(8000, 384_000, "Hz"),
        default=None,
        examples=(44100,),
    )
    spec: str | None = key(
        "the delivery spec that its files are checked against", default=None, examples=("acx",)
    )
    formats: Mapping[str, FormatOptions] = key(
        "options for lossy containers, instead of their defaults",
        default={},
        examples=({"mp3": {"bit_rate": 128}},),
    )

    @property
    def target(self) -> float | None:
        """The level that a static gain reaches, LUFS or dBFS; None: there is no such gain."""
        return self.lufs if self.rms_dbfs is None else self.rms_dbfs

    @property
    def reading(self) -> Reading:
        """What the target is of."""
        if self.rms_dbfs is not None:
            return Reading.RMS
        short = self.short is ShortLoudness.MOMENTARY
        return Reading.MOMENTARY if short else Reading.INTEGRATED


class EqKind(StrEnum):
    """A biquad of the RBJ cookbook, or notches at mains hum and its harmonics."""

    HIGHPASS = FilterKind.HIGHPASS.value
    LOWPASS = FilterKind.LOWPASS.value
    PEAKING = FilterKind.PEAKING.value
    LOWSHELF = FilterKind.LOWSHELF.value
    HIGHSHELF = FilterKind.HIGHSHELF.value
    HUM = "hum"

    @property
    def has_gain(self) -> bool:
        """Whether it has a gain of its own."""
        return self is not EqKind.HUM and FilterKind(self.value).has_gain


DEFAULT_Q = 1 / sqrt(2)
_HUM_Q, _HUM_DB = 30.0, -30.0


@model("a filter")
class EqBand:
    """A biquad filter, or a row of them against hum."""

    kind: Word[EqKind] = key("the biquad of the RBJ cookbook; hum: notches at its harmonics")
    frequency_hz: Number = key(
        "corner or centre frequency, or that of the hum; below half the sample rate",
        FREQUENCY,
        examples=(80,),
    )
    q: OptionalNumber = key(
        "Q; 1/sqrt 2 by default, and 30 for the first notch of hum; all are as wide",
        Range(0, 1000, open_low=True),
        default=None,
        examples=(0.707,),
    )
    gain_db: Number = key(
        "boost or cut of a peaking or shelving filter", GAIN, default=0, examples=(0,)
    )
    harmonics: int = key("the number of notches against hum", Range(1, 32), default=8)

    @property
    def highest_hz(self) -> Decimal:
        """The highest frequency of its biquads."""
        return self.frequency_hz * (self.harmonics if self.kind is EqKind.HUM else 1)

    def biquads(self) -> Iterator[tuple[FilterKind, float, float, float]]:
        """Its biquads: shape, frequency in Hz, Q, gain in dB."""
        hertz, q = float(self.frequency_hz), None if self.q is None else float(self.q)
        if self.kind is not EqKind.HUM:
            shape, gain = FilterKind(self.kind.value), float(self.gain_db)
            yield shape, hertz, DEFAULT_Q if q is None else q, gain
            return
        first = _HUM_Q if q is None else q
        for number in range(1, self.harmonics + 1):
            yield FilterKind.PEAKING, number * hertz, number * first, _HUM_DB


class Detect(StrEnum):
    """What triggers a ducking: clips from start to end, or only what is said or played in them."""

    CLIPS = "clips"
    ACTIVITY = "activity"


@model("a ducking")
class Duck:
    """The ducking of a bus while tracks of the roles `by` play; without roles, no ducking."""

    by: Texts = key("the roles that trigger it; none: no ducking", examples=(["dialogue"],))
    gain_db: Number = key("the gain reduction", Range(-120, 0, "dB"), default=-9, examples=(-9,))
    attack_ms: Time = key(
        "attack time; it ends when the trigger starts",
        _RAMP,
        default=200,
        examples=(200,),
    )
    release_ms: Time = key("release time", _RAMP, default=600, examples=(600,))
    hold_ms: Time = key(
        "hold time after the trigger ends; shorter gaps cause no pumping",
        _RAMP,
        default=300,
        examples=(300,),
    )
    detect: Word[Detect] = key(
        "clips: whole clips trigger it; activity: only what is said or played in them",
        default=Detect.CLIPS,
        examples=("activity",),
    )

    @property
    def listens(self) -> bool:
        """Whether it needs surveys of the sources of its triggers."""
        return self.detect is Detect.ACTIVITY and bool(self.gain_db)


@model("a ride")
class Ride:
    """Gain that follows slow changes of the loudness of a clip."""

    range_db: Number = key(
        "the most that it raises or lowers the level",
        Range(0, 24, "dB"),
        default=8,
        examples=(8,),
    )
    strength: Number = key(
        "the part of each difference that it evens out; less keeps more of natural speech",
        Range(0, 1),
        default=1,
        examples=(0.8,),
    )
    window_ms: Time = key(
        "the window of the loudness that it follows",
        Range(400, 30_000, "ms"),
        default=3000,
        examples=(3000,),
    )


@model("a distance")
class Below:
    """A distance below the loudness of a role."""

    role: str = key("the role to stay below", examples=("dialogue",))
    lu: Number = key("how far below it", Range(0, 60, "LU"), examples=(16,))


@model("a level")
class LevelTarget:
    """The loudness to reach with a static gain, computed from the sources; `to` or `below`."""

    to: OptionalNumber = key("target loudness", _LOUDNESS, default=None, examples=(-20,))
    below: One[Below | None] = key(
        "a distance below the loudness of a role, instead of `to`", default=None
    )
    max_gain_db: Number = key(
        "the most that it raises the level", Range(0, 60, "dB"), default=20, examples=(12,)
    )
    max_cut_db: Number = key(
        "the most that it lowers the level", Range(0, 120, "dB"), default=30, examples=(20,)
    )
    ride: One[Ride | None] = key(
        "gain that also follows slow changes of the loudness", default=None
    )

    @property
    def problem(self) -> str:
        """What is contradictory in it; "" if nothing is."""
        if (self.to is None) == (self.below is None):
            return f"a level needs `to` or `below`, and has {'both' if self.below else 'neither'}"
        return "a ride needs `to`" if self.ride is not None and self.to is None else ""


@model("a gate")
class Gating:
    """Lowers pauses: what is between the active spans of its sources, or below a threshold."""

    threshold_db: OptionalNumber = key(
        "level in dBFS above which it opens; absent: it opens where something is said or played in "
        "the sources, which a bus cannot know",
        Range(-120, 0, "dB"),
        default=None,
        examples=(-50,),
    )
    range_db: Number = key(
        "by how much it lowers the rest", Range(0, 120, "dB"), default=12, examples=(12,)
    )
    attack_ms: Time = key("how long it takes to open", _TIME, default=50, examples=(50,))
    hold_ms: Time = key("how long it stays open afterwards", _TIME, default=200, examples=(200,))
    release_ms: Time = key("how long it takes to close", _TIME, default=200, examples=(200,))
    look_ahead_ms: Time = key("how much earlier it opens", _TIME, default=100, examples=(100,))


@model("a de-esser")
class DeEssing:
    """Lowers sibilants: the high band, where it is louder than the voice below it."""

    frequency_hz: Number = key(
        "where sibilants begin", Range(1000, 20_000, "Hz"), default=5000, examples=(5000,)
    )
    range_db: Number = key("the most that it lowers them", Range(0, 40, "dB"), default=8)
    threshold_db: Number = key(
        "level of the sibilants relative to the voice", Range(-40, 40, "dB"), default=0
    )
    ratio: Number = key("the ratio above the threshold", _RATIO, default=4)
    knee_db: Number = key("the width of the knee", _KNEE, default=6)
    attack_ms: Time = key("time constant of the attack", _TIME, default=1)
    release_ms: Time = key("time constant of the release", _TIME, default=40)


@model("a compressor")
class Compressing:
    """Reduces levels above a threshold."""

    threshold_db: OptionalNumber = key(
        "level in dBFS; absent: `over_db` over the active loudness of what it compresses",
        Range(-120, 0, "dB"),
        default=None,
        examples=(-18,),
    )
    over_db: Number = key(
        "the threshold without threshold_db: dB over the active loudness, taken as dBFS",
        Range(-40, 40, "dB"),
        default=6,
    )
    ratio: Number = key("the ratio above the threshold", _RATIO, default=3, examples=(3,))
    knee_db: Number = key("the width of the knee", _KNEE, default=6)
    attack_ms: Time = key("time constant of the attack", _TIME, default=5)
    release_ms: Time = key("time constant of the release", _TIME, default=100)
    look_ahead_ms: Time = key("how much earlier the gain falls", _TIME, default=5)
    makeup_db: Number = key("gain after it", GAIN, default=0, examples=(3,))


@model("a bus")
class BusPreset:
    """A bus: its roles, and its processing before the master."""

    id: str = key("its id, used by tracks and stems", examples=("bus_music",))
    roles: Texts = key("the roles routed to it", default=(), examples=(["music"],))
    gain_db: float = key("level", GAIN, default=0.0, examples=(-3,))
    pan: float = key("balance: -1 left, 0 centre, 1 right", PAN, default=0.0)
    eq: Many[EqBand] = key("static biquad filters, in order", default=())
    gate: One[Gating | None] = key("its gate", default=None, examples=({"threshold_db": -50},))
    deess: One[DeEssing | None] = key("its de-esser", default=None, examples=({},))
    compress: One[Compressing | None] = key("its compressor", default=None, examples=({},))
    duck: One[Duck | None] = key("its ducking while other tracks play", default=None)
    level: One[LevelTarget | None] = key(
        "the loudness of each source on each track that plays on it, unless the track or the clip "
        "has a level of its own",
        default=None,
        examples=({"to": -20},),
    )


@model("a mix preset")
class MixPreset:
    """Buses in the order of their sum; `id` is the name of its table, which users give."""

    id: str = aside(default="")
    title: str = key("its name in tables", examples=("Podcast mix",))
    use: str = key("when to use it, in one sentence")
    buses: Many[BusPreset] = key("the buses, in the order of the sum and of the stems")

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles of all buses, in bus order."""
        return tuple(role for bus in self.buses for role in bus.roles)


@model("a delivery spec")
class DeliverySpec:
    """The requirements for a file; `id` is the name of its table, which users give."""

    id: str = aside(default="")
    title: str = key("its name in tables", examples=("Apple Podcasts",))
    use: str = key("who requires it, in one sentence")
    source: str = key("the document that states it")
    lufs: float | None = key(
        "integrated loudness (ITU-R BS.1770-5), within lufs_tolerance",
        _LOUDNESS,
        default=None,
        examples=(-16,),
    )
    lufs_tolerance: float | None = key("tolerance of lufs", Range(0, 20, "LU"), default=None)
    true_peak_max_dbtp: float | None = key("maximum true peak", _PEAK, default=None)
    sample_peak_max_dbfs: float | None = key("maximum sample peak", _PEAK, default=None)
    short_term_max_lufs: float | None = key(
        "maximum short-term loudness (3 s)", _LOUDNESS, default=None
    )
    rms_min_dbfs: float | None = key("minimum RMS of the whole file", _RMS, default=None)
    rms_max_dbfs: float | None = key("maximum RMS of the whole file", _RMS, default=None)
    noise_floor_max_dbfs: float | None = key(
        "maximum RMS of the quietest half second", Range(-150, 0, "dBFS"), default=None
    )
    head_min_s: float | None = key("least room tone before the first sound", _ENDS, default=None)
    head_max_s: float | None = key("most room tone before the first sound", _ENDS, default=None)
    tail_min_s: float | None = key("least room tone after the last sound", _ENDS, default=None)
    tail_max_s: float | None = key("most room tone after the last sound", _ENDS, default=None)
    room_tone_min_dbfs: float | None = key(
        "least RMS of the room tone at either end, which digital silence fails",
        Range(-150, 0, "dBFS"),
        default=None,
    )
    sample_rate: int | None = key("the sample rate", Range(8000, 384_000, "Hz"), default=None)
    bit_rate_min: int | None = key(
        "least bit rate of any frame of an MP3", Range(8, 320, "kbit/s"), default=None
    )
    constant_bit_rate: bool = key("whether all frames have one bit rate", default=False)
    channels: int | None = key("the number of channels", Range(1, 2), default=None)
    export_preset: str | None = key(
        "the export preset that meets it", default=None, examples=("podcast",)
    )
