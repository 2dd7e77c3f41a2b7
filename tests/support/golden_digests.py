"""The digests that must never change: `tests/ir/digests.mir`, each line with its digest.

A changed digest makes every cache and media key of every user stale. Where that is meant, write
the list anew: python tests/support/golden_digests.py
"""

from __future__ import annotations

import re
from pathlib import Path

from mixdown.ir.digest import digests, graph_digest
from mixdown.ir.text.parser import parse_graph

PATH = Path(__file__).parents[1] / "ir" / "digests.mir"
WRITTEN = re.compile(r"  // digest: [0-9a-f]{64}$", re.MULTILINE)
COMMAND = "python tests/support/golden_digests.py"


def without_digests(text: str) -> str:
    return WRITTEN.sub("", text)


def with_digests(text: str) -> str:
    """The text, every value's line and the header followed by the digest that holds now."""
    graph = parse_graph(text, PATH.name)
    values = iter(digests(graph)[node.name] for node in graph)
    return "\n".join(_annotated(line, graph_digest(graph), values) for line in text.split("\n"))


def _annotated(line, whole, values):
    if line.startswith("mixdown.ir"):
        return f"{line}  // digest: {whole}"
    return f"{line}  // digest: {next(values)}" if line.startswith("%") else line


if __name__ == "__main__":
    PATH.write_text(with_digests(without_digests(PATH.read_text("utf-8"))), encoding="utf-8")
