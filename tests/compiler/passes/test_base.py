"""What a pass is: its options are checked fields, its docstring is its documentation."""

from __future__ import annotations

import pytest
from attrs import evolve, frozen
from mixdown.compiler.passes.base import GraphPass, options_of
from mixdown.compiler.passes.pack_lanes import PackLanes
from mixdown.compiler.pipeline import pipeline
from mixdown.ir.codes import Code
from mixdown.ir.diagnostics import MixdownError
from mixdown.ir.nodes import Lane, Mix
from mixdown.ir.text.parser import parse_graph


@frozen
class Example(GraphPass):
    """Does nothing.

    It has an option of every type.
    """

    name = "example"
    count: int = 1
    ratio: float = 0.5
    deep: bool = False
    label: str | None = None

    def rewrite(self, graph):
        return graph


def test_the_docstring_is_the_documentation():
    assert Example().doc == "Does nothing. It has an option of every type."
    assert all(step.doc.endswith(".") for step in pipeline())


def test_options_are_fields():
    assert [option.name for option in options_of(Example)] == ["count", "ratio", "deep", "label"]
    assert PackLanes(max_lanes=2) == evolve(PackLanes(), max_lanes=2) != PackLanes()
    assert Example(ratio=2) == Example(ratio=2.0)  # a whole number is a number


@pytest.mark.parametrize(
    ("kind", "options", "allowed"),
    [
        (Example, {"count": 1.5}, "a whole number"),
        (Example, {"count": True}, "a whole number"),
        (Example, {"ratio": float("nan")}, "a number"),
        (Example, {"ratio": "0.5"}, "a number"),
        (Example, {"deep": 1}, "true or false"),
        (Example, {"label": 7}, "a text, or none"),
        (PackLanes, {"max_lanes": 0}, "a whole number, 1 or more, or none"),
        (PackLanes, {"max_lanes": "many"}, "a whole number, 1 or more, or none"),
    ],
)
def test_a_wrong_option_is_an_error_of_mixdown(kind, options, allowed):
    with pytest.raises(MixdownError) as caught:
        kind(**options)
    (found,) = caught.value.diagnostics
    assert found.code is Code.BAD_REQUEST
    assert found.help == f"allowed: {allowed}"


CLIPS = """mixdown.ir 1
source @s = "s.wav" {digest = "sha256:0", rate = 48000, channels = 1, frames = 100, codec = "wav"}
"""
CLIP = "%c{0} = clip {{source = @s, offset = 0, length = 100, rate = 48000}}\n"
PLACE = "%p{0} = place %c{0} {{start = {1}}}\n"


@pytest.mark.parametrize(("max_lanes", "lanes", "operands"), [(None, 3, 3), (2, 2, 4), (1, 1, 5)])
def test_lanes_are_at_most_so_many_and_nothing_is_lost(max_lanes, lanes, operands):
    starts = [1, 51, 52, 101, 151, 152]  # three sound at once, and each lane has room for two
    text = CLIPS + "".join(CLIP.format(i) + PLACE.format(i, s) for i, s in enumerate(starts))
    text += f"%m = mix {', '.join(f'%p{i}' for i in range(6))} {{length = 300}}\n"
    step = PackLanes(max_lanes=max_lanes)
    packed = step.rewrite(parse_graph(text))
    made = [node for node in packed if isinstance(node, Lane)]
    (mix,) = (node for node in packed if isinstance(node, Mix))
    assert (len(made), len(mix.operands)) == (lanes, operands)
    assert step.rewrite(packed) == packed
