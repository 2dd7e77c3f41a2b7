"""The text is one line a node, in the words of docs/ir.md, and a small edit is a small diff."""

from __future__ import annotations

import attrs
import numpy as np
import pytest
from mixdown.ir import nodes as ir
from mixdown.ir.curves import Shape
from mixdown.ir.graph import Graph
from mixdown.ir.node import Signal
from mixdown.ir.origin import Origin
from mixdown.ir.text.codec import codec
from mixdown.ir.text.printer import print_graph, print_node, print_source

STEREO = Signal(48000, 2, 576000)


def line(node: ir.Node) -> str:
    return print_node(node, STEREO)


def test_a_source():
    host = ir.Source("host", "audio/host.flac", "sha256:ab", 22050, 1, 12345, "flac/pcm_16")
    assert print_source(host) == (
        'source @host = "audio/host.flac" {digest = "sha256:ab", rate = 22050, channels = 1, '
        'frames = 12345, codec = "flac/pcm_16"}'
    )


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (
            ir.Clip("host/c1.clip", "host", 0, 576000, 48000),
            "%host/c1.clip = clip {source = @host, offset = 0, length = 576000, rate = 48000}",
        ),
        (ir.Gain("g", 2.0, operands=("c",)), "%g = gain %c {gain_db = 2.0}"),
        (ir.Gain("g", -0.0, operands=("c",)), "%g = gain %c {gain_db = -0.0}"),
        (ir.Gain("g", 1e-5, operands=("c",)), "%g = gain %c {gain_db = 1e-05}"),
        (ir.Gain("g", np.float64(0.1), operands=("c",)), "%g = gain %c {gain_db = 0.1}"),
        (
            ir.Fade("f", ir.Edge.IN, 10, "tri", operands=("c",)),
            '%f = fade %c {edge = in, length = 10, curve = "tri"}',
        ),
        (
            ir.GainAutomation(
                "a",
                (ir.Point(0, -6), ir.Point(9, 0.5, Shape.SMOOTH, ir.Aim(99, 1)), ir.Point(10, 0)),
                operands=("c",),
            ),
            "%a = automation.gain %c {points = [(0, -6.0, linear), (9, 0.5, smooth, (99, 1.0)), "
            "(10, 0.0, linear)]}",
        ),
        (
            ir.Lane("l", (0, 100), 200, operands=("a", "b")),
            "%l = lane %a, %b {starts = [0, 100], length = 200}",
        ),
        (
            ir.Loudnorm("n", -16, None, operands=("c",)),
            "%n = loudnorm %c {target_lufs = -16.0, gain_db = ?}",
        ),
        (
            ir.Limiter("l", -1, ir.LimitMode.TRUE_PEAK, operands=("c",)),
            "%l = limiter %c {ceiling_db = -1.0, mode = true_peak, margin_db = 0.0}",
        ),
    ],
)
def test_a_node(node: ir.Node, expected: str):
    assert line(node) == expected + " : signal<48000, 2, 576000>"


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        (Origin("podcast.yaml", "/tracks/0/gain_db"), 'loc("podcast.yaml" /tracks/0/gain_db)'),
        (Origin("podcast.yaml"), 'loc("podcast.yaml")'),
        (
            Origin("a.yaml", "/x", Origin("b.arr", "/lines/3", Origin("c"))),
            'loc("a.yaml" /x via "b.arr" /lines/3 via "c")',
        ),
        (Origin("a b", "/we ird"), 'loc("a b" "/we ird")'),
        (Origin("a", "//"), 'loc("a" "//")'),
    ],
)
def test_an_origin(origin: Origin, expected: str):
    node = ir.Silence("s", 48000, 2, 576000, origin=origin)
    assert line(node).endswith(f" : signal<48000, 2, 576000>  {expected}")
    assert print_node(node, STEREO, origins=False).endswith("576000>")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("host/c1.gain", "%host/c1.gain"),
        ("a-b_c~1+2#3", "%a-b_c~1+2#3"),
        ("we ird", '%"we ird"'),
        ("", '%""'),
        ("a//b", '%"a//b"'),
        ("/a", '%"/a"'),
        ('q"\\', r'%"q\"\\"'),
        ("é", '%"é"'),
        ("line\nbreak", r'%"line\nbreak"'),
        ("\u2028\x85\u202e\ufeff\x7f", r'%"\u2028\u0085\u202e\ufeff\u007f"'),
    ],
)
def test_a_name_is_quoted_only_where_it_must_be(name: str, expected: str):
    assert line(ir.Silence(name, 1, 1, 1)).startswith(f"{expected} = silence {{")


def test_a_graph_that_is_not_sound_is_printed_too():
    graph = Graph((), (ir.Gain("g", float("nan")), ir.Clip("c", "nowhere", 0, 1, 1)))
    assert print_graph(graph).splitlines()[1] == "%g = gain {gain_db = nan} : signal<0, 0, ?>"


def test_an_edit_changes_its_own_line():
    nodes = (
        ir.Silence("a", 48000, 2, 100),
        ir.Gain("g", 1.0, operands=("a",)),
        ir.Mix("m", 100, operands=("g", "a")),
    )
    graph = Graph((), nodes)
    edited = graph.rewrite(lambda n: attrs.evolve(n, gain_db=-12.5) if n.name == "g" else n)
    before, after = print_graph(graph).splitlines(), print_graph(edited).splitlines()
    changed = [pair for pair in zip(before, after, strict=True) if pair[0] != pair[1]]
    assert len(changed) == 1


@pytest.mark.parametrize("annotation", [bytes, list[int], dict[str, int], tuple[int, str]])
def test_a_type_without_a_text_is_refused(annotation: object):
    with pytest.raises(TypeError, match="the text form does not support"):
        codec(annotation)
