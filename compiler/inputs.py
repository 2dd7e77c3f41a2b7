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
from ..media.gate import MAX_PATH
from .graph_input import is_graph_file, load_graph
from .load import Opening, with_included


def input_files(
    path: str | Path, *, allow_outside: bool = False, variables: Mapping[str, object]
) -> tuple[Path, ...]:
    """The document, the documents that it includes, and the files that it names, there or not.

    Of a document that cannot be read, those that were read before the error.
    """
    root = Path(path).parent
    try:
        if is_graph_file(path):
            graph = load_graph(path, allow_outside=allow_outside).parsed.graph
            return (Path(path), *(root / source.path for source in graph.sources))
        parsed = with_included(parse_file(path), root, Opening(allow_outside))
    except MixdownError as error:
        return tuple({Path(path): None, **dict.fromkeys(map(Path, error.documents))})
    included = (Path(part.name) for part, _ in parsed.parts.values())
    data = filled(parsed, variables).data
    named = (root / text for text in _texts(data) if _may_be_path(text))
    return tuple(dict.fromkeys((Path(path), *included, *named)))


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
