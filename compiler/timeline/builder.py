"""What the methods of `Timeline` that add something take, for type checkers and editors.

Promises: each class names the fields of the model class that it stands for, those that the method
takes by other means left out, with the types that the model converts from. A test holds it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, TypedDict

from .model import Automation, Clip, Duck, EqBand

Number = Decimal | int | float
Bands = Iterable[EqBand | Mapping[str, Any]]


class _Sound(TypedDict, total=False):
    gain_db: Number
    pan: Number
    mute: bool
    eq: Bands
    filter: EqBand | Mapping[str, Any] | None
    automation: Automation | Mapping[str, Any]


class TrackFields(_Sound, total=False):
    """A `Track`, less its id and role."""

    name: str | None
    bus: str | None
    solo: bool
    tags: Iterable[str]
    clips: tuple[Clip, ...]


class ClipFields(_Sound, total=False):
    """A `Clip`, less its source."""

    start_ms: Number
    id: str | None
    offset_ms: Number
    duration_ms: Number | None
    fade_in_ms: Number
    fade_out_ms: Number
    fade_in_curve: str | None
    fade_out_curve: str | None
    crossfade_in_ms: Number | None
    crossfade_out_ms: Number | None
    crossfade_curve: str | None


class BusFields(TypedDict, total=False):
    """A `BusOverride`, less its id."""

    gain_db: Number | None
    pan: Number | None
    eq: Bands | None
    roles: Iterable[str]
    duck: Duck | Mapping[str, Any] | None
