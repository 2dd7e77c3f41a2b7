"""Pipelines as text: what is printed is read back, and what cannot be read is shown."""

from __future__ import annotations

import pytest
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st
from mixdown.compiler.passes.base import GraphPass
from mixdown.compiler.passes.fold_gain import FoldGain
from mixdown.compiler.passes.legalize import Toposort
from mixdown.compiler.passes.pack_lanes import PackLanes
from mixdown.compiler.pipeline_text import parse_pipeline, pipeline_text
from mixdown.documents.values import MAX_NUMBER
from mixdown.ir.codes import Code
from mixdown.ir.diagnostics import MixdownError


@frozen
class Many(GraphPass):
    """Has an option of every type."""

    name = "many"
    count: int = 1
    ratio: float | None = None
    deep_down: bool = False
    label: str | None = "x"

    def rewrite(self, graph):
        return graph


KNOWN = (FoldGain(), PackLanes(), Many(), Toposort())
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
MANY = st.builds(
    Many,
    count=st.integers(-MAX_NUMBER, MAX_NUMBER),
    ratio=st.none() | st.floats(-MAX_NUMBER, MAX_NUMBER).filter(lambda x: not 0 < abs(x) < 1e-30),
    deep_down=st.booleans(),
    label=st.none() | TEXT | st.sampled_from(["none", "true", "7", "a-b", "{", '"']),
)


@given(st.lists(MANY | st.sampled_from([FoldGain(), PackLanes(), PackLanes(max_lanes=3)])))
def test_what_is_printed_is_read_back(passes):
    assert parse_pipeline(pipeline_text(passes), KNOWN) == tuple(passes)


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("", ()),
        ("fold-gain", (FoldGain(),)),
        ("fold-gain,pack-lanes{max-lanes=8}", (FoldGain(), PackLanes(max_lanes=8))),
        ("fold-gain,pack-lanes", (FoldGain(), PackLanes())),
        (
            'many{count=-2,ratio=2.0,deep-down=true,label="a b"}',
            (Many(-2, 2.0, True, "a b"),),
        ),
        ('many{label=none},many{label="none"}', (Many(label=None), Many(label="none"))),
    ],
)
def test_the_text_is_the_passes(text, passes):
    assert parse_pipeline(text, KNOWN) == passes
    assert pipeline_text(passes) == text


def test_white_space_and_defaults_may_be_written():
    text = " fold-gain ,\n many { count = 1 , ratio = 2 } "
    assert parse_pipeline(text, KNOWN) == (FoldGain(), Many(ratio=2.0))
    assert parse_pipeline("many{}", KNOWN) == (Many(),)


@pytest.mark.parametrize(
    ("text", "message", "caret"),
    [
        ("fold-gian", "the pass 'fold-gian' does not exist", "^^^^^^^^^"),
        ("fold-gain,toposort", "the pass 'toposort' always runs", "          ^^^^^^^^"),
        (
            "pack-lanes{max-lane=8}",
            "the pass 'pack-lanes' has no option 'max-lane'",
            11 * " " + "^",
        ),
        ("fold-gain{x=8}", "the pass 'fold-gain' has no option 'x'", 10 * " " + "^"),
        ("pack-lanes{max-lanes=0}", "the option 'max-lanes' cannot be 0", 21 * " " + "^"),
        ("many{count=1,count=2}", "the option 'count' is given twice", 13 * " " + "^^^^^"),
        ("many{ratio=nan}", "the option 'ratio' cannot be nan", 11 * " " + "^^^"),
        ('many{count="1"}', "the option 'count' cannot be \"1\"", 11 * " " + "^^^"),
        ("fold-gain,", "expected the name of a pass, not the end", 10 * " " + "^"),
        ("fold-gain many", "expected ',', not 'many'", 10 * " " + "^^^^"),
        ("many{count}", "expected '=', not '}'", 10 * " " + "^"),
        ("many{count=", "expected a value, not the end", 11 * " " + "^"),
        ("many{count=1", "expected '}', not the end", 12 * " " + "^"),
        ("many{count=1,}", "expected the name of an option, not '}'", 13 * " " + "^"),
        ('many{label="a', "expected a value, not '\"'", 11 * " " + "^"),
        ('"many"', "expected the name of a pass, not '\"many\"'", "^^^^^^"),
        ("fold-gain,\n  mani", "the pass 'mani' does not exist", "  ^^^^"),
    ],
)
def test_what_is_wrong_has_a_caret(text, message, caret):
    with pytest.raises(MixdownError) as caught:
        parse_pipeline(text, KNOWN)
    (found,) = caught.value.diagnostics
    assert (found.code, found.message) == (Code.BAD_REQUEST, message)
    assert f" | {caret}" in str(caught.value)


def test_all_unknown_names_are_reported_with_the_nearest():
    with pytest.raises(MixdownError) as caught:
        parse_pipeline("fold-gian,pack-lanes{max-lane=1},mani{x=1}", KNOWN)
    helps = [found.help for found in caught.value.diagnostics]
    assert [help.partition("?")[0] for help in helps] == [
        "did you mean 'fold-gain'",
        "did you mean 'max-lanes'",
        "did you mean 'many'",
    ]
    assert "toposort" not in helps[0]
