"""A class name is used once in the package: one name, one concept."""

from __future__ import annotations

import ast
from collections import defaultdict

from house import modules, name_of

# The model of a document's `clips` and the node of the kind `clip`: one concept, and node classes
# are named after their kinds.
SAME = {"Clip"}


def test_a_class_name_is_used_once():
    found: dict[str, list[str]] = defaultdict(list)
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                found[node.name].append(f"{name_of(path)}:{node.lineno}")
    twice = {name: places for name, places in found.items() if len(places) > 1}
    assert not {name: places for name, places in twice.items() if name not in SAME}
    assert not SAME - set(twice), "an exception that is needed no more"
