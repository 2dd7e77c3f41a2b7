"""Inspects a file with all that is known of it: the render beside it, and a mix to compare with."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from attrs import frozen

from ...compiler.choices import OwnChoices
from ...compiler.graph_input import open_mix
from ..measured import RenderLevels, beside, facts_beside, levels_beside
from ..trace import Trace, trace
from .build import inspection
from .emit import page
from .model import Inspection, PlayedSound
from .server import ServedPage


@frozen
class InspectedFile:
    """What is inspected, as a command line says it.

    Attributes:
        file: the timeline or graph.
        choices: how it is compiled.
        how: how it is opened: keywords of `open_mix`.
        rendered: the directory of a render; None: the one beside the file, if there is one.
        against: a timeline or graph to compare with.
    """

    file: str
    choices: OwnChoices
    how: Mapping[str, Any]
    rendered: str | None = None
    against: str | None = None

    def inspect(self, address: Callable[[Path], str]) -> tuple[Trace, Inspection, tuple[Path, ...]]:
        """Compile it: its passes, its data, and the files of its render that can be played.

        `address` is where the page finds a file.
        """
        choices = OwnChoices(**self.choices)
        directory = beside(self.file, self.rendered)
        if directory is not None and not choices["facts"]:
            choices["facts"] = facts_beside(directory)
        done = self._traced(self.file, choices)
        old = None if self.against is None else self._traced(self.against, choices)
        levels = None if directory is None else levels_beside(directory, done.lowered)
        files = dict(_sounds(directory, levels)) if directory and levels else {}
        found = inspection(
            done,
            levels,
            old=None if old is None else (self.against or "", old),
            sounds=[PlayedSound(target=t, url=address(path)) for t, path in files.items()],
        )
        return done, found, tuple(files.values())

    def serve(self) -> ServedPage:
        """Compile it for the server, with all files that it depends on."""
        numbers: dict[Path, int] = {}
        done, found, sounds = self.inspect(
            lambda path: f"/sound/{numbers.setdefault(path, len(numbers))}"
        )
        timeline = done.start.timeline
        files = [Path(self.file), *map(Path, timeline.documents)]
        files += [timeline.root / source.path for source in done.start.media.values()]
        return ServedPage(page(found, live=True), tuple(dict.fromkeys(files)), sounds)

    def _traced(self, file: str, choices: OwnChoices) -> Trace:
        return trace(open_mix(file, media=choices["media"], **self.how), **choices)


def _sounds(directory: Path, levels: RenderLevels) -> Iterator[tuple[str, Path]]:
    """The master and the stems of the first delivery, by target, where the files exist."""
    files = levels.report["files"]
    for file in files:
        path = directory / file["file"]
        if file["delivery"] == files[0]["delivery"] and path.is_file():
            yield file["target"], path


def relative_to(directory: Path) -> Callable[[Path], str]:
    """The addresses of files as seen from a page in a directory."""
    return lambda path: quote(Path(os.path.relpath(path, directory)).as_posix())
