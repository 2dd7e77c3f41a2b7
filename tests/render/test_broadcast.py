"""Broadcast metadata and markers of rendered WAVs, read back by readers that are not ours."""

from __future__ import annotations

import json
import math
import shutil
import struct
import subprocess
from decimal import Decimal
from pathlib import Path

import mixdown
import mutagen.wave
import numpy as np
import pytest
import soundfile
import wavinfo
from attrs import evolve
from mixdown.audio.meter.measure import measure
from mixdown.audio.riff import read_chunks
from mixdown.compiler.emit import chapters
from mixdown.compiler.meta import FileMeta
from mixdown.render.broadcast import bext_chunk
from mixdown.render.delivery import levels_meta
from mixdown.render.result import RenderedMeta, chapters_text

TIMELINE = """\
schema_version: 1
id: an-episode
sources: {voice: voice.wav}
metadata: {title: Höhenflüge 日, artist: Zoë, album: A show, date: "2026-03-01"}
markers: [{at_ms: 1000.5, label: Später}, {at_ms: 0, label: Intro}]
tracks: [{id: host, role: dialogue, clips: [{id: hello, source: voice}]}]
"""

META = RenderedMeta.of(
    FileMeta(
        kind="audio_render",
        timeline_id="an-episode",
        bus_id="master",
        roles=("master",),
        gain_db=0.0,
        range_ms=None,
        export_preset="default",
        mix_preset_id="default_mix",
        render_profile="default",
        stem_mode=None,
        headroom_db=None,
        loudnorm_target=None,
        rms_target=None,
        limiter_thresh=None,
        dithered=False,
        dither="none",
        container="wav",
        codec="pcm",
        encoding="s24",
        bit_depth=24,
        bit_rate=None,
        sample_rate=48_000,
        channels=1,
        samples=100,
        tags={"date": "2026"},
        cover=None,
        markers=(),
        sources={},
    ),
    levels_meta(measure([np.zeros((1, 100))], 48_000, 1), 48_000),
    None,
    "sha256:" + "ab" * 32,
    {"mixdown": "1"},
)


@pytest.fixture
def timeline(tmp_path: Path) -> mixdown.Timeline:
    noise = np.random.default_rng(1).standard_normal(4 * 44_100).clip(-3, 3) * 0.1
    soundfile.write(tmp_path / "voice.wav", noise, 44_100)
    (tmp_path / "episode.yaml").write_text(TIMELINE, encoding="utf-8")
    return mixdown.load(tmp_path / "episode.yaml")


@pytest.mark.parametrize(
    ("backend", "bit_depth"),
    [
        ("native", "16"),
        ("native", "64f"),
        ("ffmpeg", "24"),
        ("ffmpeg", "32f"),
        pytest.param("sox", "24", marks=pytest.mark.requires("sox")),
    ],
)
def test_what_a_broadcast_wav_says_of_itself(timeline, tmp_path, backend, bit_depth):
    out = tmp_path / "out"
    choices = {"backend": backend, "bit_depth": bit_depth, "report": False}
    result = mixdown.render(timeline, out=out, broadcast=True, stems=True, **choices)
    plain = mixdown.render(timeline, out=tmp_path / "plain", stems=True, **choices)
    for file, unmarked in zip(result.files, plain.files, strict=True):
        read = wavinfo.WavInfoReader(str(file.path), info_encoding="utf-8")
        bext = read.bext.to_dict()
        assert bext["version"] == 2
        assert bext["description"] == "Hohenfluge ?"
        assert (bext["originator"], bext["originator_date"]) == ("Zoe", "2026-03-01")
        assert bext["originator_time"] == ""
        assert bext["loudness_value"] == round(file.meta.integrated_lufs, 2)
        assert bext["loudness_range"] == round(file.meta.loudness_range_lu, 2)
        assert bext["max_true_peak"] == round(file.meta.true_peak_dbtp, 2)
        assert bext["max_momentary_loudness"] == round(file.meta.momentary_max_lufs, 2)
        assert bext["max_shortterm_loudness"] == round(file.meta.short_term_max_lufs, 2)
        assert bext["coding_history"].startswith("A=PCM,F=48000,W=")
        assert [cue.sample_offset for cue in read.cues.cues] == [0, 48_024]
        assert [label.text for label in read.cues.labels] == ["Intro", "Später"]
        assert read.info.to_dict()["title"] is not None
        one, other = soundfile.read(file.path)[0], soundfile.read(unmarked.path)[0]
        assert np.array_equal(one, other)
        assert mutagen.wave.WAVE(file.path).info.length == pytest.approx(4.0)
    assert wavinfo.WavInfoReader(str(plain.master.path)).bext is None
    assert result.master.digest != plain.master.digest


