"""Every invariant of the verifier, each by a text whose offending lines carry the error."""

from __future__ import annotations

import re
from pathlib import Path

import mir_files
import pytest
from mixdown.ir import verify as verifier
from mixdown.ir.diagnostics import IRError
from mixdown.ir.text.parser import parse_text

FILES = sorted((Path(__file__).parent / "verify").glob("*.mir"))


def texts() -> list[str]:
    return [path.read_text(encoding="utf-8") for path in FILES]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_file(path: Path):
    mir_files.check(path)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_is_named_after_the_code_that_it_shows(path: Path):
    codes = {code for _, code, _ in mir_files.expected(path.read_text(encoding="utf-8"))}
    assert codes == {path.stem[:6]}


def test_every_invariant_that_the_verifier_lists_has_a_file():
    listed = set(re.findall(r"MIX4\d\d", verifier.__doc__ or ""))
    shown = {code for text in texts() for _, code, _ in mir_files.expected(text)}
    assert listed == shown


def test_every_rule_finds_something_in_a_file():
    unbuilt = ("MIX401", "MIX402", "MIX403", "MIX414", "MIX412")  # no graph, or none with types
    paths = [path for path in FILES if path.stem[:6] not in unbuilt]
    graphs = [parse_text(path.read_text(encoding="utf-8")).graph for path in paths]
    nodes = [(graph, node) for graph in graphs for node in graph]
    for rule, kinds in verifier.NODE_RULES.items():
        applied = (rule(graph, node) for graph, node in nodes if isinstance(node, kinds))
        assert any(map(list, applied)), rule


def test_check_raises_everything_at_once():
    path = next(path for path in FILES if path.stem == "MIX406-lane")
    parsed = parse_text(path.read_text(encoding="utf-8"), path.name)
    with pytest.raises(IRError) as caught:
        verifier.check(parsed.graph)
    assert len(caught.value.diagnostics) == 4


def test_a_sound_graph_is_given_back():
    text = "mixdown.ir 1\n%a = silence {rate = 8000, channels = 1, length = 1}\n"
    text += '%o = output %a {role = master, target = "master", container = "wav", encoding = f32}\n'
    parsed = parse_text(text)
    assert verifier.check(parsed.graph) is parsed.graph
    assert parsed.check() is parsed.graph
