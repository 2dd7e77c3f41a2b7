"""presets shows what the preset files hold."""

from __future__ import annotations

import pytest
from mixdown.presets.load import library


def test_all_are_shown(mixdown):
    ended = mixdown("presets")
    assert (ended.code, ended.err) == (0, "")
    for preset in library().export.values():
        assert preset.id in ended.out and preset.use in ended.out
    for mix in library().mix.values():
        assert mix.id in ended.out
        assert all(bus.id in ended.out for bus in mix.buses)
    (podcast,) = (line for line in ended.out.splitlines() if line.startswith("podcast "))
    assert podcast.split()[-4:] == ["-16", "-1", "dBTP", "3"]


def test_one_kind_at_a_time(mixdown):
    assert "default_mix" not in mixdown("presets", "export").out
    assert "podcast " not in mixdown("presets", "bus").out


@pytest.mark.parametrize(("kinds", "args"), [({"export", "bus", "spec"}, []), ({"bus"}, ["bus"])])
def test_as_data(mixdown, kinds, args):
    data = mixdown("presets", *args, "--json").data
    assert set(data) == kinds
    (default,) = (mix for mix in data["bus"] if mix["id"] == "default_mix")
    assert default["buses"][0]["roles"] == ["dialogue", "vox", "voiceover"]


def test_one_of_them(mixdown):
    (spec,) = mixdown("presets", "spec", "acx", "--json").data["spec"]
    assert spec["rms_max_dbfs"] == -18
    shown = mixdown("presets", "bus", "podcast_mix").out
    assert "-9 dB by dialogue" in shown
    assert "default_mix" not in shown
    ended = mixdown("presets", "export", "podcst")
    assert ended.code == 2
    assert "did you mean 'podcast'" in ended.err


@pytest.mark.parametrize(
    ("kind", "wrong", "code"),
    [("export", "podcst", "MIX303"), ("bus", "podcst_mix", "MIX304"), ("spec", "acz", "MIX308")],
)
def test_what_is_unknown_has_the_code_of_its_kind(mixdown, kind, wrong, code):
    ended = mixdown("presets", kind, wrong, "--json")
    assert (ended.code, ended.codes) == (2, [code])
