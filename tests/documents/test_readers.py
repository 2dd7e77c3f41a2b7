"""The readers of YAML, JSON and TOML: what scalars mean, what is refused, where values are."""

from __future__ import annotations

import json
import tomllib
from decimal import Decimal
from pathlib import Path

import pytest
from mixdown.documents import json_reader, toml_reader, yaml_reader
from mixdown.documents.load import parse
from mixdown.documents.tree import walk
from mixdown.ir.diagnostics import TimelineError

ROOT = Path(__file__).parents[2]
CORPUS = ROOT / "tests" / "corpus" / "timelines"
DOCUMENTS = sorted(CORPUS.iterdir())


def codes(text: str, format: str) -> list[str]:
    with pytest.raises(TimelineError) as caught:
        parse(text, "x", format)
    return [d.code.value for d in caught.value.diagnostics]


# Numbers and scalars.


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("33.3333333333333333", Decimal("33.3333333333333333")),
        ("0.1", Decimal("0.1")),
        ("1e2", Decimal(100)),
        (".5", Decimal("0.5")),
        ("012", 12),
        ("0o14", 12),
        ("0xC", 12),
        ("-0", 0),
        ("no", "no"),
        ("1_000", "1_000"),
        ("1:30", "1:30"),
        ("2024-01-01", "2024-01-01"),
        ("TRUE", True),
        ("~", None),
        ("'12'", "12"),
        ("! 12", "12"),
        ("!!str 12", "12"),
        ('!!int "12"', 12),
        ("!!null ''", None),
    ],
)
def test_scalars_are_those_of_yaml_1_2(text, value):
    (read,) = yaml_reader.read(f"- {text}")[0]
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        *("!!int x", "!!float x", "!!bool 1", "!!set {a}", "!x y", "!!map [a]", "!!seq {a: b}"),
        *("*a", "{*a : 1}", "{[a]: 1}", "{{a: 1}: 1}", "{<<: 1}", "{<<: [1]}", "{a: &b [*b]}"),
        *("---\n---\n", "@", "%", "{", "a: b: c", "\tx: y\n\tz", "&a &b c", '"\\xZZ"', "'"),
    ],
)
def test_unsupported_yaml(text):
    assert codes(text, "yaml") == ["MIX102"]


@pytest.mark.parametrize("text", ["{", "[1,]", "{'a': 1}", "{} x", "", "nul", '"\n"', "01", "//"])
def test_invalid_json(text):
    assert codes(text, "json") == ["MIX102"]


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("[a]\nb = \n", "invalid value", 2),
        ("[a]\r\nb = 1\r\nc c = 2\r\n", "expected '=' after a key in a key/value pair", 3),
        ("a = 1\na = 2\n", "cannot overwrite a value", 2),
        ("a = [1", "unclosed array", 1),
        (f"a = 1\nb = {'9' * 5000}\n", "a number has too many digits", 2),
    ],
)
def test_invalid_toml(text, message, line):
    with pytest.raises(TimelineError) as caught:
        parse(text, "x.toml")
    (found,) = [d.to_dict(caught.value.documents) for d in caught.value.diagnostics]
    assert (found["code"], found["line"]) == ("MIX102", line)
    assert found["message"] == f"not TOML: {message}"


@pytest.mark.parametrize(
    ("text", "format", "help"),
    [
        ("a:\n\tb: 1\n", "yaml", "YAML allows no tabs"),
        ("a: 1\n\tb: 1\n", "yaml", "YAML allows no tabs"),
        ("- a\n-\tb: 1\n  c: 1\n", "yaml", "YAML allows no tabs"),
        ('{"a": 1, // x\n"b": 2}', "json", "JSON has no comments"),
        ('{/* x */ "a": 1}', "json", "JSON has no comments"),
        ('{"a": 1 # x\n}', "json", "JSON has no comments"),
        ('{"a": [1,]}', "json", "remove the comma before it"),
        ("{'a': 1}", "json", "double quotes"),
        ('{"a": 1:30.5}', "json", 'in quotes: "1:30.5"'),
        ("a = 1:30\n", "toml", 'in quotes: "1:30"'),
        ("a = 01:30.25\n", "toml", 'in quotes: "01:30.25"'),
        ("a: 1:30\nb: [", "yaml", None),
        ('{"a": ', "json", None),
    ],
)
def test_frequent_mistakes_come_with_help(text, format, help):
    with pytest.raises(TimelineError) as caught:
        parse(text, "x", format)
    (found,) = caught.value.diagnostics
    assert found.code.value == "MIX102"
    assert (found.help is None) if help is None else (help in found.help)


