"""Runs what a page shows and writes what it printed into the page.

    python tests/support/refresh_page.py docs/inspecting.md

Outputs that hold "..." are left alone: they say themselves what may change. Read the diff.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS / "support"), str(TESTS / "docs")]

from forked import ForkServer  # noqa: E402
from house import ROOT  # noqa: E402
from pages import Command, File, Program, read_steps, tidy  # noqa: E402
from test_commands import run, terminal  # noqa: E402


def refresh(page: Path) -> None:
    """Run the page from top to bottom, and put each command's output where it stands."""
    text = page.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as name, ForkServer() as server:
        folder = Path(name)
        environment = terminal(folder / "cache")
        shutil.copytree(ROOT / "examples", folder / "examples")
        for step in read_steps(page):
            match step:
                case File(name=name, text=content):
                    (folder / name).parent.mkdir(parents=True, exist_ok=True)
                    (folder / name).write_text(content, encoding="utf-8")
                case Command() if not step.is_environment:
                    _, output = run(step.text, folder, environment, server)
                    if step.output and "..." not in step.output:
                        shown = f"$ {step.text}\n{step.output}"
                        text = text.replace(shown, f"$ {step.text}\n{tidy(output)}\n", 1)
                case Program(text=program):
                    server.run(program, ["-c"], folder, environment)
    page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        refresh(Path(argument).resolve())
