"""What a timeline may say about time that is taken out of it.

Promises: declarations alone; `compiler/edits/` decides what is cut, and makes ordinary clips of it.
"""

from __future__ import annotations

from ...documents.fields import Texts, Time, key, like
from ...documents.limits import DURATION, TIME, Range
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


@model("a tightening")
class Tighten:
    """Shortens the pauses in which none of some roles says anything."""

    roles: Texts = key(
        "the roles that must be silent; time without a clip of theirs is no pause",
        examples=(["dialogue"],),
    )
    longer_than_ms: Time = key(
        "pauses longer than this are shortened", DURATION, default=900, examples=(900,)
    )
    keep_ms: Time = key(
        "what is left of them: five eighths after the last word, the rest before the next",
        TIME,
        default=400,
        examples=(400,),
    )
    crossfade_ms: Time = like(CutRange, default=10)


@model("a removal")
class Remove:
    """Takes out what is said, by the transcripts of the sources."""

    words: Texts = key(
        "words or short phrases, wherever they are said", default=(), examples=(["um", "uh"],)
    )
    text: Texts = key(
        "passages that are said once; with ... they go from the words before it to those after it",
        default=(),
        examples=(["so what I mean is ... anyway"],),
    )
    crossfade_ms: Time = like(CutRange, default=10)


@model("a selection")
class Keep:
    """Takes out everything but what is said in some passages, by the transcripts."""

    text: Texts = like(Remove)
    crossfade_ms: Time = like(CutRange, default=10)
