"""How a diagnostic is shown: its line, its caret, its related places, its help."""

from __future__ import annotations

import pytest
from attrs import evolve
from mixdown.ir.codes import Code
from mixdown.ir.diagnostics import (
    Diagnostic,
    IRError,
    MixdownError,
    Related,
    Severity,
    did_you_mean,
    errors,
    render,
    strict,
)
from mixdown.ir.origin import Document, Origin, Span

TEXT = """\
tracks:
  - id: host
\tgain_db: loud
  日本: x
  - id: host
"""


def locate(text: str, pointer: str) -> Span | None:
    """The line whose number the pointer gives, or nowhere: "/3/12/4" is line, column, width."""
    if not pointer:
        return None
    line, column, width = map(int, pointer[1:].split("/"))
    return Span(line, column, width, text.splitlines()[line - 1])


DOCUMENTS = {"show.yaml": Document("show.yaml", TEXT, locate)}


def at(line: int, column: int, width: int, via: Origin | None = None) -> Origin:
    return Origin("show.yaml", f"/{line}/{column}/{width}", via)


def shown(origin: Origin | None, **more: object) -> str:
    return render([Diagnostic(Code.UNKNOWN_BUS, "no such bus", origin, **more)], DOCUMENTS)


def test_with_a_place():
    assert shown(at(2, 9, 4), help="known: dialogue") == (
        "error[MIX302]: no such bus\n"
        " --> show.yaml:2:9\n"
        "  |\n"
        "2 |   - id: host\n"
        "  |         ^^^^\n"
        "  = help: known: dialogue"
    )


def test_with_a_related_place():
    related = (Related(at(2, 9, 4), "first used here"),)
    assert shown(at(5, 9, 4), related=related) == (
        "error[MIX302]: no such bus\n"
        " --> show.yaml:5:9\n"
        "  |\n"
        "5 |   - id: host\n"
        "  |         ^^^^\n"
        " --> show.yaml:2:9\n"
        "  |\n"
        "2 |   - id: host\n"
        "  |         ^^^^ first used here"
    )


def test_with_what_the_place_was_made_from():
    assert shown(Origin("made.yaml", "/tracks/0", at(2, 9, 4))) == (
        "error[MIX302]: no such bus\n"
        "  --> made.yaml at /tracks/0\n"
        " --> show.yaml:2:9\n"
        "  |\n"
        "2 |   - id: host\n"
        "  |         ^^^^ generated from this"
    )


def test_without_the_document():
    assert shown(Origin("other.yaml", "/tracks/0")).endswith("\n  --> other.yaml at /tracks/0")
    assert shown(Origin("other.yaml")).endswith("\n  --> other.yaml")
    related = (Related(Origin("other.yaml", "/a"), "see here"),)
    assert shown(None, related=related).endswith("\n  --> other.yaml at /a: see here")


def test_without_a_place():
    assert shown(None) == "error[MIX302]: no such bus"
    assert shown(Origin("show.yaml")).endswith("\n  --> show.yaml")


def test_a_tab_before_the_caret_is_shown_as_spaces():
    *_, line, caret = shown(at(3, 11, 4)).splitlines()
    assert line == "3 |     gain_db: loud"
    assert caret == "  |              ^^^^"


def test_wide_characters_take_two_columns():
    *_, line, caret = shown(at(4, 3, 2)).splitlines()
    assert (line, caret) == ("4 |   日本: x", "  |   ^^^^")
    *_, caret = shown(at(4, 7, 1)).splitlines()
    assert caret == "  |         ^"


def test_combining_marks_take_no_column_and_control_characters_reach_no_terminal():
    document = Document("d", "a\u0301\x1b[31mb", lambda text, _: Span(1, 8, 1, text))
    *_, line, caret = render(
        [Diagnostic(Code.SYNTAX, "no", Origin("d", "/"))], {"d": document}
    ).splitlines()
    assert line == "1 | a\u0301\ufffd[31mb"
    assert caret.index("^") == len("1 | a?[31m")


def test_a_caret_behind_the_line_is_one_wide():
    *_, caret = shown(at(2, 13, 9)).splitlines()
    assert caret == "  |             ^"


