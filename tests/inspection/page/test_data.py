"""The data has a schema, holds the mix, and is what `inspect --format json` prints."""

from __future__ import annotations

import base64
import json
from itertools import pairwise

import numpy as np
import pytest
from house import ROOT
from jsonschema import Draft202012Validator
from mixdown.audio.envelope import interpolate
from mixdown.backends.native.values import frames_of
from mixdown.inspection.page.build import inspection, inspection_text
from mixdown.inspection.page.emit import page
from mixdown.inspection.page.lanes import ducks
from mixdown.inspection.page.schema import inspection_schema
from mixdown.ir import nodes as ir


@pytest.fixture(scope="module")
def data(done):
    return json.loads(inspection_text(inspection(done)))


def test_schema_is_fresh():
    path = ROOT / "docs" / "inspection.schema.json"
    stale = f"docs/{path.name} is stale; run: mixdown schema inspection -o docs/{path.name}"
    assert path.read_text("utf-8") == inspection_schema(), stale


def test_the_data_meets_its_schema(data, demo):
    schema = json.loads(inspection_schema())
    Draft202012Validator.check_schema(schema)
    for found in (data, json.loads(inspection_text(inspection(demo)))):
        assert [error.message for error in Draft202012Validator(schema).iter_errors(found)] == []


def test_clips_have_places_in_the_mix_and_in_their_files(data):
    clips = {clip["id"]: clip for clip in data["clips"]}
    again = clips["host/again"]
    assert (again["start"], again["length"], again["offset"]) == (144000, 72000, 12000)
    lines = data["documents"][0]["text"].splitlines()
    assert "id: again" in lines[again["place"]["line"] - 1]
    assert (clips["host/muted"]["node"], clips["host/muted"]["silent"]) == (None, "it is muted")
    slow = next(source for source in data["sources"] if source["name"] == "slow")
    assert (slow["ratio"], slow["speed"]) == ([1, 8], [3, 4])
    assert slow["plays"] == "at speed 3/4, 4.98 semitones lower"


def test_a_waveform_has_the_peaks_of_its_file(data):
    source = next(source for source in data["sources"] if source["name"] == "voice")
    peaks = np.frombuffer(base64.b64decode(source["overview"]["peaks"]), np.uint8)
    assert source["overview"]["step"] == 160 and len(peaks) == 500
    assert peaks[110:190].max() < peaks[:90].min() / 2


def test_breakpoints_follow_every_automation(data, done):
    graph, nodes = done.lowered.ir, {node["name"]: node for node in data["nodes"]}
    moving = [node for node in graph.nodes if isinstance(node, ir.GainAutomation)]
    assert {node.name for node in moving} == {"music.gain_automation", "bus_music.duck"}
    for node in moving:
        found = nodes[node.name]["gain"]["moving"]
        at = np.arange(0, 300_000, 37)
        exact = interpolate(frames_of(node.points), at)
        assert np.allclose(np.interp(at, found["at"], found["values"][0]), exact, atol=0.03)
        assert all(a < b for a, b in pairwise(found["at"]))


def test_a_duck_names_the_clips_that_it_is_down_for(done):
    unit = done.lowered
    (found,) = ducks(unit)
    ducking = unit.ducking["bus_music"]
    for at in range(found.spans[0].start, 300_000, 997):
        now = [span for span in found.spans if span.start <= at][-1]
        assert now.clips == ducking.clips_at(at)


def test_the_page_is_the_same_twice_and_needs_nothing_else(done):
    text = page(inspection(done))
    assert text == page(inspection(done))
    assert "http://" not in text.replace("http://www.w3.org/2000/svg", "")
    assert "https://" not in text and "url(" not in text and "<img" not in text
    assert "default-src 'none'; script-src 'sha256-" in text
