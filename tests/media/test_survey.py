"""Surveys: the figures, the key, the cache, and detectors of other packages."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from attrs import evolve
from mixdown.audio.activity import Contrast
from mixdown.audio.meter.survey import survey_file
from mixdown.ir.diagnostics import Diagnostic, MixdownError
from mixdown.ir.nodes import Source
from mixdown.media import facts, survey
from mixdown.media.ingest import establish
from mixdown.media.survey import SourceSurvey, survey_key, survey_path

RATE = 16_000
FINDS = """
class Found:
    version = "3"
    def find(self, audio):
        return [(0.5, 1.25), (3.0, 99.0)]
FOUND = Found()
"""
FAILS = FINDS.replace("return", "raise KeyError('no model') or ")
LACKS = "FOUND = object()\n"


@pytest.fixture
def tones(tmp_path: Path) -> Path:
    """Two tones of 4 s over faint noise, in stereo; the left channel is 6 dB louder."""
    samples = 1e-4 * np.random.default_rng(0).standard_normal((20 * RATE, 2))
    tone = 0.2 * np.sin(2 * np.pi * 997 * np.arange(4 * RATE) / RATE)
    for second in (3, 12):
        samples[second * RATE : (second + 4) * RATE] += np.stack([tone, tone / 2], axis=1)
    soundfile.write(tmp_path / "tones.wav", samples, RATE, subtype="PCM_24")
    return tmp_path / "tones.wav"


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Puts a distribution with one detector on the path."""
    monkeypatch.syspath_prepend(tmp_path)

    def add(name: str, code: str) -> None:
        module = f"detector_{name}"
        monkeypatch.delitem(sys.modules, module, raising=False)
        (tmp_path / f"{module}.py").write_text(code)
        about = tmp_path / f"{module}-1.0.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
        text = f"[mixdown.detectors]\n{name} = {module}:FOUND\n"
        (about / "entry_points.txt").write_text(text)

    return add


def surveyed(path: Path, detector: str | None = None) -> SourceSurvey:
    found = survey_path(path, path.name, detector)
    assert isinstance(found, SourceSurvey)
    return found


def test_the_figures_of_two_tones(tones):
    found = surveyed(tones)
    assert (found.rate, found.channels, found.frames) == (RATE, 2, 20 * RATE)
    assert found.contrast is Contrast.CLEAR
    assert [(round(a, -2), round(b, -2)) for a, b in found.spans] == [(3000, 7000), (12000, 16000)]
    assert found.active_s == pytest.approx(8.0, abs=0.1)
    # A tone of -13.98 dBFS with half of it on the right: -16.02 LUFS, by BS.1770.
    assert found.active_lufs == pytest.approx(-16.02, abs=0.3)
    assert found.correlation == pytest.approx(1.0, abs=0.01)
    assert found.sample_peak_dbfs == pytest.approx(-13.98, abs=0.05)
    left, right = found.levels
    assert len(left) == len(right) == 200
    assert left[35] - right[35] == pytest.approx(602, abs=2)
    assert found.active_shares[35] == 1.0 and found.active_shares[90] == 0.0


def test_a_survey_is_read_again_as_it_was_written(tones, monkeypatch):
    first = surveyed(tones)
    monkeypatch.setattr(facts, "_known", {})
    cached = surveyed(tones)
    assert cached == first and cached is not first
    assert cached.digest == first.digest
    assert SourceSurvey.from_dict(json.loads(json.dumps(first.to_dict()))) == first


@pytest.mark.parametrize(
    "change",
    [
        {"levels": [[-2000], [-2000, -2100]]},
        {"levels": [["-2000"], [-2000]]},
        {"spans": [[100, 50]]},
        {"spans": [[100]]},
        {"rate": 0},
        {"integrated_lufs": 1e999},
        {"integrated_lufs": "loud"},
        {"contrast": "perhaps"},
        {"digest_of": 3},
        {"more": 1},
    ],
    ids=str,
)
def test_data_that_are_not_a_survey_are_refused(change, tones):
    with pytest.raises(ValueError, match=r"not a survey|Contrast"):
        SourceSurvey.from_dict({**surveyed(tones).to_dict(), **change})


def test_the_key_follows_content_and_selection():
    source = Source("a", "a.wav", "sha256:0", RATE, 1, RATE, "wav/pcm_16")
    keys = {
        survey_key(source),
        survey_key(evolve(source, digest="sha256:1")),
        survey_key(evolve(source, matrix=(0.0, 1.0))),
        survey_key(evolve(source, stream=2)),
    }
    assert len(keys) == 4
    assert survey_key(evolve(source, name="b", path="b.wav")) == survey_key(source)


