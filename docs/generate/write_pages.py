"""Writes the generated pages of docs/: `python docs/generate/write_pages.py [PAGE ...]`."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path

import backends_page
import errors_page
import ir_page
import passes_page
import performance_page
import presets_page

DOCS = Path(__file__).parents[1]

PAGES: Mapping[str, Callable[[], str]] = {
    "backends": backends_page.page,
    "errors": errors_page.page,
    "ir": ir_page.page,
    "passes": passes_page.page,
    "performance": performance_page.page,
    "presets": presets_page.page,
}
"""The text of each generated page, by the name of its file without `.md`."""


def main() -> None:
    """Write the pages that the arguments name, or all."""
    parser = argparse.ArgumentParser(description="Write the generated pages of docs/.")
    parser.add_argument("page", nargs="*", help=f"one of {', '.join(PAGES)}; all by default")
    for name in parser.parse_args().page or PAGES:
        (DOCS / f"{name}.md").write_text(PAGES[name](), encoding="utf-8")


if __name__ == "__main__":
    main()
