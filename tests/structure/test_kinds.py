"""No table of node kinds forgets a kind: a new one fails here until each table has an entry.

What is true of a kind everywhere is a fact on its class (ir/node.py). What is left in tables is
what one engine or one view makes of it.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator

import pytest
from house import ROOT, modules, name_of
from mixdown.ir.nodes import KINDS, Crossfade, Node, Output

ALL = set(KINDS.values())
TABLE = re.compile(r"^(\w+): (?:Mapping|dict)\[type\[", re.MULTILINE)
# Tables that leave kinds out on purpose: what they leave out.
WITHOUT = {
    "backends/ffmpeg/emitters.py EMITTERS": {
        Crossfade,  # legalised to a fade
        *(cls for cls in ALL if cls.follows_level),  # computed by mixdown
    },
    "backends/native/engine/build.py STREAMS": {Output},  # written by the step, not streamed
    "backends/sox/budget.py _ROUNDINGS": {cls for cls in ALL if cls.is_finish},
    "backends/sox/emitters.py EMITTERS": {cls for cls in ALL if cls.is_finish},
}
# Tables of a few kinds that have something more than the others.
OF_SOME = {
    "backends/native/integers.py _ENVELOPES",
    "inspection/differences.py _DESCRIPTIONS",
    "inspection/words.py AUTOMATED",
}


def tables() -> Iterator[tuple[str, set[type[Node]]]]:
    """Every mapping from classes of nodes that a module defines, with its keys."""
    for path in modules():
        names = TABLE.findall(path.read_text(encoding="utf-8"))
        parts = ("mixdown", *path.relative_to(ROOT).with_suffix("").parts)
        module = importlib.import_module(".".join(parts)) if names else None
        for name in names:
            keys = set(getattr(module, name))
            if ALL.issuperset(keys):
                yield f"{name_of(path)} {name}", keys


TABLES = dict(tables())


def test_the_exceptions_exist():
    assert not {*WITHOUT, *OF_SOME} - set(TABLES)


@pytest.mark.parametrize("table", sorted(TABLES.keys() - OF_SOME))
def test_a_table_has_every_kind(table: str):
    assert TABLES[table] == ALL - WITHOUT.get(table, set())
