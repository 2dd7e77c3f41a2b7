"""The limiter's work, found by comparison, against what the limiter says itself."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile
from mixdown.audio.dither import TpdfNoise, quantise
from mixdown.audio.limiter import TruePeakLimiter
from mixdown.audio.meter.loudness import LoudnessMeter
from mixdown.audio.meter.premaster import PremasterMeter
from mixdown.render.report.reduction import WINDOW_S, limited_steps, reduction
from small_mixes import track

GAIN_DB = 7.3


def bursts(rate: int, seconds: float) -> np.ndarray:
    """Stereo noise with bursts up to 10 dB over the ceiling, and silence in between."""
    generator = np.random.default_rng(9)
    count = round(rate * seconds)
    shape = np.interp(np.arange(count) / rate % 0.5, [0, 0.02, 0.2, 0.3, 0.5], [0, 1, 0.3, 0, 0])
    return 0.3 * shape[:, None] * generator.normal(0, 1, (count, 2)).clip(-3, 3)


@pytest.mark.parametrize("rate", [44_100, 48_000])
@pytest.mark.parametrize("bits", [16, 24])
def test_it_is_what_the_limiter_did(tmp_path, rate, bits):
    premaster = bursts(rate, 3.07)
    limiter = TruePeakLimiter(rate, 2, -1.0)
    pushed = np.ascontiguousarray(premaster.T) * 10 ** (GAIN_DB / 20)
    limited = np.concatenate([limiter.process(pushed), limiter.flush()], axis=1)
    noise = TpdfNoise(b"seed" * 8).noise(2, 0, limited.shape[1]) * 2.0 ** (1 - bits)
    stored = quantise(limited + noise, bits).samples * 2.0 ** (1 - bits)
    soundfile.write(tmp_path / "premaster.wav", premaster, rate, subtype="DOUBLE")
    soundfile.write(tmp_path / "master.wav", stored.T, rate, subtype=f"PCM_{bits}")
    told: list[float] = []
    found = reduction(tmp_path / "premaster.wav", tmp_path / "master.wav", GAIN_DB, told.append)
    said = limiter.trace()
    assert len(found) == len(said) == -(-premaster.shape[0] // round(WINDOW_S * rate))
    assert said.max() > 6.0
    assert found.max() == pytest.approx(said.max(), abs=0.1)
    # In silence nothing shows what the limiter does, and as it lets go, only the deepest part.
    heard = np.array([np.abs(w).max() for w in np.array_split(pushed, len(said), axis=1)]) > 0.05
    assert np.abs(found - said)[heard].max() < 1.0
    assert np.sqrt(np.mean((found - said)[heard] ** 2)) < 0.1
    assert (told[-1], sorted(told)) == (1.0, told)


def test_only_blocks_in_which_the_limiter_worked_are_compared(tmp_path):
    """What it finds elsewhere in all of the file is the dither in quiet parts."""
    rate = 16_000
    sound = bursts(rate, 12.0)
    sound[3 * rate : 10 * rate] *= 0.3
    pushed = np.ascontiguousarray(sound.T) * 10 ** (GAIN_DB / 20)
    limiter = TruePeakLimiter(rate, 2, -1.0)
    limited = np.concatenate([limiter.process(pushed), limiter.flush()], axis=1)
    dithered = limited + TpdfNoise(b"seed" * 8).noise(2, 0, limited.shape[1]) / 2**15
    files = tmp_path / "premaster.wav", tmp_path / "master.wav"
    soundfile.write(files[0], sound, rate, subtype="DOUBLE")
    soundfile.write(files[1], dithered.T, rate, subtype="PCM_16")
    premaster, master = PremasterMeter(rate, 2), LoudnessMeter(rate, 2)
    premaster.feed(sound.T)
    master.feed(soundfile.read(files[1])[0].T)
    levels, blocks = premaster.result(), master.result().momentary
    steps = limited_steps(levels, blocks, GAIN_DB, -1.0)
    assert not limited_steps(levels, blocks, GAIN_DB, 40.0).any()  # no peak is near
    assert len(steps) == 120
    assert steps[:28].all()
    assert not steps[35:97].any()
    assert steps[105:].all()
    everything = reduction(*files, GAIN_DB, lambda done: None)
    found = reduction(*files, GAIN_DB, lambda done: None, steps)
    assert np.array_equal(found, everything * np.repeat(steps, 10))
    assert limiter.trace()[found != everything].max(initial=0.0) == 0.0


def test_a_master_that_was_only_moved_was_not_limited(tmp_path):
    premaster = bursts(48_000, 1.0)
    soundfile.write(tmp_path / "premaster.wav", premaster, 48_000, subtype="DOUBLE")
    soundfile.write(tmp_path / "master.wav", premaster / 4, 48_000, subtype="PCM_16")
    gain_db = 20 * np.log10(0.25)
    found = reduction(tmp_path / "premaster.wav", tmp_path / "master.wav", gain_db, lambda d: None)
    assert not found.any()


@pytest.mark.parametrize(
    "backend", ["ffmpeg", "native", pytest.param("sox", marks=pytest.mark.requires("sox"))]
)
def test_a_report_has_it_on_every_backend(mixed, media, backend):
    """At the deepest it is what the highest peak stood over the ceiling."""
    sound = bursts(48_000, 4.0)
    sound[24_000:] *= 0.2  # so that the loudness asks for a gain that the first burst cannot take
    soundfile.write(media / "bursts.wav", sound, 48_000, subtype="PCM_24")
    result = mixed(track("source: bursts.wav"), preset="music", backend=backend)
    found = result.report.reduction
    peak_db = 20 * np.log10(np.abs(sound).max()) - 2.0 + result.finish.gain_db
    assert 3.0 < found.deepest_db == pytest.approx(peak_db + 1.0, abs=1.5)
    assert found.deepest_s < 0.5
    assert found.deepest_db == max(found.curve.values)
    assert 0.1 < found.active_s < 3.0


def test_without_a_loudness_loop_there_is_nothing_to_compare_with(mixed):
    sound = track("source: noise.wav, fade_in_ms: 5, fade_out_ms: 5")
    assert mixed(sound, preset="draft").report.reduction is None
    first = mixed(sound, preset="music")
    assert first.report.reduction is not None
    assert mixed(sound, preset="music", facts=first.facts, out="again").report.reduction is None
