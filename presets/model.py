"""What the preset files hold, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from math import sqrt

from attrs import field, frozen

from ..ir.curves import FilterKind
from ..ir.nodes import DitherNoise, Encoding, LimitMode

MASTER = "master"
"""The id that no bus may have: the master's own."""


@frozen(kw_only=True)
class FormatOptions:
    """How a preset encodes into one container.

    Attributes:
        bit_rate: kbit/s of a stereo file; a mono one takes half.
    """

    bit_rate: int


class DitherChoice(StrEnum):
    """Which noise is added before quantising: none, white, or moved to where ears are deaf."""

    NONE = "none"
    TPDF = "tpdf"
    SHAPED = "shaped"

    @property
    def noise(self) -> DitherNoise | None:
        """The noise of the graph's dither; None where there is to be no dither."""
        return None if self is DitherChoice.NONE else DitherNoise(self.value)


@frozen(kw_only=True)
class ExportPreset:
    """How a mix is delivered.

    Attributes:
        id: what users choose it by.
        title: for tables.
        use: when to choose it, one sentence.
        lufs: integrated loudness to reach; None: no measuring pass and no loudness gain.
        ceiling_db: dBTP, or dBFS where `limit` is sample_peak.
        headroom_db: taken off the premaster before the loudness gain, 0 or more.
        dither: at 16 bits and below.
        container: the file format.
        encoding: how samples are stored.
        limit: which peak the ceiling holds.
        formats: how it encodes into lossy containers, where that is not their own default.
    """

    id: str
    title: str
    use: str
    lufs: float | None = None
    ceiling_db: float
    headroom_db: float
    dither: DitherChoice
    container: str
    encoding: Encoding
    limit: LimitMode = LimitMode.TRUE_PEAK
    formats: Mapping[str, FormatOptions] = field(factory=dict)


@frozen(kw_only=True)
class BusEq:
    """A static biquad of a bus: Hz, Q, dB."""

    kind: FilterKind
    frequency_hz: float
    q: float = 1 / sqrt(2)
    gain_db: float = 0.0


@frozen(kw_only=True)
class Duck:
    """How a bus steps back while others speak.

    Attributes:
        by: the roles of the tracks that it makes room for; none: it does not duck.
        gain_db: how far it goes down, 0 or less.
        attack_ms: how long it takes to go down; it is down when they start.
        release_ms: how long it takes to come back.
        hold_ms: how long it stays down after they end; shorter gaps do not pump.
    """

    by: tuple[str, ...]
    gain_db: float = -9.0
    attack_ms: float = 200.0
    release_ms: float = 600.0
    hold_ms: float = 300.0


@frozen(kw_only=True)
class BusPreset:
    """A bus: which roles it takes, its gain (dB), pan ([-1, 1]), equaliser and ducking."""

    id: str
    roles: tuple[str, ...] = ()
    gain_db: float = 0.0
    pan: float = 0.0
    eq: tuple[BusEq, ...] = ()
    duck: Duck | None = None


@frozen(kw_only=True)
class MixPreset:
    """Buses in the order of their sum."""

    id: str
    title: str
    use: str
    buses: tuple[BusPreset, ...]

    @property
    def roles(self) -> tuple[str, ...]:
        """Every role that some bus takes, in bus order."""
        return tuple(role for bus in self.buses for role in bus.roles)


@frozen(kw_only=True)
class DeliverySpec:
    """What a receiver asks of a file; None: nothing.

    Attributes:
        id: what users choose it by.
        title: the receiver's name for it.
        use: who asks for it.
        source: the document that says so.
        lufs: integrated loudness (ITU-R BS.1770-5), within `lufs_tolerance` LU.
        lufs_tolerance: how far it may be off, LU.
        true_peak_max_dbtp: the highest true peak.
        sample_peak_max_dbfs: the highest sample.
        short_term_max_lufs: the loudest 3 s.
        rms_min_dbfs: the RMS over the whole file, at least.
        rms_max_dbfs: the same, at most.
        noise_floor_max_dbfs: the RMS of the quietest half second, at most.
        sample_rate: Hz.
        channels: how many.
        export_preset: id of the export preset that delivers so; None: there is none.
    """

    id: str
    title: str
    use: str
    source: str
    lufs: float | None = None
    lufs_tolerance: float | None = None
    true_peak_max_dbtp: float | None = None
    sample_peak_max_dbfs: float | None = None
    short_term_max_lufs: float | None = None
    rms_min_dbfs: float | None = None
    rms_max_dbfs: float | None = None
    noise_floor_max_dbfs: float | None = None
    sample_rate: int | None = None
    channels: int | None = None
    export_preset: str | None = None
