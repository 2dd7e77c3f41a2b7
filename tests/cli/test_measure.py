"""measure reads files with the project's own meter."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile


def tone(level_db: float, seconds: float = 5.0, rate: int = 48000) -> np.ndarray:
    """A stereo 997 Hz sine: by BS.1770 its LUFS is its level in dBFS."""
    wave = 10 ** (level_db / 20) * np.sin(2 * np.pi * 997 / rate * np.arange(int(seconds * rate)))
    return np.stack([wave, wave], axis=1)


def test_levels_of_a_tone(mixdown, show):
    soundfile.write("tone.wav", tone(-20.0), 48000, subtype="FLOAT")
    ended = mixdown("measure", "tone.wav", "--json")
    assert ended.code == 0
    (levels,) = ended.data["files"]
    assert levels["file"] == "tone.wav"
    assert levels["integrated_lufs"] == pytest.approx(-20.0, abs=0.05)
    assert levels["true_peak_dbtp"] == pytest.approx(-20.0, abs=0.05)
    assert levels["loudness_range_lu"] == pytest.approx(0.0, abs=0.01)
    assert levels["duration_s"] == 5.0


def test_a_table_of_several(mixdown, show):
    soundfile.write("silence.wav", np.zeros((48000, 2)), 48000)
    ended = mixdown("measure", "media/voice.wav", "silence.wav")
    assert (ended.code, ended.err) == (0, "")
    title, _, voice, silence = ended.out.splitlines()
    assert title.split()[0] == "file"
    assert voice.split()[0] == "media/voice.wav" and voice.endswith("0:02.0")
    assert silence.split()[1] == "silent"
    (levels,) = mixdown("measure", "silence.wav", "--json").data["files"]
    assert levels["integrated_lufs"] is None


def test_what_cannot_be_measured_is_named_and_the_rest_is_measured(mixdown, show):
    soundfile.write("nan.wav", np.full((4800, 1), np.nan), 48000, subtype="FLOAT")
    ended = mixdown("measure", "nothing.wav", "media/voice.wav", "small.yaml", "nan.wav", "media")
    assert ended.code == 2
    assert "media/voice.wav" in ended.out
    problems = [line for line in ended.err.splitlines() if line.startswith("error")]
    assert [line.partition(":")[0] for line in problems] == [
        "error[MIX214]",
        "error[MIX215]",
        "error[MIX215]",
        "error[MIX214]",
    ]
    as_json = mixdown("measure", "nothing.wav", "media/voice.wav", "--json")
    assert (as_json.code, as_json.codes, len(as_json.data["files"])) == (2, ["MIX214"], 1)
