"""The table of sources at the end of the run: a line for each file and each ffmpeg."""

from __future__ import annotations

import pytest

ROW = "source"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    rows = [
        value
        for report in terminalreporter.stats.get("passed", ())
        for key, value in report.user_properties
        if key == ROW
    ]
    if not rows:
        return
    terminalreporter.section("sources by file and decoding ffmpeg; differences in dBFS")
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        terminalreporter.line(line.rstrip())