@pytest.mark.parametrize("coding", ["flac", "ogg", "mp3"])
def test_a_decoded_source_is_surveyed_alike(coding, tones, tmp_path):
    samples, _ = soundfile.read(tones)
    soundfile.write(tmp_path / f"tones.{coding}", samples, RATE)
    found, plain = surveyed(tmp_path / f"tones.{coding}"), surveyed(tones)
    assert found.active_lufs == pytest.approx(plain.active_lufs, abs=0.1)
    assert len(found.spans) == len(plain.spans)


def test_a_file_that_cannot_be_surveyed(tmp_path):
    soundfile.write(tmp_path / "nan.wav", np.full(RATE, np.nan), RATE, subtype="FLOAT")
    assert isinstance(survey_path(tmp_path / "nan.wav", "nan.wav"), Diagnostic)
    soundfile.write(tmp_path / "wide.wav", np.zeros((RATE, 3)), RATE)
    wide = survey_path(tmp_path / "wide.wav", "wide.wav")
    assert isinstance(wide, Diagnostic) and "3 channels" in str(wide.help)
    assert isinstance(survey_path(tmp_path / "none.wav", "none.wav"), Diagnostic)


def test_a_file_of_a_few_samples(tmp_path):
    soundfile.write(tmp_path / "short.wav", np.full(20, 0.1), RATE)
    found = surveyed(tmp_path / "short.wav")
    assert (found.spans, found.integrated_lufs, found.levels) == ((), None, ((),))
    assert len(found.active_shares) == 0


def test_a_detector_of_another_package(tones, install):
    install("good", FINDS)
    found = surveyed(tones, "good")
    assert found.detector == "good 3"
    assert found.spans == ((500, 1250), (3000, 20000))
    assert found.is_clear and found.snr_db is None
    assert surveyed(tones).detector.startswith("mixdown ")


@pytest.mark.parametrize(("code", "text"), [(FAILS, "fails: 'no model'"), (LACKS, "be loaded")])
def test_an_unusable_detector(code, text, tones, install):
    install("bad", code)
    with pytest.raises(MixdownError, match=text) as caught:
        survey_path(tones, "tones.wav", "bad")
    assert [d.code for d in caught.value.diagnostics] == ["MIX309"]


def test_an_unknown_detector(tones, install):
    install("silero", FINDS)
    with pytest.raises(MixdownError, match="'silero'"):
        survey_path(tones, "tones.wav", "silro")


@pytest.mark.parametrize("subtype", ["PCM_24", "PCM_U8"])
def test_a_file_that_changes_is_not_surveyed_under_its_old_digest(tones, monkeypatch, subtype):
    samples = 0.5 * soundfile.read(tones)[0]
    soundfile.write(tones, samples, RATE, subtype=subtype)
    known = establish(tones, "tones.wav")
    assert not isinstance(known, Diagnostic)
    source = Source("t", "tones.wav", known.digest, RATE, 2, known.frames, known.codec)

    def survey_then_change(path: Path) -> object:
        found = survey_file(path)
        soundfile.write(tones, samples[::-1], RATE, subtype=subtype)
        return found

    monkeypatch.setattr(survey, "survey_file", survey_then_change)
    for _ in range(2):
        found = survey.survey_source(tones, "tones.wav", source)
        assert isinstance(found, Diagnostic)
        assert found.help == "it changed while it was read"


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24"])
def test_a_flac_is_decoded_once_and_surveyed_as_if_it_were_read_again(
    subtype: str, tones: Path, monkeypatch: pytest.MonkeyPatch
):
    samples, rate = soundfile.read(tones)
    flac = tones.with_suffix(".flac")
    soundfile.write(flac, samples, rate, subtype=subtype)
    monkeypatch.setattr(facts, "_known", {})
    monkeypatch.setenv("MIXDOWN_CACHE", "off")
    with monkeypatch.context() as patched:
        patched.setattr(survey, "survey_file", None)  # would read it again
        once = survey_path(flac, "tones.flac")
    assert isinstance(once, SourceSurvey)
    known = establish(flac, "tones.flac")
    assert not isinstance(known, Diagnostic)
    monkeypatch.setattr(facts, "_known", {})
    again = survey.survey_source(flac, "tones.flac", known.source("t", "tones.flac"))
    assert again == once
