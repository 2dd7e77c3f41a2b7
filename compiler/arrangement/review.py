"""The output of `mixdown arrange`: a timeline with every clip placed, and what warns of it.

Promises: a returned timeline lowers without errors: its roles, buses and media are known, and
everything that would be clamped has a warning. The timeline itself is as the first pass left it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ...ir.diagnostics import Diagnostic, TimelineError
from ...ir.diagnostics import strict as as_errors
from ..declared import MediaMode, media_mode
from ..driver import begin
from ..load import Opening, load_faulty
from ..pipeline import FRONT, run_pipeline
from ..request import RenderRequest
from ..timeline.model import Timeline


def review(
    path: str | Path,
    *,
    strict: bool = False,
    allow_outside: bool = False,
    media: MediaMode | str = MediaMode.FILES,
    variables: Mapping[str, object] | None = None,
) -> tuple[Timeline, tuple[Diagnostic, ...]]:
    """The timeline that a document becomes, and warnings about it.

    Raises:
        TimelineError: everything that is wrong with the document or its timeline.
    """
    mode = media_mode(media)
    timeline = load_faulty(path, Opening(allow_outside, mode, variables or {}))
    ran = tuple(run_pipeline(begin(timeline, RenderRequest(), mode), FRONT[:-1]))  # not `lower`
    placed, unit = ran[0].after, ran[-1].after
    if strict and (found := as_errors(unit.diagnostics)):
        raise TimelineError(found, timeline.documents)
    return placed.timeline, unit.diagnostics
