"""inspect shows a mix at any point of the pipeline, in any form, and reads what it printed."""

from __future__ import annotations

import json

import pytest
from mixdown import compile, load
from mixdown.compiler.pipeline import OPTIMISATIONS
from mixdown.ir.text.parser import parse_text
from mixdown.ir.text.printer import print_graph


def test_it_prints_the_graph_that_the_backend_gets(mixdown, show):
    ended = mixdown("inspect", show.name, "--preset", "podcast", "--stems")
    graph = compile(load(show.name), preset="podcast", stems=True).graph
    notes = parse_text(ended.out).notes
    assert (ended.code, ended.out, ended.err) == (0, print_graph(graph, notes=notes), "")
    assert [note.kind for note in notes] == ["mix", "tag", "marker", "bus", "bus"]


def test_what_it_wrote_it_reads_and_compile_compiles(mixdown, show):
    assert mixdown("inspect", show.name, "-o", "small.mir").out == ""
    assert mixdown("inspect", "small.mir").out == mixdown("inspect", show.name).out
    plan = mixdown("compile", "small.mir")
    assert plan.code == 0
    assert plan.out == mixdown("compile", show.name).out


def test_it_shows_the_mix_before_and_after_a_pass(mixdown, show):
    after = mixdown("inspect", show.name, "--after", "lower").out
    assert after == mixdown("inspect", show.name, "--before", "resolve-facts").out
    assert len(after.splitlines()) > len(mixdown("inspect", show.name).out.splitlines())
    timeline = mixdown("inspect", show.name, "--after", "resolve-roles").out
    assert timeline.startswith("# host -> bus_dialogue\n# music -> bus_music\nschema_version: 1\n")


def test_it_shows_what_changed_how_long_it_took_and_numbers(mixdown, show):
    changed = mixdown("inspect", show.name, "--changed").out
    assert "== fold-gain: " in changed and "== toposort: " not in changed
    timings = mixdown("inspect", show.name, "--timings").out
    assert [line.split()[0] for line in timings.splitlines()[2:]][-1] == "total"
    assert "samples of all values" in mixdown("inspect", show.name, "--stats").out
    numbers = mixdown("inspect", show.name, "--stats", "--format", "json").data
    assert numbers["final"]["nodes"] < numbers["lowered"]["nodes"]


def test_a_long_diff_is_cut_unless_all_of_it_is_wanted(mixdown, show):
    short = mixdown("inspect", show.name, "--changed").out
    whole = mixdown("inspect", show.name, "--changed", "--full").out
    assert "more lines; --full shows all\n" in short and "--full" not in whole
    assert len(short) < len(whole)
    assert max(map(len, short.splitlines())) <= 160
    assert mixdown("inspect", show.name, "--full").code == 2


def test_each_pass_that_changes_the_mix_has_a_file(mixdown, show):
    listed = mixdown("inspect", show.name, "--print-to", "passes").out.splitlines()
    assert listed[0] == "passes/00-start.yaml"
    assert listed == sorted(str(path.relative_to(show.parent)) for path in
                            (show.parent / "passes").iterdir())  # fmt: skip
    (folded,) = (path for path in listed if path.endswith("-fold-gain.mir"))
    text = (show.parent / folded).read_text()
    assert text == mixdown("inspect", show.name, "--after", "fold-gain").out
    (show.parent / "file").touch()
    assert "MIX604" in mixdown("inspect", show.name, "--print-to", "file/passes").err


@pytest.mark.parametrize("command", ["inspect", "render"])
def test_times_are_written_for_a_viewer_of_traces(mixdown, show, command):
    more = ["--preset", "draft", "--quiet", "-o", "out"] if command == "render" else []
    assert mixdown(command, show.name, "--trace", "times.json", *more).code == 0
    events = json.loads((show.parent / "times.json").read_text())["traceEvents"]
    found = {(event["cat"], event["name"]) for event in events}
    assert {("pass", "lower"), ("verifier", "lower")} <= found
    steps = [event for event in events if event["cat"] == "step"]
    assert bool(steps) is (command == "render")
    programs = [event for event in events if event["cat"] == "program"]
    for step in steps[:1]:
        inside = [p for p in programs if p["tid"] == step["tid"] and p["ts"] >= step["ts"]]
        assert any(p["ts"] + p["dur"] <= step["ts"] + step["dur"] + 1 for p in inside)
    assert all(event["ph"] == "X" and event["ts"] >= 0 and event["dur"] >= 0 for event in events)
    assert [event["ts"] for event in events] == sorted(event["ts"] for event in events)


@pytest.mark.parametrize(
    ("form", "begins"),
    [("json", "{\n"), ("dot", "digraph"), ("svg", "<svg"), ("mermaid", "flowchart LR")],
)
def test_it_draws(mixdown, show, form, begins):
    whole = mixdown("inspect", show.name, "--format", form).out
    part = mixdown("inspect", show.name, "--format", form, "--focus", "hello").out
    assert whole.startswith(begins) and part.startswith(begins)
    assert len(part) < len(whole)
    assert "bed" in whole and "bed" not in part


def test_passes_can_be_left_out(mixdown, show):
    nodes = [
        len(mixdown("inspect", show.name, "--pass-limit", limit).out.splitlines())
        for limit in range(4)
    ]
    assert nodes == sorted(nodes, reverse=True) and nodes[0] > nodes[-1]
    kept = mixdown("inspect", show.name, "--disable", "drop-identity").out
    assert "position = 0.0" in kept
    unoptimised = [flag for p in OPTIMISATIONS for flag in ("--disable", p.name)]
    assert mixdown("inspect", show.name, *unoptimised).out == (
        mixdown("inspect", show.name, "--pass-limit", "0").out
    )


def test_the_pipeline_can_be_written(mixdown, show):
    ended = mixdown(
        "inspect", show.name, "--pipeline", "pack-lanes{max-lanes=1},fold-gain", "--timings"
    )
    ran = [line.split()[0] for line in ended.out.splitlines()[2:]]
    first = ran.index("pack-lanes")
    assert ran[first + 1] == "fold-gain" and "dead-code" not in ran
    plain = mixdown("inspect", show.name, "--pipeline", "").out
    assert plain == mixdown("inspect", show.name, "--pass-limit", "0").out


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--after", "lowr"], "did you mean 'lower'"),
        (["--focus", "host/helo"], "did you mean 'host/hello'"),
        (["--disable", "lower"], "no pass called 'lower' can be switched off"),
        (["--pipeline", "pack-lanes{max-lane=1}"], "did you mean 'max-lanes'"),
        (["--stats", "--timings"], "choose one of --after"),
        (["--before", "lower", "--format", "svg"], "there is no graph before"),
        (["--pass-limit", "-1"], "--pass-limit"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_contradictory_options_are_errors(mixdown, show, options, says):
    ended = mixdown("inspect", show.name, *options)
    assert (ended.code, ended.out) == (2, "")
    assert says in ended.err
