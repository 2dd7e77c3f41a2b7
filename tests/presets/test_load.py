"""Presets: what comes with mixdown, what a user adds, and what is wrong with it."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from pathlib import Path

import pytest
from mixdown.ir.diagnostics import TimelineError
from mixdown.presets.load import KINDS, Library, library

HOUSE = """\
[house]
title = "House"
use = "Ours."
ceiling_db = -2
headroom_db = 3.0
dither = "tpdf"
container = "flac"
encoding = "s16"
"""
MIX = '[%s]\ntitle = "M"\nuse = "U"\n[[%s.buses]]\nid = "%s"\n%s\n'


def wrong(directory: Path, **texts: str) -> list[tuple[str, str, str]]:
    """Code, message and line of everything wrong with the files."""
    for name, text in texts.items():
        (directory / f"{name}.toml").write_text(text)
    with pytest.raises(TimelineError) as caught:
        library((directory,))
    found = [d.to_dict(caught.value.documents) for d in caught.value.diagnostics]
    return [(d["code"], d["message"], d.get("line", 0)) for d in found]


@pytest.mark.parametrize("name", KINDS)
def test_the_files_order_is_the_order(name):
    text = files("mixdown.presets").joinpath(name).read_text(encoding="utf-8")
    tables = {
        "export.toml": library().export,
        "mix.toml": library().mix,
        "spec.toml": library().specs,
    }
    assert list(tables[name]) == list(tomllib.loads(text))


def test_export_presets_are_those_of_the_semantics():
    values = {
        preset.id: (preset.lufs, preset.ceiling_db, preset.headroom_db, preset.dither)
        for preset in library().export.values()
    }
    assert values == {
        "default": (-16, -1, 3, "none"),
        "podcast": (-16, -1, 3, "tpdf"),
        "music": (-14, -1, 2, "tpdf"),
        "voiceover": (-18, -3, 6, "tpdf"),
        "audiobook": (None, -3, 3, "tpdf"),
        "broadcast": (-23, -1, 3, "none"),
        "draft": (None, -1, 3, "none"),
    }


def test_delivery_specs_are_those_of_their_documents():
    specs = library().specs
    loudness = {s.id: (s.lufs, s.lufs_tolerance, s.true_peak_max_dbtp) for s in specs.values()}
    assert loudness == {
        "apple-podcasts": (-16, 1, -1),
        "spotify": (-14, 1, -1),
        "youtube": (-14, 1, -1),
        "acx": (None, None, None),
        "ebu-r128": (-23, 0.5, -1),
        "ebu-r128-s1": (-23, 0.5, -1),
        "atsc-a85": (-24, 2, -2),
    }
    acx = specs["acx"]
    assert (acx.rms_min_dbfs, acx.rms_max_dbfs, acx.sample_peak_max_dbfs) == (-23, -18, -3)
    assert (acx.noise_floor_max_dbfs, acx.sample_rate) == (-60, 44100)
    assert specs["ebu-r128-s1"].short_term_max_lufs == -18


def test_a_directory_adds_presets_after_ours(tmp_path):
    (tmp_path / "export.toml").write_text(HOUSE)
    found = library((tmp_path,))
    assert list(found.export) == [*library().export, "house"]
    assert found.export["house"].ceiling_db == -2.0
    assert found.mix == library().mix


def test_a_file_that_changed_is_read_again(tmp_path):
    file = tmp_path / "export.toml"
    file.write_text(HOUSE)
    assert library((tmp_path,)).export["house"].title == "House"
    file.write_text(HOUSE.replace('"House"', '"Our house"'))
    assert library((tmp_path,)).export["house"].title == "Our house"


def test_a_package_adds_presets_by_its_entry_point(tmp_path, monkeypatch):
    from mixdown.presets import load

    package = tmp_path / "studio_presets"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "export.toml").write_text(HOUSE)
    about = tmp_path / "studio-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: studio\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[mixdown.presets]\nstudio = studio_presets\n")
    monkeypatch.syspath_prepend(tmp_path)
    load._installed.cache_clear()
    try:
        assert "house" in library().export
    finally:
        load._installed.cache_clear()


def test_equal_presets_of_one_id_agree_and_others_conflict(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    for folder in (one, two):
        folder.mkdir()
        (folder / "export.toml").write_text(HOUSE)
    assert isinstance(library((one, two)), Library)
    (two / "export.toml").write_text("\n" + HOUSE.replace("Ours.", "Theirs."))
    with pytest.raises(TimelineError) as caught:
        library((one, two))
    (problem,) = caught.value.diagnostics
    assert problem.code.value == "MIX306"
    assert f"{two}/export.toml:2" in str(caught.value)
    assert f"{one}/export.toml:1" in str(caught.value)


def test_all_errors_are_reported_at_once_with_their_lines(tmp_path):
    text = HOUSE.replace("-2", "2.5") + "[broken]\ntitle = 3\nuse = 'x'\nceiling = -1\n"
    found = wrong(tmp_path, export=text, mix=MIX % ("m", "m", "master", "gainn_db = 1"))
    assert ("MIX305", "'ceiling_db' cannot be 2.5", 4) in found
    assert ("MIX305", "'title' must be text, not a number", 10) in found
    assert ("MIX305", "an export preset has no key 'ceiling'", 12) in found
    assert ("MIX305", "an export preset needs the key 'ceiling_db'", 9) in found
    assert ("MIX305", "a bus has no key 'gainn_db'", 6) in found


@pytest.mark.parametrize(
    ("rest", "message"),
    [
        ("pan = nan", "'pan' is not a number (NaN)"),
        ("pan = 2", "'pan' cannot be 2"),
        ("gain_db = true", "'gain_db' must be a number, not true or false"),
        ("duck = {by = ['nobody']}", "no bus has the role 'nobody'"),
        ("duck = {by = [], gain_db = 1}", "'gain_db' cannot be 1"),
        ("eq = [{kind = 'notch', frequency_hz = 80}]", "'kind' cannot be 'notch'"),
        ("roles = ['a', 'a']", "role 'a' is routed to 'b' and to 'b'"),
        ("[[m.buses]]\nid = 'b'", "two buses have the id 'b'"),
        ("[[m.buses]]\nid = 'master'", "'master' cannot be the id of a bus"),
        ("[[m.buses]]\nid = ''", "'' cannot be the id of a bus"),
    ],
)
def test_a_bus_that_makes_no_sense(tmp_path, rest, message):
    ((code, said, line),) = wrong(tmp_path, mix=MIX % ("m", "m", "b", rest))
    assert (code, said) == ("MIX305", message)
    assert line >= 4


def test_invalid_preset_files(tmp_path):
    ((code, message, line),) = wrong(tmp_path, export="[house]\ntitle = \n")
    assert (code, line) == ("MIX305", 2)
    assert message.startswith("not TOML: ")
    (tmp_path / "export.toml").write_bytes(b"\xff\xfe")
    assert wrong(tmp_path)[0][1].startswith("the document is not UTF-8")
    assert wrong(tmp_path / "nowhere")[0][0] == "MIX305"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a = " + "[" * 2000, "the document nests deeper than 64 levels"),
        ("a = {" + "a={" * 2000, "the document nests deeper than 64 levels"),
        ("a." * 5000 + "b = 1", None),
        (f"{'{'}", None),
        (f"{HOUSE}headroom_db = {'9' * 400}", None),
        (f"{HOUSE}headroom_db = {'9' * 5000}", "not TOML: a number has too many digits"),
        (f"{HOUSE}headroom_db = -1e999", None),
    ],
    ids=["lists", "tables", "keys", "brace", "400 digits", "5,000 digits", "infinite"],
)
@pytest.mark.parametrize("kind", ["export", "mix", "spec"])
def test_texts_that_wear_a_parser_out(tmp_path, kind, text, said):
    found = wrong(tmp_path, **{kind: text})
    assert {code for code, _, _ in found} == {"MIX305"}
    assert said is None or said in [message for _, message, _ in found]


@pytest.mark.parametrize(
    ("formats", "said"),
    [
        ("mp3 = { bit_rate = 100 }", "mp3 has no 100 kbit/s"),
        ("wav = { bit_rate = 128 }", "'wav' is not a lossy container"),
        ("mkv = { bit_rate = 128 }", "'mkv' is not a lossy container"),
        ("mp3 = { bit_rate = 128.5 }", "'bit_rate' must be a whole number, not a number"),
        ("mp3 = { bitrate = 128 }", "a format has no key 'bitrate'"),
        ("mp3 = { }", "a format needs the key 'bit_rate'"),
    ],
)
def test_what_a_preset_says_of_formats(tmp_path, formats, said):
    found = wrong(tmp_path, export=f"{HOUSE}[house.formats]\n{formats}\n")
    assert said in [message for _, message, _ in found]
    assert {(code, line) for code, _, line in found} == {("MIX305", 10)}
