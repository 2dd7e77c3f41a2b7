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
from pathlib import Path

from attrs import evolve

from ..documents.models import within_limits
from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic, Severity, TimelineError
from ..ir.node import Source
from ..ir.origin import Origin
from ..media.facts import SourceFacts
from ..media.gate import normal, refused
from ..media.ingest import establish
from ..plans.pictures import picture_of, read_picture
from ..plans.plan import PlannedSource, source_file
from .declared import DECLARED, MediaMode, declared_source, differences
from .timeline.entry import SourceEntry, selection_of
from .timeline.model import Timeline
from .timeline.sources import entry_of, entry_origin, validate_cover, validate_sources

_LISTED = 10  # audio streams in a message


def probe_sources(
    timeline: Timeline, mode: MediaMode = MediaMode.FILES
) -> tuple[Mapping[str, Source], tuple[Diagnostic, ...]]:
    """The source behind every name or path that a clip uses, and what there is to say about them.

    A clip's `source` is a name from the timeline's `sources`, or else a path; paths are relative to
    the document's directory. With `MediaMode.DECLARED` no file is opened.
    """
    look = _established if mode is MediaMode.FILES else _declared
    uses = {name: origin for name, origin in _uses(timeline).items() if _may_open(timeline, name)}
    found: dict[str, Source] = {}
    problems: list[Diagnostic] = []
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        everything = pool.map(lambda name: look(timeline, name), uses)
        for (name, origin), (source, said) in zip(uses.items(), everything, strict=True):
            problems += (evolve(d, origin=d.origin or origin) for d in said)
            if source is not None:
                found[name] = source
    return found, tuple(_without_misspelt(timeline, problems))


def _without_misspelt(timeline: Timeline, problems: list[Diagnostic]) -> list[Diagnostic]:
    """The problems but for missing files that `validate` reports as misspelt names."""
    if all(d.code is not Code.MEDIA_MISSING for d in problems):
        return problems
    reported = (d for d in validate_sources(timeline) if d.code is Code.UNKNOWN_SOURCE)
    misspelt = {d.origin for d in reported}
    return [d for d in problems if d.code is not Code.MEDIA_MISSING or d.origin not in misspelt]


def _may_open(timeline: Timeline, name: str) -> bool:
    """Whether an entry has no problem that `validate` reports."""
    entry = entry_of(timeline, name)
    outside = refused(timeline.root, entry.path, allow_outside=timeline.allow_outside)
    return outside is None and within_limits(entry)


def _established(timeline: Timeline, name: str) -> tuple[Source | None, tuple[Diagnostic, ...]]:
    """A source, if its file can be used, and what there is to say about the file."""
    if name in timeline.nested:
        return timeline.nested[name], ()
    entry = entry_of(timeline, name)
    selection = selection_of(entry, timeline.channels)
    facts = establish(timeline.root / entry.path, entry.path, selection)
    if isinstance(facts, Diagnostic):
        return None, (_located(timeline, name, facts),)
    path = normal(timeline.root, entry.path)
    source = facts.source(name, path, entry.ratio.as_integer_ratio())
    return source, (*concerns(facts, entry), *differences(timeline, name, facts))


def _declared(timeline: Timeline, name: str) -> tuple[Source | None, tuple[Diagnostic, ...]]:
    """The same from what its entry declares."""
    if name in timeline.nested:
        return timeline.nested[name], ()
    source = declared_source(timeline, name)
    return (None, (source,)) if isinstance(source, Diagnostic) else (source, ())


def _located(timeline: Timeline, name: str, problem: Diagnostic) -> Diagnostic:
    """A problem of a file with the key of its entry that causes it, or with help."""
    if problem.code is Code.MEDIA_MISSING:
        return evolve(problem, help=_where(timeline))
    keys = {Code.UNKNOWN_STREAM: ("stream",), Code.UNSUPPORTED_CHANNELS: ("channels", "downmix")}
    for key in keys.get(problem.code, ()):
        if getattr(timeline.sources[name], key) is not None:
            return evolve(problem, origin=entry_origin(timeline, name, key))
    return problem


