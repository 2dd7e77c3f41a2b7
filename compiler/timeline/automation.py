"""Automation: keyframes of gain, pan or a filter's frequency, one by one or in regions.

Promises: the values are those of the document; times are not converted. A track's keyframes count
from the start of the timeline and are sorted; a clip's count from its start and go forward in time.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum

from ...documents.fields import Many, Number, Time, Word, aside, key
from ...documents.limits import TIME, Range
from ...documents.models import model
from ...ir.curves import Shape
from ...presets.model import FREQUENCY, GAIN, PAN


class Target(StrEnum):
    """The target of an automation."""

    GAIN = "gain"
    PAN = "pan"
    FILTER = "filter"


# The limits of a keyframe's value.
VALUES: Mapping[Target, Range] = {Target.GAIN: GAIN, Target.PAN: PAN, Target.FILTER: FREQUENCY}


@model("a keyframe")
class Keyframe:
    """An automation keyframe: gain in dB, pan in [-1, 1], filter in Hz."""

    at_ms: Time = key("its time", TIME, kw_only=False, examples=(3000,))
    value: Number = key(
        "gain in dB, pan from -1 to 1, or frequency in Hz", kw_only=False, examples=(-6,)
    )
    curve: Word[Shape] = key(
        "the shape of the curve to the next keyframe", default=Shape.LINEAR, kw_only=False
    )
    # Its target if a later region cuts it off: at_ms and value (set by the clamp pass).
    aim: tuple[Decimal, Decimal] | None = aside(default=None)


@model("an automation region")
class Region:
    """A run of keyframes that is moved as one; its times count from `start_ms`.

    Arrangements place regions; where two of one target overlap, the later wins from its start (the
    clamp pass, which makes plain keyframes of them all).
    """

    target: Word[Target] = key("the parameter that it changes")
    start_ms: Time = key(
        "its start, from where times of its track or clip count", TIME, examples=(8000,)
    )
    duration_ms: Time = key("its length", TIME, examples=(4000,))
    keyframes: Many[Keyframe] = key(
        "its keyframes; their times count from its start",
        schema={"items": {"anyOf": [{"$ref": f"#/$defs/{name}_keyframe"} for name in Target]}},
    )


@model("an automation")
class Automation:
    """Keyframes for each target; empty if it is not automated."""

    gain: Many[Keyframe] = key(
        "keyframes in dB, added to gain_db",
        default=(),
        items={"value": GAIN},
        examples=([{"at_ms": 0, "value": 0}, {"at_ms": 3000, "value": -6}],),
    )
    pan: Many[Keyframe] = key(
        "keyframes from -1 to 1, in place of pan", default=(), items={"value": PAN}
    )
    filter: Many[Keyframe] = key(
        "keyframes in Hz, in place of the filter's frequency_hz",
        default=(),
        items={"value": FREQUENCY},
    )
    regions: Many[Region] = key(
        "groups of keyframes with a start; where two overlap, the later one applies from its start",
        default=(),
    )


STILL = Automation()
"""No keyframes: the default of an absent automation."""
