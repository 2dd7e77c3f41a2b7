"""The command lines of the native engine's steps: `mixdown step engine`, `integers`, `envelope`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from attrs import evolve, field, frozen

from ...ir.graph import Graph

# How many words follow each option.
_COUNTS: Mapping[str, int] = {
    "--sources": 1,
    "--work": 1,
    "--gain-db": 1,
    "--margin-db": 1,
    "--tag": 2,
    "--output": 2,
    "--value": 3,
}


@frozen
class EngineOptions:
    """The arguments of a step.

    Attributes:
        path: the file of the graph's text.
        sources, work: the directories of media and of files of earlier steps; paths are relative
            to them.
        gain_db: of every loudness gain that is not in the graph.
        margin_db: of every limiter; None: the graph's own.
        tags: metadata of the files.
        outputs: the file of each output, by its name.
        values: the values to write as integers: name, the value of full scale, path.
    """

    path: Path
    sources: Path = Path()
    work: Path = Path()
    gain_db: float | None = None
    margin_db: float | None = None
    tags: tuple[tuple[str, str], ...] = ()
    outputs: Mapping[str, Path] = field(factory=dict)
    values: tuple[tuple[str, float, Path], ...] = ()

    def graph(self) -> Graph:
        """The graph, read from its file.

        Raises:
            OSError: the file cannot be read.
            IRError: its text is not valid.
        """
        from ...ir.text.parser import parse_graph  # noqa: PLC0415 (lark: only where text is read)

        return parse_graph(self.path.read_text(encoding="utf-8"), self.path.name)


def read_options(arguments: Iterable[str]) -> EngineOptions:
    """The arguments of a step; each option has a fixed number of words.

    Raises:
        OSError: an argument is missing or none of the known options.
    """
    words = iter(arguments)
    try:
        options = EngineOptions(Path(next(words)))
        for word in words:
            options = _with(options, word, [next(words) for _ in range(_COUNTS[word])])
    except (StopIteration, KeyError, ValueError) as error:
        raise OSError(None, f"not a command line of the engine: {error}") from error
    return options


def _with(options: EngineOptions, option: str, given: list[str]) -> EngineOptions:
    if option == "--output":
        return evolve(options, outputs={**options.outputs, given[0]: Path(given[1])})
    if option == "--tag":
        return evolve(options, tags=(*options.tags, (given[0], given[1])))
    if option == "--value":
        value = (given[0], float(given[1]), Path(given[2]))
        return evolve(options, values=(*options.values, value))
    name = option.removeprefix("--").replace("-", "_")
    read: Any = float if name.endswith("_db") else Path
    return evolve(options, **{name: read(given[0])})
