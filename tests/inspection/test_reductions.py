"""What dynamics take at a moment and in a range is what the engine renders."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile
from mixdown.backends.native.reference import evaluate, read_file
from mixdown.compiler.graph_input import open_mix
from mixdown.inspection.explain import explain
from mixdown.inspection.explain_text import explanation_data, explanation_text
from mixdown.inspection.owners import Level
from mixdown.inspection.passages import explain_part
from mixdown.inspection.passages_text import range_data, range_text
from mixdown.inspection.trace import trace

RATE = 8000
DOCUMENT = """\
id: squeezed
sample_rate: 8000
mix_preset_id: flat
buses: [{id: bus_fx, roles: [fx], compress: {threshold_db: -30, ratio: 2, makeup_db: 4}}]
tracks:
  - id: a
    role: fx
    gate: {threshold_db: -20, range_db: 15, hold_ms: 20, release_ms: 60}
    clips:
      - {id: one, source: noise.wav, start_ms: 500, compress: {threshold_db: -20, release_ms: 50}}
"""


@pytest.fixture(scope="module")
def squeezed(tmp_path_factory):
    """40 s of noise in bursts of 100 ms: the gate opens and closes, the compressors work."""
    folder = tmp_path_factory.mktemp("squeezed")
    noise = np.random.default_rng(4).uniform(-1, 1, 40 * RATE)
    bursts = np.repeat(np.random.default_rng(5).uniform(0, 1, 400) ** 3, RATE // 10)
    soundfile.write(folder / "noise.wav", noise * bursts, RATE, subtype="FLOAT")
    (folder / "mix.yaml").write_text(DOCUMENT)
    return folder


def test_the_contribution_with_dynamics_is_the_sample_of_the_mix(squeezed):
    done = trace(open_mix(squeezed / "mix.yaml"), preset="draft")
    graph = done.lowered.ir
    values = evaluate(graph, lambda source: read_file(str(squeezed / source.path)))
    said = set()
    for at in np.random.default_rng(6).integers(RATE, 40 * RATE, 12):
        moment = explain(done.lowered, int(at))
        (sounding,) = moment.sounding
        sample = read_file(str(squeezed / "noise.wav"))[:, sounding.sample]
        heard = np.array(sounding.factors) * sample
        # 10 s and more before it, what the state of a detector was leaves no trace.
        assert heard == pytest.approx(values["master.headroom"][:, at], abs=1e-9)
        (data,) = explanation_data(moment, {})["clips"]
        taken = {s["value"]: s["reduction_db"] for s in data["stages"] if s["reduction_db"]}
        said |= set(taken)
        text = explanation_text(moment, {})
        for name, down in taken.items():
            does = "lowered" if name == "a.gate" else "compressed"
            assert down < 0.05 or f"now {does} by {down:.1f} dB" in text
    assert said == {"a/one.compress", "a.gate", "bus_fx.compress"}


def test_a_clip_shows_what_is_taken_at_most_and_where(squeezed):
    done = trace(open_mix(squeezed / "mix.yaml"), preset="draft")
    found = explain_part(done.lowered, Level.CLIP, "one")
    (passage,) = found.passages
    bus = passage.reductions[-1]
    moment = explain(done.lowered, bus.at)
    (stage,) = (s for s in moment.sounding[0].stages if s.node.name == "bus_fx.compress")
    assert stage.effect.reduction_db == pytest.approx(bus.down_db, abs=1e-9)
    assert f"compressed by {bus.down_db:.1f} dB at most, at 0:" in range_text(found, {})
    (clip,) = range_data(found, {})["clips"]
    assert [each["kind"] for each in clip["reductions"]] == ["compress", "gate", "compress"]


def test_without_its_files_a_mix_is_explained_without_reductions(tmp_path):
    declared = "sources: {n: {path: noise.wav, rate: 8000, channels: 1, frames: 80000}}\n"
    text = DOCUMENT.replace("tracks:", declared + "tracks:").replace("noise.wav, start", "n, start")
    (tmp_path / "mix.yaml").write_text(text)
    done = trace(open_mix(tmp_path / "mix.yaml", media="declared"), media="declared")
    text = explanation_text(explain(done.lowered, 2 * RATE), {})
    assert "gate below -20 dBFS by 15 dB" in text
    assert "now" not in text
