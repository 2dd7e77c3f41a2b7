"""Finished recordings: as they are, at the loudness of a preset, one by one or as an album."""

from __future__ import annotations

from pathlib import Path

import mixdown
import numpy as np
import pytest
import soundfile
from mixdown.audio.meter.measure import measure
from mixdown.render.finished import master

RATE = 22050


@pytest.fixture
def recordings(tmp_path: Path) -> list[Path]:
    """A loud one and a quiet one, which is mono and at half the rate."""
    noise = np.random.default_rng(2).normal(0.0, 0.05, (3 * RATE, 2))
    noise[:200] *= np.linspace(0.0, 1.0, 200)[:, None]
    noise[-200:] *= np.linspace(1.0, 0.0, 200)[:, None]
    paths = [tmp_path / "loud.wav", tmp_path / "quiet.flac"]
    soundfile.write(paths[0], noise, RATE)
    soundfile.write(paths[1], 0.25 * noise[:, 0], RATE // 2)
    return paths


def test_a_recording_keeps_its_rate_its_channels_and_its_name(recordings, tmp_path):
    results = master(recordings, out=tmp_path / "out", preset="podcast", backend="native")
    found = [(r.master.path, r.master.meta.sample_rate, r.master.meta.channels) for r in results]
    assert found == [
        (tmp_path / "out/loud/loud.wav", RATE, 2),
        (tmp_path / "out/quiet/quiet.wav", RATE // 2, 1),
    ]
    for result in results:
        assert result.master.meta.integrated_lufs == pytest.approx(-16.0, abs=0.1)
        assert result.report.passed
    (one,) = master(
        recordings[:1], out=tmp_path / "one", preset="podcast", format=["wav", "mp3"], report=False
    )
    assert [file.path.name for file in one.files] == ["loud.wav", "loud.mp3"]


@pytest.mark.parametrize("format", ["wav", pytest.param(("wav", "mp3"), marks=pytest.mark.soak)])
def test_an_album_has_one_gain(recordings, tmp_path, format):
    """Also where the limiter takes loudness from one of the files and nothing from the other."""
    noise, _ = soundfile.read(recordings[0])
    soundfile.write(recordings[1], 0.25 * noise, RATE)
    noise[::2205] *= 8.0  # peaks that the limiter takes down
    soundfile.write(recordings[0], noise, RATE)
    results = master(
        recordings,
        out=tmp_path,
        album=True,
        preset="podcast",
        report=False,
        backend="native",
        format=format,
    )
    metas = [file.meta for result in results for file in result.files]
    for suffix in {file.path.suffix for file in results[0].files}:
        gains = {
            file.meta.loudness_gain_db
            for result in results
            for file in result.files
            if file.path.suffix == suffix
        }
        assert len(gains) == 1
    assert all(meta.true_peak_dbtp <= -1.0 for meta in metas)
    assert [d for result in results for d in result.diagnostics] == []
    alone = [measure([soundfile.read(path, always_2d=True)[0].T], RATE, 2) for path in recordings]
    taken = [
        before.integrated + meta.loudness_gain_db - 3.0 - meta.integrated_lufs
        for before, meta in zip(alone, (result.master.meta for result in results), strict=True)
    ]
    assert taken[0] > 0.3
    assert taken[1] == pytest.approx(0.0, abs=0.05)
    whole = np.concatenate([soundfile.read(r.master.path)[0] for r in results])
    assert measure([whole.T], RATE, 2).integrated == pytest.approx(-16.0, abs=0.1)


@pytest.mark.parametrize(
    ("choices", "says"),
    [
        ({"album": True, "preset": "draft"}, "an album needs one target loudness"),
        ({"album": True, "preset": ["podcast", "music"]}, "an album needs one target loudness"),
        ({"preset": "podcst"}, "unknown export preset"),
    ],
)
def test_what_cannot_be_mastered_is_an_error(recordings, tmp_path, choices, says):
    with pytest.raises(mixdown.MixdownError, match=says):
        master(recordings, out=tmp_path / "out", **choices)
    with pytest.raises(mixdown.MixdownError, match="nowhere"):
        master([tmp_path / "nowhere.wav"], out=tmp_path / "out")
    with pytest.raises(mixdown.MixdownError, match="are named 'loud'"):
        master([recordings[0], recordings[0]], out=tmp_path / "out")


def test_a_recording_in_place_of_a_timeline_leads_to_master(recordings):
    with pytest.raises(mixdown.TimelineError, match="mixdown master FILE"):
        mixdown.load(recordings[0])
