"""Clips cut from real files, in both ffmpegs: formats, seeks, rates, lengths, odd names."""

from __future__ import annotations

import subprocess

import attrs
import numpy as np
import pytest
import soundfile
from mixdown.audio.resample import resample
from mixdown.backends.ffmpeg import BACKEND
from mixdown.backends.ffmpeg.inputs import FORGETFUL
from mixdown.ir.nodes import Clip
from mixdown.ir.units import resampled_length
from mixdown.plans.plan import EmitOptions

RATE = 48000
WAV = ["-protocol_whitelist", "file", "-f", "wav", "-probesize", "32", "-max_size", "16384"]


def options_of(plan, step="mix"):
    """The arguments before the first input."""
    argv = [str(a) for a in plan[step].argv]
    return argv[argv.index("-filter_complex_threads") + 2 : argv.index("-i")]


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize(
    ("file", "coding"),
    [
        ("a.wav", "PCM_16"),
        ("a.wav", "PCM_24"),
        ("a.wav", "PCM_32"),
        ("a.wav", "FLOAT"),
        ("a.wav", "DOUBLE"),
        ("a.w64", "PCM_16"),
        ("a.aiff", "PCM_24"),
        ("a.flac", "PCM_16"),
        ("a.flac", "PCM_24"),
    ],
)
def test_a_cut_far_into_a_file_is_bit_exact(bench, file, coding, channels):
    audio = bench.noise("s", channels, 8.0, file=file, coding=coding)
    first, length = 4 * RATE + 12345, RATE + 77
    got = bench.render(bench.chain(bench.clip("s", first, length)))
    assert np.array_equal(got, audio[:, first : first + length])


@pytest.mark.parametrize("second", range(0, 12, 3))
@pytest.mark.parametrize("file", ["a.wav", "a.flac"])
def test_seeks_land_on_the_sample_wherever_they_go(bench, second, file):
    audio = bench.noise("s", 1, 12.0, rate=44100, file=file, coding="PCM_16")
    first = max(0, second * 44100 - 1)
    nodes = attrs.evolve(bench.clip("s", first, len(audio[0]) - first), rate=44100)
    got = bench.render(bench.chain(nodes))
    assert np.array_equal(got, audio[:, first:])


def test_it_seeks_to_a_whole_second_before_the_clip_and_stops_after_it(bench):
    bench.noise("s", 1, 9.0)
    plan = BACKEND.emit(bench.chain(bench.clip("s", 5 * RATE + 1, RATE)), EmitOptions())
    assert options_of(plan) == [*WAV, "-ss", "4", "-t", "4"]
    assert "atrim=" not in plan.filter_complex
    assert "start_sample=48001:end_sample=96001" in plan.filter_complex


def test_it_neither_seeks_nor_stops_where_that_saves_nothing(bench):
    bench.noise("s", 1, 2.5)
    plan = BACKEND.emit(bench.chain(bench.clip("s", RATE, RATE)), EmitOptions())
    assert options_of(plan) == WAV


@pytest.mark.parametrize("rate", [8000, 11025, 22050, 32000, 44100, 96000])
@pytest.mark.parametrize(("offset", "length"), [(0, None), (200_001, 50_000), (200_001, None)])
def test_a_resampled_clip_is_cut_from_the_whole_source_resampled(bench, rate, offset, length):
    frames = 6 * rate + 17
    audio = bench.source("s", np.random.default_rng(rate).uniform(-1, 1, (1, frames)), rate)
    whole = resample(audio, rate, RATE)
    if length is None:
        length = resampled_length(frames, rate, RATE) - offset
    got = bench.render(bench.chain(Clip("c", "s", offset, length, RATE)))
    assert got.shape == (1, length)
    assert 20 * np.log10(np.abs(got - whole[:, offset : offset + length]).max() + 1e-30) < -200


def test_what_goes_wrong_with_a_resampled_source_is_its_first_clips_to_show(bench):
    bench.source("s", np.zeros((1, 6 * 96000)), 96000)
    plan = BACKEND.emit(bench.chain(Clip("host/c1.clip", "s", 4 * RATE, RATE, RATE)), EmitOptions())
    assert plan.labels["decode_s"] == plan.labels["aformat@s"] == "host/c1.clip"
    assert set(plan.labels.values()) == {"host/c1.clip", "master.output"}