def test_diagnostics_stand_in_their_order_apart():
    two = [
        Diagnostic(Code.SYNTAX, "one"),
        Diagnostic(Code.SYNTAX, "two", severity=Severity.WARNING),
    ]
    assert render(two) == "error[MIX102]: one\n\nwarning[MIX102]: two"


def test_as_data():
    related = (Related(at(2, 9, 4), "first"),)
    diagnostic = Diagnostic(
        Code.DUPLICATE_ID, "twice", at(5, 9, 4, Origin("a.arr", "/x")), "rename", related
    )
    assert diagnostic.to_dict(DOCUMENTS) == {
        "code": "MIX201",
        "severity": "error",
        "message": "twice",
        "help": "rename",
        "document": "show.yaml",
        "pointer": "/5/9/4",
        "line": 5,
        "column": 9,
        "via": {"document": "a.arr", "pointer": "/x"},
        "related": [
            {"label": "first", "document": "show.yaml", "pointer": "/2/9/4", "line": 2, "column": 9}
        ],
    }
    bare = Diagnostic(Code.SYNTAX, "no").to_dict()
    assert bare == {"code": "MIX102", "severity": "error", "message": "no", "help": None}


def test_an_error_is_a_value_error_that_renders_itself():
    error = IRError(Diagnostic(Code.IR_CYCLE, "round", at(2, 9, 4)), DOCUMENTS)
    assert isinstance(error, ValueError)
    assert isinstance(error, MixdownError)
    assert str(error) == render(error.diagnostics, DOCUMENTS)
    assert "show.yaml:2:9" in str(error)


def test_strict_makes_warnings_errors():
    warning = Diagnostic(Code.FADE_CLAMPED, "short", severity=Severity.WARNING)
    assert errors([warning]) == ()
    assert [d.severity for d in errors(strict([warning]))] == [Severity.ERROR]


@pytest.mark.parametrize(
    ("word", "known", "expected"),
    [
        ("dialog", ["dialogue", "music"], "did you mean 'dialogue'? known: dialogue, music"),
        ("xyz", ["dialogue", "music"], "known: dialogue, music"),
        ("xyz", [], "there are none"),
        ("Volume", ["gain_db", "role"], "did you mean 'gain_db'? known: gain_db, role"),
        ("file", ["path", "role"], "did you mean 'path'? known: path, role"),
    ],
)
def test_did_you_mean(word: str, known: list[str], expected: str):
    assert did_you_mean(word, known) == expected


def test_codes_are_unique_and_well_formed():
    values = [code.value for code in Code]
    assert len(set(values)) == len(values) == len(Code.__members__)
    assert all(len(value) == 6 and value[:3] == "MIX" and value[3:].isdigit() for value in values)


def missing(number: int) -> Diagnostic:
    origin = Origin("t.yaml", f"/sources/s{number}")
    return Diagnostic(Code.MEDIA_MISSING, f"media file 'take{number}.wav' is missing", origin)


def test_many_of_the_same_cause_are_shown_once_with_a_count_and_the_first_places():
    other = Diagnostic(Code.OUT_OF_RANGE, "too loud")
    text = render([missing(1), other, *map(missing, range(2, 2001))])
    assert text == (
        "error[MIX214]: media file 'take1.wav' is missing\n"
        "  --> t.yaml at /sources/s1\n"
        "  = 1,999 more with the same cause:\n"
        "      t.yaml at /sources/s2: media file 'take2.wav' is missing\n"
        "      t.yaml at /sources/s3: media file 'take3.wav' is missing\n"
        "      t.yaml at /sources/s4: media file 'take4.wav' is missing\n"
        "      t.yaml at /sources/s5: media file 'take5.wav' is missing\n"
        "      t.yaml at /sources/s6: media file 'take6.wav' is missing\n"
        "      ...\n\n"
        "error[MIX206]: too loud"
    )


def test_a_few_and_those_of_other_causes_are_shown_in_full():
    few = [missing(number) for number in range(3)]
    assert render(few).count("error[MIX214]") == 3
    helps = [evolve(missing(number), help=f"try {number}") for number in range(9)]
    assert render(helps).count("error[MIX214]") == 9
    mixed = [evolve(d, severity=s) for d in few for s in (Severity.ERROR, Severity.WARNING)]
    assert "same cause" not in render(mixed)
