"""Snapshots that are one readable file each: `__snapshots__/<test file>/<test>.<extension>`.

Promises: if a stored text and a new one differ, a failing test shows the changes in words, as far
as the texts allow, and then a unified diff.
"""

from __future__ import annotations

from collections.abc import Iterator

from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from ..inspection.compare import compare_graphs
from ..inspection.linediff import unified
from ..ir.diagnostics import IRError
from ..ir.text.parser import parse_graph

UPDATE = "pytest --snapshot-update stores the new one"


class TextSnapshot(SingleFileSnapshotExtension):
    """A text in its own file."""

    _write_mode = WriteMode.TEXT

    def diff_lines(self, serialized_data: object, snapshot_data: object) -> Iterator[str]:
        """The lines that a failing comparison shows."""
        new, old = str(serialized_data), str(snapshot_data)
        yield from self.words(old, new)
        yield from unified(old, new, ("stored", "new")).splitlines()

    def words(self, old: str, new: str) -> Iterator[str]:
        """The changes, one per line."""
        yield from ()


class FilterGraphSnapshot(TextSnapshot):
    """A plan's text, as `plan.to_text()` gives it."""

    file_extension = "filtergraph"


class MirSnapshot(TextSnapshot):
    """A graph in the IR's text form."""

    file_extension = "mir"

    def words(self, old: str, new: str) -> Iterator[str]:
        """The clips, gains and routes that changed."""
        try:
            graphs = parse_graph(old), parse_graph(new)
        except IRError:  # of another version, or edited by hand: only the diff is shown
            return
        yield from map(str, compare_graphs(*graphs))
