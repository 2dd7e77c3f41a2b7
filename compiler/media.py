"""The files that a timeline names, its sources and its cover: the facts about each, and its digest.

All problems are collected, each at the position in the document that names the file: files that
cannot be used, and defects of files that can. A file that the gate refuses is not opened; it is
reported with the other problems of the document.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import PurePath

from attrs import evolve, frozen

from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic, Severity
from ..ir.nodes import Source
from ..ir.origin import Origin
from ..media.facts import SourceFacts
from ..media.gate import refused
from ..media.ingest import establish
from ..plans.pictures import picture_of
from .timeline.model import Timeline
from .timeline.sources import source_speed, validate_cover


def probe_sources(timeline: Timeline) -> tuple[Mapping[str, Source], tuple[Diagnostic, ...]]:
    """The source behind every name or path that a clip uses, and what is wrong with them.

    A clip's `source` is a name from the timeline's `sources`, or else a path; paths are relative to
    the document's directory.
    """
    uses = {
        name: origin
        for name, origin in _uses(timeline).items()
        if refused(timeline.root, _path(timeline, name), allow_outside=timeline.allow_outside)
        is None
    }
    found: dict[str, Source] = {}
    problems: list[Diagnostic] = []
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        everything = pool.map(lambda name: _established(timeline, name), uses)
        for (name, origin), established in zip(uses.items(), everything, strict=True):
            if isinstance(established, Diagnostic):
                problems.append(evolve(established, origin=origin))
                continue
            source, facts = established
            found[name] = source
            problems += (evolve(d, origin=origin) for d in concerns(facts, _path(timeline, name)))
    return found, tuple(problems)


def _established(timeline: Timeline, name: str) -> tuple[Source, SourceFacts] | Diagnostic:
    path = _path(timeline, name)
    facts = establish(timeline.root / path, path)
    if isinstance(facts, Diagnostic):
        missing = facts.code is Code.MEDIA_MISSING
        return evolve(facts, help=_where(timeline)) if missing else facts
    source = Source(
        name=name,
        path=PurePath(path).as_posix(),
        digest=facts.digest,
        rate=facts.rate,
        channels=facts.channels,
        frames=facts.frames,
        codec=facts.codec,
        speed=source_speed(timeline, name),
        stream=facts.stream,
        matrix=facts.matrix,
        silence=facts.silence,
    )
    return source, facts


def concerns(facts: SourceFacts, named: str) -> Iterator[Diagnostic]:
    """Warnings and errors about the content of a file, without a position."""
    if facts.nonfinite:
        samples = "1 sample" if facts.nonfinite == 1 else f"{facts.nonfinite:,} samples"
        are = "is" if facts.nonfinite == 1 else "are"
        yield Diagnostic(
            Code.NOT_FINITE_SAMPLES,
            f"media file {named!r} has {samples} that {are} not finite, the first at "
            f"{_seconds(facts, facts.first_nonfinite)}",
            help="create the file again",
        )
    if facts.damage:
        declared = f" of {_seconds(facts, facts.declared)}" if facts.declared else ""
        yield Diagnostic(
            Code.MEDIA_DAMAGED,
            f"media file {named!r} is damaged at {_seconds(facts, facts.broken_at)}: "
            f"{facts.damage}",
            help=f"{_seconds(facts, facts.frames)}{declared} can be read, and are played",
            severity=Severity.WARNING,
        )


def _seconds(facts: SourceFacts, frame: int) -> str:
    return f"{frame / facts.rate:.3f} s"


def _uses(timeline: Timeline) -> dict[str, Origin]:
    """Each name or path in use with its first place, in the order of first use."""
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


def _path(timeline: Timeline, name: str) -> str:
    return timeline.sources.get(name, name)


def _where(timeline: Timeline) -> str:
    document = timeline.document.name if timeline.document else "the timeline"
    return f"paths are relative to the directory of {document}"


@frozen
class Cover:
    """A picture for the files: its path from the document, with forward slashes, and its digest."""

    path: str
    digest: str


def probe_cover(timeline: Timeline) -> Cover | Diagnostic | None:
    """The cover, or what is wrong with it; None where there is none, or its path is refused."""
    if timeline.cover is None or any(validate_cover(timeline)):
        return None
    origin = timeline.origin("cover")
    path = timeline.root / timeline.cover
    try:
        data = path.read_bytes() if path.is_file() else None
    except (OSError, ValueError):
        data = b""
    if data is None:
        message = f"cover {timeline.cover!r} does not exist"
        help = "the path is relative to the directory of the document"
        return Diagnostic(Code.MEDIA_MISSING, message, origin, help)
    if picture_of(data) is None:
        message = f"cover {timeline.cover!r} is neither a JPEG nor a PNG"
        return Diagnostic(Code.MEDIA_UNREADABLE, message, origin, "convert it to one of them")
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    return Cover(PurePath(timeline.cover).as_posix(), digest)
