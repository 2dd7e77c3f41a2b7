"""One pass gives what every meter gives by itself."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile
from mixdown.audio.meter.clipping import Clipping
from mixdown.audio.meter.measure import measure
from mixdown.audio.meter.silence import SilentEnds
from mixdown.audio.meter.survey import highest_sample, survey, survey_file

RATE = 16_000


def programme():
    """Quiet, loud from 4 to 7 s, and digital silence in the last second."""
    audio = np.random.default_rng(5).uniform(-0.05, 0.05, (2, 10 * RATE))
    audio[:, 4 * RATE : 7 * RATE] *= 8
    audio[1, 5 * RATE : 5 * RATE + 4] = 1.0
    audio[:, -RATE:] = 0.0
    return audio


def test_a_survey_of_blocks():
    audio = programme()
    found = survey(np.array_split(audio, 13, axis=1), RATE, 2)
    assert found.levels == measure([audio], RATE, 2)
    assert found == survey([audio], RATE, 2)
    assert found.clipping == Clipping(1, 4, 5 * RATE)
    assert found.silence == SilentEnds(0, RATE)
    assert found.duration_s == 10.0
    assert found.statistics.noise_floor_dbfs == -np.inf
    assert found.short_term_max_s == pytest.approx(4.0, abs=0.1)
    assert found.peaks.position / RATE == pytest.approx(5.0, abs=0.001)
    assert found.loudness is not None and len(found.loudness.short_term) == 71


@pytest.mark.parametrize(
    ("form", "subtype", "runs"),
    [("WAV", "PCM_16", 1), ("WAV", "PCM_24", 1), ("WAV", "PCM_U8", 1), ("WAV", "FLOAT", 1)],
)
def test_full_scale_is_the_coding_s_own(tmp_path, form, subtype, runs):
    path = tmp_path / "audio.wav"
    soundfile.write(path, programme().T, RATE, subtype=subtype, format=form)
    assert survey_file(path).clipping.runs == runs
    assert survey_file(path).rate == RATE


def test_the_highest_sample_of_codings():
    assert highest_sample("PCM_16") == 32_767 / 32_768
    assert highest_sample("PCM_U8") == highest_sample("PCM_S8") == 127 / 128
    assert highest_sample("ALAC_24") == 1 - 2.0**-23
    assert highest_sample("VORBIS") == highest_sample("FLOAT") == 1.0


def test_less_than_a_window():
    found = survey([np.full((1, 100), 0.5)], RATE, 1)
    assert found.short_term_max_s is None
    assert found.levels.integrated == -np.inf
    assert found.statistics.rms_dbfs == pytest.approx(-6.0206, abs=1e-4)
