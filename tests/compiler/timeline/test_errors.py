"""Every code has an entry in codes.toml, and the example of every code raises it with a caret."""

from __future__ import annotations

from pathlib import Path

import pytest
from errors_page import answer, entries
from mixdown.compiler.load import load
from mixdown.ir.codes import Code
from mixdown.ir.diagnostics import Severity, TimelineError

DOCS = Path(__file__).parents[3] / "docs" / "errors.md"
ENTRIES = entries()
# Examples that are commands, or need sound, are not answered.
OF_TIMELINES = [c for c in Code if c.startswith(("MIX1", "MIX2")) and ENTRIES[c].language == "yaml"]
RUN = [
    c for c in Code if not c.startswith(("MIX1", "MIX2")) and ENTRIES[c].language in ("yaml", "mir")
]
WARNINGS = (
    Code.CROSSFADE_CLAMPED,
    Code.AUTOMATION_CLAMPED,
    Code.FADE_CLAMPED,
    Code.LOOP_CUT,
    Code.KEYFRAME_AFTER_MIX,
    Code.NOT_LEVELLED,
    Code.DUCKED_BY_CLIPS,
    Code.MEDIA_DAMAGED,
    Code.NO_DYNAMICS,
    Code.CUT_AFTER_MIX,
)
NOTES = (Code.SEVERAL_STREAMS, Code.NOT_TIGHTENED)
SEVERITIES = {
    **dict.fromkeys(WARNINGS, Severity.WARNING),
    **dict.fromkeys(NOTES, Severity.NOTE),
}


def test_every_code_has_one_entry_in_order():
    assert list(ENTRIES) == list(Code)


@pytest.mark.parametrize("code", OF_TIMELINES)
def test_example_is_answered_with_its_code_alone_and_a_caret(code):
    found, text = answer(ENTRIES[code])
    assert {d.code for d in found} == {code}
    assert {d.severity for d in found} == {SEVERITIES.get(code, Severity.ERROR)}
    first = text.split("\n\n")[0]
    assert first.startswith(("error[", "warning[", "note["))
    assert "--> timeline.yaml:" in first
    assert "^" in first
    assert f"```text\n{text}\n```" in DOCS.read_text(encoding="utf-8")


@pytest.mark.parametrize("code", RUN)
def test_other_examples_that_run_are_answered_with_their_code(code):
    found, text = answer(ENTRIES[code])
    assert {d.code for d in found} == {code}
    assert f"```text\n{text}\n```" in DOCS.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("nowhere.yaml", "no file 'nowhere.yaml'"),
        ("folder", "'folder' is a directory"),
        ("a\0b", "cannot read 'a\\x00b': embedded null byte"),
        ("x" * 300, f"cannot read '{'x' * 300}': File name too long"),
    ],
)
def test_a_file_that_cannot_be_read(path, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    with pytest.raises(TimelineError) as caught:
        load(path)
    assert [d.code for d in caught.value.diagnostics] == [Code.FILE_NOT_FOUND]
    assert str(caught.value).splitlines()[0] == f"error[MIX101]: {message}"