def concerns(facts: SourceFacts, entry: SourceEntry) -> Iterator[Diagnostic]:
    """What there is to say about the content of a file, without a position."""
    named = entry.path
    if facts.nonfinite:
        value, at = facts.nonfinite_value, _seconds(facts, facts.first_nonfinite)
        what = "not finite" if value in ("NaN", "inf", "-inf") else "too large for a 32-bit float"
        samples = f"1 sample that is {what}: {value} at {at}"
        if facts.nonfinite > 1:
            samples = f"{facts.nonfinite:,} samples that are {what}, the first, {value}, at {at}"
        played = "; they are played as 0" if facts.repaired else ""
        yield Diagnostic(
            Code.NOT_FINITE_SAMPLES,
            f"media file {named!r} has {samples}{played}",
            help=None
            if facts.repaired
            else f"create the file again, or play them as 0: {{path: {named}, repair: zero}} in "
            "sources",
            severity=Severity.NOTE if facts.repaired else Severity.ERROR,
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
    if len(facts.streams) > 1 and entry.stream is None:
        first, *others = facts.streams
        more = f"; and {len(others) - _LISTED:,} more" if len(others) > _LISTED else ""
        listed = "; ".join(f"{n}: {stream}" for n, stream in enumerate(others[:_LISTED], 2)) + more
        yield Diagnostic(
            Code.SEVERAL_STREAMS,
            f"media file {named!r} has {len(facts.streams)} audio streams; the first is played: "
            f"{first}",
            help=f"for another, write {{path: {named}, stream: 2}} in sources; there is {listed}",
            severity=Severity.NOTE,
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
                    entry_origin(timeline, clip.source)
                    if clip.source in timeline.sources
                    else timeline.origin("tracks", t, "clips", c, "source")
                )
    return uses


def _where(timeline: Timeline) -> str:
    document = timeline.made_from or timeline.document
    name = document.name if document else "the timeline"
    return f"paths are relative to the directory of {name}"


def probe_film(name: str) -> tuple[PlannedSource, float]:
    """A film and its seconds, from a path that counts from the current directory.

    Raises:
        TimelineError: MIX214, MIX215: it is missing, or has no picture that can be copied.
    """
    from ..media.film import read_film  # noqa: PLC0415 (few mixes have a film)

    path = Path(name).absolute()
    if not path.is_file():
        raise TimelineError.of(Code.MEDIA_MISSING, f"film {name!r} does not exist")
    try:
        film = read_film(path)
    except (ValueError, OSError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        message = f"film {name!r} cannot be used: {reason}"
        raise TimelineError.of(Code.MEDIA_UNREADABLE, message) from error
    return PlannedSource(source_file(str(path)), film.digest), film.seconds


def probe_cover(
    timeline: Timeline, mode: MediaMode = MediaMode.FILES
) -> PlannedSource | Diagnostic | None:
    """The cover, or what is wrong with it; None where there is none, or its path is refused."""
    if timeline.cover is None or any(validate_cover(timeline)):
        return None
    if mode is MediaMode.DECLARED:
        return PlannedSource(source_file(normal(timeline.root, timeline.cover)), DECLARED)
    origin = timeline.origin("cover")
    path = timeline.root / timeline.cover
    if not path.is_file():
        message = f"cover {timeline.cover!r} does not exist"
        help = "the path is relative to the directory of the document"
        return Diagnostic(Code.MEDIA_MISSING, message, origin, help)
    try:
        data = read_picture(path)
        picture_of(data)
    except OSError as error:
        message = f"cover {timeline.cover!r} cannot be read"
        return Diagnostic(Code.MEDIA_UNREADABLE, message, origin, error.strerror)
    except ValueError as error:
        message = f"cover {timeline.cover!r} cannot be used: {error}"
        return Diagnostic(
            Code.MEDIA_UNREADABLE, message, origin, "convert it to a JPEG or PNG of at most 20 MB"
        )
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    return PlannedSource(source_file(normal(timeline.root, timeline.cover)), digest)
