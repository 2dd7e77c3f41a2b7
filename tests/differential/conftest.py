"""The media of random mixes, and the table of the worst residuals at the end of the run."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from differential import MEDIA, make_media

RESIDUAL = "residual"
_seen: dict[str, float] = {}


@pytest.fixture(scope="session")
def media(request: pytest.FixtureRequest) -> Path:
    """The directory of the media; it outlives the run, with the timelines that failed in it."""
    table = hashlib.sha256(repr(MEDIA).encode()).hexdigest()
    return make_media(request.config.cache.mkdir(f"differential-{table[:8]}"))


@pytest.fixture(scope="session")
def note() -> object:
    """Notes a residual, dBFS, of what was compared with what; returns it."""

    def noted(pair: str, dbfs: float) -> float:
        _seen[pair] = max(_seen.get(pair, -float("inf")), dbfs)
        return dbfs

    return noted


@pytest.fixture(autouse=True)
def _report(record_property: pytest.RecordProperty) -> Iterator[None]:
    """Hands the notes of a test on with its report, which reaches the summary from any worker."""
    yield
    for pair, dbfs in _seen.items():
        record_property(RESIDUAL, (pair, dbfs))
    _seen.clear()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    worst: dict[str, float] = {}
    for reports in terminalreporter.stats.values():
        for report in reports:
            for key, value in getattr(report, "user_properties", ()):
                if key == RESIDUAL:
                    pair, dbfs = value
                    worst[pair] = max(worst.get(pair, -float("inf")), dbfs)
    if worst:
        terminalreporter.section("worst residuals of random mixes")
        for pair, dbfs in sorted(worst.items()):
            terminalreporter.line(f"{pair:<48} {dbfs:8.1f} dBFS")
