"""What is seen of each pass is what it did."""

from __future__ import annotations

import difflib

import pytest
from attrs import evolve
from mixdown.compiler.facts import FactKeys
from mixdown.compiler.graph_input import load_graph
from mixdown.compiler.load import loads
from mixdown.compiler.pipeline import FRONT, pipeline
from mixdown.compiler.request import RenderRequest
from mixdown.inspection.dumps import changes_text, timings_rows, unit_text
from mixdown.inspection.stats import rows, stats
from mixdown.inspection.trace import trace
from mixdown.ir.diagnostics import MixdownError
from mixdown.ir.text.parser import parse_graph


def test_each_pass_is_there_before_and_after(demo):
    assert [ran.step.name for ran in demo.ran] == [step.name for step in pipeline()]
    assert all(a.after is b.before for a, b in zip(demo.ran, demo.ran[1:], strict=False))
    assert demo.before("place") is demo.start
    assert demo.after("verify-legal") is demo.final
    with pytest.raises(MixdownError, match="did you mean 'fold-gain'"):
        demo.after("fold-gian")


def test_the_text_is_a_graph_or_a_timeline(demo):
    assert parse_graph(unit_text(demo.final)) == demo.final.graph
    before = unit_text(demo.before("lower"))
    assert before.startswith("# host -> bus_dialogue\n")
    assert loads(before).tracks == demo.start.timeline.tracks


def test_changes_applied_to_what_was_before_give_what_is_after(demo):
    text = changes_text(demo)
    sections = dict(part.split(": ", 1) for part in text.removeprefix("== ").split("\n== "))
    assert list(sections) == [ran.step.name for ran in demo.ran if ran.changed]
    assert "toposort" not in sections
    removed = [line[1:] for line in sections["fold-gain"].splitlines() if line[0] == "-"]
    added = [line[1:] for line in sections["fold-gain"].splitlines() if line[0] == "+"]
    ran = demo["fold-gain"]
    a, b = (unit_text(u, origins=False).splitlines() for u in (ran.before, ran.after))
    delta = [line for line in difflib.ndiff(a, b) if line[0] in "+-"]
    assert removed == [line[2:] for line in delta if line[0] == "-"]
    assert added == [line[2:] for line in delta if line[0] == "+"]
    assert sections["lower"].splitlines()[0].startswith("5 tracks -> ")
    assert len(sections["lower"].splitlines()) == 1


def test_timings_name_every_pass_and_add_up(demo):
    table = list(timings_rows(demo))
    assert [row[0] for row in table] == [*(step.name for step in pipeline()), "total"]
    total = sum(ran.seconds for ran in demo.ran)
    assert float(table[-1][2]) == pytest.approx(total * 1000, abs=0.06)
    assert total > 0


def test_stats_count(demo):
    graph = parse_graph(SMALL)
    found = stats(graph)
    assert found.nodes == 6
    assert found.kinds == {"clip": 2, "gain": 1, "limiter": 1, "mix": 1, "output": 1}
    assert found.depth == 5
    assert found.widest == (2, "t.mix")
    assert found.samples == 100 + 50 + 50 + 3 * 100
    assert (found.length, found.rate, found.channels) == (100, 48000, 1)
    assert found.to_dict()["widest"] == {"operands": 2, "value": "t.mix"}
    before, after = stats(demo.after("lower").ir), stats(demo.final.ir)
    table = {title.strip(): cells for title, *cells in rows(before, after)}
    assert table["nodes"] == [str(before.nodes), str(after.nodes)]
    assert int(table["lane"][0]) == 0 < int(table["lane"][1])
    assert after.samples < before.samples


SMALL = """mixdown.ir 1
source @s = "s.wav" {digest = "sha256:0", rate = 48000, channels = 1, frames = 100, codec = "wav"}
%t/a.clip = clip {source = @s, offset = 0, length = 100, rate = 48000}
%t/b.clip = clip {source = @s, offset = 0, length = 50, rate = 48000}
%t/b.gain = gain %t/b.clip {gain_db = 1.0}
%t.mix = mix %t/a.clip, %t/b.gain {length = 100}
%m.limiter = limiter %t.mix {ceiling_db = -1.0, mode = true_peak, margin_db = 0.0}
%m.output = output %m.limiter {role = master, target = "master", container = "wav", encoding = s16}
"""


def test_a_graph_is_traced_from_where_lower_would_have_left_it(tmp_path):
    (tmp_path / "small.mir").write_text(SMALL)
    done = trace(tmp_path / "small.mir", RenderRequest(), disable=["fold-gain"])
    names = [step.name for step in pipeline()[len(FRONT) :] if step.name != "fold-gain"]
    assert [ran.step.name for ran in done.ran] == names
    limited = trace(load_graph(tmp_path / "small.mir"), RenderRequest(), pass_limit=0)
    assert not [ran for ran in limited.ran if ran.step.optional]
    assert changes_text(limited) == "no pass changed the mix\n"


def test_a_pass_that_only_warns_changed_nothing(demo):
    ran = demo["validate"]
    warned = evolve(ran, after=evolve(ran.after, keys=FactKeys("x", demo.final.ir)))
    assert not ran.changed and not warned.changed
