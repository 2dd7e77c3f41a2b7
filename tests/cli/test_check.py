"""check compiles without rendering."""

from __future__ import annotations


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
