"""A master in parts: the same samples, each part with tags of its own."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import mixdown
import mutagen
import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from mixdown.audio.riff import read_chunks
from mixdown.cli.app import run
from mixdown.compiler.timeline.model import Marker, Timeline

RATE = 16000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("split")
    noise = np.random.default_rng(5).normal(0, 0.1, (2 * RATE, 2))
    soundfile.write(folder / "a.wav", noise, RATE, subtype="PCM_24")
    return folder


def timeline(folder: Path, **more: object) -> Timeline:
    made = Timeline(
        id="a",
        root=folder,
        sample_rate=RATE,
        metadata={"title": "Book", "artist": "Us", "comment": "About it"},
        **more,
    )
    made = made.track("one", role="music").clip("a.wav", id="x", duration_ms=900)
    return made.clip("a.wav", id="y/z", start_ms=900)


MARKERS = (Marker(300, "Intro"), Marker(1000.0625, "a/b: c"), Marker(2000, "End", toc=False))


def samples(path: Path) -> np.ndarray:
    return soundfile.read(path, dtype="int32", always_2d=True)[0]


@pytest.mark.parametrize("backend", ["ffmpeg", "native"])
@pytest.mark.parametrize("choices", [
    {"format": "wav", "bit_depth": 16, "preset": "podcast"},
    {"format": "wav", "bit_depth": "32f", "preset": "draft"},
    {"format": "flac", "bit_depth": 16, "preset": "podcast"},
])  # fmt: skip
def test_the_parts_are_the_master(folder, tmp_path, backend, choices):
    """Dither and limiter included, as they are those of the whole."""
    mix = timeline(folder, markers=MARKERS)
    result = mixdown.render(mix, out=tmp_path, split="chapters", backend=backend, **choices)
    form = choices["format"]
    names = [f"master.{form}", f"01 Intro.{form}", f"02 a_b_ c.{form}"]
    assert [file.path.name for file in result.files] == names
    master, *parts = (samples(file.path) for file in result.files)
    assert [len(part) for part in parts] == [16001, 2.9 * RATE - 16001]
    assert np.array_equal(np.concatenate(parts), master)
    assert (
        soundfile.info(tmp_path / names[1]).subtype == soundfile.info(tmp_path / names[0]).subtype
    )


@settings(max_examples=8, deadline=None)
@given(st.lists(st.integers(0, 46_399), min_size=1, max_size=6), st.sampled_from(["wav", "flac"]))
def test_any_markers_cut_a_master_without_a_gap(folder, tmp_path_factory, places, form):
    marks = tuple(Marker(1000 * at / RATE, "m") for at in places)
    result = mixdown.render(
        timeline(folder, markers=marks), out=tmp_path_factory.mktemp("any"), preset="draft",
        format=form, backend="native", split="markers", split_name="{number}", report=False,
    )  # fmt: skip
    parts = [samples(part.path) for part in result.parts]
    assert np.array_equal(np.concatenate(parts), samples(result.master.path))
    starts = sorted(set(places))[1:]
    assert np.cumsum([len(part) for part in parts]).tolist() == [*starts, 46_400]


@pytest.mark.parametrize("form", ["mp3", "m4b", "opus", "flac", "wav"])
def test_other_readers_find_the_tags_of_a_part(folder, tmp_path, form, embedded_ffmpeg):
    mix = timeline(folder, markers=MARKERS)
    result = mixdown.render(
        mix, out=tmp_path, preset="draft", format=form, split="markers", report=False,
        split_name="{artist} {number:03}", backend="native",
    )  # fmt: skip
    assert [part.path.name for part in result.parts] == [f"Us 00{n}.{form}" for n in (1, 2, 3)]
    second = result.parts[1]
    assert second.kind == "audio_part"
    assert second.parent == result.master.digest
    assert second.meta.range_ms == (1000.0625, 2000.0)
    assert second.meta.markers == ()
    assert second.meta.samples / second.meta.sample_rate == pytest.approx(1.0, abs=1e-3)
    if form == "wav":
        info = read_chunks(second.path)[b"LISTINFO"]
        assert b"INAM\x07\x00\x00\x00a/b: c\0" in info
        assert b"IPRT\x04\x00\x00\x002/3\0" in info
        return
    tags = mutagen.File(second.path, easy=True)
    assert tags["title"] == ["a/b: c"]
    assert tags["album"] == ["Book"]
    assert tags["tracknumber"][0] in ("2/3", "2")
    assert tags.info.length == pytest.approx(1.0, abs=0.1)
    told = subprocess.run(
        [embedded_ffmpeg, "-hide_banner", "-i", second.path], capture_output=True, text=True
    ).stderr
    assert "a/b: c" in told
    assert "Chapter #0" not in told


def test_clips_of_the_first_track_split_a_range_and_a_command_lists_the_parts(
    folder, tmp_path, capsys
):
    mix = timeline(folder)
    mix.dump(folder / "a.yaml")
    words = ["render", str(folder / "a.yaml"), "-o", str(tmp_path), "--preset", "draft", "--json"]
    assert run([*words, "--split", "clips", "--from", "0.5", "--to", "2"]) == 0
    told = json.loads(capsys.readouterr().out)["artifacts"]
    files = [(Path(each["path"]).name, each["kind"], each["meta"]["range_ms"]) for each in told]
    assert files == [
        ("master.wav", "audio_render", [500, 2000]),
        ("01 x.wav", "audio_part", [500, 900]),
        ("02 y_z.wav", "audio_part", [900, 2000]),
    ]
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert [each["target"] for each in manifest["artifacts"]] == ["master", "part-1", "part-2"]
    report = json.loads((tmp_path / "report.json").read_text())
    assert [each["file"] for each in report["files"]] == [name for name, _, _ in files]
    again = mixdown.render(
        mixdown.load(folder / "a.yaml"), out=tmp_path, preset="draft", split="clips",
        from_ms=500, to_ms=2000,
    )  # fmt: skip
    assert [part.path.name for part in again.parts] == ["01 x.wav", "02 y_z.wav"]


@pytest.mark.parametrize(
    ("choices", "says"),
    [
        ({"split": "chapter"}, "chapters, markers, clips"),
        ({"split": "chapters", "split_name": "{titel}"}, "a part has no titel"),
        ({"split": "chapters", "split_name": "{title.x}"}, "cannot be used"),
        ({"split": "chapters", "split_name": "{number:y}"}, "cannot be used"),
        ({"split": "chapters", "split_name": "same"}, "2 parts would be named same.wav"),
        ({"split": "chapters", "split_name": "a/{number}"}, "'a/1' cannot be the name of a file"),
        ({"split": "chapters", "single": True, "preset": "draft"}, "one command cannot split"),
        ({"split": "chapters", "video": "a.mp4"}, "a film is one file"),
    ],
)
def test_what_cannot_be_split_is_an_error(folder, tmp_path, choices, says):
    with pytest.raises(mixdown.MixdownError) as caught:
        mixdown.render(timeline(folder, markers=MARKERS), out=tmp_path / "out", **choices)
    assert says in str(caught.value)


def test_a_mix_without_markers_has_no_chapters_to_split_at(folder, tmp_path):
    with pytest.raises(mixdown.MixdownError, match="no chapters to split at"):
        mixdown.render(timeline(folder), out=tmp_path / "out", split="chapters")