@pytest.mark.parametrize(
    "name",
    [
        "-i.wav",
        "concat:a|b.wav",
        "pipe:0",
        "%03d.wav",
        "a'b\\c[1],;=:.wav",
        "späce x.wav",
        "http:x.wav",
        "x\ny.wav",
        "deep/er/../a.wav",
    ],
)
def test_no_name_of_a_file_is_anything_but_a_name(bench, name):
    (bench.folder / "src/deep/er").mkdir(parents=True)
    audio = bench.noise("s", 1, 0.1)
    (bench.folder / "src/s.wav").rename(bench.folder / "src" / name)
    bench.sources["s"] = attrs.evolve(bench.sources["s"], path=name)
    assert np.array_equal(bench.render(bench.chain(bench.clip("s"))), audio)


def test_a_layout_that_the_file_invents_changes_nothing(bench):
    """A mono file that calls its channel "front left": read as mono, at the same level."""
    audio = bench.noise("s", 1, 0.5, coding="PCM_16")
    odd = bench.folder / "src/odd.wav"
    subprocess.run(
        [bench.ffmpeg, "-v", "error", "-i", bench.folder / "src/s.wav", "-af", "pan=FL|c0=c0", odd],
        check=True,
    )
    assert b"\xfe\xff" in odd.read_bytes()[:40]  # WAVE_FORMAT_EXTENSIBLE, with a channel mask
    bench.sources["s"] = attrs.evolve(bench.sources["s"], path="odd.wav")
    assert np.array_equal(bench.render(bench.chain(bench.clip("s"))), audio)


def test_a_file_of_another_rate_than_declared_stops_the_run_at_the_clip(bench):
    bench.noise("s", 1, 0.5)
    soundfile.write(bench.folder / "src/s.wav", np.zeros(22050), 44100)
    plan = BACKEND.emit(bench.chain(bench.clip("s")), EmitOptions())
    with pytest.raises(AssertionError, match="s_clip"):
        bench.run(plan)


@pytest.mark.parametrize(
    ("source_rate", "rate"), [(s, r) for r, sources in FORGETFUL.items() for s in sorted(sources)]
)
def test_the_resampler_forgets_where_it_began_at_the_rates_said_to_be_so(source_rate, rate):
    audio = np.random.default_rng(1).uniform(-1, 1, (1, 4 * source_rate + 17))
    whole = resample(audio, source_rate, rate)
    for seek in (1, 2):
        later = resample(audio[:, seek * source_rate :], source_rate, rate)
        difference = later[:, rate:] - whole[:, (seek + 1) * rate :]
        assert np.abs(difference).max() < 10 ** (-280 / 20)


def test_of_other_rates_a_source_is_resampled_whole_where_a_clip_lies_far_into_it(bench):
    bench.source("s", np.zeros((1, 6 * 96000)), 96000)
    near, far = (Clip("c", "s", second * RATE, RATE, RATE) for second in (1, 4))
    assert [s.id for s in BACKEND.emit(bench.chain(near), EmitOptions()).steps] == ["mix"]
    plan = BACKEND.emit(bench.chain(far), EmitOptions())
    assert [s.id for s in plan.steps] == ["decode_s", "mix"]
    assert (plan["decode_s"].samples, plan["decode_s"].rate) == (6 * RATE, RATE)
    assert "soxr" not in " ".join(plan.argv[1])


def test_an_embedded_picture_is_ignored(bench, tmp_path):
    """Cover art is a video stream in ffmpeg's eyes."""
    audio = bench.noise("s", 1, 0.5, file="a.flac", coding="PCM_16")
    cover = tmp_path / "cover.png"
    argv = [bench.ffmpeg, "-v", "error", "-f", "lavfi", "-i", "color=c=red:s=16x16", "-frames:v"]
    subprocess.run([*argv, "1", cover], check=True)
    with_art = bench.folder / "src/art.flac"
    argv = [bench.ffmpeg, "-v", "error", "-i", bench.folder / "src/a.flac", "-i", cover]
    argv += ["-map", "0", "-map", "1", "-c", "copy", "-disposition:v", "attached_pic", with_art]
    subprocess.run(argv, check=True)
    bench.sources["s"] = attrs.evolve(bench.sources["s"], path="art.flac")
    assert np.array_equal(bench.render(bench.chain(bench.clip("s"))), audio)
