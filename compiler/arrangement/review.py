"""The output of `mixdown arrange`: a generated timeline, and the warnings of the first passes.

Promises: a returned timeline lowers without errors: its roles, buses and media are known, and
everything that would be clamped has a warning. The timeline itself is as it was generated.
"""

from __future__ import annotations

from pathlib import Path

from ...ir.codes import Code
from ...ir.diagnostics import Diagnostic, TimelineError
from ...ir.diagnostics import strict as as_errors
from ..declared import MediaMode, media_mode
from ..driver import begin
from ..load import load_faulty
from ..pipeline import FRONT, final
from ..request import RenderRequest
from ..timeline.model import Timeline


def review(
    path: str | Path,
    *,
    strict: bool = False,
    allow_outside: bool = False,
    media: MediaMode | str = MediaMode.FILES,
) -> tuple[Timeline, tuple[Diagnostic, ...]]:
    """The timeline that an arrangement or a show becomes, and warnings about it.

    Raises:
        TimelineError: everything that is wrong with the document or its timeline; MIX307, it is a
            timeline already.
    """
    mode = media_mode(media)
    timeline = load_faulty(path, allow_outside=allow_outside, media=mode)
    if timeline.made_from is None:
        message = f"{str(path)!r} is a timeline already"
        help = "an arrangement begins with arrangement_version: 1, a show with show_version: 1"
        raise TimelineError.of(Code.BAD_REQUEST, message, help=help)
    unit = final(begin(timeline, RenderRequest(), mode), FRONT[:-1])  # without `lower`
    if strict and (found := as_errors(unit.diagnostics)):
        raise TimelineError(found, timeline.documents)
    return timeline, unit.diagnostics
