"""What the preset files hold, as frozen values, and what each field of them is for."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from ..documents.fields import Many, Number, One, OptionalNumber, Texts, Word, aside, key
from ..documents.limits import Range
from ..documents.models import model
from ..ir.curves import FilterKind
from ..ir.nodes import DitherNoise, Encoding, LimitMode

MASTER = "master"
"""The id that no bus may have: the master's own."""

GAIN = Range(-120, 60, "dB")
PAN = Range(-1, 1)
FREQUENCY = Range(0, 192_000, "Hz", open_low=True)
_RAMP = Range(0, 60_000, "ms")
_PEAK = Range(-60, 0, "dB")
_LOUDNESS = Range(-70, 0, "LUFS")
_RMS = Range(-120, 0, "dBFS")


class DitherChoice(StrEnum):
    """Which noise is added before quantising: none, white, or moved to where ears are deaf."""

    NONE = "none"
    TPDF = "tpdf"
    SHAPED = "shaped"

    @property
    def noise(self) -> DitherNoise | None:
        """The noise of the graph's dither; None where there is to be no dither."""
        return None if self is DitherChoice.NONE else DitherNoise(self.value)


@model("a format")
class FormatOptions:
    """How a preset encodes into one container."""

    bit_rate: int = key("kbit/s of a stereo file; a mono one takes half", examples=(128,))


@model("an export preset")
class ExportPreset:
    """How a mix is delivered; `id` is the name of its table, by which users choose it."""

    id: str = aside(default="")
    title: str = key("its name in tables", examples=("Podcast",))
    use: str = key("when to choose it, one sentence")
    lufs: float | None = key(
        "integrated loudness to reach; absent: no measuring pass and no loudness gain",
        _LOUDNESS,
        default=None,
        examples=(-16,),
    )
    ceiling_db: float = key(
        "the highest peak: dBTP, or dBFS where limit is sample_peak", _PEAK, examples=(-1,)
    )
    headroom_db: float = key(
        "taken off the premaster before the loudness gain", Range(0, 60, "dB"), examples=(3,)
    )
    dither: DitherChoice = key("the noise that is added at 16 bits and below")
    container: str = key("the file format", examples=("wav",))
    encoding: Encoding = key("how samples are stored")
    limit: LimitMode = key("which peak the ceiling holds", default=LimitMode.TRUE_PEAK)
    formats: Mapping[str, FormatOptions] = key(
        "how it encodes into lossy containers, where that is not their own default",
        default={},
        examples=({"mp3": {"bit_rate": 128}},),
    )


@model("a filter")
class EqBand:
    """A biquad; `q` absent is 1/sqrt 2."""

    kind: Word[FilterKind] = key("which biquad of the RBJ cookbook")
    frequency_hz: Number = key(
        "corner or centre; under half the sample rate", FREQUENCY, examples=(80,)
    )
    q: OptionalNumber = key(
        "width; absent: 1/sqrt 2", Range(0, 1000, open_low=True), default=None, examples=(0.707,)
    )
    gain_db: Number = key(
        "boost or cut of a peaking or shelving filter", GAIN, default=0, examples=(0,)
    )


@model("a ducking")
class Duck:
    """How a bus steps back while tracks of the roles `by` play; no roles: it does not."""

    by: Texts = key("the roles that it makes room for; none: no ducking", examples=(["dialogue"],))
    gain_db: Number = key("how far it goes down", Range(-120, 0, "dB"), default=-9, examples=(-9,))
    attack_ms: Number = key(
        "how long it takes to go down; it is down when they start",
        _RAMP,
        default=200,
        examples=(200,),
    )
    release_ms: Number = key("how long it takes to come back", _RAMP, default=600, examples=(600,))
    hold_ms: Number = key(
        "how long it stays down after they end; shorter gaps do not pump",
        _RAMP,
        default=300,
        examples=(300,),
    )


@model("a bus")
class BusPreset:
    """A bus: which roles it takes, and what it does to them before the master."""

    id: str = key("its name, by which tracks and stems know it", examples=("bus_music",))
    roles: Texts = key("the roles that play on it", default=(), examples=(["music"],))
    gain_db: float = key("level", GAIN, default=0.0, examples=(-3,))
    pan: float = key("balance: -1 left, 0 centre, 1 right", PAN, default=0.0)
    eq: Many[EqBand] = key("static biquad filters, in order", default=())
    duck: One[Duck | None] = key("how it steps back while others play", default=None)


@model("a mix preset")
class MixPreset:
    """Buses in the order of their sum; `id` is the name of its table, by which users choose it."""

    id: str = aside(default="")
    title: str = key("its name in tables", examples=("Podcast mix",))
    use: str = key("when to choose it, one sentence")
    buses: Many[BusPreset] = key("the buses, in the order of the sum and of the stems")

    @property
    def roles(self) -> tuple[str, ...]:
        """Every role that some bus takes, in bus order."""
        return tuple(role for bus in self.buses for role in bus.roles)


@model("a delivery spec")
class DeliverySpec:
    """What a receiver asks of a file; `id` is the name of its table, by which users choose it."""

    id: str = aside(default="")
    title: str = key("the receiver's name for it", examples=("Apple Podcasts",))
    use: str = key("who asks for it, one sentence")
    source: str = key("the document that says so")
    lufs: float | None = key(
        "integrated loudness (ITU-R BS.1770-5), within lufs_tolerance",
        _LOUDNESS,
        default=None,
        examples=(-16,),
    )
    lufs_tolerance: float | None = key("how far it may be off", Range(0, 20, "LU"), default=None)
    true_peak_max_dbtp: float | None = key("the highest true peak", _PEAK, default=None)
    sample_peak_max_dbfs: float | None = key("the highest sample", _PEAK, default=None)
    short_term_max_lufs: float | None = key("the loudest 3 s", _LOUDNESS, default=None)
    rms_min_dbfs: float | None = key("the RMS over the whole file, at least", _RMS, default=None)
    rms_max_dbfs: float | None = key("the RMS over the whole file, at most", _RMS, default=None)
    noise_floor_max_dbfs: float | None = key(
        "the RMS of the quietest half second, at most", Range(-150, 0, "dBFS"), default=None
    )
    sample_rate: int | None = key("the sample rate", Range(8000, 384_000, "Hz"), default=None)
    channels: int | None = key("how many channels", Range(1, 2), default=None)
    export_preset: str | None = key(
        "the export preset that delivers so", default=None, examples=("podcast",)
    )
