"""What the preset files hold, as frozen values."""

from __future__ import annotations

from math import sqrt

from attrs import frozen

from ..ir.curves import FilterKind
from ..ir.nodes import Encoding, LimitMode


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
        dither: TPDF at 16 bits and below.
        container: the file format.
        encoding: how samples are stored.
        limit: which peak the ceiling holds.
    """

    id: str
    title: str
    use: str
    lufs: float | None = None
    ceiling_db: float
    headroom_db: float
    dither: bool
    container: str
    encoding: Encoding
    limit: LimitMode = LimitMode.TRUE_PEAK


@frozen(kw_only=True)
class BusEq:
    """A static biquad of a bus: Hz, Q, dB."""

    kind: FilterKind
    frequency_hz: float
    q: float = 1 / sqrt(2)
    gain_db: float = 0.0


@frozen(kw_only=True)
class BusPreset:
    """A bus: which roles it takes, and its gain (dB), pan ([-1, 1]) and equaliser."""

    id: str
    roles: tuple[str, ...] = ()
    gain_db: float = 0.0
    pan: float = 0.0
    eq: tuple[BusEq, ...] = ()


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
