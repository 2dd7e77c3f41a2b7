"""A file that is measured as it is written has the record of the file that is read back."""

from __future__ import annotations

from pathlib import Path

import mixdown
import numpy as np
import pytest
import soundfile
from mixdown.audio.meter.measure import measure_file
from mixdown.inspection.report import DeliveryReport
from mixdown.ir.nodes import Reading
from mixdown.render.recording import FileMeter, FileRecord, Tap, premaster_tap, record_file

RATE = 48_000
MIX = """schema_version: 1
id: mix
tracks:
  - {id: voice, role: dialogue, clips: [{source: voice.wav, start_ms: 0, duration_ms: 4500}]}
  - {id: bed, role: music, clips: [{source: bed.wav, start_ms: 1000, duration_ms: 2000}]}
"""


@pytest.fixture
def mix(tmp_path: Path) -> Path:
    rng = np.random.default_rng(3)
    swell = np.abs(np.sin(np.arange(5 * RATE) / 9000.0))
    soundfile.write(tmp_path / "voice.wav", 0.2 * swell * rng.standard_normal(5 * RATE), RATE)
    bed = rng.uniform(-0.3, 0.3, (3 * 44_100, 2))
    soundfile.write(tmp_path / "bed.wav", bed, 44_100, subtype="FLOAT")
    (tmp_path / "mix.yaml").write_text(MIX)
    return tmp_path / "mix.yaml"


@pytest.mark.parametrize(
    "choices",
    [
        {"preset": "podcast"},
        {"preset": "music", "stem_mode": "mastered"},
        {"bit_depth": "24", "format": "flac"},
        {"bit_depth": "32f"},
        {"bit_depth": "64f", "channels": 1},
        {"preset": "podcast", "jobs": 1},
    ],
    ids=lambda choices: ", ".join(map(str, choices.values())),
)
def test_what_is_delivered_is_what_was_measured(mix: Path, tmp_path: Path, choices):
    done = mixdown.render(mix, out=tmp_path / "out", backend="native", stems=True, **choices)
    report = done.report
    assert isinstance(report, DeliveryReport)
    for file in done.files:
        record = record_file(file.path, file.target)
        assert record.levels == measure_file(file.path)
        assert file.meta.integrated_lufs == round(record.levels.integrated, 4)
        assert file.meta.true_peak_dbtp == round(record.levels.true_peak_dbtp, 4)
        assert file.meta.sample_peak_dbfs == round(record.levels.sample_peak_dbfs, 4)
        if file.target == "master":
            assert report.waveform == (record.curves.lowest, record.curves.highest)
            assert report.momentary == record.curves.momentary
            assert report.short_term == record.curves.short_term
        else:
            (bus,) = (bus for bus in report.buses if bus.id == file.target)
            assert bus.peaks == record.curves.peaks


def test_a_tap_measures_the_last_file_that_was_written():
    noise = np.random.default_rng(1).uniform(-0.5, 0.5, (2, 3 * RATE))
    tap = premaster_tap(Reading.INTEGRATED)
    assert not tap.has_begun
    for factor in (0.1, 1.0):
        tap.start(RATE, 2, 3 * RATE)
        tap.feed(factor * noise)
    meter = FileMeter(RATE, 2, 3 * RATE)
    meter.feed(noise)
    assert tap.has_begun
    assert tap.result().lufs == meter.result().levels.integrated


@pytest.mark.parametrize(
    ("channels", "bad"), [(2, np.nan), (2, np.inf), (3, 0.0)], ids=["NaN", "inf", "3 channels"]
)
def test_what_cannot_be_measured_is_an_error_when_it_is_asked_for(channels, bad):
    tap = Tap(FileMeter, FileRecord)
    tap.start(RATE, channels, 200)
    tap.feed(np.full((channels, 100), bad))
    tap.feed(np.zeros((channels, 100)))
    with pytest.raises(ValueError, match=r"infinite|weights"):
        tap.result()


def test_a_span_that_another_tap_measured_is_appended():
    noise = np.random.default_rng(1).uniform(-0.5, 0.5, (2, 3 * RATE))
    whole, one, other = (Tap(FileMeter, FileRecord) for _ in range(3))
    for tap in (whole, one, other):
        tap.start(RATE, 2, 3 * RATE)
    whole.feed(noise)
    one.feed(noise[:, :70_000])
    other.append(one.cut())
    other.restore(one.memory())
    other.feed(noise[:, 70_000:])
    assert other.result() == whole.result()
    one.feed(np.full((2, 1), np.nan))
    assert (one.has_memory, one.cut(), one.memory()) == (False, None, None)


def test_a_lossy_file_s_record_leaves_out_what_the_decoder_appends(tmp_path: Path):
    path = tmp_path / "long.wav"
    soundfile.write(path, np.r_[np.full(100, 0.1), np.full(50, 0.9)], RATE)
    record = record_file(path, "master", 100)
    assert record.levels.duration_samples == 100
    assert record.levels.sample_peak_dbfs == pytest.approx(-20.0, abs=0.01)
    assert record.curves.highest.values == pytest.approx((0.1,), abs=1e-4)
