"""--only-tags: which tracks are mixed, how long the mix is, and where places lead."""

from __future__ import annotations

from pathlib import Path

import mixdown
import numpy as np
import pytest
import soundfile
from mixdown.ir.diagnostics import TimelineError

TEXT = """\
id: x
tracks:
  - {id: en, role: dialogue, tags: [en, uk], clips: [{source: a.wav}]}
  - {id: de, role: dialogue, tags: [de], clips: [{source: a.wav, start_ms: 1000}]}
  - {id: bed, role: music, clips: [{source: a.wav, loop: true}, {source: b.wav, mute: true}]}
"""


@pytest.fixture(autouse=True)
def document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("x.yaml").write_text(TEXT)
    for name in ("a", "b"):
        soundfile.write(f"{name}.wav", np.zeros(24000), 48000)


@pytest.mark.parametrize(
    ("tags", "tracks", "seconds"),
    [
        ((), ["en", "de", "bed"], 1.5),
        (("en",), ["en", "bed"], 0.5),
        ("de", ["de", "bed"], 1.5),
        (("uk", "de"), ["en", "de", "bed"], 1.5),
    ],
)
def test_tracks_of_the_tags_and_those_without(tags, tracks, seconds):
    made = mixdown.compile("x.yaml", only_tags=tags)
    assert [track.id for track in made.timeline.tracks] == tracks
    assert made.length == seconds * 48000


def test_a_tag_that_no_track_has():
    with pytest.raises(TimelineError, match="no track has the tag 'fr'"):
        mixdown.compile("x.yaml", only_tags="fr")


def test_messages_show_the_lines_of_the_tracks_that_are_left():
    Path("x.yaml").write_text(TEXT.replace("b.wav", "c.wav"))
    with pytest.raises(TimelineError) as caught:
        mixdown.compile("x.yaml", only_tags="de")
    (found,) = [d.to_dict(caught.value.documents) for d in caught.value.diagnostics]
    assert (found["code"], found["line"], found["pointer"]) == (
        "MIX214",
        5,
        "/tracks/2/clips/1/source",
    )


def test_a_show_has_versions_too():
    Path("s.yaml").write_text(
        "show_version: 1\nid: s\nspeakers: [{id: a, tags: [a]}, {id: b, tags: [b]}]\n"
        "segments: [{source: a.wav, speaker: a}, {source: b.wav, speaker: b, offset_ms: 99999}]\n"
    )
    with pytest.raises(TimelineError) as caught:
        mixdown.compile("s.yaml", only_tags="b")
    assert "s.yaml:4:" in str(caught.value)
