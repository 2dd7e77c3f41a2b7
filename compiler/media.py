"""What the compiler must know of the files that clips play: shape and content digest.

Promises: all problems are collected: a missing file is MIX214, an unreadable one MIX215, each at
the place in the document that names it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath

from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic
from ..ir.nodes import Source
from ..ir.origin import Origin
from ..media.source import MISSING, probe_file
from .timeline.model import Timeline
from .timeline.sources import source_speed


def probe_sources(timeline: Timeline) -> tuple[Mapping[str, Source], tuple[Diagnostic, ...]]:
    """The source behind every name or path that a clip uses, and what is wrong with the others.

    A clip's `source` is a name from the timeline's `sources`, or else a path; both count from the
    document's directory.
    """
    found: dict[str, Source] = {}
    problems: list[Diagnostic] = []
    for name, origin in _uses(timeline).items():
        path = timeline.sources.get(name, name)
        result = probe_file(timeline.root / path)
        if isinstance(result, str):
            missing = result == MISSING
            problems.append(
                Diagnostic(
                    Code.MEDIA_MISSING if missing else Code.MEDIA_UNREADABLE,
                    f"media file {path!r} " + ("does not exist" if missing else "cannot be read"),
                    origin=origin,
                    help=_where(timeline) if missing else result,
                )
            )
            continue
        digest, rate, channels, frames, codec = result
        found[name] = Source(
            name=name,
            path=PurePath(path).as_posix(),
            digest=digest,
            rate=rate,
            channels=channels,
            frames=frames,
            codec=codec,
            speed=source_speed(timeline, name),
        )
    return found, tuple(problems)


def _uses(timeline: Timeline) -> dict[str, Origin]:
    """Each name or path in use with the place that names it, in the order of first use."""
    uses: dict[str, Origin] = {}
    for t, track in enumerate(timeline.tracks):
        for c, clip in enumerate(track.clips):
            if clip.source not in uses:
                uses[clip.source] = (
                    timeline.origin("sources", clip.source)
                    if clip.source in timeline.sources
                    else timeline.origin("tracks", t, "clips", c, "source")
                )
    return uses


def _where(timeline: Timeline) -> str:
    document = timeline.document.name if timeline.document else "the timeline"
    return f"paths count from the directory of {document}"
