"""Digests say what a value is: nothing that changes no sample changes one, all else does."""

from __future__ import annotations

import enum
import os
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction

import attrs
import golden_digests
import pytest
from graph_strategies import graphs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mixdown.ir.digest import digests, encode, graph_digest
from mixdown.ir.graph import Graph
from mixdown.ir.node import attribute_fields
from mixdown.ir.nodes import KINDS, Gain, Node, Silence
from mixdown.ir.origin import Origin
from mixdown.ir.text.parser import parse_graph

few = settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
GOLDEN = golden_digests.PATH.read_text(encoding="utf-8")
GRAPH = parse_graph(GOLDEN)


def test_the_golden_list_holds():
    now = golden_digests.with_digests(golden_digests.without_digests(GOLDEN))
    assert now == GOLDEN, (
        "a digest changed, so every cache and media key made before is stale; "
        f"if that is meant: {golden_digests.COMMAND}"
    )


def test_the_golden_list_holds_every_kind():
    assert {node.kind for node in GRAPH} == set(KINDS)


@pytest.mark.parametrize("seed", ["0", "1", "4242"])
def test_the_seed_of_hashes_does_not_matter(seed: str):
    program = (
        "import sys; from mixdown.ir.text.parser import parse_graph; "
        "from mixdown.ir.digest import digests, graph_digest; "
        "g = parse_graph(sys.stdin.read()); print(graph_digest(g), *digests(g).values())"
    )
    run = subprocess.run(
        [sys.executable, "-c", program],
        input=GOLDEN,
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONUTF8": "1"},
        check=True,
    )
    assert run.stdout.split() == [graph_digest(GRAPH), *digests(GRAPH).values()]


@given(graphs())
@few
def test_names_origins_labels_and_order_do_not_matter(graph: Graph):
    new = {name: f"value {number}" for number, name in enumerate(graph.by_name)}
    source_names = {source.name: f"source {n}" for n, source in enumerate(graph.sources)}
    sources = [
        attrs.evolve(s, name=source_names[s.name], path="elsewhere", codec="other")
        for s in graph.sources
    ]
    renamed = Graph.ordered(sources, [disguise(node, new, source_names) for node in graph])
    before, after = digests(graph), digests(renamed)
    assert {new[name]: digest for name, digest in before.items()} == after
    assert graph_digest(renamed) == graph_digest(graph)


def disguise(node: Node, names: dict[str, str], sources: dict[str, str]) -> Node:
    changed = {"source": sources[node.source]} if node.kind == "clip" else {}
    operands = tuple(names[operand] for operand in node.operands)
    origin = Origin("another.yaml", "/x")
    return attrs.evolve(node, name=names[node.name], operands=operands, origin=origin, **changed)


def test_an_outputs_role_and_target_are_labels():
    node = GRAPH["stem.output"]
    other = attrs.evolve(node, role=GRAPH["master.output"].role, target="x")
    changed = Graph(GRAPH.sources, tuple(other if n is node else n for n in GRAPH))
    assert digests(changed) == digests(GRAPH)
    assert graph_digest(changed) != graph_digest(GRAPH)


CHANGES = [
    (node.name, field.name)
    for node in GRAPH
    for field in attribute_fields(type(node))
    if not field.metadata.get("label")
]


@pytest.mark.parametrize(("name", "attribute"), CHANGES)
def test_every_attribute_matters_downstream_too(name: str, attribute: str):
    node = GRAPH[name]
    changed = attrs.evolve(node, **{attribute: another(getattr(node, attribute), attribute)})
    graph = Graph(GRAPH.sources, tuple(changed if n is node else n for n in GRAPH))
    before, after = digests(GRAPH), digests(graph)
    moved = {value for value in before if before[value] != after[value]}
    assert moved == {name, *downstream(name)}


def another(value: object, attribute: str) -> object:
    """A value of the same type that is not this one."""
    if attribute == "source":
        return "bed" if value == "host" else "host"
    if isinstance(value, enum.Enum):
        return next(member for member in type(value) if member is not value)
    if isinstance(value, str):
        return value + "x"
    if isinstance(value, tuple):
        return value[1:]
    return 1.0 if value is None else value + 1


def downstream(name: str) -> set[str]:
    users = {user.name for user in GRAPH.users[name]}
    return users.union(*(downstream(user) for user in users))


def test_a_sources_content_matters_and_its_name_and_path_do_not():
    clip = "host/c1.clip"
    before = digests(GRAPH)[clip]
    changes = {"name": "host", "path": "moved.flac", "codec": "wav/pcm_16"}
    for attribute, value in changes.items():
        assert digests(with_source(**{attribute: value}))[clip] == before
    for attribute, value in {"digest": "sha256:0", "rate": 1, "channels": 2, "frames": 1}.items():
        assert digests(with_source(**{attribute: value}))[clip] != before


def with_source(**changes: object) -> Graph:
    host, *others = GRAPH.sources
    return Graph((attrs.evolve(host, **changes), *others), GRAPH.nodes)


def test_operands_count_in_their_order():
    one, two = Silence("a", 1, 1, 1), Silence("b", 1, 1, 2)
    bus = GRAPH["bus_all.bus"]

    def digest(*operands: str) -> str:
        nodes = (one, two, attrs.evolve(bus, operands=operands))
        return digests(Graph((), nodes))[bus.name]

    assert len({digest("a", "b"), digest("b", "a"), digest("a"), digest("a", "a")}) == 4


def test_equal_numbers_have_equal_digests():
    dry = Silence("s", 1, 1, 1)

    def digest(gain_db: float) -> str:
        return digests(Graph((), (dry, Gain("g", gain_db, operands=("s",)))))["g"]

    assert digest(2) == digest(2.0)
    assert digest(0.0) == digest(-0.0)
    assert digest(0.1) != digest(0.1 + 2**-56)


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        {1, 2},
        {"a": 1},
        [1],
        object(),
        b"bytes",
        1j,
        Decimal(1),
        Fraction(1),
        Origin("d"),
        ((1, [2]),),
        enum.Enum("E", "A").A,
        len,
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_cannot_be_hashed_stably_raises(value: object):
    with pytest.raises(TypeError, match="no stable digest"):
        encode(value)


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3).map(tuple),
    max_leaves=5,
)


@given(plain, plain)
def test_the_encoding_tells_values_apart(one: object, other: object):
    assert (encode(one) == encode(other)) == (key(one) == key(other))


@given(st.lists(plain, max_size=3), st.lists(plain, max_size=3))
def test_the_encoding_is_prefix_free(one: list[object], other: list[object]):
    joined = [b"".join(map(encode, values)) for values in (one, other)]
    assert (joined[0] == joined[1]) == (key(tuple(one)) == key(tuple(other)))


def key(value: object) -> object:
    """The value with its types, so that 1, 1.0 and True differ as their encodings do."""
    if isinstance(value, tuple):
        return ("tuple", *map(key, value))
    return (type(value).__name__, value)
