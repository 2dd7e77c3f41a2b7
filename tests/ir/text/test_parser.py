"""Whatever the text, the result is a graph, or an IRError with every wrong place under a caret."""

from __future__ import annotations

from pathlib import Path

import mir_files
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mixdown.ir.codes import Code
from mixdown.ir.diagnostics import IRError
from mixdown.ir.graph import Graph
from mixdown.ir.nodes import Silence
from mixdown.ir.origin import Origin
from mixdown.ir.text.parser import MOST, parse_graph, parse_text
from mixdown.ir.text.printer import HEADER, print_graph

FILES = sorted((Path(__file__).parent / "syntax").glob("*.mir"))
GOLDEN = (Path(__file__).parents[1] / "digests.mir").read_text(encoding="utf-8")
SILENCE = "%s = silence {rate = 48000, channels = 2, length = 100}"
OUTPUT = '%o = output %g {role = master, target = "master", container = "wav", encoding = s16}'


def failure(text: str, name: str = "x.mir") -> IRError:
    with pytest.raises(IRError) as caught:
        parse_graph(text, name)
    return caught.value


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_file(path: Path):
    mir_files.check(path)


def test_an_error_is_shown_with_a_caret():
    assert str(failure(f"{HEADER}\n%a = gian %b {{gain_db = 1.0}}\n")) == (
        "error[MIX411]: unknown node kind gian\n"
        " --> x.mir:2:6\n"
        "  |\n"
        "2 | %a = gian %b {gain_db = 1.0}\n"
        "  |      ^^^^\n"
        "  = help: did you mean 'gain'? known: clip, silence, gain, fade, crossfade, "
        "automation.gain, filter, automation.filter, gate, deess, compress, pan, automation.pan, "
        "downmix, place, slice, lane, mix, bus, headroom, loudnorm, limiter, dither, output"
    )


def test_a_structural_error_is_shown_in_the_text_with_what_it_was_made_from():
    text = f'{HEADER}\n{SILENCE}\n{SILENCE} loc("show.yaml" /tracks/0)\n'
    assert str(failure(text)) == (
        "error[MIX401]: two nodes define the value %s\n"
        " --> x.mir:3:1\n"
        "  |\n"
        f'3 | {SILENCE} loc("show.yaml" /tracks/0)\n'
        "  | ^^\n"
        "  --> show.yaml at /tracks/0: generated from this\n"
        " --> x.mir:2:1\n"
        "  |\n"
        f"2 | {SILENCE}\n"
        "  | ^^ first defined here\n"
        "  = help: value names must be unique"
    )


def test_a_finding_of_the_verifier_is_shown_at_the_line_of_the_text():
    gain = '%g = gain %s {gain_db = inf}  loc("show.yaml" /tracks/0/gain_db)'
    parsed = parse_text(f"{HEADER}\n{SILENCE}\n{gain}\n{OUTPUT}\n", "x.mir")
    assert parsed.graph["g"].origin == Origin("show.yaml", "/tracks/0/gain_db")
    assert parsed.located["g"].origin == Origin("x.mir", "/3/1/2", parsed.graph["g"].origin)
    assert parsed.located == parsed.graph
    with pytest.raises(IRError) as caught:
        parsed.check()
    assert str(caught.value) == (
        "error[MIX407]: %g: gain_db is inf\n"
        " --> x.mir:3:1\n"
        "  |\n"
        f"3 | {gain}\n"
        "  | ^^\n"
        "  --> show.yaml at /tracks/0/gain_db: generated from this"
    )


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", (1, 1)),
        ("\n\n// nothing\n", (1, 1)),
        ("\n%a = bus\n", (2, 1)),
        ("mixdown.ir\n", (1, 11)),
        ("mixdown.ir x\n", (1, 12)),
        (f"{HEADER} 2\n", (1, 14)),
        (f"{HEADER}\n%a = gain %b {{gain_db = \n", (2, 24)),
        (f'{HEADER}\r\n  %a = gain %b {{gain_db = "x\r\n', (2, 27)),
        (f'{HEADER}\n%"a = bus\n', (2, 1)),
        (f"{HEADER}\n%a = bus \x00\n", (2, 10)),
        (f"{HEADER}\n%a = mix {{length = {'9' * 4001}}}\n", (2, 4020)),
    ],
)
def test_the_place_of_a_syntax_error(text: str, place: tuple[int, int]):
    error = failure(text)
    (diagnostic,) = error.diagnostics
    data = diagnostic.to_dict(error.documents)
    assert diagnostic.code is Code.IR_SYNTAX
    assert (data["line"], data["column"]) == place
    assert str(error)


