"""Captions: every word that the mix plays, at its time in the mix."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pytest
import soundfile
from mixdown.cli.app import run
from mixdown.compiler.edits.captions import LINE, LONGEST_S, captions_of
from mixdown.media.transcript import read_transcript

RATE = 8000
TEXT = (
    "So, um welcome back to the river. The bridge & its banks <both> were built in eighteen ninety "
    "by people who met in the middle on a Sunday. Listen! That is the sound of the weir."
)
DOCUMENT = """\
id: talk
sample_rate: 8000
mix_preset_id: flat
sources:
  host: {path: host.wav, transcript: host.json, speed: 2}
  guest: {path: guest.wav, transcript: guest.json}
markers: [{at_ms: 0, label: Start}, {at_ms: 6000, label: The <weir>}]
remove: {words: [um]}
cuts: [{from_ms: 100, to_ms: 300}]
tracks:
  - {id: host, role: dialogue, clips: [{source: host, start_ms: 1000, duration_ms: 7000}]}
"""
GUEST = "  - {id: g, name: 'A Guest', role: dialogue, clips: [{source: guest, start_ms: 9000}]}\n"


@pytest.fixture
def document(tmp_path):
    def words(text, step):
        each = [
            {"word": f" {word}", "start": step * n, "end": step * n + 0.4}
            for n, word in enumerate(text.split())
        ]
        return json.dumps({"segments": [{"words": each}]})

    (tmp_path / "host.json").write_text(words(TEXT, 0.5))
    (tmp_path / "guest.json").write_text(words("Yes. Exactly so, yes!", 1.5))
    for name in ("host", "guest"):
        soundfile.write(tmp_path / f"{name}.wav", np.full(20 * RATE, 0.1), RATE)
    path = tmp_path / "talk.yaml"
    path.write_text(DOCUMENT)
    return path


def test_captions_have_every_word_at_its_time_in_the_mix(document):
    made = captions_of(document).captions
    said = " ".join(" ".join(caption.lines) for caption in made).split()
    # Words are 250 ms apart at twice the speed, so 28 of them are played; "um" is cut.
    assert said == [word for word in TEXT.split()[:28] if word != "um"]
    # 200 ms are cut before the first word, and 200 more with "um".
    assert made[0].start_ms == 800
    assert made[0].lines[0].startswith("So, welcome")
    assert made[-1].end_ms == 1000 + 27 * 250 + 200 - 400
    for before, after in pairwise(made):
        assert before.end_ms <= after.start_ms
    for caption in made:
        assert len(caption.lines) <= 2
        assert max(map(len, caption.lines)) <= LINE
        assert caption.end_ms - caption.start_ms <= 1000 * LONGEST_S


@pytest.mark.parametrize("form", ["vtt", "srt"])
def test_files_can_be_read_back(form, document, tmp_path, capfd):
    document.write_text(DOCUMENT + GUEST)
    out, chapters = tmp_path / f"out.{form}", tmp_path / "chapters.vtt"
    assert run(["captions", str(document), "-o", str(out), "--chapters", str(chapters)]) == 0
    assert "captions" in capfd.readouterr().out
    text = out.read_text()
    assert ("<v A Guest>Yes." if form == "vtt" else "A Guest: Yes.") in text
    assert ("&amp; its banks &lt;both&gt;" if form == "vtt" else "& its banks <both>") in text
    assert chapters.read_text() == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:05.600\nStart\n\n"
        "00:00:05.600 --> 00:00:28.600\nThe &lt;weir&gt;\n"
    )
    words = read_transcript(out, "out")
    assert "river." in [word.text for word in words]
    assert run(["captions", str(document), "--json"]) == 0
    said = json.loads(capfd.readouterr().out)
    starts = {caption["start_ms"] for caption in said["captions"]}
    assert starts == {word.start for word in words if word.exact_start}
    assert {c["speaker"] for c in said["captions"]} == {"host", "A Guest"}


def test_without_a_transcript_or_with_another_ending(document, tmp_path, capfd):
    document.write_text(DOCUMENT.replace(", transcript: host.json", "").replace("remove:", "#"))
    assert run(["captions", str(document)]) == 2
    assert "MIX274" in capfd.readouterr().err
    assert run(["captions", str(document), "-o", str(tmp_path / "out.txt")]) == 2
    assert "must end in .vtt or .srt" in capfd.readouterr().err
    document.write_text(DOCUMENT)
    assert run(["captions", str(document)]) == 0
    assert capfd.readouterr().out.startswith("WEBVTT\n\n00:00:00.800 --> ")
