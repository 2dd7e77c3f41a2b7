"""diff ends with 0 where two mixes are one, and with 1 where it tells how they differ."""

from __future__ import annotations

import pytest


@pytest.fixture
def other(show):
    text = show.read_text().replace("gain_db: -12", "gain_db: -9")
    (show.parent / "other.yaml").write_text(text)
    return "other.yaml"


def test_a_mix_does_not_differ_from_itself(mixdown, show):
    ended = mixdown("diff", show.name, show.name, "--stems")
    assert (ended.code, ended.out, ended.err) == (0, "", "")
    assert mixdown("diff", show.name, show.name, "--json").data == {
        "differs": False,
        "changes": [],
        "ir": [],
    }


def test_a_difference_is_shown_with_its_line(mixdown, show, other):
    ended = mixdown("diff", show.name, other)
    assert ended.code == 1
    first, blank, head = ended.out.splitlines()[:3]
    assert first == "track music: gain -9 dB, was -12 dB  (other.yaml:13)"
    assert (blank, head) == ("", "--- small.yaml")
    assert "-%music/bed.gain = gain %music/bed.clip {gain_db = -14.0}" in ended.out
    data = mixdown("diff", show.name, other, "--json")
    assert (data.code, data.data["differs"]) == (1, True)
    assert data.data["changes"][0]["after"]["line"] == 13


def test_a_graph_is_compared_with_what_it_was_made_from(mixdown, show, other):
    mixdown("inspect", show.name, "--preset", "music", "-o", "small.mir")
    assert mixdown("diff", "small.mir", show.name, "--preset", "music").code == 0
    assert mixdown("diff", "small.mir", other, "--preset", "music").code == 1


def test_an_error_in_one_is_an_error(mixdown, show):
    ended = mixdown("diff", show.name, "missing.yaml", "--json")
    assert (ended.code, ended.codes) == (2, ["MIX101"])