def test_places_in_toml_after_space_before_a_comma():
    assert (
        span('a = ["x"\n  , 1, {b = 2 , c = 3}]\n', "/a/2/c", "toml")
        == "2:   , 1, {b = 2 , c = [3]}]"
    )


def test_an_exponent_out_of_all_range_is_an_infinity_in_toml():
    assert toml_reader.read("a = 1e99999999999999999999")[0] == {"a": Decimal("Infinity")}


def test_toml_that_nests_too_deep_is_refused():
    assert codes("a = " + "[" * 100_000 + "]" * 100_000, "toml") == ["MIX108"]


def test_yaml_and_json_readers_agree():
    data = to_plain = json.loads((CORPUS / "names.json").read_text())
    assert yaml_reader.read((CORPUS / "names.json").read_text())[0] == data
    assert json_reader.read((CORPUS / "names.json").read_text())[0] == to_plain


# Places.


def span(text: str, pointer: str, format: str = "yaml") -> str:
    """The line with the span in brackets, after its number."""
    found = parse(text, "x", format).document().locate(pointer)
    before, rest = found.text[: found.column - 1], found.text[found.column - 1 :]
    return f"{found.line}: {before}[{rest[: found.width]}]{rest[found.width :]}"


YAML = """\
# é
id: "x"
sources: &s {a: &p é.wav}
tracks:
  - id: one
    role: fx
    tags: [p, q]
    clips:
      -  source: a
         start_ms: 1.5   # here
      - &c {source: *p}
      - {<<: *c, start_ms: 7}
"""


@pytest.mark.parametrize(
    ("pointer", "shown"),
    [
        ("", '2: [id]: "x"'),
        ("/id", '2: id: ["x"]'),
        ("/sources", "3: sources: &s [{]a: &p é.wav}"),
        ("/sources/a", "3: sources: &s {a: &p [é.wav]}"),
        ("/tracks/0", "5:   - [id]: one"),
        ("/tracks/0/tags", "7:     tags: [[]p, q]"),
        ("/tracks/0/tags/1", "7:     tags: [p, [q]]"),
        ("/tracks/0/clips/0/start_ms", "10:          start_ms: [1.5]   # here"),
        ("/tracks/0/clips/1/source", "3: sources: &s {a: &p [é.wav]}"),
        ("/tracks/0/clips/2/source", "3: sources: &s {a: &p [é.wav]}"),
        ("/tracks/0/clips/2/start_ms", "12:       - {<<: *c, start_ms: [7]}"),
        ("/tracks/0/clips/0/fade_in_ms", "9:       -  [source]: a"),
        ("/tracks/0/clips/9/source", "9:       [-]  source: a"),
        ("/tracks/0/clips/x", "9:       [-]  source: a"),
    ],
)
def test_places_in_yaml(pointer, shown):
    assert span(YAML, pointer) == shown


TOML = """\
title = 'x'  # [not a table]
[a]
"b.c" = \'\'\'
[still text]\'\'\'
d.e = [1.5, 2_000, {f = "}", g = [[]]}]
[[a.list]]
[[ a.list ]]
  id = 1979-05-27 07:32:00  # a date
  id2 = "\\"]"
[a.list.deep]
x = 1
"""