@pytest.mark.requires("ffmpeg_debian", "sox")
def test_other_programs_read_the_file(timeline, tmp_path):
    path = mixdown.render(timeline, out=tmp_path / "out", broadcast=True).master.path
    probe = ["ffprobe", "-v", "error", "-of", "json", "-show_entries", "format:stream", str(path)]
    told = json.loads(subprocess.run(probe, capture_output=True, check=True).stdout)
    assert told["format"]["tags"]["originator_reference"]
    assert told["streams"][0]["duration_ts"] == 4 * 48_000
    said = subprocess.run(["soxi", "-s", str(path)], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == str(4 * 48_000)


def test_the_same_render_gives_the_same_bytes(timeline, tmp_path):
    made = [
        mixdown.render(timeline, out=tmp_path / name, broadcast=True, report=False)
        for name in ("one", "two")
    ]
    assert made[0].master.path.read_bytes() == made[1].master.path.read_bytes()


def test_what_is_not_known_is_left_open():
    levels = measure([np.zeros((1, 100))], 48_000, 1)
    name, content = bext_chunk(META, levels, "mixdown 1")
    assert name == b"bext"
    assert content[602:] == b"A=PCM,F=48000,W=24,M=mono,T=mixdown 1\r\n\0"
    assert content[:256].rstrip(b"\0") == b"an-episode"
    assert content[256:288].rstrip(b"\0") == b"mixdown 1"
    assert content[288:320] == b"ab" * 16
    assert content[320:338] == bytes(18)  # a year is no date, and there is no time
    loudness = struct.unpack_from("<5h", content, 412)
    assert loudness == (0x7FFF, 0, 0x7FFF, 0x7FFF, 0x7FFF)
    assert math.isinf(levels.integrated)


@pytest.mark.parametrize("rate", [48_000, 192_000])
def test_the_chunk_ends_with_nothing_and_has_an_even_size(rate):
    """libsndfile does not find the samples behind an odd one in an RF64."""
    levels = measure([np.zeros((1, 100))], 48_000, 1)
    _, content = bext_chunk(evolve(META, sample_rate=rate), levels, "mixdown 1")
    assert len(content) % 2 == 0 and content.endswith(b"\r\n" + bytes(1 + (rate > 96_000)))


@pytest.mark.parametrize("form", ["flac", "mp3"])
def test_other_formats_hold_none(form):
    with pytest.raises(mixdown.TimelineError, match=f"MIX307.*{form} has no broadcast metadata"):
        mixdown.RenderRequest(format=form, broadcast=True)


def test_chapters_for_podcast_players(timeline, tmp_path):
    out = tmp_path / "out"
    result = mixdown.render(timeline, out=out, format="flac", report=False)
    assert result.chapters == out / "chapters.json"
    assert json.loads(result.chapters.read_text(encoding="utf-8")) == {
        "version": "1.2.0",
        "title": "Höhenflüge 日",
        "author": "Zoë",
        "podcastName": "A show",
        "chapters": [
            {"startTime": 0.0, "title": "Intro"},
            {"startTime": 1.0005, "title": "Später"},
        ],
    }
    assert json.loads((out / "manifest.json").read_text())["chapters"] == "chapters.json"


def test_regions_loops_and_links_of_markers(timeline, tmp_path):
    """A region is an `ltxt` with its length, a loop a `smpl` whose last sample is played."""
    marked = evolve(timeline, markers=()).marker(0, "Loop")
    (loop,) = marked.markers
    loop = evolve(loop, length_ms=Decimal(500), loop=True)
    more = evolve(loop, at_ms=Decimal(1000), label="More", length_ms=None, loop=False, toc=False)
    linked = evolve(more, url="https://example.org", image="https://example.org/a.jpg")
    result = mixdown.render(
        evolve(timeline, markers=(loop, linked)), out=tmp_path, preset="draft", report=False
    )
    chunks = dict(read_chunks(result.master.path))
    labels = chunks[b"LISTadtl"]
    assert labels.count(b"ltxt") == 1
    region = labels[labels.index(b"ltxt") + 8 :][:12]
    assert struct.unpack("<II4s", region) == (1, 24_000, b"rgn ")
    head, points = chunks[b"smpl"][:36], chunks[b"smpl"][36:]
    assert struct.unpack("<9I", head) == (0, 0, 20833, 60, 0, 0, 0, 1, 0)
    assert struct.unpack("<6I", points) == (0, 0, 0, 23_999, 0, 0)
    first, second = json.loads(result.chapters.read_text())["chapters"]
    assert (first["endTime"], "toc" in first) == (0.5, False)
    assert (second["url"], second["img"]) == ("https://example.org", "https://example.org/a.jpg")
    assert second["toc"] is False
    assert [chapter.title for chapter in chapters(result.compilation.timeline, 96_000)] == ["Loop"]


def test_without_markers_there_are_no_chapters(timeline):
    assert chapters_text(evolve(timeline, markers=())) is None


@pytest.mark.soak
@pytest.mark.parametrize(
    "backend", ["native", "ffmpeg", pytest.param("sox", marks=pytest.mark.requires("sox"))]
)
def test_a_master_over_four_gibibytes(timeline, tmp_path, backend):
    """24 minutes at 192 kHz in 64-bit float; the short sound of the timeline, then silence."""
    free = shutil.disk_usage(tmp_path).free
    assert free > 20 << 30, f"{free >> 30} GiB free: too few for a master, its parts and a copy"
    long = evolve(timeline, sample_rate=192_000, length_ms=1_440_000)
    out = tmp_path / "out"
    choices = {"preset": "draft", "bit_depth": "64f", "backend": backend, "report": False}
    result = mixdown.render(long, out=out, broadcast=True, **choices)
    path, frames = result.master.path, 1_440 * 192_000
    with path.open("rb") as file:
        head = file.read(44)
    assert head[:4] == b"RF64"
    sizes = struct.unpack_from("<QQQ", head, 20)
    assert sizes == (path.stat().st_size - 8, 16 * frames, frames)
    with soundfile.SoundFile(path) as file:
        assert (file.frames, file.format) == (frames, "RF64")
        file.seek(frames - 1)
        assert file.read().shape == (1, 2)
    chunks = read_chunks(path)
    assert struct.unpack_from("<I", chunks[b"cue "])[0] == 2
    assert len(chunks[b"bext"]) > 602
    shutil.rmtree(out)
