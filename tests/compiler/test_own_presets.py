"""Mix presets in a document: found, checked and reported like those of preset files."""

from __future__ import annotations

from pathlib import Path

import pytest
from mixdown.compiler.driver import compile
from mixdown.compiler.load import load
from mixdown.ir.diagnostics import TimelineError

HOUSE = """\
mix_preset_id: house
mix_presets:
  house:
    title: House mix
    use: Our shows.
    buses:
      - {id: voices, roles: [dialogue], gain_db: -1.5}
      - {id: beds, roles: [music], gain_db: -12}
"""
EPISODE = """\
id: episode
include: house.yaml
length_ms: 1000
tracks:
  - {id: host, role: dialogue}
  - {id: theme, role: music}
"""


def write(folder: Path, house: str = HOUSE, episode: str = EPISODE) -> Path:
    (folder / "house.yaml").write_text(house)
    (folder / "episode.yaml").write_text(episode)
    return folder / "episode.yaml"


def test_an_included_preset_routes_and_its_buses_are_the_stems(tmp_path: Path):
    made = compile(load(write(tmp_path)), stems=True, silent_stems=True)
    assert list(made.meta) == ["master", "voices", "beds"]
    assert {target: meta.gain_db for target, meta in made.meta.items()} == {
        "master": 0.0,
        "voices": -1.5,
        "beds": -12.0,
    }
    assert made.meta["beds"].mix_preset_id == "house"
    shipped = compile(load(tmp_path / "episode.yaml"), mix="flat", stems=True, silent_stems=True)
    assert shipped.meta["master"].mix_preset_id == "flat" and "voices" not in shipped.meta


def test_the_including_document_may_have_another_of_that_id(tmp_path: Path):
    own = "mix_presets: {house: {title: T, use: U, buses: [{id: all, roles: [dialogue, music]}]}}"
    made = compile(
        load(write(tmp_path, episode=f"{EPISODE}{own}\n")), stems=True, silent_stems=True
    )
    assert list(made.meta) == ["master", "all"]


@pytest.mark.parametrize(
    ("old", "new", "code", "place"),
    [
        ("roles: [music]", "roles: [dialogue]", "MIX305", "house.yaml:8:27"),
        ("mix_preset_id: house", "mix_preset_id: hose", "MIX304", "house.yaml:1:16"),
        ("house", "podcast_mix", "MIX306", "house.yaml:4:5"),
        ("gain_db: -12", "gain_db: -1200", "MIX206", "house.yaml:8:45"),
    ],
)
def test_what_is_wrong_is_shown_where_it_is_written(tmp_path: Path, old, new, code, place):
    with pytest.raises(TimelineError) as caught:
        compile(load(write(tmp_path, HOUSE.replace(old, new))))
    assert code in [found.code for found in caught.value.diagnostics]
    assert place in str(caught.value)
