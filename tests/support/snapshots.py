"""Snapshots that are one readable file each: `__snapshots__/<test file>/<test>.<extension>`.

`pytest --snapshot-update` writes them anew; the diff of the commit then shows what changed.
"""

from __future__ import annotations

from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode


class FilterGraphSnapshot(SingleFileSnapshotExtension):
    """A plan's text, as `plan.to_text()` gives it."""

    _write_mode = WriteMode.TEXT
    file_extension = "filtergraph"


class MirSnapshot(SingleFileSnapshotExtension):
    """A graph in the IR's text form."""

    _write_mode = WriteMode.TEXT
    file_extension = "mir"
