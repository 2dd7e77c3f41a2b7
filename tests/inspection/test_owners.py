"""Whose a value is, and the part of a graph around it."""

from __future__ import annotations

import pytest
from attrs import evolve
from mixdown.compiler.request import RenderRequest
from mixdown.compiler.timeline.model import Clip, Timeline, Track
from mixdown.inspection.focus import focus, focus_at
from mixdown.inspection.owners import Level, Owner, owners, values_of
from mixdown.inspection.trace import trace
from mixdown.ir.diagnostics import MixdownError
from mixdown.ir.graph import Graph
from mixdown.ir.nodes import Mix
from mixdown.ir.verify import verify

BEFORE_AND_AFTER = ["lower", "verify-legal"]


@pytest.mark.parametrize("name", BEFORE_AND_AFTER)
@pytest.mark.parametrize("origins", [True, False])
def test_every_value_of_the_demo_has_its_owner(demo, name, origins):
    graph = demo.after(name).ir
    if not origins:  # as in a graph that was written by hand
        graph = Graph(graph.sources, tuple(evolve(n, origin=None) for n in graph))
    of = owners(graph)
    assert set(of) == {node.name for node in graph}
    assert of["host/welcome.clip"] == Owner(Level.CLIP, "host/welcome", "host", "bus_dialogue")
    assert of["host.mix"] == Owner(Level.TRACK, "host", "host", "bus_dialogue")
    assert of["bus_fx.bus"] == Owner(Level.BUS, "bus_fx", "", "bus_fx")
    assert of["bus_fx.output"] == Owner(Level.BUS, "bus_fx", "", "bus_fx")
    assert of["master.limiter"] == Owner(Level.MASTER, "master")
    assert of["room/room-again.clip"].bus == "bus_ambience"


@pytest.mark.parametrize("name", BEFORE_AND_AFTER)
def test_a_clip_a_track_a_bus_and_a_value_can_be_named(demo, name):
    graph = demo.after(name).ir
    clip = values_of(graph, "host/welcome")
    assert values_of(graph, "welcome") == clip
    assert all(n.startswith("host/welcome.") for n in clip)
    track = values_of(graph, "host")
    assert set(clip) < set(track)
    assert {n.partition(".")[0].partition("/")[0] for n in track} == {"host"}
    assert all(n.startswith("bus_fx.") for n in values_of(graph, "bus_fx"))
    assert values_of(graph, "%master.mix") == values_of(graph, "master.mix") == ("master.mix",)


def test_an_unknown_name_is_an_error_with_the_nearest_one(demo):
    with pytest.raises(MixdownError, match="did you mean 'bus_music'"):
        values_of(demo.final.ir, "bus_musik")


@pytest.mark.parametrize("name", BEFORE_AND_AFTER)
@pytest.mark.parametrize(
    ("wanted", "clips", "stems"),
    [
        ("welcome", {"host/welcome"}, {"bus_dialogue"}),
        ("guest", {"guest/what-it-does", "guest/keyframes", "guest/the-number"}, {"bus_dialogue"}),
        ("bus_fx", {"sting/chapter-bell"}, {"bus_fx"}),
        ("room.mix", {"room/room-first", "room/room-again"}, {"bus_ambience"}),
    ],
)
def test_focus_keeps_what_feeds_and_what_is_fed(demo, name, wanted, clips, stems):
    part = focus(demo.after(name).ir, wanted)
    of = owners(part)
    assert {o.id for o in of.values() if o.level is Level.CLIP} == clips
    assert {o.target for o in part.outputs} == {"master", *stems}
    assert not verify(part)
    assert {s.name for s in part.sources} == {n.source for n in part if n.kind == "clip"}


def test_the_sums_of_a_focus_hold_nothing_else(demo):
    part = focus(demo.final.ir, "welcome")
    assert part["host.mix"].starts == (158400,)
    assert all(len(n.operands) == 1 for n in part if isinstance(n, Mix))


def test_a_merged_clip_is_not_an_unknown_one(demo):
    twins = tuple(Clip(id=name, source="media/sting.flac") for name in ("one", "two"))
    timeline = Timeline(
        id="t",
        root=demo.start.timeline.root,
        tracks=(Track(id="a", role="fx", clips=twins),),
    )
    done = trace(timeline, RenderRequest())
    assert focus_at(done, done.after("lower"), "two").nodes[0].name == "a/two.clip"
    assert focus_at(done, done.final, "one").nodes[0].name == "a/one.clip"
    with pytest.raises(MixdownError, match="a pass removed it or merged it"):
        focus_at(done, done.final, "two")
    with pytest.raises(MixdownError, match="no clip, track, bus or value is named 'three'"):
        focus_at(done, done.final, "three")
