"""Inspects a file with all that is known of it: the render beside it, and a mix to compare with."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from attrs import frozen

from ...compiler.choices import OwnChoices
from ...compiler.driver import Compilation
from ...compiler.facts import Facts
from ...compiler.graph_input import open_mix
from ..measured import beside, facts_beside, report_beside
from ..report import DeliveryReport
from ..trace import Trace, retrace, trace
from .build import Rendering, inspection, report_alone
from .emit import page
from .model import Inspection, PlayedSound
from .server import ServedPage

MOST_NODES = 60_000
"""Of a graph, for the page of a render to have the whole mix: some 10,000 clips, 4 MB."""


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
        rendered, files = Rendering(), dict[str, Path]()
        if directory is not None and (report := report_beside(directory, done.lowered)):
            files = {target: directory / name for target, name in _files(report)}
            files = {target: path for target, path in files.items() if path.is_file()}
            sounds = (PlayedSound(target=t, url=address(path)) for t, path in files.items())
            rendered = Rendering(report, tuple(sounds))
        found = inspection(done, rendered, None if old is None else (self.against or "", old))
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


def report_page(compilation: Compilation, facts: Facts, report: DeliveryReport) -> str:
    """The page that a render writes beside its files; of a very large mix without the mix.

    Args:
        compilation: that was rendered.
        facts: that the render measured.
        report: of the render.
    """
    sounds = tuple(PlayedSound(target=t, url=f"./{quote(name)}") for t, name in _files(report))
    if len(compilation.graph) > MOST_NODES:
        return page(report_alone(report, sounds), view="report")
    rendered = Rendering(report, sounds, compilation.plan)
    return page(inspection(retrace(compilation, facts), rendered), view="report")


def _files(report: DeliveryReport) -> Iterator[tuple[str, str]]:
    """The names of the master and the stems of the first delivery, by target."""
    for file in report.files:
        if file.delivery == report.files[0].delivery:
            yield file.target, file.file


def relative_to(directory: Path) -> Callable[[Path], str]:
    """The addresses of files as seen from a page in a directory."""
    return lambda path: quote(Path(os.path.relpath(path, directory)).as_posix())
