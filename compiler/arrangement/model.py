"""The arrangement: what a document in sections, bars and parts says, as frozen values.

Promises: the model holds exactly what the document holds, numbers as decimals; nothing here is a
time yet. Positions are `bar:beat:tick` (see `grid`). What a part and a track have in common has the
same name and the same meaning as in a timeline.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from attrs import frozen

from ...ir.curves import Shape
from ..timeline.model import ZERO, EqBand, Target
from .whole import Whole

ARRANGEMENT_VERSION = 1


class Stretch(StrEnum):
    """What becomes of a loop where the music has another tempo."""

    REFUSE = "refuse"
    RESAMPLE = "resample"


class TransitionKind(StrEnum):
    """How a section goes over into the next."""

    CUT = "cut"
    CROSSFADE = "crossfade"
    GAP = "gap"


@frozen(kw_only=True)
class TempoChange:
    """What holds from a bar on: tempo in quarter notes a minute, time signature; None: as before.

    The first is of bar 1 and gives a tempo; its time signature absent is 4/4.
    """

    bar: int
    tempo: Decimal | None = None
    time_signature: str | None = None


@frozen(kw_only=True)
class Transition:
    """How a section ends: a crossfade or a gap over its last milliseconds, or its last beats."""

    kind: TransitionKind
    length_ms: Decimal | None = None
    beats: Decimal | None = None
    curve: str | None = None


@frozen(kw_only=True)
class Section:
    """A stretch of the whole, so many bars or milliseconds long; a name may come again."""

    name: str
    bars: int | None = None
    length_ms: Decimal | None = None
    transition: Transition | None = None


@frozen(kw_only=True)
class Mark:
    """A named moment, besides the sections' beginnings."""

    label: str
    at: str | None = None
    at_ms: Decimal | None = None


@frozen(kw_only=True)
class Material:
    """What parts play: a file, played through once; with `bars`, played anew every so many bars.

    With a tempo it is a loop, which fits music of that tempo alone unless `stretch` says otherwise.
    `time_signature` says what a bar of it is; absent: as where it plays.
    """

    id: str
    source: str
    bars: Decimal | None = None
    tempo: Decimal | None = None
    time_signature: str | None = None
    stretch: Stretch = Stretch.REFUSE
    offset_ms: Decimal = ZERO
    duration_ms: Decimal | None = None
    gain_db: Decimal = ZERO
    fade_in_ms: Decimal = ZERO
    fade_out_ms: Decimal = ZERO


@frozen(kw_only=True)
class Play:
    """A part plays in the sections of this name: the part's material or another, from `at` on.

    `at` counts from the section's first bar. `repeats` absent: until the section ends. `fill` is
    material that plays in place of the section's end.
    """

    section: str
    material: str | None = None
    at: str | None = None
    at_ms: Decimal | None = None
    repeats: int | None = None
    fill: str | None = None
    gain_db: Decimal = ZERO


@frozen(kw_only=True)
class Move:
    """What moves of a part in the sections of this name, from `begin` to `end`.

    `end` absent: it stays at `begin`. Neither `bars` nor `length_ms`: until the section ends. When
    the section is over, and the move too, the part's own value counts again.
    """

    section: str
    target: Target
    begin: Decimal
    end: Decimal | None = None
    at: str | None = None
    at_ms: Decimal | None = None
    bars: Decimal | None = None
    length_ms: Decimal | None = None
    curve: Shape = Shape.LINEAR


@frozen(kw_only=True)
class Part:
    """One player: it becomes a track."""

    id: str
    role: str
    name: str | None = None
    material: str | None = None
    bus: str | None = None
    gain_db: Decimal = ZERO
    pan: Decimal = ZERO
    mute: bool = False
    solo: bool = False
    tags: tuple[str, ...] = ()
    eq: tuple[EqBand, ...] = ()
    filter: EqBand | None = None
    play: tuple[Play, ...] = ()
    moves: tuple[Move, ...] = ()


@frozen(kw_only=True)
class Arrangement(Whole):
    """A whole document."""

    arrangement_version: int = ARRANGEMENT_VERSION
    tempo_map: tuple[TempoChange, ...] = ()
    sections: tuple[Section, ...]
    markers: tuple[Mark, ...] = ()
    materials: tuple[Material, ...] = ()
    parts: tuple[Part, ...]
