"""From a document of any kind to a timeline.

Promises: what kind a document is shows in its version key alone: `arrangement_version` and
`show_version` are in the documents that `lower` makes timelines of, all others are timelines.
Strictness, limits and errors are those of `documents.load` for every kind.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from attrs import evolve, field, frozen

from ..documents.includes import included
from ..documents.load import (
    Faults,
    FaultyDocumentError,
    Format,
    Parsed,
    parse,
    parse_file,
    read_model,
)
from ..documents.models import put
from ..documents.variables import KEY as VARIABLES
from ..documents.variables import filled
from ..ir.diagnostics import Diagnostic, TimelineError
from ..ir.origin import Origin
from ..media.gate import refused
from .declared import MediaMode, media_mode
from .nesting import DocumentReader, NestedDocuments, clip_sources, read_nested
from .timeline.model import Timeline
from .timeline.sources import entry_of
from .timeline.validate import validate


class Kind(NamedTuple):
    """A kind of document.

    Attributes:
        model: the class of the whole.
        check: what is wrong with one, as far as it shows without its files.
        lower: one, the errors in its document, and where the facts about its sources are from ->
            its timeline, which has these and other errors as `faults`.
    """

    model: type[Any]
    check: Callable[[Any], Iterable[Diagnostic]]
    lower: Callable[[Any, Faults, MediaMode], Timeline]


TIMELINE = Kind(Timeline, validate, lambda timeline, faults, media: put(timeline, faults=faults))
_FRONT_ENDS = ("arrangement_version", "show_version")
"""Keys that only documents of other kinds have."""


def _front_end(key: str) -> Kind:
    """The kind of documents with this key; its modules are imported only for them."""
    from .arrangement.check import check  # noqa: PLC0415
    from .arrangement.lower import lower_arrangement  # noqa: PLC0415
    from .arrangement.lower_show import check_show, lower_show  # noqa: PLC0415
    from .arrangement.model import Arrangement  # noqa: PLC0415
    from .arrangement.show import Show  # noqa: PLC0415

    if key == "show_version":
        return Kind(Show, check_show, lower_show)
    return Kind(Arrangement, check, lower_arrangement)


@frozen
class Opening:
    """How a document is opened; see `load`."""

    allow_outside: bool = False
    media: MediaMode = MediaMode.FILES
    variables: Mapping[str, object] = {}
    chain: tuple[str, ...] = ()
    """The names of the documents that play this one, the outermost first."""
    reading: DocumentReader = field(factory=DocumentReader)
    """What it includes and plays."""


def load(
    path: str | Path,
    *,
    allow_outside: bool = False,
    media: MediaMode | str = MediaMode.FILES,
    variables: Mapping[str, object] | None = None,
) -> Timeline:
    """The timeline in a file, or the one that the arrangement or show in it becomes.

    Args:
        path: the document, YAML or JSON; its sources count from its directory.
        allow_outside: whether sources may lie outside that directory.
        media: "declared": an arrangement or a show becomes a timeline without opening a file.
        variables: values of the document's variables, in place of those in its `vars`.

    Raises:
        TimelineError: everything that is wrong with the document.
    """
    opening = Opening(allow_outside, media_mode(media), variables or {})
    return _faultless(load_faulty(path, opening))


def load_faulty(path: str | Path, opening: Opening) -> Timeline:
    """The same; a timeline with errors keeps them as `faults` if the rest of it can be checked.

    `begin` raises them together with what later phases find.
    """
    return timeline_of(opening.reading.parsed(Path(path)), Path(path).parent, opening)


def loads(
    text: str | bytes,
    name: str = "<text>",
    root: str | Path = ".",
    format: Format | None = None,
    *,
    allow_outside: bool = False,
    media: MediaMode | str = MediaMode.FILES,
    variables: Mapping[str, object] | None = None,
) -> Timeline:
    """The same from a text.

    Args:
        text: the document; as bytes, it is UTF-8.
        name: what messages call it.
        root: the directory that its sources are relative to.
        format: of the text; if None, by the name's extension or else the first character.
        allow_outside: whether sources may lie outside `root`.
        media: as for `load`.
        variables: as for `load`.

    Raises:
        TimelineError: as `load` does.
    """
    parsed = parse(text, name, format)
    opening = Opening(allow_outside, media_mode(media), variables or {})
    return _faultless(timeline_of(parsed, Path(root), opening))


def read(text: str, name: str, format: Format | None = None) -> object:
    """What a document of any kind says, before a timeline is made of it; arguments as for `loads`.

    Raises:
        TimelineError: as `load` does, without a look into any file.
    """
    opening, root = Opening(allow_outside=True), Path(name).parent
    parsed = with_included(parse(text, name, format), root, opening)
    return _model(parsed, _kind(parsed), root, opening, complete=False)


def declared_variables(path: str | Path, *, allow_outside: bool = False) -> Collection[str]:
    """The names of a document's variables, in itself and in what it includes.

    Raises:
        TimelineError: it cannot be read.
    """
    opening = Opening(allow_outside)
    data = with_included(parse_file(path), Path(path).parent, opening).data
    declared = data.get(VARIABLES) if isinstance(data, dict) else None
    return tuple(declared) if isinstance(declared, dict) else ()


def timeline_of(parsed: Parsed, root: Path, opening: Opening) -> Timeline:
    """The same of a text that was parsed; `root` is the directory that paths count from."""
    parsed = with_included(parsed, root, opening)
    kind, faults = _kind(parsed), Faults()
    try:
        model = _model(parsed, kind, root, opening)
    except FaultyDocumentError as error:
        model, faults = error.model, error.faults
    return _lowered(kind, model, faults, opening)


def nest(timeline: Timeline, media: MediaMode) -> Timeline:
    """A timeline that was made in Python, with the timelines that it plays inlined."""
    clips = (clip for track in timeline.tracks for clip in track.clips)
    is_read = bool(timeline.nested or timeline.faults.found)
    if is_read or not any(entry_of(timeline, clip.source).is_document for clip in clips):
        return timeline
    opening = Opening(timeline.allow_outside, media)
    return _lowered(TIMELINE, timeline, timeline.faults, opening)


def _lowered(kind: Kind, model: Any, faults: Faults, opening: Opening) -> Timeline:  # noqa: ANN401
    """The timeline of a document of any kind, with the timelines that it plays inlined."""
    played = _nested(model, opening)
    if played is None:
        return kind.lower(model, faults, opening.media)
    from .inlining import inlined  # noqa: PLC0415 (few documents play others)

    lengths = played.lengths(model.sample_rate, model.channels)
    faults = Faults((*faults.found, *played.faults.found), faults.bad | played.faults.bad)
    timeline = kind.lower(put(model, nested=lengths), faults, opening.media)
    timeline = put(timeline, others=played.documents)
    return inlined(timeline, played.found, opening.media, opening.reading)


def _nested(model: Any, opening: Opening) -> NestedDocuments | None:  # noqa: ANN401
    """The timelines that clips of a timeline or segments of a show play; None if there are none."""
    if isinstance(model, Timeline):
        timeline, sources = model, clip_sources(model)
    elif hasattr(model, "segments"):
        from .arrangement.whole import blank  # noqa: PLC0415

        timeline, sources = blank(model), _segments(model)
    else:
        return None
    uses, seen = [], set[str]()
    for name, place in sources:
        if name in seen:
            continue
        seen.add(name)
        entry = entry_of(timeline, name)
        if entry.is_document:
            written = ("sources", name) if name in model.sources else place
            uses.append((name, entry, model.origin(*written)))
    if not uses:
        return None
    chain = (*opening.chain, model.document.name if model.document else "<timeline>")

    inner = evolve(opening, variables={}, chain=chain)

    def read(path: Path) -> Timeline:
        return opening.reading.timeline(path, lambda path: load_faulty(path, inner))

    return read_nested(timeline, uses, read, opening.media, chain)


def _segments(show: Any) -> Iterator[tuple[str, tuple[str | int, ...]]]:  # noqa: ANN401
    """The same for the segments of a show."""
    for s, segment in enumerate(show.segments):
        if segment.source is not None:
            yield segment.source, ("segments", s, "source")


def with_included(parsed: Parsed, root: Path, opening: Opening) -> Parsed:
    """The document with those that it includes, whose paths pass the gate for sources."""

    def read(path: str, origin: Origin) -> Parsed:
        problem = refused(root, path, allow_outside=opening.allow_outside)
        try:
            if problem is not None:
                raise TimelineError(problem)
            return opening.reading.parsed(root / path)
        except TimelineError as error:
            found = (evolve(d, origin=d.origin or origin) for d in error.diagnostics)
            raise TimelineError(
                found, {**error.documents, parsed.name: parsed.document()}
            ) from None

    return included(parsed, read, opening.variables)


def _faultless(timeline: Timeline) -> Timeline:
    """The timeline, if it has no faults.

    Raises:
        TimelineError: its faults, and what else is wrong with it.
    """
    if timeline.faults.found:
        found = timeline.faults.with_others(validate(timeline))
        raise TimelineError(found, timeline.documents)
    return timeline


def _model(
    parsed: Parsed, kind: Kind, root: Path, opening: Opening, *, complete: bool = True
) -> object:
    model: object = read_model(
        filled(parsed, opening.variables, complete=complete),
        kind.model,
        kind.check,
        root=root,
        allow_outside=opening.allow_outside,
    )
    return model


def _kind(parsed: Parsed) -> Kind:
    keys = parsed.data if isinstance(parsed.data, dict) else {}
    return next((_front_end(key) for key in _FRONT_ENDS if key in keys), TIMELINE)
