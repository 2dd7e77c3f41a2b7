"""resolve-roles: presets, overrides and tracks agree on buses, or it is said why not."""

from __future__ import annotations

from pathlib import Path

import mixdown
import pytest
import soundfile
from mixdown.compiler.driver import begin
from mixdown.compiler.passes.resolve_roles import ResolveRoles
from mixdown.compiler.request import RenderRequest
from mixdown.compiler.unit import Unit
from mixdown.presets.load import library


@pytest.fixture
def empty(tmp_path: Path) -> mixdown.Timeline:
    soundfile.write(tmp_path / "a.wav", [0.1] * 100, 8000)
    return mixdown.Timeline(id="a", root=tmp_path)


def resolved(timeline: mixdown.Timeline, **request: object) -> Unit:
    return ResolveRoles().run(begin(timeline, RenderRequest(**request)))


def codes(unit: Unit) -> list[str]:
    return [d.code.value for d in unit.diagnostics]


@pytest.mark.parametrize("preset", library().mix)
def test_every_preset_takes_every_role_and_keeps_its_order(empty, preset):
    roles = ["ambience", "fx", "keys", "bass", "drums", "music", "voiceover", "vox", "dialogue"]
    for role in roles:
        empty = empty.track(role, role=role)
    unit = resolved(empty, mix_preset_id=preset)
    assert codes(unit) == []
    assert [bus.id for bus in unit.buses] == [bus.id for bus in library().mix[preset].buses]
    assert unit.routes["vox"] == unit.routes["voiceover"] == "bus_dialogue"
    assert all(unit.routes[role] == f"bus_{role}" for role in roles[:6])


def test_a_tracks_own_bus_wins_over_its_role(empty):
    unit = resolved(empty.track("a", role="music", bus="bus_fx"))
    assert unit.routes == {"a": "bus_fx"}


def test_unknown_names_are_errors_with_the_known_ones(empty):
    unit = resolved(empty.track("a", role="dialog").track("b", role="music", bus="bus_musik"))
    assert codes(unit) == ["MIX301", "MIX302"]
    assert "did you mean 'dialogue'" in unit.diagnostics[0].help
    assert "did you mean 'bus_music'" in unit.diagnostics[1].help


def test_a_bus_of_the_timeline_takes_a_role_from_the_preset(empty):
    timeline = empty.bus("bus_band", roles=["keys", "bass"]).track("a", role="keys")
    unit = resolved(timeline)
    assert codes(unit) == []
    assert unit.routes == {"a": "bus_band"}
    assert unit.buses[-1].id == "bus_band"
    assert [bus.roles for bus in unit.buses if bus.id in ("bus_keys", "bus_bass")] == [(), ()]


def test_an_override_changes_what_it_names(empty):
    timeline = empty.bus("bus_music", gain_db=-7).bus("bus_music2", pan=0.5)
    before = library().mix["default_mix"].buses[1]
    music, own = (bus for bus in resolved(timeline).buses if bus.id.startswith("bus_music"))
    assert (music.gain_db, music.pan, music.roles) == (-7, before.pan, before.roles)
    assert (own.gain_db, own.pan, own.roles, own.eq) == (0, 0.5, (), ())


def test_two_buses_that_claim_one_role(empty):
    unit = resolved(empty.bus("one", roles=["narrator"]).bus("two", roles=["narrator"]))
    assert codes(unit) == ["MIX306"]
    assert unit.diagnostics[0].related


def test_no_bus_is_called_master(empty):
    assert codes(resolved(empty.bus("master"))) == ["MIX201"]


def test_ducking_for_an_unused_role(empty):
    unit = resolved(empty.bus("bus_music", duck={"by": ["dialogue", "speech"]}))
    assert codes(unit) == ["MIX301"]
    assert "'speech'" in unit.diagnostics[0].message


def test_stems_of_buses_that_are_not_there(empty):
    unit = resolved(empty, stems=["bus_music", "bus_musik"])
    assert codes(unit) == ["MIX302"]
