"""A diff applied to the old text gives the new one, and no shorter one would."""

from __future__ import annotations

import difflib
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mixdown.inspection.linediff import hunks, unified

unique = st.lists(st.integers(0, 30), unique=True).map(lambda ns: [f"line {n}" for n in ns])
repeated = st.lists(st.sampled_from("abc"))


def applied(a, b):
    made, at = [], 0
    for start, end, other, last in hunks(a, b):
        assert start >= at and (end > start or last > other)
        made += a[at:start] + b[other:last]
        at = end
    return made + a[at:]


@given(a=unique | repeated, b=unique | repeated)
def test_the_hunks_lead_from_one_to_the_other(a, b):
    assert applied(a, b) == b
    assert (unified("\n".join(a), "\n".join(b)) == "") is (a == b)


def longest_common(a, b):
    """By the table, quadratic."""
    row = [0] * (len(b) + 1)
    for x in a:
        diagonal = 0
        for j, y in enumerate(b, 1):
            diagonal, row[j] = row[j], diagonal + 1 if x == y else max(row[j], row[j - 1])
    return row[-1]


@given(a=unique, b=unique)
def test_of_lines_that_come_once_the_most_are_kept(a, b):
    removed = sum(end - start for start, end, _, _ in hunks(a, b))
    assert len(a) - removed == longest_common(a, b)


@pytest.mark.parametrize(
    ("old", "new"),
    [("a\nb\nc\n", "a\nx\ny\nc\n"), ("a\nb\n", "b\n"), ("b\n", "a\nb\nc\n"), ("a\n", "b\n")],
)
def test_the_form_is_the_one_of_difflib(old, new):
    lines = difflib.unified_diff(old.splitlines(), new.splitlines(), "old", "new", n=0, lineterm="")
    assert unified(old, new, ("old", "new")).splitlines() == list(lines)


def test_patch_reads_it(tmp_path):
    old = "".join(f"%v{n} = gain {n}\n" for n in range(50))
    new = old.replace("gain 7\n", "gain 8\n%w = mute\n").replace("%v30 = gain 30\n", "")
    (tmp_path / "mix.mir").write_text(old)
    diff = unified(old, new, ("mix.mir", "mix.mir"))
    command = ["git", "apply", "--unidiff-zero", "-p0", "-"]
    subprocess.run(command, cwd=tmp_path, input=diff, text=True, check=True)
    assert (tmp_path / "mix.mir").read_text() == new
