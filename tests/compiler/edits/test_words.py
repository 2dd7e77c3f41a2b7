"""Cuts by the words of transcripts: what they take out, and what they refuse."""

from __future__ import annotations

import json

import numpy as np
import pytest
import soundfile
from mixdown.cli.app import run
from mixdown.compiler.driver import begin
from mixdown.compiler.pipeline import FRONT, final
from mixdown.compiler.request import RenderRequest
from mixdown.ir.diagnostics import TimelineError
from mixdown.ir.places import cause_of

RATE = 8000
SAID = "So, um I think that uh we should um start now. And then we stop."
GUEST = "Yes exactly so"

DOCUMENT = """\
id: talk
sample_rate: 8000
mix_preset_id: flat
sources:
  host: {path: host.wav, transcript: host.json}
  guest: {path: guest.wav, transcript: guest.json}
  slow: {path: host.wav, transcript: host.json, speed: 0.5}
CUT
tracks:
  - {id: host, role: dialogue, clips: [{source: host, start_ms: 1000}]}
"""


def transcript(text, step=500):
    """Words of 400 ms, each `step` ms after the one before, from 200 ms on."""
    words = text.split()
    return {
        "words": [
            {"word": word, "start": (200 + n * step) / 1000, "end": (600 + n * step) / 1000}
            for n, word in enumerate(words)
        ]
    }


@pytest.fixture
def document(tmp_path):
    for name, text in (("host", SAID), ("guest", GUEST)):
        (tmp_path / f"{name}.json").write_text(json.dumps(transcript(text)))
        noise = np.random.default_rng(len(name)).uniform(-0.3, 0.3, 8 * RATE)
        soundfile.write(tmp_path / f"{name}.wav", noise, RATE)

    def write(cut, more="", text=DOCUMENT):
        path = tmp_path / "talk.yaml"
        path.write_text(text.replace("CUT", cut) + more)
        return path

    return write


def removed(path):
    """What is removed, in ms of the mix, and what is wrong."""
    unit = final(begin(path, RenderRequest()), FRONT)
    ranges = unit.ripple.removed if unit.ripple else ()
    return [(r.start / 8, r.end / 8) for r in ranges], unit


def word(number):
    """The range of a word of the host in ms of the mix."""
    return 1200 + 500 * number, 1600 + 500 * number


def test_words_are_taken_out_wherever_they_are_said(document):
    ranges, unit = removed(document("remove: {words: [Um, 'uh,']}"))
    assert ranges == [word(1), word(5), word(8)]
    (first,) = [n for n in unit.ir.nodes if n.name == "host/c1.2.fade_in"]
    assert cause_of(first.origin) == "without 'um'"
    assert [r.cause for r in unit.ripple.removed] == [
        "without 'um'",
        "without 'uh'",
        "without 'um'",
    ]


def test_passages_are_taken_out_by_their_words(document):
    ranges, _ = removed(document("remove: {text: ['I think that', 'start ... then']}"))
    assert ranges == [(word(2)[0], word(4)[1]), (word(9)[0], word(12)[1])]


def test_what_is_kept_is_all_that_remains(document):
    ranges, _ = removed(document("keep: {text: ['we should um start', 'stop']}"))
    # Half of the way to the next words stays, at most 150 ms before and 250 ms after.
    assert ranges == [
        (0, word(6)[0] - 50),
        (word(9)[1] + 50, word(14)[0] - 50),
        (word(14)[1] + 250, 9000),
    ]


def test_clips_play_transcripts_from_their_offset_and_at_their_speed(document):
    path = document("remove: {words: [stop]}")
    text = path.read_text()
    path.write_text(text.replace("start_ms: 1000", "start_ms: 1000, offset_ms: 5000"))
    assert removed(path)[0] == [(word(14)[0] - 5000, word(14)[1] - 5000)]
    path.write_text(text.replace("source: host,", "source: slow,"))
    assert removed(path)[0] == [(1000 + 2 * 7200, 1000 + 2 * 7600)]
    path.write_text(text.replace("start_ms: 1000", "duration_ms: 5000"))
    assert [d.code for d in removed(path)[1].diagnostics] == ["MIX274"]


def test_words_and_pauses_and_cuts_are_cut_together(document):
    ranges, _ = removed(document("remove: {words: [um]}\ncuts: [{from_ms: 1600, to_ms: 1800}]"))
    assert ranges == [(1600, 2100), word(8)]


def test_what_another_clip_says_is_not_cut(document):
    more = "  - {id: guest, role: dialogue, clips: [{source: guest, start_ms: 1300}]}\n"
    ranges, unit = removed(document("remove: {words: [um, uh]}", more))
    assert ranges == [word(5), word(8)]
    (warning,) = unit.diagnostics
    assert warning.code == "MIX276"
    assert "'um' at 0:01.7 is not removed: guest/c1 says" in warning.message


WRONG = {
    "a text that nobody says": ("remove: {text: [I thimk]}", "MIX274", "did you mean 'think'?"),
    "words in another order": ("remove: {text: [think I]}", "MIX274", "not in this order"),
    "a text that is said twice": (
        "remove: {text: [um]}",
        "MIX274",
        "said 2 times: at 0:01.7",
    ),
    "a text to keep": ("keep: {text: [xylophone]}", "MIX274", "nobody says 'xylophone'"),
    "everything": (
        "remove: {text: [so ... stop]}\ncuts: [{from_ms: 0, to_ms: 1200}, "
        "{from_ms: 8600, to_ms: 9000}]",
        "MIX270",
        "leave nothing",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_cut_is_an_error_at_its_place(case, document):
    cut, code, said = WRONG[case]
    with pytest.raises(TimelineError) as caught:
        removed(document(cut))
    (problem,) = caught.value.diagnostics
    assert problem.code == code
    assert said in f"{problem.message} {problem.help}"
    assert problem.origin.pointer in ("/remove/text/0", "/keep/text/0", "/cuts")


def test_transcripts_that_cannot_be_used(document, tmp_path, capfd):
    path = document("remove: {words: [um]}")
    (tmp_path / "host.json").write_text("{}")

    def codes():
        run(["check", str(path), "--json"])
        return [d["code"] for d in json.loads(capfd.readouterr().out)["diagnostics"]]

    assert codes() == ["MIX273"]
    (tmp_path / "host.json").write_text(json.dumps(transcript(SAID, step=5000)))
    assert codes() == ["MIX273"]
    path.write_text(path.read_text().replace("transcript: host.json", "transcript: ../host.json"))
    assert "MIX212" in codes()
    path.write_text(path.read_text().replace("../host.json", "http://host.json"))
    assert "MIX213" in codes()


def test_times_of_cues_do_not_cut_words(document, tmp_path):
    (tmp_path / "host.json").write_text(
        "1\n00:00:00,200 --> 00:00:01,200\nhello um there\n\n"
        "2\n00:00:02,000 --> 00:00:03,000\nbye\n"
    )
    with pytest.raises(TimelineError) as caught:
        removed(document("remove: {words: [um]}"))
    assert [d.code for d in caught.value.diagnostics] == ["MIX275"]
    assert removed(document("remove: {text: [hello um there]}"))[0] == [(1200, 2200)]


@pytest.mark.requires("sox")
@pytest.mark.parametrize("backend", ["ffmpeg", "sox"])
def test_engines_agree(backend, document):
    path = document("remove: {words: [um, uh]}\nkeep: {text: [so ... now]}")
    assert run(["verify", str(path), "--backend", "native", "--backend", backend]) == 0
