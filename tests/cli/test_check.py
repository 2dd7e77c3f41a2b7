"""check compiles without rendering."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile


def test_a_sound_timeline(mixdown, show, listing):
    before = listing()
    ended = mixdown("check", show.name)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == "small.yaml: valid; 2 tracks, 2 clips\n"
    assert mixdown("check", show.name, "--json").data == {"ok": True, "diagnostics": []}
    assert listing() == before


def crossfade_hint_too_long(show):
    """Two clips that overlap by 500 ms, and a hint of 900."""
    text = show.read_text()
    first = "{id: hello, source: voice, start_ms: 300, duration_ms: 1000, crossfade_out_ms: 900}"
    again = "{id: again, source: voice, start_ms: 800}"
    line = next(line for line in text.splitlines() if "id: hello" in line)
    show.write_text(text.replace(line, f"      - {first}\n      - {again}"))


def test_a_warning_is_shown_and_ends_well(mixdown, show):
    crossfade_hint_too_long(show)
    ended = mixdown("check", show.name)
    assert ended.code == 0
    assert ended.err.startswith("warning[MIX220]: ")
    assert ended.out == "small.yaml: valid; 2 tracks, 3 clips, 1 warning\n"
    assert mixdown("check", show.name, "--json").codes == ["MIX220"]


def test_strict_takes_warnings_for_errors(mixdown, show):
    crossfade_hint_too_long(show)
    ended = mixdown("check", show.name, "--strict")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("error[MIX220]: ")
    assert mixdown("check", show.name, "--strict", "--json").codes == ["MIX220"]


def test_declared_sources_need_no_files(mixdown, show):
    song = show.with_name("song.yaml")
    song.write_text(
        "id: song\nsources: {bar: {path: bar.wav, rate: 48000, channels: 1, frames: 96000}}\n"
        "tracks: [{id: t, role: drums, clips: [{source: bar}]}]\n"
    )
    assert mixdown("check", song.name, "--json").codes == ["MIX214"]
    ended = mixdown("check", song.name, "--media", "declared")
    assert (ended.code, ended.out) == (0, "song.yaml: valid; 1 track, 1 clip\n")
    for command in ("compile", "inspect"):
        assert "bar.wav" in mixdown(command, song.name, "--media", "declared").out
    explained = mixdown("explain", song.name, "--at", "1", "--media", "declared")
    assert "bar.wav" in explained.out
    ended = mixdown("compile", song.name, "--media", "declared", "--format", "sh")
    assert ended.code == 2
    assert "a script plays files" in ended.err


def test_arrange_needs_no_declared_file(mixdown, show):
    show.with_name("show2.yaml").write_text(
        "show_version: 1\nid: x\nsegments: [host]\n"
        "sources: {host: {path: nix.flac, rate: 48000, channels: 1, frames: 48000}}\n"
    )
    ended = mixdown("arrange", "show2.yaml", "--media", "declared")
    assert (ended.code, "length_ms: 1000" in ended.out) == (0, True)
    ended = mixdown("arrange", "show2.yaml")
    assert ended.code == 2
    assert "paths are relative to the directory of show2.yaml\n" in ended.err


@pytest.mark.parametrize(
    ("clips", "noted"),
    [
        ("{source: l.wav, start_ms: 2, duration_ms: 5}", True),
        ("{source: l.wav, duration_ms: 5}, {source: l.wav, duration_ms: 500}", False),
        ("{source: l.wav, start_ms: 2}", False),
        ("{source: media/voice.wav, duration_ms: 5}", False),
    ],
)
def test_seconds_that_are_taken_for_milliseconds_are_noted(mixdown, show, clips, noted):
    soundfile.write(show.parent / "l.wav", np.zeros(12 * 8000), 8000)
    show.write_text(f"id: x\ntracks:\n  - {{id: a, role: fx, clips: [{clips}]}}\n")
    ended = mixdown("check", show.name)
    assert ended.code == 0
    assert ("note[MIX263]: this clip plays 5 ms of 'l.wav', which lasts 0:12.0" in ended.err) is (
        noted
    )
    assert ("5 s are 5000, or a clock time such as 0:05.0" in ended.err) is noted
