"""Equal inputs have equal digests, and everything that decides the files changes them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import mixdown
import numpy as np
import pytest
import soundfile
from attrs import evolve

RATE = 48000


@pytest.fixture
def show(tmp_path: Path) -> mixdown.Timeline:
    tone(tmp_path / "a.wav", 440)
    return (
        mixdown.Timeline(
            id="t",
            root=tmp_path,
            metadata={"title": "One"},
            markers=[{"at_ms": 0, "label": "Intro"}],
        )
        .track("a", role="music")
        .clip("a.wav")
    )


def tone(path: Path, hertz: float) -> None:
    soundfile.write(path, 0.2 * np.sin(np.arange(RATE) * hertz * 2 * np.pi / RATE), RATE)


def digests(show: mixdown.Timeline, **choices: object) -> tuple[str, str]:
    compilation = mixdown.compile(show, **{"preset": "podcast", **choices})
    return compilation.plan.digest, compilation.render_digest


def test_equal_inputs_are_equal_wherever_they_are(show, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    tone(other / "a.wav", 440)
    assert digests(show) == digests(show) == digests(mixdown.replace(show, root=other))


@pytest.mark.parametrize(
    "choices",
    [
        {"preset": "music"},
        {"mix": "music_mix"},
        {"format": "flac"},
        {"format": "mp3"},
        {"bit_depth": 24},
        {"dither": "none", "bit_depth": 16},
        {"backend": "native"},
        {"stems": True},
        {"sample_rate": 44100},
        {"channels": 1},
    ],
    ids=str,
)
def test_a_choice_changes_both(show, choices):
    plan, render = digests(show)
    other_plan, other_render = digests(show, **choices)
    assert render != other_render
    assert plan != other_plan


def test_new_content_changes_both(show, tmp_path):
    before = digests(show)
    tone(tmp_path / "a.wav", 450)
    after = digests(show)
    assert before[0] != after[0]
    assert before[1] != after[1]


def test_a_new_cover_changes_both(show, tmp_path):
    show = mixdown.replace(show, cover="a.png")
    found = []
    for width in (1, 2):
        head = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes((0, 0, 0, width, 0, 0, 0, 1, 8, 0, 0, 0, 0))
        (tmp_path / "a.png").write_bytes(head)
        found.append(digests(show, format="flac"))
    (one, first), (two, second) = found
    assert one != two
    assert first != second


def test_the_goal_and_the_ceiling_change_the_plan(show):
    plan = mixdown.compile(show, preset="podcast").plan
    goal = plan.loudness
    assert goal is not None
    for other in (evolve(goal, target_lufs=-17.0), evolve(goal, ceiling_db=-2.0), None):
        assert evolve(plan, loudness=other).digest != plan.digest


@pytest.mark.parametrize(
    "edit",
    [
        lambda show: mixdown.replace(show, metadata={"title": "Two"}),
        lambda show: mixdown.replace(show, markers=[{"at_ms": 1, "label": "Intro"}]),
        lambda show: mixdown.replace(show, id="other"),
    ],
    ids=["tags", "markers", "id"],
)
def test_what_only_metadata_has_changes_the_render(
    show, edit: Callable[[mixdown.Timeline], mixdown.Timeline]
):
    assert digests(show)[1] != digests(edit(show))[1]
    assert digests(show)[1] != digests(show, broadcast=True)[1]
