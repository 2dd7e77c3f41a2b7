"""The files that a mix depends on.

Promises: every file that a compilation of a document reads is among them; so may be others, because
any text of a document that looks like a path counts as one. No file but documents is opened.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path, PurePath
from typing import Any

from ..documents.includes import KEY as INCLUDE
from ..documents.load import Parsed, parse_file
from ..documents.variables import filled
from ..ir.diagnostics import MixdownError
from ..media.gate import MAX_PATH, refused
from .graph_input import is_graph_file, load_graph
from .load import Opening, with_included
from .timeline.entry import document_suffix


def input_files(
    path: str | Path, *, allow_outside: bool = False, variables: Mapping[str, object]
) -> tuple[Path, ...]:
    """The document, the documents that it includes, and the files that it names, there or not."""
    if not is_graph_file(path):
        found: dict[Path, None] = {}
        _read_into(found, Path(path), Opening(allow_outside, variables=variables))
        return tuple(found)
    try:
        graph = load_graph(path, allow_outside=allow_outside).parsed.graph
    except MixdownError:
        return (Path(path),)
    return (Path(path), *(Path(path).parent / source.path for source in graph.sources))


def _read_into(found: dict[Path, None], path: Path, opening: Opening) -> None:
    """Add a document and the files that it names, with those of timelines that it may play."""
    root = path.parent
    documents = _documents(path, allow_outside=opening.allow_outside)
    found |= dict.fromkeys(documents)
    values: object = [parsed.data for parsed in documents.values() if parsed is not None]
    try:
        whole = with_included(parse_file(path), root, opening)
        values = filled(whole, opening.variables).data
    except MixdownError:
        pass  # the documents' own values are what is known
    for text in filter(_may_be_path, _texts(values)):
        file = root / text
        is_read = file in found or not document_suffix(file)
        if is_read or refused(root, text, allow_outside=opening.allow_outside):
            found.setdefault(file)
        else:
            _read_into(found, file, Opening(opening.allow_outside))


def _documents(path: Path, *, allow_outside: bool) -> Mapping[Path, Parsed | None]:
    """A document and those that it includes; None for each that cannot be read."""
    root, found, left = path.parent, dict[Path, Parsed | None](), [path]
    while left:
        document = left.pop(0)
        try:
            parsed = found[document] = parse_file(document)
        except MixdownError:
            found[document] = None
            continue
        listed = parsed.data.get(INCLUDE, []) if isinstance(parsed.data, dict) else []
        names = [listed] if isinstance(listed, str) else listed
        for name in names if isinstance(names, list) else []:
            if isinstance(name, str) and not refused(root, name, allow_outside=allow_outside):
                left += [root / name] if root / name not in (*found, *left) else []
    return found


def choice_files(choices: Mapping[str, Any]) -> tuple[Path, ...]:
    """The files that choices name: facts, deliveries, a film, and presets, which are in folders."""
    single = (choices.get(name) for name in ("facts", "deliver", "video"))
    folders = choices.get("presets") or ()
    folders = [folders] if isinstance(folders, str | PurePath) else list(folders)
    presets = (file for folder in folders for file in sorted(Path(folder).glob("*")))
    return (*(Path(path) for path in single if isinstance(path, str | PurePath)), *presets)


def _texts(value: Any) -> Iterator[str]:  # noqa: ANN401 (values of documents)
    """Every text in the values of a document."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(inner)


def _may_be_path(text: str) -> bool:
    named = 0 < len(text) <= MAX_PATH and "\0" not in text and "\n" not in text
    return named and "://" not in text and ("/" in text or bool(PurePath(text).suffix))
