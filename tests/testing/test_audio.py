"""Null tests and loudness: what passes, what fails, and what the message says."""

from __future__ import annotations

import re

import numpy as np
import pytest
import soundfile
from attrs import evolve
from mixdown import Timeline, render
from mixdown.ir.diagnostics import TimelineError
from mixdown.testing import assert_loudness, assert_null, assert_report

RATE = 8000


@pytest.fixture
def noise():
    return np.random.default_rng(1).uniform(-0.5, 0.5, (RATE, 2))


def changed(signal, frame, channel, by):
    other = signal.copy()
    other[frame, channel] += by
    return other


def test_equal_signals_null(noise, tmp_path):
    soundfile.write(tmp_path / "a.wav", noise, RATE, subtype="DOUBLE")
    assert_null(noise, noise.copy(), dbfs=-300)
    assert_null(tmp_path / "a.wav", str(tmp_path / "a.wav"), dbfs=-300)
    assert_null(tmp_path / "a.wav", noise, dbfs=-300)
    assert_null(noise[:, 0], noise[:, :1])


def test_the_worst_residual_is_reported_with_its_time_and_channel(noise, tmp_path):
    other = changed(changed(noise, 12, 0, 1e-3), 4200, 1, -0.01)
    with pytest.raises(AssertionError) as caught:
        assert_null(other, noise)
    said = "the residual is -40.0 dBFS at sample 4200, channel 2, above -90 dBFS"
    assert str(caught.value) == said
    assert_null(other, noise, dbfs=-39.9)
    for name, signal in (("a", other), ("b", noise)):
        soundfile.write(tmp_path / f"{name}.wav", signal, RATE, subtype="DOUBLE")
    with pytest.raises(AssertionError, match=re.escape("at 0:00.525, sample 4200, channel 2")):
        assert_null(tmp_path / "a.wav", tmp_path / "b.wav")
    with pytest.raises(AssertionError, match=re.escape("at 0:00.525, sample 4200")):
        assert_null(other, noise, rate=RATE)


def test_signals_of_another_shape_do_not_null(noise, tmp_path):
    with pytest.raises(AssertionError, match=r"^3 samples longer: 8000, not 7997$"):
        assert_null(noise, noise[:-3])
    with pytest.raises(AssertionError, match=r"^3 samples shorter: 7997, not 8000$"):
        assert_null(noise[3:], noise)
    with pytest.raises(AssertionError, match=r"^1 channels, not 2$"):
        assert_null(noise[:, :1], noise)
    soundfile.write(tmp_path / "a.wav", noise, RATE)
    soundfile.write(tmp_path / "b.wav", noise, 2 * RATE)
    with pytest.raises(AssertionError, match=r"^no null between 8000 Hz and 16000 Hz$"):
        assert_null(tmp_path / "a.wav", tmp_path / "b.wav")


def test_nan_never_nulls(noise):
    with pytest.raises(AssertionError, match="not a number at sample 7, channel 1"):
        assert_null(changed(noise, 7, 0, np.nan), noise, dbfs=0)


@pytest.fixture
def tone(tmp_path):
    """Writes a 997 Hz sine of a peak level in one channel: its loudness is 3.01 LU below that."""

    def write(peak_db, seconds=2):
        time = np.arange(seconds * 48000) / 48000
        samples = 10 ** (peak_db / 20) * np.sin(2 * np.pi * 997 * time)
        soundfile.write(tmp_path / "tone.wav", samples, 48000, subtype="FLOAT")
        return tmp_path / "tone.wav"

    return write


def test_loudness_as_the_standard_defines_it(tone):
    levels = assert_loudness(tone(-20), -23.01)
    assert levels.integrated == pytest.approx(-23.01, abs=0.05)
    assert assert_loudness(tone(-18), -21, tolerance=0.2, ceiling_db=-17.9).true_peak_dbtp < -17.9


def test_a_preset_brings_target_and_ceiling(tone):
    assert_loudness(tone(-12.99), "podcast")
    with pytest.raises(AssertionError) as caught:
        assert_loudness(tone(0), "podcast", tolerance=0.5)
    path = re.escape(str(tone(0)))
    assert re.fullmatch(
        path + r": -3\.0\d LUFS, 1[23]\.\d\d LU above -16 \+- 0\.5; "
        r"a true peak of -?0\.0\d dBTP, (0\.9|1\.0)\d above -1",
        str(caught.value),
    )
    with pytest.raises(AssertionError, match="LU below -14"):
        assert_loudness(tone(-20), "music")


def test_a_delivery_spec_brings_its_tolerance_and_limits(tone):
    assert_loudness(tone(-12.4), "apple-podcasts")
    with pytest.raises(AssertionError, match=r"LU below -16 \+- 1$"):
        assert_loudness(tone(-14.2), "apple-podcasts")
    assert_loudness(tone(-20.0), "ebu-r128-s1")
    with pytest.raises(AssertionError, match=r"LU above -23 \+- 0\.5; a loudness over 3 s of -9"):
        assert_loudness(tone(-6.0, seconds=4), "ebu-r128-s1")


def test_a_ceiling_of_its_own_wins(tone):
    with pytest.raises(AssertionError, match="above -14"):
        assert_loudness(tone(-12.99), "podcast", ceiling_db=-14)


def test_silence_has_no_loudness(tmp_path):
    soundfile.write(tmp_path / "silence.wav", np.zeros(48000), 48000)
    with pytest.raises(AssertionError, match="-inf LUFS"):
        assert_loudness(tmp_path / "silence.wav", -16)


def test_a_spec_must_be_known_and_have_a_target(tone):
    with pytest.raises(TimelineError, match="did you mean 'podcast'"):
        assert_loudness(tone(-20), "podcats")
    for name in ("draft", "acx"):
        with pytest.raises(ValueError, match=f"{name} has no loudness target"):
            assert_loudness(tone(-20), name)


def test_a_report_with_a_click_or_a_missed_target_fails(tmp_path):
    """A clip that is cut in the middle of a loud tone begins and ends with a click."""
    at = np.arange(2 * 48000) / 48000
    soundfile.write(tmp_path / "tone.wav", 0.5 * np.sin(2 * np.pi * 220 * at), 48000, "PCM_24")
    mix = Timeline(id="x", root=tmp_path).track(id="t", role="music")

    def rendered(**more):
        return render(
            mix.clip(source="tone.wav", offset_ms=1, duration_ms=1500, start_ms=200, **more),
            out=tmp_path / "out",
            preset="podcast",
            backend="native",
        )

    clean = rendered(fade_in_ms=100, fade_out_ms=100)
    assert assert_report(clean) is clean.report
    with pytest.raises(AssertionError, match=r"the report has failed checks\nMIX608: a click at"):
        assert_report(rendered())
    with pytest.raises(ValueError, match="report=True"):
        assert_report(evolve(clean, report=None))
