"""The pipeline as data: an earlier pass establishes every requirement."""

from __future__ import annotations

import pytest
from mixdown.compiler.driver import compile
from mixdown.compiler.pipeline import OPTIMISATIONS, pipeline
from mixdown.compiler.timeline.model import Timeline
from mixdown.ir.diagnostics import TimelineError

PIPELINE = pipeline()


@pytest.mark.parametrize("index", range(len(PIPELINE)), ids=[p.name for p in PIPELINE])
def test_requirements_are_established_before(index):
    step = PIPELINE[index]
    # An optional pass may be left out, so nothing may rely on what it establishes.
    established = {name for p in PIPELINE[:index] if not p.optional for name in p.establishes}
    assert set(step.requires) <= established


def test_names_are_unique():
    assert len({p.name for p in PIPELINE}) == len(PIPELINE)


def test_optimisations_say_how_far_the_audio_may_move():
    assert all(p.equivalence is not None for p in OPTIMISATIONS)
    assert tuple(p for p in PIPELINE if p.optional) == OPTIMISATIONS


def test_order_is_the_design():
    assert [p.name for p in PIPELINE] == [
        "place",
        "validate",
        "resolve-roles",
        "clamp-overlaps",
        "level",
        "thresholds",
        "cut",
        "duck",
        "gate",
        "select",
        "lower",
        "resolve-facts",
        "fold-automation",
        "fold-gain",
        "drop-identity",
        "join-clips",
        "dead-code",
        "common-subexpressions",
        "pack-lanes",
        "legalize",
        "toposort",
        "verify-legal",
    ]


def test_routing_is_checked_beside_media_and_times(tmp_path):
    timeline = Timeline(id="x", root=tmp_path).track("t", role="musci")
    timeline = timeline.clip("gone.wav", duration_ms=100, fade_in_ms=200)
    with pytest.raises(TimelineError) as caught:
        compile(timeline)
    assert {d.code.value for d in caught.value.diagnostics} == {"MIX203", "MIX214", "MIX301"}
