"""Snapshots that are one readable file each: `__snapshots__/<test file>/<test>.<extension>`.

Promises: if a stored text and a new one differ, a failing test shows the changes in words, as far
as the texts allow, and then a unified diff.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from ..inspection.compare import compare_graphs
from ..inspection.linediff import unified
from ..ir.diagnostics import IRError
from ..ir.text.parser import parse_graph

_DIGEST = re.compile(r"\A(plan \w+) [0-9a-f]+$", re.MULTILINE)
_NEXT_FILTER = re.compile(r",(?=[a-z0-9_]+@)")

UPDATE = "pytest --snapshot-update stores the new one"


def _by_filter(plan: str) -> str:
    """The text of a plan with a line for each filter: every filter has an instance name."""
    return _NEXT_FILTER.sub(",\n        ", plan)


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
    """A plan's text, as `plan.to_text()` gives it.

    Plans are compared filter by filter. The digest in the first line is shown only if nothing else
    differs.
    """

    file_extension = "filtergraph"

    def diff_lines(self, serialized_data: object, snapshot_data: object) -> Iterator[str]:
        """The lines that a failing comparison shows; the line numbers count filters."""
        new, old = _by_filter(str(serialized_data)), _by_filter(str(snapshot_data))
        new_body, old_body = _DIGEST.sub("", new), _DIGEST.sub("", old)
        both = (old, new) if old_body == new_body else (old_body, new_body)
        yield from unified(*both, ("stored", "new")).splitlines()


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
