"""`mixdown fmt`: one layout, the same meaning, the same comments."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mixdown.compiler.fmt import format_text
from mixdown.compiler.load import loads
from mixdown.compiler.timeline.new import starter
from mixdown.compiler.timeline.validate import validate
from mixdown.documents.writer import dump
from mixdown.ir.diagnostics import TimelineError
from strategies import timelines

ROOT = Path(__file__).parents[2]
DOCUMENTS = [
    *sorted((ROOT / "tests" / "corpus" / "timelines").iterdir()),
    ROOT / "examples" / "podcast" / "podcast.yaml",
]


def comments(text: str) -> list[str]:
    return [line.partition("#")[2].strip() for line in text.splitlines() if "#" in line]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: p.name)
def test_layout_keeps_meaning_and_comments(path):
    text = path.read_bytes().decode("utf-8-sig")
    format = "json" if path.suffix == ".json" else "yaml"
    made = format_text(text, format=format)
    assert loads(made, format=format) == loads(text, format=format)
    assert format_text(made, format=format) == made
    if format == "yaml":
        assert comments(made) == comments(text)
    assert "\r" not in made


def test_a_messy_document():
    text = (
        "# head\r\n"
        "id:   x     # why\r\n"
        "tracks:\r\n"
        "- id: a\r\n"
        "  role:  'music'\r\n"
        "  gain_db: 1.2345678901234567890123\r\n"
        "  # within\r\n"
        "  automation: {gain: [{at_ms: 0, value: 0}, {at_ms: 3000, value: -6, curve: smooth},"
        " {at_ms: 1e3, value: -3}]}\r\n"
        "  clips: [ {source: a.wav,start_ms: 0x10} ]\r\n"
        "# tail"
    )
    assert format_text(text) == (
        "# head\n"
        "id: x       # why\n"
        "tracks:\n"
        "  - id: a\n"
        "    role: 'music'\n"
        "    gain_db: 1.2345678901234567890123\n"
        "  # within\n"
        "    automation:\n"
        "      gain:\n"
        "        - {at_ms: 0, value: 0}\n"
        "        - {at_ms: 3000, value: -6, curve: smooth}\n"
        "        - {at_ms: 1e3, value: -3}\n"
        "    clips: [{source: a.wav, start_ms: 0x10}]\n"
        "# tail\n"
    )


@settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow])
@given(timelines(), st.sampled_from(["yaml", "json"]))
def test_drawn_documents(timeline, format):
    made = format_text(dump(timeline, format), format=format)
    assert loads(made, format=format, allow_outside=True) == timeline
    assert format_text(made, format=format) == made


def test_the_name_tells_the_format():
    text = '{id: x,   "tracks": []}\n'
    assert format_text(text, "a.yaml") == '{id: x, "tracks": []}\n'
    with pytest.raises(TimelineError, match="MIX102"):
        format_text(text, "a.json")
    with pytest.raises(TimelineError, match="MIX102"):
        format_text(text)


def test_what_does_not_load_is_not_laid_out():
    with pytest.raises(TimelineError, match="MIX103"):
        format_text("id: x\nnonsense: 1\n")


@pytest.mark.parametrize(
    "media",
    [(), ("audio/a.wav", "b/a.wav", "Music.ogg", "- x: 'y'.wav", "\n.wav")],
)
def test_the_starter_is_a_timeline_to_change(media):
    text = starter("my: episode", media, "a\nb.yaml")
    timeline = loads(text)
    assert validate(timeline) == ()
    assert timeline.id == "my: episode"
    assert tuple(entry.path for entry in timeline.sources.values()) == (
        media or ("audio/voice.wav", "audio/music.ogg")
    )
    assert [t.clips[0].source for t in timeline.tracks] == list(timeline.sources)
    assert timeline.tracks[-1 if not media else 2].role == "music"
    # What is commented out is right too.
    wanted = ("sample_rate", "channels", "markers", "  - {at_ms", "gain_db", "offset_ms")
    wanted += ("duration_ms", "automation", "  gain")
    lines = [
        line.replace("# ", "", 1)
        if line.lstrip(" #").startswith(tuple(w.lstrip() for w in wanted))
        else line
        for line in text.splitlines()
    ]
    filled = loads("\n".join(lines))
    assert validate(filled) == ()
    assert filled.markers
    assert filled.tracks[0].automation.gain
    assert filled.tracks[0].clips[0].duration_ms == 12000
