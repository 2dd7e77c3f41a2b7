"""From a document of any kind to a timeline.

Promises: what kind a document is shows in its version key alone: `arrangement_version` and
`show_version` stand in the documents that `lower` makes timelines of, all others are timelines.
Strictness, limits and errors are those of `timeline.load` for every kind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from attrs import frozen

from ...ir.diagnostics import Diagnostic
from ...ir.origin import Origin
from ..timeline.load import TIMELINES, Format, Kind, Parsed, model, parse, parse_file
from ..timeline.migrations import migrate
from ..timeline.model import Timeline
from .check import check
from .fields import ARRANGEMENT
from .lower import lower_arrangement
from .lower_show import check_show, lower_show
from .model import ARRANGEMENT_VERSION
from .show import SHOW, SHOW_VERSION

Change = Callable[[object], object]


@frozen(eq=False)
class Front:
    """A kind of document that timelines are made of."""

    kind: Kind[Any]
    lower: Callable[[Any], Timeline]


def load(path: str | Path, *, allow_outside: bool = False) -> Timeline:
    """The timeline in a file, or the one that the arrangement or show in it becomes.

    Args:
        path: the document, YAML or JSON; its sources count from its directory.
        allow_outside: whether sources may lie outside that directory.

    Raises:
        TimelineError: everything that is wrong with the document.
    """
    return _timeline(parse_file(path), Path(path).parent, allow_outside=allow_outside)


def loads(
    text: str | bytes,
    name: str = "<text>",
    root: str | Path = ".",
    format: Format | None = None,
    *,
    allow_outside: bool = False,
) -> Timeline:
    """The same from a text.

    Args:
        text: the document; as bytes, it is UTF-8.
        name: what messages call it.
        root: the directory that its sources are relative to.
        format: json or yaml; told by the first character if None.
        allow_outside: whether sources may lie outside `root`.

    Raises:
        TimelineError: as `load` does.
    """
    return _timeline(parse(text, name, format), Path(root), allow_outside=allow_outside)


def read(text: str, name: str, format: Format | None = None) -> object:
    """What a document of any kind says, before a timeline is made of it; arguments as for `loads`.

    Raises:
        TimelineError: as `load` does, without a look into any file.
    """
    parsed = parse(text, name, format)
    front = _front(parsed)
    return model(parsed, TIMELINES if front is None else front.kind, Path(), allow_outside=True)


def _timeline(parsed: Parsed, root: Path, *, allow_outside: bool) -> Timeline:
    front = _front(parsed)
    if front is None:
        return model(parsed, TIMELINES, root, allow_outside=allow_outside)
    return front.lower(model(parsed, front.kind, root, allow_outside=allow_outside))


def _front(parsed: Parsed) -> Front | None:
    """What makes a timeline of the document; None if it is one."""
    keys = parsed.data if isinstance(parsed.data, dict) else {}
    return next((front for key, front in _FRONTS.items() if key in keys), None)


def _migrate_arrangement(data: object, origin: Origin) -> tuple[object, Diagnostic | None]:
    """The document with `play` written out, where it names sections only, and positions as text."""
    data, outdated = migrate(
        data, origin, {}, current=ARRANGEMENT_VERSION, key="arrangement_version"
    )
    return _written_out(data), outdated


def _written_out(data: object) -> object:
    """Values with the short forms that the format allows made long; what is wrong stays so."""
    return _changed(data, {"markers": _each(_place), "parts": _each(_part)})


def _part(part: object) -> object:
    return _changed(part, {"play": _each(_play), "moves": _each(_place)})


def _play(entry: object) -> object:
    return _place(_named("section")(entry))


def _place(entry: object) -> object:
    """`at: 9` says what `at: "9"` says."""
    return _changed(entry, {"at": lambda at: str(at) if type(at) is int else at})


def _migrate_show(data: object, origin: Origin) -> tuple[object, Diagnostic | None]:
    """The document with files written out where it gives their paths only, speakers likewise."""
    data, outdated = migrate(data, origin, {}, current=SHOW_VERSION, key="show_version")
    file, speaker = _named("source"), _named("id")
    changes = {"intro": file, "outro": file, "bed": file}
    return _changed(
        data, {**changes, "segments": _each(file), "speakers": _each(speaker)}
    ), outdated


def _named(key: str) -> Change:
    return lambda value: {key: value} if isinstance(value, str) else value


def _changed(mapping: object, changes: Mapping[str, Change]) -> object:
    if not isinstance(mapping, dict):
        return mapping
    return {key: changes.get(key, _same)(value) for key, value in mapping.items()}


def _each(change: Change) -> Change:
    return lambda items: [change(item) for item in items] if isinstance(items, list) else items


def _same(value: object) -> object:
    return value


_FRONTS: Mapping[str, Front] = {
    "arrangement_version": Front(Kind(ARRANGEMENT, _migrate_arrangement, check), lower_arrangement),
    "show_version": Front(Kind(SHOW, _migrate_show, check_show), lower_show),
}
