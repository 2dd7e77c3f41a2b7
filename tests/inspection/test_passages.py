"""A range of a mix, a clip, a track: what sounds, from where, and the course of its gain."""

from __future__ import annotations

import json
import math
import re

import pytest
import soundfile
from house import ROOT
from mixdown import MixdownError
from mixdown.compiler.graph_input import open_mix
from mixdown.inspection.explain import explain
from mixdown.inspection.owners import Level
from mixdown.inspection.passages import explain_part, explain_range
from mixdown.inspection.passages_text import range_data, range_text
from mixdown.inspection.trace import trace
from mixdown.ir.units import decibels
from odd_media import tone

RATE = 48000
DEMO = ROOT / "examples" / "podcast" / "podcast.yaml"
PUMPING = """
id: pumping
sources: {slow: {path: tone.wav, speed: 1/2}}
mix_preset_id: flat
buses:
  - {id: voices, roles: [dialogue]}
  - {id: beds, roles: [music], duck: {by: [dialogue], gain_db: -12, attack_ms: 30, hold_ms: 0,
     release_ms: 60}}
tracks:
  - id: host
    role: dialogue
    clips:
      - {id: a, source: tone.wav, start_ms: 1000, duration_ms: 500}
      - {id: b, source: tone.wav, start_ms: 2000, duration_ms: 500}
      - {id: c, source: tone.wav, start_ms: 3000, duration_ms: 500}
      - {id: d, source: tone.wav, start_ms: 3600, duration_ms: 100, mute: true}
  - id: bed
    role: music
    clips: [{id: m, source: slow, offset_ms: 400, duration_ms: 4000, fade_in_ms: 300}]
"""


@pytest.fixture(scope="module")
def pumping(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pumping")
    soundfile.write(folder / "tone.wav", tone(4.0), RATE, "PCM_16")
    (folder / "mix.yaml").write_text(PUMPING)
    return trace(open_mix(folder / "mix.yaml"))


def test_a_pumping_duck_shows_in_the_course_of_its_clip(pumping):
    found = explain_part(pumping.lowered, Level.TRACK, "bed")
    text = range_text(found, {})
    (bed,) = found.passages
    assert bed.dips == 3
    assert bed.highest - bed.lowest == pytest.approx(12)
    assert "from 0:00.200 (of 48000 Hz, at speed 1/2, 12 semitones lower), goes to" in text
    assert re.search(r"gain \S+ dB at 0:01.000 to \S+ dB at 0:00.300, 3 dips of 3 dB or more", text)
    assert "  ducks 12 dB under dialogue  (" in text


def test_where_a_duck_is_up_a_moment_says_so(pumping):
    def cause(ms):
        moment = explain(pumping.lowered, ms * RATE // 1000)
        (bed,) = (s for s in moment.sounding if s.owner.track == "bed")
        return [stage.cause for stage in bed.stages if stage.matters and stage.cause]

    assert cause(1200) == ["ducked 12 dB by host/a"]
    assert cause(1800) == ["not ducked here; ducks 12 dB under dialogue"]


@pytest.mark.parametrize(
    ("level", "name", "ids", "silent"),
    [
        (Level.CLIP, "m", ["bed/m"], []),
        (Level.CLIP, "host/b", ["host/b"], []),
        (Level.CLIP, "d", [], ["host/d"]),
        (Level.TRACK, "host", ["host/a", "host/b", "host/c"], ["host/d"]),
    ],
)
def test_a_clip_or_a_track(pumping, level, name, ids, silent):
    found = explain_part(pumping.lowered, level, name)
    assert [passage.owner.id for passage in found.passages] == ids
    assert [clip.clip for clip in found.silent] == silent


def test_a_range_is_cut_out_of_its_clips(pumping):
    found = explain_range(pumping.lowered, RATE, 9 * RATE)
    spans = {p.owner.id: (p.start, p.end) for p in found.passages}
    assert (found.start, found.end) == (RATE, 4 * RATE)
    assert spans["host/a"] == (RATE, RATE + RATE // 2)
    assert spans["bed/m"] == (RATE, 4 * RATE)
    data = json.loads(json.dumps(range_data(found, {}), allow_nan=False))
    assert [clip["clip"] for clip in data["clips"]] == list(spans)
    assert data["silent"][0]["why"] == "it is muted"


def test_its_extremes_are_those_of_the_moments():
    unit = trace(open_mix(DEMO)).lowered
    for passage in explain_range(unit, 5 * RATE, 30 * RATE).passages:
        for at, gain in (
            (passage.lowest_at, passage.lowest),
            (passage.highest_at, passage.highest),
        ):
            (there,) = (s for s in explain(unit, at).sounding if s.owner == passage.owner)
            factor = max(there.factors)
            assert gain == (-math.inf if factor == 0 else pytest.approx(decibels(factor), abs=1e-9))
        (start,) = (s for s in explain(unit, passage.start).sounding if s.owner == passage.owner)
        assert start.file_sample == passage.file_sample


@pytest.mark.parametrize(("start", "end"), [(RATE, RATE), (-1, 5), (RATE * 100, RATE * 101)])
def test_what_is_no_range_is_an_error(pumping, start, end):
    with pytest.raises(MixdownError, match=r"MIX307.*is not a range"):
        explain_range(pumping.lowered, start, end)


def test_an_unknown_name_is_an_error(pumping):
    with pytest.raises(MixdownError, match="no clip is named 'hst/a'"):
        explain_part(pumping.lowered, Level.CLIP, "hst/a")