def test_the_place_of_a_type_that_disagrees():
    text = f"{HEADER}\n{SILENCE} :  signal<48000, 2, 99>\n"
    error = failure(text)
    (diagnostic,) = error.diagnostics
    assert diagnostic.origin == Origin("x.mir", f"/2/{len(SILENCE) + 5}/20")


def test_so_many_diagnostics_are_enough():
    assert len(failure(f"{HEADER}\n" + "nonsense\n" * 1000).diagnostics) == MOST


def test_comments_blanks_and_line_ends_are_free():
    free = GOLDEN.replace("\n", "  // so it is\r\n\r\n \t\r\n// and more\r\n")
    free = free.replace(" = ", "\t =  ").replace("{", "{ ").replace(",", " ,")
    again = parse_graph(free)
    assert again == parse_graph(GOLDEN)
    assert [n.origin for n in again] == [n.origin for n in parse_graph(GOLDEN)]


def test_two_slashes_in_quotes_are_no_comment():
    graph = parse_graph(f'{HEADER}\n%"a//b" = bus loc("http://x" "//y")  // c\n')
    assert graph["a//b"].origin == Origin("http://x", "//y")


def test_a_type_and_an_attribute_with_a_default_may_be_left_out():
    limiter = "%g = limiter %s {ceiling_db = -1, mode = true_peak}"
    graph = parse_graph(f"{HEADER}\n{SILENCE}\n{limiter}\n{OUTPUT}")
    assert graph["g"].margin_db == 0.0


def test_attributes_may_stand_in_any_order():
    turned = "%s = silence {length = 100, channels = 2, rate = 48000}"
    assert parse_graph(f"{HEADER}\n{turned}") == parse_graph(f"{HEADER}\n{SILENCE}")


def test_quoted_and_bare_are_the_same_name():
    graph = parse_graph(f'{HEADER}\n%"a" = bus\n%b = gain %"\\u0061" {{gain_db = 1}}')
    assert graph["b"].operands == ("a",)


@given(st.text(max_size=200))
def test_any_text_is_a_graph_or_an_error(text: str):
    assert str(failure(text))
    assert str(failure(f"{HEADER}\n%{text}"))


PRINTED = print_graph(parse_graph(GOLDEN.replace("}  //", '} loc("a" /b via "c") //')))
DAMAGE = ['"', "%", "@", "{", "}", "[", "(", ",", "=", ":", "\n", "?", "/", "1", "-", "nan", " "]


@given(st.data())
def test_a_damaged_text_is_a_graph_or_an_error_that_can_be_shown(data: st.DataObject):
    text = PRINTED
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        end = start + data.draw(st.integers(0, 4))
        text = text[:start] + data.draw(st.sampled_from(DAMAGE) | st.text(max_size=2)) + text[end:]
    diagnostics, documents = mir_files.found(text, "damaged.mir")
    for diagnostic in diagnostics:
        assert str(IRError(diagnostic, documents))
        assert mir_files.line_of(diagnostic, documents) <= text.count("\n") + 1


def test_every_character_is_read_back_in_a_name():
    shapes = ("{}", "a{}b", "{}/a", "a/{}")
    names = [shape.format(chr(code)) for code in range(0x250) for shape in shapes]
    nodes = tuple(Silence(name, 48000, 2, 100) for name in dict.fromkeys(names))
    assert [node.name for node in parse_graph(print_graph(Graph((), nodes)))] == [
        node.name for node in nodes
    ]