@pytest.mark.parametrize(
    ("pointer", "shown"),
    [
        ("", "1: [title] = 'x'  # [not a table]"),
        ("/title", "1: title = ['x']  # [not a table]"),
        ("/a", "2: [[a]]"),
        ("/a/b.c", "3: \"b.c\" = [''']"),
        ("/a/d", '5: [d].e = [1.5, 2_000, {f = "}", g = [[]]}]'),
        ("/a/d/e", '5: d.e = [[]1.5, 2_000, {f = "}", g = [[]]}]'),
        ("/a/d/e/1", '5: d.e = [1.5, [2_000], {f = "}", g = [[]]}]'),
        ("/a/d/e/2/f", '5: d.e = [1.5, 2_000, {f = ["}"], g = [[]]}]'),
        ("/a/d/e/2/g/0", '5: d.e = [1.5, 2_000, {f = "}", g = [[[]]]}]'),
        ("/a/list/0", "6: [[[a.list]]]"),
        ("/a/list/1", "7: [[ [a.list] ]]"),
        ("/a/list/1/id", "8:   id = [1979-05-27 07:32:00]  # a date"),
        ("/a/list/1/id2", '9:   id2 = ["\\"]"]'),
        ("/a/list/1/deep/x", "11: x = [1]"),
        ("/a/list/1/nothing", "7: [[ [a.list] ]]"),
    ],
)
def test_places_in_toml(pointer, shown):
    assert span(TOML, pointer, "toml") == shown


@pytest.mark.parametrize("path", sorted((ROOT / "presets").glob("*.toml")), ids=lambda p: p.name)
def test_the_tree_of_toml_holds_the_values_that_python_reads(path):
    text = path.read_text("utf-8")
    values = tomllib.loads(text)
    for pointer, node in walk(toml_reader.compose(text).node):
        value = values
        for token in pointer.split("/")[1:]:
            value = value[int(token) if isinstance(value, list) else token]
        assert (node.pairs is not None, node.items is not None) == (
            isinstance(value, dict),
            isinstance(value, list),
        )
        assert len(value if node.pairs or node.items else ()) == len(node.pairs or node.items or ())
        if not isinstance(value, dict | list):
            assert tomllib.loads(f"v = {text[node.start : node.end]}") == {"v": value}


JSON = (
    '{\r\n\t"id": "é\\"x",\r\n'
    '\t"tracks": [ {"id":"a~/b","role" : "fx"} ], "sources": {"a/b~c": "é"}}'
)


@pytest.mark.parametrize(
    ("pointer", "shown"),
    [
        ("", "1: [{]"),
        ("/id", '2: \t"id": ["é\\"x"],'),
        ("/tracks", '3: \t"tracks": [[] {"id":"a~/b","role" : "fx"} ], "sources": {"a/b~c": "é"}}'),
        (
            "/tracks/0/role",
            '3: \t"tracks": [ {"id":"a~/b","role" : ["fx"]} ], "sources": {"a/b~c": "é"}}',
        ),
        (
            "/sources/a~1b~0c",
            '3: \t"tracks": [ {"id":"a~/b","role" : "fx"} ], "sources": {"a/b~c": ["é"]}}',
        ),
    ],
)
def test_places_in_json(pointer, shown):
    assert span(JSON, pointer, "json") == shown


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: p.name)
def test_every_place_of_a_document_is_found_where_its_value_is_written(path):
    text = path.read_text("utf-8-sig")
    reader = json_reader if path.suffix == ".json" else yaml_reader
    document = parse(text, path.name).document()
    seen = 0
    for pointer, node in walk(reader.compose(text).node):
        found = document.locate(pointer)
        assert text.splitlines()[found.line - 1] == found.text
        written = found.text[found.column - 1 :][: found.width]
        if isinstance(node.value, int) and written.isdigit():
            assert int(written) == node.value
        if isinstance(node.value, str) and "\n" not in node.value and "\\" not in written:
            assert written.strip("\"'").replace("''", "'") in (node.value, "|")
        seen += 1
    assert seen > 5
