"""Sources from any sample on: exactly the samples of the whole file, resampled as a whole."""

from __future__ import annotations

import tracemalloc
from math import ceil, gcd
from pathlib import Path

import numpy as np
import pytest
from attrs import evolve
from mixdown.audio.resample import resample
from mixdown.backends.ffmpeg.inputs import FORGETFUL
from mixdown.backends.native.engine.sources import open_sources, region, resumes
from mixdown.backends.native.reference import read_file
from mixdown.ir.nodes import Source
from sounds import CODINGS, Media

EXACT = 3e-13  # -250 dBFS


def read_on(media: Media, source: Source, rate: int, offset: int, sizes: list[int]) -> np.ndarray:
    with open_sources(media.locate) as sources:
        reader = sources.open(source, rate, offset)
        samples = np.concatenate([reader.read(size) for size in sizes], axis=1)
        reader.close()
    return samples


def whole(media: Media, source: Source, rate: int) -> np.ndarray:
    samples = read_file(media.locate(source))
    played, session = source.rates(rate)
    return samples if played == session else resample(samples, played, session)


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("offset", [0, 1, 1152, 30011, 47000])
def test_a_seek_lands_on_the_sample_in_every_coding(media: Media, coding: str, offset: int):
    source = media.add("sound", 48000, 2, 48000, coding)
    count = min(900, source.frames - offset)
    expected = whole(media, source, 48000)[:, offset : offset + count]
    assert np.array_equal(read_on(media, source, 48000, offset, [7, count - 7]), expected)


@pytest.mark.parametrize("rates", [(44100, 48000), (22050, 48000), (8000, 48000), (96000, 44100)])
@pytest.mark.parametrize("offset", [0, 1, 4801, 39999])
def test_a_region_is_resampled_as_the_whole_is(media: Media, rates: tuple[int, int], offset: int):
    source_rate, rate = rates
    source = media.add("sound", source_rate, 1, source_rate)
    expected = whole(media, source, rate)[:, offset : offset + 4000]
    found = read_on(media, source, rate, offset, [1, 64, expected.shape[1] - 65])
    assert np.max(np.abs(found - expected)) < EXACT


@pytest.mark.parametrize("rates", [(8000, 44100), (16000, 88200), (32000, 176400)])
def test_80_to_441_keeps_its_phase_wherever_a_region_begins(media: Media, rates: tuple[int, int]):
    source_rate, rate = rates
    source = media.add("sound", source_rate, 1, 12_000)
    expected = whole(media, source, rate)
    assert resumes(*rates)
    for multiple in range(5, 15):
        offset = (4096 + multiple * 160) * 441 // 80
        found = read_on(media, source, rate, offset, [1000])
        assert np.max(np.abs(found - expected[:, offset : offset + 1000])) < EXACT


RATES = (8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000, 88200, 96000, 176400, 192000)


@pytest.mark.parametrize("rate", RATES)
def test_where_resampling_may_begin_it_does_not_matter_at_which_multiple(rate: int):
    for source_rate in RATES:
        if source_rate == rate or not resumes(source_rate, rate):
            continue
        period = 4 * source_rate // gcd(source_rate, rate)
        warm_up = 4096 * ceil(max(1.0, source_rate / rate))
        begins = [(ceil(warm_up / period) + n) * period for n in range(9)]
        noise = np.random.default_rng(2).standard_normal((1, begins[-1] + 3 * warm_up))
        full = resample(noise, source_rate, rate)
        for begin in begins:
            part = resample(noise[:, begin:], source_rate, rate)
            warm, first = (count * rate // source_rate for count in (warm_up, begin))
            assert np.max(np.abs(part[:, warm:] - full[:, first + warm :])) < EXACT, source_rate


@pytest.mark.parametrize("rate", sorted(FORGETFUL))
def test_ffmpeg_seeks_where_the_second_does_not_matter(rate: int):
    for source_rate in FORGETFUL[rate]:
        noise = np.random.default_rng(3).standard_normal((1, 5 * source_rate))
        full = resample(noise, source_rate, rate)
        for second in (1, 2, 3):
            part = resample(noise[:, second * source_rate :], source_rate, rate)
            there = full[:, (second + 1) * rate :]
            assert np.max(np.abs(part[:, rate:] - there)) < EXACT, (source_rate, second)


def test_ratios_at_which_soxr_depends_on_its_start_are_resampled_whole():
    assert resumes(44100, 48000)
    assert not resumes(96000, 48000)  # filtered in the frequency domain
    assert not resumes(44099, 48000)  # a step that is no ratio of small numbers


@pytest.mark.parametrize("rate", [48000, 44100, 96000])
def test_more_clips_at_once_than_files_may_be_open(media: Media, rate: int):
    source = media.add("sound", 48000, 2, 9000)
    expected = whole(media, source, rate)
    with open_sources(media.locate) as sources:
        readers = [sources.open(source, rate, offset) for offset in range(300)]
        for step in range(3):
            for offset, reader in enumerate(readers):
                start = offset + 100 * step
                found = reader.read(100)
                assert np.max(np.abs(found - expected[:, start : start + 100])) < EXACT
            assert len(list(Path("/proc/self/fd").iterdir())) < 260
        for reader in readers:
            reader.close()


def test_a_speed_is_one_more_ratio(media: Media):
    source = evolve(media.add("sound", 44100, 1, 30000), speed=(5, 4))
    expected = whole(media, source, 48000)
    assert expected.shape[1] == source.length(48000)
    found = read_on(media, source, 48000, 1234, [5000])
    assert np.max(np.abs(found - expected[:, 1234:6234])) < EXACT


def test_after_the_end_there_is_silence(media: Media):
    for source_rate in (48000, 44100, 96000):
        source = media.add(f"at{source_rate}", source_rate, 1, 5000)
        expected = whole(media, source, 48000)
        tail = read_on(media, source, 48000, expected.shape[1] - 10, [10, 500])
        assert np.max(np.abs(tail[:, :10] - expected[:, -10:])) < EXACT
        assert not tail[:, 10:].any()


def test_regions_begin_at_even_samples_of_both_rates():
    for offset in (0, 5000, 123456):
        begin, skipped = region(44100, 48000, offset)
        at = (offset - skipped) * 44100
        assert at == begin * 48000
        assert (offset - skipped) % 2 == 0


def test_intermediates_are_shared_and_cleaned_up(media: Media, tmp_path: Path):
    source = media.add("sound", 96000, 2, 9000)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with open_sources(media.locate, scratch) as sources:
        for offset in (0, 77):
            sources.open(source, 48000, offset).close()
        assert [path.name for path in scratch.glob("*/*")] == ["resampled0.f64"]
    assert not list(scratch.iterdir())


def test_memory_does_not_grow_with_the_ratio(media: Media):
    """A second at 1 kHz becomes 48 MB of float64; the blocks once were a hundred times as long."""
    source = evolve(media.add("sound", 1000, 1, 1000), speed=(1, 16))
    tracemalloc.start()
    found = read_on(media, source, 384_000, 6_000_000, [40_000] * 4)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 64 << 20
    expected = whole(media, source, 384_000)[:, 6_000_000:]
    assert np.max(np.abs(found[:, : expected.shape[1]] - expected)) < EXACT
    assert not found[:, expected.shape[1] :].any()
