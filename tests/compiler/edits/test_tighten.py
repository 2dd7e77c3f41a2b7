"""Shorter pauses: no word is touched, what cannot be told stays, and the cuts can be written."""

from __future__ import annotations

import json
from itertools import pairwise

import mixdown
import numpy as np
import pytest
import soundfile
from mixdown.cli.app import run
from mixdown.compiler.driver import begin
from mixdown.compiler.edits.lines import tightened_text
from mixdown.compiler.pipeline import FRONT, final
from mixdown.compiler.request import RenderRequest
from mixdown.compiler.timeline.cuts import Tighten
from mixdown.ir.diagnostics import MixdownError
from speech import RATE, noisy, talk

pytestmark = pytest.mark.requires("espeak")

DOCUMENT = """\
# A talk.
id: talk
mix_preset_id: flat  # as it is
sources: {voice: voice.wav}
tighten: {roles: [dialogue]}
# What plays.
tracks:
  - {id: host, role: dialogue, clips: [{source: voice, start_ms: 500}]}
"""


@pytest.fixture
def document(tmp_path):
    """Writes a mix of a voice, and returns its path."""

    def write(samples, text=DOCUMENT, name="talk.yaml"):
        soundfile.write(tmp_path / "voice.wav", 0.4 * samples, RATE, subtype="PCM_24")
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


def cut(path):
    return final(begin(path, RenderRequest()), FRONT)


# What 90% of the shortened pauses last at most, s: in noise, more of them is kept.
LEFT = [("en", 40, 0.45), ("en-us+f3", 20, 0.5), ("en", 10, 0.75)]


@pytest.mark.parametrize(("voice", "snr_db", "longest"), LEFT)
def test_pauses_are_shortened_and_no_word_is_touched(voice, snr_db, longest, document):
    speech = talk(seconds=60, voice=voice, seed=3, pauses=(0.3, 3.0))
    unit = cut(document(noisy(speech, snr_db)))
    made = unit.ripple
    # The words of the talk in samples of the mix, half a crossfade wider.
    words = [
        (round((0.5 + a) * 48000) - 240, round((0.5 + b) * 48000) + 240) for a, b in speech.spans
    ]
    assert [r for start, end in words for r in made.touching(start, end)] == []
    pauses = [(a, b) for (_, a), (b, _) in pairwise(words)]
    long = [(a, b) for a, b in pauses if b - a > 1.15 * 48000]
    assert len(long) > 8
    left = np.array([made.new(b) - made.new(a) for a, b in long]) / 48000
    assert np.quantile(left, 0.9) < longest
    assert left.min() > 0.3


def test_much_noise_is_left_alone_and_a_note_says_so(document):
    compiled = mixdown.compile(document(noisy(talk(seconds=30, seed=3), 5)))
    assert ([d.code for d in compiled.diagnostics], compiled.ripple) == (["MIX272"], None)


def test_steady_noise_is_left_alone_and_a_note_says_so(document):
    steady = 0.1 * np.random.default_rng(6).standard_normal(20 * RATE)
    compiled = mixdown.compile(document(steady))
    (note,) = compiled.diagnostics
    assert (note.code, note.severity) == ("MIX272", "note")
    assert compiled.ripple is None
    assert compiled.length == round(20.5 * 48000)


def test_another_role_that_speaks_is_no_pause(document, tmp_path):
    speech = talk(seconds=20, seed=4, pauses=(2.0, 3.0))
    path = document(noisy(speech, 40))
    alone = cut(path).ripple
    answer = noisy(talk(seconds=20, voice="en-us+f3", seed=9, pauses=(0.2, 0.4)), 40)
    soundfile.write(tmp_path / "guest.wav", 0.4 * answer, RATE, subtype="PCM_24")
    path.write_text(
        DOCUMENT + "  - {id: guest, role: dialogue, clips: [{source: guest.wav, start_ms: 500}]}\n"
    )
    both = cut(path).ripple
    assert len(alone.removed) > 4
    # Before the first words and after the last ones.
    assert len(both.removed) == 2


WRITTEN = {
    "in place of tighten": DOCUMENT,
    "before the tracks": DOCUMENT.replace("tighten: {roles: [dialogue]}\n", ""),
    "behind cuts": DOCUMENT.replace(
        "sources:", "cuts:\n- from_ms: 0\n  to_ms: 100  # a click\n# more\nsources:"
    ),
    "behind cuts in brackets": DOCUMENT + "cuts: [{from_ms: 0, to_ms: 0:00.1}]",
    "a block of tighten": DOCUMENT.replace(
        "{roles: [dialogue]}", "# mine\n  roles:\n    - dialogue  # the voices\n  keep_ms: 400"
    ),
}


