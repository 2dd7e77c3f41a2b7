"""The files that a mix depends on.

Promises: every file that a compilation of a document reads is among them; so may be others, because
any text of a document that looks like a path counts as one. No file but documents is opened.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path, PurePath
from typing import Any

from ..documents.load import parse_file
from ..documents.variables import filled
from ..ir.diagnostics import MixdownError
from ..media.gate import MAX_PATH, refused
from .graph_input import is_graph_file, load_graph
from .load import Opening, with_included
from .timeline.entry import DOCUMENT_SUFFIXES


def input_files(
    path: str | Path, *, allow_outside: bool = False, variables: Mapping[str, object]
) -> tuple[Path, ...]:
    """The document, the documents that it includes, and the files that it names, there or not.

    Of a document that cannot be read, those that were read before the error.
    """
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
    found[path] = None
    try:
        parsed = with_included(parse_file(path), root, opening)
    except MixdownError as error:
        found |= dict.fromkeys(map(Path, error.documents))
        return
    found |= {Path(part.name): None for part, _ in parsed.parts.values()}
    for text in filter(_may_be_path, _texts(filled(parsed, opening.variables).data)):
        file = root / text
        is_read = file in found or file.suffix.lower() not in DOCUMENT_SUFFIXES
        if is_read or refused(root, text, allow_outside=opening.allow_outside):
            found.setdefault(file)
        else:
            _read_into(found, file, Opening(opening.allow_outside))


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
