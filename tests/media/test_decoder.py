"""The command that decodes a source leaves nothing for ffmpeg to guess."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile
from mixdown.media.decoder import Decoding, arguments
from mixdown.programs.ffmpeg import QUIET
from odd_media import RATE, encode, nonfinite, tone, write_tone


def run(ffmpeg: str, decoding: Decoding, source: Path, target: Path) -> np.ndarray:
    argv = [ffmpeg, *QUIET, *arguments(decoding, str(source), str(target))]
    subprocess.run(argv, check=True)
    return soundfile.read(target, always_2d=True)[0]


def test_arguments_do_not_depend_on_paths(tmp_path: Path):
    decoding = Decoding("mov/aac")
    words = arguments(decoding, "in", "out")
    assert arguments(decoding, 1, 2) == tuple({"in": 1, "out": 2}.get(w, w) for w in words)
    assert words[:4] == ("-protocol_whitelist", "file", "-f", "mov")


def test_the_decoder_is_named_only_for_pcm():
    assert "-c:a" in arguments(Decoding("wav/pcm_s32le"), "in", "out")[: -len("out")][4:6]
    assert arguments(Decoding("mp3/mp3"), "in", "out").count("-c:a") == 1


@pytest.mark.parametrize("codec", ["hls/aac", "concat/wav", "image2/png", "nothing"])
def test_unsupported_containers_are_refused(codec: str):
    with pytest.raises(ValueError, match="is not a format that mixdown reads"):
        arguments(Decoding(codec), "in", "out")


@pytest.mark.parametrize(
    ("decoding", "bits"),
    [
        (Decoding("mp3/mp3"), 32),
        (Decoding("wav/pcm_s24le"), 32),
        (Decoding("wav/pcm_s32le"), 64),
        (Decoding("wav/pcm_f64le"), 64),
        (Decoding("wv/wavpack"), 64),
        (Decoding("mp3/mp3", channels=1, matrix=(1.0, 0.0)), 32),
        (Decoding("mp3/mp3", channels=1, matrix=(0.5, 0.5)), 64),
    ],
    ids=str,
)
def test_the_float_size_represents_the_samples_exactly(decoding: Decoding, bits: int):
    assert decoding.bits == bits
    assert f"pcm_f{bits}le" in arguments(decoding, "in", "out")


@pytest.mark.parametrize(
    ("rows", "matrix"),
    [(1, (0.0, 1.0, 0.0)), (2, (0.0, 0.0, 1.0, 1.0, 0.0, 0.0)), (1, (0.5, 0.25, -1.0))],
    ids=str,
)
def test_a_matrix_is_applied_in_float64(tmp_path: Path, ffmpegs: str, rows: int, matrix):
    source = tmp_path / "a.wav"
    samples = np.random.default_rng(3).normal(0, 0.2, (1000, 3))
    soundfile.write(source, samples, RATE, subtype="DOUBLE")
    decoding = Decoding("wav/pcm_f64le", channels=rows, matrix=matrix)
    made = run(ffmpegs, decoding, source, tmp_path / "out.wav")
    wanted = samples @ np.reshape(matrix, (rows, 3)).T
    assert np.abs(made - wanted).max() <= 2**-53


def test_repair_replaces_samples_that_are_not_finite_by_zero(tmp_path: Path, ffmpegs: str):
    source = nonfinite(tmp_path / "a.wav")
    made = run(ffmpegs, Decoding("wav/pcm_f32le", repair=True), source, tmp_path / "out.wav")
    wanted = tone(0.5).astype("<f4")
    wanted[480:483] = 0.0
    np.testing.assert_array_equal(made, wanted)


@pytest.mark.parametrize("extension", ["mp4", "mkv", "mov", "ts"])
def test_silence_up_to_the_limit_is_kept(tmp_path: Path, ffmpegs: str, extension: str):
    source = write_tone(tmp_path / "tone.wav")
    path = tmp_path / f"late.{extension}"
    argv = [ffmpegs, "-v", "error", "-f", "lavfi", "-i", "color=s=32x32:r=25:d=2"]
    argv += ["-itsoffset", "0.5", "-i", str(source), "-map", "0:v", "-map", "1:a"]
    subprocess.run([*argv, "-c:v", "mpeg4", "-c:a", "aac", str(path)], check=True)
    container = {"mp4": "mov", "mov": "mov", "mkv": "matroska", "ts": "mpegts"}[extension]
    found = {}
    for silence in (0, 100, 48_000):
        decoding = Decoding(f"{container}/aac", silence=silence)
        found[silence] = run(ffmpegs, decoding, path, tmp_path / "out.wav")
    np.testing.assert_array_equal(found[0], found[100])
    late = len(found[48_000]) - len(found[0])
    assert abs(late - 24_000) < 1200
    np.testing.assert_array_equal(found[48_000][late:], found[0])
    assert not found[48_000][:late].any()
    exactly = Decoding(f"{container}/aac", silence=late)
    np.testing.assert_array_equal(run(ffmpegs, exactly, path, tmp_path / "out.wav"), found[48_000])


def test_a_gap_keeps_its_position(tmp_path: Path, ffmpegs: str):
    source = write_tone(tmp_path / "tone.wav", 3.0)
    path = tmp_path / "gap.mp4"
    drop = "aselect='not(between(t,1,1.5))'"
    encode(ffmpegs, source, path, "-af", drop, "-c:a", "aac")
    made = run(ffmpegs, Decoding("mov/aac", silence=48_000), path, tmp_path / "out.wav")
    quiet = np.flatnonzero(np.abs(made[: 2 * RATE, 0]) == 0.0)
    assert 1.0 < quiet[0] / RATE < 1.1
    assert 1.45 < quiet[-1] / RATE < 1.6