@pytest.mark.parametrize("case", WRITTEN)
def test_cuts_are_written_as_lines_and_the_rest_stays(case, document):
    text = WRITTEN[case]
    path = document(noisy(talk(seconds=20, seed=4, pauses=(0.5, 3.0)), 40), text)
    tighten = None if "tighten" in text else Tighten(roles=["dialogue"])
    made = tightened_text(path, tighten)
    assert len(made.cuts) > 3
    lines, old = made.text.split("\n"), text.split("\n")
    assert sum("# a pause of" in line for line in lines) == len(made.cuts)
    inside = ("tighten", "roles", "    - dialogue", "keep_ms", "  # mine", "cuts: [")
    kept = [line for line in old if not line.strip().startswith(tuple(i.strip() for i in inside))]
    assert [line for line in lines if line in kept] == kept
    before = cut(path) if tighten is None else None
    path.write_text(made.text)
    after = cut(path)
    assert before is None or before.timeline == after.timeline


def test_the_command_writes_yaml_and_json(document, capfd, tmp_path):
    path = document(noisy(talk(seconds=20, seed=4, pauses=(0.5, 3.0)), 40))
    assert run(["tighten", str(path), "-o", str(tmp_path / "new.yaml")]) == 0
    assert "pauses shortened, by 0:" in capfd.readouterr().out
    assert cut(tmp_path / "new.yaml").timeline == cut(path).timeline
    track = {"id": "t", "role": "dialogue", "clips": [{"source": "voice.wav"}]}
    data = {"id": "x", "tracks": [track]}
    (tmp_path / "talk.json").write_text(json.dumps(data))
    words = ["tighten", str(tmp_path / "talk.json"), "--role", "dialogue", "--keep", "500"]
    assert run(words) == 0
    written = json.loads(capfd.readouterr().out)
    assert {key: value for key, value in written.items() if key != "cuts"} == data
    assert run([*words, "--json"]) == 0
    said = json.loads(capfd.readouterr().out)
    assert said["cuts"] == written["cuts"]
    assert said["removed_ms"] == sum(c["to_ms"] - c["from_ms"] for c in written["cuts"])


def test_a_document_that_takes_no_lines_is_refused(document):
    path = document(noisy(talk(seconds=10, seed=4, pauses=(1.5, 2.0)), 40))
    path.write_text(
        "{id: x, tighten: {roles: [dialogue]}, tracks: "
        "[{id: host, role: dialogue, clips: [{source: voice.wav}]}]}\n"
    )
    with pytest.raises(MixdownError, match="cuts cannot be added"):
        tightened_text(path, None)
    path.write_text(DOCUMENT.replace("tighten: {roles: [dialogue]}\n", ""))
    with pytest.raises(MixdownError, match="--role dialogue"):
        tightened_text(path, None)


def test_an_unknown_role_is_named(document, capfd):
    path = document(np.zeros(RATE), DOCUMENT.replace("[dialogue]", "[dialog]"))
    assert run(["check", str(path)]) == 2
    assert "did you mean 'dialogue'" in capfd.readouterr().err


def test_a_show_is_tightened_and_its_bed_plays_on(document, capfd, tmp_path):
    speech = noisy(talk(seconds=20, seed=4, pauses=(0.5, 3.0)), 40)
    bed = np.random.default_rng(5).uniform(-0.1, 0.1, (30 * 8000, 2))
    soundfile.write(tmp_path / "bed.wav", bed, 8000)
    show = "show_version: 1\nid: s\nmix_preset_id: flat\ntighten: {roles: [dialogue]}\n"
    path = document(speech, show + "segments: [voice.wav, voice.wav]\nbed: bed.wav\n", "show.yaml")
    unit = cut(path)
    host, bed = unit.timeline.tracks
    assert len(host.clips) > 8
    assert [clip.id for clip in bed.clips] == ["round-1", "round-2"]
    assert not bed.ripple
    assert run(["arrange", str(path)]) == 0
    assert "tighten: {roles: [dialogue]}" in capfd.readouterr().out


def test_the_report_says_what_was_cut_and_levelled_once(document, tmp_path):
    path = document(noisy(talk(seconds=12, seed=4, pauses=(1.5, 3.0)), 40))
    path.write_text(DOCUMENT.replace("role: dialogue,", "role: dialogue, level: {to: -20},"))
    done = mixdown.render(path, out=tmp_path / "out", backend="native")
    removed = done.compilation.ripple.removed
    seconds = sum(r.length for r in removed) / 48000
    levelled, cuts = done.report.decisions
    assert levelled.what.startswith("levelled to -20 LUFS")
    assert (cuts.about, cuts.what) == (
        "tighten",
        f"{len(removed)} shorter pauses, {seconds:.1f} s in all",
    )
    assert cuts.place.line == 5
