"""render --store registers; artifacts lists, shows, verifies and clears up."""

from __future__ import annotations

import pytest

RENDER = ("--preset", "draft", "--stems", "--backend", "native", "--store", "kept", "--json")


@pytest.fixture
def ids(mixdown, show) -> list[str]:
    """What a render registered: a master and two stems."""
    return [artifact["id"] for artifact in mixdown("render", show.name, *RENDER).data["artifacts"]]


def test_what_is_rendered_is_listed_and_shown(mixdown, ids):
    assert [
        a["id"] for a in mixdown("artifacts", "list", "--store", "kept", "--json").data["artifacts"]
    ] == ids
    listed = mixdown("artifacts", "list", "--store", "kept").out
    assert all(id[:12] in listed for id in ids)
    assert "stem of bus_music" in listed
    master = mixdown("artifacts", "show", ids[0][:8], "--store", "kept", "--json").data["artifact"]
    assert master["meta"]["roles"] == ["master"]
    assert "limiter_thresh" in mixdown("artifacts", "show", ids[1], "--store", "kept").out
    assert mixdown("artifacts", "list", "--store", "kept", "--timeline", "x", "--json").data == {
        "ok": True,
        "artifacts": [],
    }


def test_a_second_render_gives_the_same_ids(mixdown, show, ids):
    again = mixdown("render", show.name, *RENDER, "-o", "elsewhere").data["artifacts"]
    assert [artifact["id"] for artifact in again] == ids


def test_damage_is_found_and_repaired(mixdown, show, ids):
    verify = ("artifacts", "verify", "--store", "kept")
    assert mixdown(*verify).out == "3 artifacts, 0 damaged\n"
    (stored,) = (show.parent / "kept/renders").rglob("master.wav")
    stored.unlink()
    ended = mixdown(*verify)
    assert (ended.code, ended.out) == (1, "3 artifacts, 1 damaged\n")
    assert "MIX624" in ended.err
    assert mixdown(*verify, "--json").codes == ["MIX624"]
    mixdown("render", show.name, *RENDER)
    assert mixdown(*verify).code == 0


def test_clearing_up(mixdown, show, ids):
    orphan = show.parent / "kept/renders/small/00/master.wav"
    orphan.parent.mkdir()
    orphan.write_bytes(b"RIFF")
    gc = ("artifacts", "gc", "--store", "kept")
    assert mixdown(*gc).out == "0 files, 0 bytes removed\n"
    dry = mixdown(*gc, "--older-than", "0", "--dry-run")
    assert dry.out == "renders/small/00/master.wav\n1 file, 4 bytes would be removed\n"
    assert orphan.exists()
    assert mixdown(*gc, "--older-than", "0", "--json").data["files"][0]["size"] == 4
    assert not orphan.exists()
    assert mixdown("artifacts", "verify", "--store", "kept").code == 0


def test_what_goes_wrong_has_a_code(mixdown, show, listing):
    before = listing()
    for args, code in (
        (["artifacts", "list", "--registry", "nonsense"], "MIX621"),
        (["render", show.name, "--store", "nosuch://x"], "MIX622"),
        (["render", show.name, "--store", "kept", "--registry", "nonsense"], "MIX621"),
    ):
        ended = mixdown(*args)
        assert ended.code == 2
        assert code in ended.err
    assert listing() == before
    ended = mixdown("artifacts", "show", "00", "--store", "kept")
    assert (ended.code, "MIX623" in ended.err) == (2, True)
