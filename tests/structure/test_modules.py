"""Every module can be read in one sitting, and says what it promises."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from house import ROOT, modules, name_of

LONGEST = 450
TESTS = sorted((ROOT / "tests").rglob("*.py"))
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX)\b|mark\.(skip|skipif|xfail)\b|pytest\.(skip|xfail)\(")
# The rules themselves, and the tests of the rules.
MAY_SKIP = {
    "tests/conftest.py",
    "tests/structure/test_requirements.py",
    name_of(Path(__file__)),
}


def test_a_module_says_what_it_promises():
    trees = {name_of(path): ast.parse(path.read_text(encoding="utf-8")) for path in modules()}
    assert not [name for name, tree in trees.items() if not ast.get_docstring(tree)]


def test_a_module_can_be_read_in_one_sitting():
    lengths = {name_of(path): len(path.read_text("utf-8").splitlines()) for path in modules()}
    assert not {name: lines for name, lines in lengths.items() if lines > LONGEST}


def test_no_member_of_an_enum_is_an_empty_tuple():
    """Debian's Python 3.11.2 makes it an `object()`."""
    assert not [
        f"{name_of(path)}:{member.lineno}: {ast.unparse(member)}"
        for path in modules()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
        and any(ast.unparse(base).endswith("Enum") for base in node.bases)
        for member in node.body
        if isinstance(member, ast.Assign) and ast.unparse(member.value) == "()"
    ]


def test_nothing_is_left_for_later_or_skipped_by_hand():
    texts = {name_of(path): path.read_text(encoding="utf-8") for path in [*modules(), *TESTS]}
    found = {
        name: match[0]
        for name, text in texts.items()
        if name not in MAY_SKIP and (match := UNFINISHED.search(text))
    }
    assert not found
