"""survey prints the levels and spans of one file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from mixdown.media.survey import SourceSurvey


@pytest.fixture
def tone(show) -> str:
    """A tone from 2 to 4 s over faint noise."""
    samples = 1e-4 * np.random.default_rng(0).standard_normal(10 * 16_000)
    samples[32_000:64_000] += 0.1 * np.sin(0.4 * np.arange(32_000))
    soundfile.write("tone.wav", samples, 16_000)
    return "tone.wav"


def test_the_figures_and_the_spans(mixdown, tone):
    ended = mixdown("survey", tone, "--spans")
    assert (ended.code, ended.err) == (0, "")
    lines = ended.out.splitlines()
    assert lines[:2] == ["tone.wav", "0:10.0, 16000 Hz, mono"]
    assert "1 span, 0:02.0 of 0:10.0; contrast clear: they can be relied on" in lines
    start, end, seconds, lufs = lines[-1].split()
    assert (start[:5], end[:5]) == ("0:01.", "0:04.")
    assert float(seconds) == pytest.approx(2.0, abs=0.1)
    assert float(lufs) == pytest.approx(-23, abs=1)


def test_json_is_the_survey(mixdown, tone):
    data = mixdown("survey", tone, "--json").data
    assert data.pop("ok") is True and data.pop("file") == tone
    digest = data.pop("digest")
    assert SourceSurvey.from_dict(data).digest == digest


@pytest.mark.parametrize("name", ["a.svg", "a.png"])
def test_a_picture(name, mixdown, tone):
    assert mixdown("survey", tone, "--plot", name).code == 0
    first = Path(name).read_bytes()
    assert mixdown("survey", tone, "--plot", name).code == 0
    assert Path(name).read_bytes() == first
    assert name == "a.png" or "active (clear)" in first.decode()


def test_silence(mixdown, show):
    soundfile.write("silence.wav", np.zeros(16_000), 16_000)
    ended = mixdown("survey", "silence.wav", "--spans", "--plot", "a.svg")
    assert ended.code == 0
    assert "0 spans; contrast none: nothing exceeds a noise floor" in ended.out


def test_what_cannot_be_surveyed(mixdown, show):
    assert mixdown("survey", "nothing.wav", "--json").codes == ["MIX214"]
    assert mixdown("survey", "small.yaml").code == 2
    assert mixdown("survey", "media/voice.wav", "--detector", "none", "--json").codes == ["MIX309"]
