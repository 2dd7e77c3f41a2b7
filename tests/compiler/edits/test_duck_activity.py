"""Ducking by activity: down before the first word, calm in short pauses, up in long ones."""

from __future__ import annotations

import re

import mixdown
import numpy as np
import pytest
import soundfile
from mixdown.cli.app import run
from mixdown.compiler.driver import begin
from mixdown.compiler.pipeline import final, pipeline
from mixdown.compiler.request import RenderRequest
from mixdown.ir.places import cause_of
from speech import RATE, noisy, talk

pytestmark = pytest.mark.requires("espeak")

DOCUMENT = """\
id: ducked
mix_preset_id: flat
sources: {voice: voice.wav, bed: bed.wav}
buses:
  - {id: bus_music, duck: {by: [dialogue], gain_db: -9, hold_ms: 500, DETECT}}
tracks:
  - {id: host, role: dialogue, clips: [{id: intro, source: voice, start_ms: 2000}]}
  - {id: bed, role: music, clips: [{source: bed}]}
"""
ACTIVITY = "detect: activity"


@pytest.fixture
def document(tmp_path):
    """Writes the mix of a voice and a bed, and returns its path."""

    def write(samples, detect=ACTIVITY):
        length = (len(samples) // RATE + 8) * 8000
        noise = np.random.default_rng(5).uniform(-0.2, 0.2, (length, 2))
        soundfile.write(tmp_path / "bed.wav", noise, 8000)
        soundfile.write(tmp_path / "voice.wav", 0.5 * samples, RATE, subtype="PCM_24")
        path = tmp_path / "ducked.yaml"
        path.write_text(DOCUMENT.replace("DETECT", detect))
        return path

    return write


def gain_at(path, seconds):
    """The gain of the bed's bus at times in seconds, dB."""
    unit = final(begin(path, RenderRequest()), pipeline())
    points = unit.ducking["bus_music"].points
    return np.interp(np.asarray(seconds) * 48000, [p.at for p in points], [p.value for p in points])


@pytest.mark.parametrize("voice", ["en", "en-us+f3"])
def test_the_bed_is_down_before_99_percent_of_the_onsets_at_20_db(voice, document):
    speech = talk(seconds=140, voice=voice, seed=3, pauses=(2.3, 5.0))
    path = document(noisy(speech, 20))
    onsets = np.array([2.0 + start for start, _ in speech.spans])
    assert len(onsets) >= 25
    assert (gain_at(path, onsets) <= -8.99).mean() >= 0.99
    # It comes up in the pauses, which are longer than hold, release and attack together.
    pauses = zip(speech.spans, speech.spans[1:], strict=False)
    middles = [2.0 + (b + c) / 2 for (_, b), (c, _) in pauses]
    assert np.mean(gain_at(path, middles) > -9) >= 0.9
    clips = document(noisy(speech, 20), "detect: clips")
    assert (gain_at(clips, middles) == -9).all()


def test_pauses_between_phrases_do_not_move_it(document):
    speech = talk(seconds=60, seed=4, pauses=(0.2, 1.2))
    path = document(noisy(speech, 30))
    unit = final(begin(path, RenderRequest()), pipeline())
    assert len(unit.ducking["bus_music"].points) == 4


def test_what_cannot_be_found_ducks_by_its_clip(document):
    steady = 0.1 * np.random.default_rng(6).standard_normal(20 * RATE)
    path = document(steady)
    compiled = mixdown.compile(path)
    assert [d.code for d in compiled.diagnostics] == ["MIX236"]
    assert (gain_at(path, np.linspace(2, 21.9, 50)) == -9).all()
    assert document(steady, "detect: clips") == path
    assert mixdown.compile(path).diagnostics == ()


def test_it_is_named_in_explain_and_diff(document, capfd, tmp_path):
    speech = talk(seconds=20, seed=4)
    path = document(noisy(speech, 30))
    at = 2.0 + speech.spans[2][0] + 0.2
    run(["explain", str(path), "--at", f"{at:.2f}"])
    assert re.search(r"now -9 dB +-9.00 dB .*ducked 9 dB by host/intro\n", capfd.readouterr().out)
    (node,) = (n for n in mixdown.compile(path).graph.nodes if n.name == "bus_music.duck")
    assert cause_of(node.origin) == "ducks 9 dB under dialogue"
    deeper = tmp_path / "deeper.yaml"
    deeper.write_text(path.read_text().replace("gain_db: -9", "gain_db: -18"))
    run(["diff", str(path), str(deeper)])
    said = capfd.readouterr().out
    assert "bus_music: ducks 18 dB under dialogue, was 9 dB under dialogue  (" in said
    assert "keyframe" not in said


@pytest.mark.requires("sox")
@pytest.mark.parametrize("backend", ["ffmpeg", "sox"])
def test_engines_agree(backend, document):
    path = document(noisy(talk(seconds=20, seed=4, pauses=(0.5, 3)), 30))
    assert run(["verify", str(path), "--backend", "native", "--backend", backend]) == 0
