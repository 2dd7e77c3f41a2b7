"""What a timeline may say about times that are taken out of it.

Promises: declarations alone; `compiler/edits/` decides what is cut, and makes ordinary clips of it.
"""

from __future__ import annotations

from ...documents.fields import Time, key
from ...documents.limits import TIME, Range
from ...documents.models import model


@model("a cut")
class CutRange:
    """A range of time that is taken out of the whole timeline."""

    from_ms: Time = key("where it starts, before any cut", TIME, examples=(61_200,))
    to_ms: Time = key("where it ends, before any cut", TIME, examples=(64_850,))
    crossfade_ms: Time = key(
        "crossfade of what is before it with what is after it, centred on the join",
        Range(0, 10_000, "ms"),
        default=10,
        examples=(10,),
    )
