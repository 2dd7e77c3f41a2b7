"""A faulty pass leaves a file that replays the fault, by the command or the line that it names."""

from __future__ import annotations

import re
import shlex

import mixdown as package
import pytest
from attrs import evolve, frozen
from house import ROOT
from mixdown.cli.app import run
from mixdown.compiler.driver import begin
from mixdown.compiler.graph_input import load_graph
from mixdown.compiler.options import CompileOptions
from mixdown.compiler.passes.base import GraphPass
from mixdown.compiler.passes.resolve_facts import ResolveFacts
from mixdown.compiler.passes.simplify import DropIdentity
from mixdown.compiler.pipeline import final, pipeline, run_pipeline
from mixdown.compiler.reproducer import DIRECTORY, PassError
from mixdown.compiler.request import RenderRequest
from mixdown.ir.codes import Code
from mixdown.ir.nodes import Gain
from mixdown.ir.text.parser import parse_text

DEMO = ROOT / "examples" / "podcast" / "podcast.yaml"


def crash(step, graph):
    raise ZeroDivisionError("no such luck\nsecond line")


def break_gain(step, graph):
    return graph.rewrite(
        lambda node: evolve(node, gain_db=float("nan")) if isinstance(node, Gain) else node
    )


def break_name(step, graph):
    """A graph that cannot even be built."""
    return graph.rewrite(lambda node: (node, evolve(node)))


def lose_graph(step, graph):
    return None


@frozen
class Crash(GraphPass):
    name = "crash"
    often: int = 1

    def rewrite(self, graph):
        return crash(self, graph)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Where reproducers go."""
    monkeypatch.setenv(DIRECTORY, str(tmp_path))
    return tmp_path


@pytest.fixture(scope="module")
def unit():
    return begin(DEMO, RenderRequest())


def command_of(error: PassError) -> str:
    return error.diagnostics[0].help.removeprefix("replay it with: ").partition(";")[0]


@pytest.mark.parametrize(
    ("rewrite", "found", "says"),
    [
        (crash, [], "failed with ZeroDivisionError: no such luck"),
        (break_gain, [Code.IR_ATTRIBUTE], "left a graph that breaks an invariant"),
        (break_name, [Code.IR_DUPLICATE_VALUE], "left a graph that breaks an invariant"),
        (lose_graph, [], "failed with TypeError: it returned no graph"),
    ],
)
def test_a_faulty_pass_is_replayed_by_a_command(folder, monkeypatch, capsys, rewrite, found, says):
    working = DropIdentity.rewrite
    monkeypatch.setattr(DropIdentity, "rewrite", rewrite)
    options = CompileOptions(pipeline="fold-gain,drop-identity,pack-lanes{max-lanes=2}")
    with pytest.raises(PassError) as caught:
        package.compile(DEMO, RenderRequest(backend="native"), options)
    about = caught.value.diagnostics[0]
    codes = [d.code for d in caught.value.diagnostics]
    assert list(dict.fromkeys(codes)) == [Code.PASS_FAILED, *found]
    assert about.message == (
        f"the pass drop-identity {says}; this is a fault of mixdown, not of the timeline"
    )
    path = caught.value.reproducer
    assert re.fullmatch(r"mixdown-crash-[0-9a-f]{12}\.mir", path.name) and path.parent == folder
    command = command_of(caught.value)
    assert command == (
        f"mixdown inspect {path} --to native --pipeline 'drop-identity,pack-lanes{{max-lanes=2}}'"
    )
    assert about.help.endswith("; --disable drop-identity may help until it is fixed")

    # The graph is the one before the pass, below a command that works in the file's directory.
    text = path.read_text()
    before = final(begin(DEMO, RenderRequest()), pipeline(options.pipeline[:1])[:-3])
    assert load_graph(path).parsed.graph == before.ir
    assert text.splitlines()[1] == f"// {command.replace(str(path), path.name)}"

    # The command fails in the same way and writes the same file, until the pass is mended.
    assert run(shlex.split(command)[1:]) == 3
    assert f"the pass drop-identity {says}" in capsys.readouterr().err
    assert path.read_text() == text and list(folder.iterdir()) == [path]
    monkeypatch.setattr(DropIdentity, "rewrite", working)
    assert run(shlex.split(command)[1:]) == 0
    mended = package.compile(DEMO, RenderRequest(backend="native"), options)
    printed = parse_text(capsys.readouterr().out)
    assert printed.graph == mended.graph
    assert printed.notes == load_graph(path).parsed.notes


def test_a_callers_own_pass_is_replayed_by_a_line_of_python():
    with pytest.raises(PassError) as caught:
        package.compile(DEMO, pipeline="fold-gain", passes=[Crash(often=2)])
    about = caught.value.diagnostics[0]
    assert "this is a fault of the pass, not of the timeline" in about.message
    line = command_of(caught.value)
    path = str(caught.value.reproducer)
    assert line == f"mixdown.compile({path!r}, backend='ffmpeg', pipeline=[Crash(often=2)])"
    with pytest.raises(PassError, match="the pass crash failed") as again:
        eval(line, {"mixdown": package, "Crash": Crash})
    assert again.value.reproducer == caught.value.reproducer


def test_facts_are_beside_the_reproducer(folder, monkeypatch, capsys):
    monkeypatch.setattr(ResolveFacts, "run", crash)
    facts = package.Facts.from_dict(
        {"facts": 1, "finishes": {"ffmpeg:0": {"integrated_lufs": -20.0, "gain_db": 4.0}}}
    )
    with pytest.raises(PassError) as caught:
        package.compile(DEMO, facts=facts)
    command = command_of(caught.value)
    beside = folder / f"{caught.value.reproducer.stem}.facts.json"
    assert command.endswith(f" --facts {beside}") and beside.read_text() == facts.to_json()
    assert run(shlex.split(command)[1:]) == 3
    assert "the pass resolve-facts failed" in capsys.readouterr().err
    assert sorted(folder.iterdir()) == sorted([beside, caught.value.reproducer])


def test_a_reproducer_that_cannot_be_written_hides_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv(DIRECTORY, str(tmp_path / "missing"))
    with pytest.raises(PassError, match="no reproducer could be written") as caught:
        package.compile(DEMO, passes=[Crash()])
    assert caught.value.reproducer is None
    assert caught.value.diagnostics[0].code is Code.PASS_FAILED


def test_without_a_graph_the_timeline_is_the_reproducer(unit, folder):
    with pytest.raises(PassError, match="compile the same timeline") as caught:
        list(run_pipeline(unit, (Crash(),)))
    assert not list(folder.iterdir())
    assert isinstance(caught.value.__cause__, RuntimeError)  # it has no graph to work on
