"""Writes docs/backends.md from the tables: `python -m mixdown.inspection.backend_docs`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ..backends.protocol import Backend, Capability, Support
from ..backends.registry import find_backend
from ..ir.nodes import KINDS
from ..programs.ffmpeg import DIFFERENCES

PAGE = Path(__file__).parent.parent / "docs" / "backends.md"

OURS = ("ffmpeg", "sox", "native")
"""Those of this package, which the page is about; others may be installed beside them."""

INTRO = """\
# The backends

<!-- made by `python -m mixdown.inspection.backend_docs`; do not edit -->

A backend turns a legal graph into a plan: typed steps that a program runs. All of them mean the
same by a mix ([semantics.md](semantics.md)); `mixdown verify` holds them against each other.

- **ffmpeg** runs ffmpeg 5.1 or later. Big mixes are cut in parts that run at the same time; with
  `compile --single` everything is one command.
- **sox** runs SoX, or writes a script of its commands ([sox.md](sox.md)); between them stand 32-bit
  integers.
- **native** is the engine that defines a mix, in this process, in float64.

How each deals with every kind of node of the IR ([ir.md](ir.md)): *native*, it has something that
does just this; *by rule*, the pass `legalize` rewrites the node by the rule that is named
([passes.md](passes.md)); *unsupported*, a mix with such a node is refused, for the reason given.
"""

_LEGEND = {Support.NATIVE: "native", Support.LEGALISED: "by rule", Support.UNSUPPORTED: "no"}

VERSIONS = """
## What versions of ffmpeg do differently

A plan is the same for every version of ffmpeg, and so are the samples that it gives, but for the
last bits that a version's own mathematics moves (measured: -289 dBFS at most, ffmpeg 5.1.9 and
9.0.2 against the native engine).

| what | versions | what plans do |
|---|---|---|
"""


def page() -> str:
    """The page's text."""
    backends = [find_backend(name) for name in OURS]
    sections = "".join(_section(backend) for backend in backends)
    rows = "".join(f"| {d.topic} | {d.versions} | {d.answer} |\n" for d in DIFFERENCES)
    return INTRO + _overview(backends) + sections + VERSIONS + rows


def _overview(backends: Iterable[Backend]) -> str:
    tables = [backend.capabilities for backend in backends]
    head = f"\n| node | {' | '.join(OURS)} |\n|---|{'---|' * len(OURS)}\n"
    rows = (
        f"| `{kind}` | {' | '.join(_brief(table[kind]) for table in tables)} |\n" for kind in KINDS
    )
    return head + "".join(rows)


def _brief(capability: Capability) -> str:
    rule = f" `{capability.rule}`" if capability.rule else ""
    return _LEGEND[capability.support] + rule


def _section(backend: Backend) -> str:
    rows = "".join(
        f"| `{kind}` | {_brief(backend.capabilities[kind])} | {_cell(backend, kind)} |\n"
        for kind in KINDS
    )
    return f"\n## {backend.name}\n\n| node | | how |\n|---|---|---|\n{rows}"


def _cell(backend: Backend, kind: str) -> str:
    return backend.capabilities[kind].note.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
