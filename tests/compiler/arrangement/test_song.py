"""The example song: three minutes over real CC0 loops, eight roles, five sections, two tempos."""

from __future__ import annotations

import shutil
import time
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import soundfile
from attrs import evolve
from mixdown import Timeline, compile, render
from mixdown.compiler.load import load
from mixdown.documents.writer import dump
from mixdown.ir.nodes import Place
from requirements import SAMPLES
from syrupy.assertion import SnapshotAssertion

SONG = Path(__file__).parents[3] / "examples" / "song" / "night-train.yaml"
RATE = 44100
ROLES = {"drums", "bass", "keys", "music", "vox", "dialogue", "fx", "ambience"}

pytestmark = pytest.mark.requires("debian_media")


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Timeline:
    folder = tmp_path_factory.mktemp("song")
    shutil.copytree(SAMPLES, folder / "samples")
    return load(shutil.copy(SONG, folder))


def master(timeline: Timeline, out: Path, backend: str) -> np.ndarray:
    done = render(timeline, out=out, preset="draft", backend=backend, bit_depth="64f")
    return soundfile.read(done.master.path, always_2d=True)[0]


def test_the_timeline_is_the_one_that_it_was(song: Timeline, snapshot: SnapshotAssertion):
    assert dump(song) == snapshot


def test_it_is_what_it_says(song: Timeline):
    assert {track.role for track in song.tracks} == ROLES
    assert [m.label for m in song.markers if m.label != "Halfway"] == [
        "intro",
        "verse",
        "chorus",
        "bridge",
        "outro",
    ]
    assert 179_900 < song.length_ms < 180_000
    assert {"beat", "beat-100-97"} <= set(song.sources)
    assert song.notes == ()


def test_drums_lie_on_the_bars_of_both_tempos(song: Timeline):
    graph = compile(song, preset="draft", disable=["pack-lanes"]).graph
    starts = {n.start for n in graph if isinstance(n, Place) and n.name.startswith("drums/")}
    slow, fast = Fraction(240 * RATE, 97), Fraction(240 * RATE, 100)
    bars = [round(bar * slow) for bar in range(32)]
    bars += [round(32 * slow + bar * fast) for bar in range(42)]
    played = [*range(4, 8), *range(8, 32), *range(32, 52), *range(64, 70)]
    assert starts == {bars[bar] for bar in played}


def test_it_compiles_without_a_word_for_every_backend(song: Timeline):
    for backend in ("native", "ffmpeg", "sox"):
        assert compile(song, preset="music", backend=backend).diagnostics == ()


def test_the_native_engine_renders_it_in_time(song: Timeline, tmp_path: Path):
    """Processor time, for the machine may be busy."""
    begun = time.process_time()
    mix = master(song, tmp_path, "native")
    assert time.process_time() - begun < 20
    assert len(mix) == round(song.length_ms * RATE / 1000)
    assert 0.05 < np.sqrt(np.mean(mix**2)) < 0.5


# Where the intro goes over into the verse, and the verse into the chorus: fills, both tempos.
MOMENTS = [18_000, 76_000]


def part(song: Timeline, begin_ms: int, length_ms: int) -> Timeline:
    """What begins within a stretch of the song, as a timeline of its own."""
    end = begin_ms + length_ms
    tracks = tuple(
        evolve(
            track,
            clips=tuple(
                evolve(clip, start_ms=clip.start_ms - begin_ms)
                for clip in track.clips
                if begin_ms <= clip.start_ms < end
            ),
        )
        for track in song.tracks
    )
    return evolve(song, tracks=tracks, length_ms=length_ms, via={})


@pytest.mark.parametrize("begin_ms", MOMENTS)
@pytest.mark.parametrize("backend", ["ffmpeg"])
def test_other_backends_render_the_same(song: Timeline, tmp_path: Path, begin_ms, backend):
    moment = part(song, begin_ms, 6000)
    native = master(moment, tmp_path / "native", "native")
    other = master(moment, tmp_path / backend, backend)
    assert native.shape == other.shape
    assert 0 < np.max(np.abs(native)) < 0.8  # under the limiter
    assert np.max(np.abs(native - other)) < 1e-10


@pytest.mark.soak
@pytest.mark.requires("sox")
@pytest.mark.parametrize(("backend", "within"), [("ffmpeg", 1e-10), ("sox", 1e-6)])
def test_all_of_it_is_the_same_in_every_backend(song: Timeline, tmp_path: Path, backend, within):
    buses = {}
    for name in ("native", backend):
        done = render(
            song, out=tmp_path / name, preset="music", backend=name, bit_depth="64f", stems=True
        )
        buses[name] = {
            stem.target: soundfile.read(stem.path, always_2d=True)[0] for stem in done.stems
        }
        assert abs(done.master.meta.integrated_lufs + 14) <= 0.1
    assert set(buses["native"]) == set(buses[backend])
    for bus, samples in buses["native"].items():
        assert np.max(np.abs(samples - buses[backend][bus])) < within, bus
