"""Real programs and real directories for the steps of handmade plans."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from mixdown.plans.plan import Plan
from mixdown.programs.ffmpeg import FFMPEG, probe
from mixdown.programs.program import Tool
from mixdown.render.executor import Executor
from mixdown.render.progress import Progress, ignore
from mixdown.render.workspace import Workspace, workspace


@pytest.fixture
def tool(ffmpegs: str) -> Tool:
    """Each of the ffmpegs in turn."""
    found = probe(ffmpegs, "test")
    assert found is not None
    return found


@pytest.fixture
def embedded(embedded_ffmpeg: str) -> Tool:
    found = probe(embedded_ffmpeg, "test")
    assert found is not None
    return found


@pytest.fixture
def spaces(tmp_path: Path) -> Iterator[Workspace]:
    source = tmp_path / "source"
    source.mkdir()
    with workspace(tmp_path / "out", source) as made:
        yield made


@pytest.fixture
def executor(tool: Tool, spaces: Workspace) -> Callable[..., Executor]:
    """Makes an executor for a plan; `told` collects its progress."""

    def make(plan: Plan, told: list[Progress] | None = None, **fields) -> Executor:
        listener = ignore if told is None else told.append
        return Executor(plan, {"ffmpeg": FFMPEG}, {"ffmpeg": tool}, spaces, listener, **fields)

    return make
