"""The sound of a film: the mix beside a picture that is copied bit for bit."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import mixdown
import numpy as np
import pytest
import soundfile

RATE = 48000


@pytest.fixture
def film(tmp_path: Path, embedded_ffmpeg: str) -> Path:
    """Two seconds of picture with B-frames, and a tone that starts half a second later."""
    path = tmp_path / "in.mp4"
    picture = ("-f", "lavfi", "-i", "testsrc=d=2:s=64x48:r=25")
    sound = ("-itsoffset", "0.5", "-f", "lavfi", "-i", "sine=f=440:d=1.5:r=48000")
    coding = ("-c:v", "libx264", "-bf", "2", "-c:a", "aac", path)
    subprocess.run([embedded_ffmpeg, "-v", "error", *picture, *sound, *coding], check=True)
    return path


@pytest.fixture
def timeline(tmp_path: Path) -> mixdown.Timeline:
    noise = np.random.default_rng(5).normal(0, 0.1, 2 * RATE)
    soundfile.write(tmp_path / "a.wav", noise, RATE)
    made = mixdown.Timeline(id="a", root=tmp_path, metadata={"title": "A film"}, channels=1)
    return made.track("one", role="music").clip("a.wav").marker(0, "Start").marker(1000, "Middle")


def picture(ffmpeg: str, path: Path) -> tuple[str, list[str]]:
    """The hash of the packets of the video stream, and their times."""
    reading = [ffmpeg, "-v", "error", "-i", path, "-map", "0:v:0", "-c", "copy"]
    hashed = subprocess.run([*reading, "-f", "hash", "-"], check=True, capture_output=True)
    framed = subprocess.run([*reading, "-f", "framemd5", "-"], check=True, capture_output=True)
    lines = [line for line in framed.stdout.decode().splitlines() if not line.startswith("#")]
    return hashed.stdout.decode(), lines


@pytest.mark.parametrize("backend", ["ffmpeg", "native"])
def test_the_picture_is_copied_and_the_sound_is_the_mix(
    timeline, film, tmp_path, embedded_ffmpeg, backend
):
    result = mixdown.render(
        timeline, out=tmp_path / "out", video=film, preset="podcast", backend=backend
    )
    path = result.master.path
    assert path.name == "master.mp4"
    assert picture(embedded_ffmpeg, path)[0] == picture(embedded_ffmpeg, film)[0]
    assert result.master.meta.integrated_lufs == pytest.approx(-16.0, abs=0.1)
    assert result.report.passed
    probed = subprocess.run(
        ["ffprobe", "-v", "error", "-of", "json", "-show_streams", "-show_chapters", path],
        check=True,
        capture_output=True,
    )
    found = json.loads(probed.stdout)
    kinds = [stream["codec_name"] for stream in found["streams"]]
    assert kinds[:2] == ["h264", "aac"]
    assert [float(chapter["start_time"]) for chapter in found["chapters"]] == [0.0, 1.0]
    again = mixdown.render(
        timeline, out=tmp_path / "again", video=film, preset="podcast", backend=backend
    )
    assert again.master.digest == result.master.digest


def test_a_clip_plays_the_sound_of_a_film_at_its_place(film, tmp_path):
    mix = mixdown.Timeline(id="f", root=tmp_path, channels=1)
    mix = mix.track("film", role="music").clip("in.mp4", offset_ms=250, duration_ms=1000)
    result = mixdown.render(mix, out=tmp_path / "out", preset="draft", mix="flat", report=False)
    samples = soundfile.read(result.master.path)[0]
    first = np.flatnonzero(np.abs(samples) > 0.01)[0] / RATE
    assert first == pytest.approx(0.25, abs=0.01)


@pytest.mark.parametrize(
    ("choices", "says"),
    [
        ({"length_ms": 3000}, "the mix lasts 0:03.000, and the film 0:0"),
        ({"video": "nowhere.mp4"}, "does not exist"),
        ({"video": "a.wav"}, "no video stream"),
        ({"format": "mp3"}, "mp3 has no picture"),
    ],
)
def test_what_is_no_film_for_the_mix_is_an_error(
    timeline, film, tmp_path, choices, says, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    if "length_ms" in choices:
        timeline = mixdown.replace(timeline, **choices)
        choices = {}
    with pytest.raises(mixdown.MixdownError) as caught:
        mixdown.render(timeline, out=tmp_path / "out", **{"video": film, **choices})
    assert says in str(caught.value)
