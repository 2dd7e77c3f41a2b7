"""What is kept of a render, and that an edit renders what it touched and nothing else."""

from __future__ import annotations

from pathlib import Path

import mixdown
import numpy as np
import pytest
import soundfile
from mixdown.media.cache import VARIABLE
from mixdown.plans.cache_keys import keys

RATE = 48000
CLIPS = 100


@pytest.fixture
def show(tmp_path: Path) -> mixdown.Timeline:
    """So many clips that they are mixed in parts."""
    noise = np.random.default_rng(5).uniform(-0.3, 0.3, RATE)
    soundfile.write(tmp_path / "voice.flac", noise, RATE)
    return make(tmp_path)


def make(root: Path, gain_db: float = 0.0) -> mixdown.Timeline:
    """The show, with a gain at its last clip."""
    timeline = mixdown.Timeline(id="show", root=root).track("a", role="dialogue")
    for number in range(CLIPS):
        gain = gain_db if number == CLIPS - 1 else 0.0
        timeline = timeline.clip(
            "voice.flac", start_ms=50 * number, offset_ms=number, duration_ms=40, gain_db=gain
        )
    return timeline


def keys_of(timeline: mixdown.Timeline, version: str = "5.1", **choices: object) -> dict[str, str]:
    compilation = mixdown.compile(timeline, preset="podcast", **choices)
    return dict(keys(compilation.plan, lambda name: version))


def test_what_depends_on_media_alone_has_a_key(show):
    plan = mixdown.compile(show, preset="podcast").plan
    parts = [step.id for step in plan.steps if step.id.startswith("part")]
    assert len(parts) >= 2
    found = keys_of(show)
    assert set(found) == {*parts, "mix"}
    assert len(set(found.values())) == len(found)


def test_files_for_the_user_are_not_kept(show):
    assert "mix" not in keys_of(show, stems=True)


def test_an_edit_changes_the_keys_of_what_it_touched(show, tmp_path):
    before, after = keys_of(show), keys_of(make(tmp_path, gain_db=-3.0))
    changed = {step for step in before if before[step] != after[step]}
    assert "mix" in changed
    assert len(changed) == 2


def test_media_and_programs_change_them_all(show, tmp_path):
    before, other = keys_of(show), keys_of(show, version="9.0")
    assert all(before[step] != other[step] for step in before)
    soundfile.write(tmp_path / "voice.flac", np.zeros(RATE), RATE)
    changed = keys_of(show)
    assert all(before[step] != changed[step] for step in before)


def test_a_render_from_what_was_kept_is_the_same(show, tmp_path, monkeypatch):
    cache = tmp_path / "cache"
    monkeypatch.setenv(VARIABLE, str(cache))

    def render(out: str, gain_db: float) -> str:
        edited = make(tmp_path, gain_db)
        return mixdown.render(edited, out=tmp_path / out, preset="podcast").master.digest

    first, edited = render("one", 0.0), render("two", -3.0)
    kept = {path.name for path in cache.iterdir() if ".digest." not in path.name}
    again = render("three", 0.0)
    assert {path.name for path in cache.iterdir() if ".digest." not in path.name} == kept
    assert again == first != edited
    monkeypatch.setenv(VARIABLE, "off")
    assert render("four", -3.0) == edited
