"""The bench, and snapshots of scripts."""

from __future__ import annotations

from pathlib import Path

import pytest
from mixdown.testing.snapshots import FilterGraphSnapshot
from sox_bench import Bench
from syrupy.assertion import SnapshotAssertion


class ShellSnapshot(FilterGraphSnapshot):
    """A script, in a file that shellcheck and editors know."""

    file_extension = "sh"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.fixture
def script_snapshot(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """Compares a script with its own .sh file."""
    return snapshot.use_extension(ShellSnapshot)
