"""measure reads files with the project's own meter."""

from __future__ import annotations

import subprocess
from pathlib import Path

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
    assert silence.split()[1] == "none"
    (levels,) = mixdown("measure", "silence.wav", "--json").data["files"]
    assert levels["integrated_lufs"] is None


def test_what_cannot_be_measured_is_named_and_the_rest_is_measured(mixdown, show):
    soundfile.write("nan.wav", np.full((4800, 1), np.nan), 48000, subtype="FLOAT")
    Path("empty").mkdir()
    ended = mixdown("measure", "nothing.wav", "media/voice.wav", "small.yaml", "nan.wav", "empty")
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


def test_one_file_is_a_list_with_all_there_is(mixdown, show):
    wave = np.clip(tone(3.0), -1, 1)
    soundfile.write("clipped.wav", np.pad(wave, ((24_000, 48_000), (0, 0))), 48000)
    ended = mixdown("measure", "clipped.wav")
    assert (ended.code, ended.err) == (0, "")
    lines = ended.out.splitlines()
    assert lines[:2] == ["clipped.wav", "0:06.5, 48000 Hz, stereo"]
    figures = {line[:20].strip(): line[20:].split() for line in lines[2:]}
    assert figures["sample peak"] == ["0.0", "dBFS"]
    assert figures["noise floor"][0] == "none"
    assert figures["clipping"][:2] == [str(2 * 2 * 4985), "runs"]
    assert figures["clipping"][-3:] == ["first", "at", "0:00.5"]
    assert figures["silence at head"] == ["0.50", "s"]
    assert figures["silence at tail"] == ["1.00", "s"]
    assert figures["correlation"][0] == "1.00"
    assert max(map(len, lines)) <= 80


def test_the_list_of_several_files(mixdown, show):
    ended = mixdown("measure", "media", "--all")
    assert [line for line in ended.out.splitlines() if line.startswith("media/")] == [
        "media/bed.flac",
        "media/voice.wav",
    ]
    assert ended.out.count("true peak") == 2


def test_the_figures_as_data(mixdown, show):
    soundfile.write("tone.wav", tone(-20.0) + np.array([0.01, 0.0]), 48000, subtype="FLOAT")
    (levels,) = mixdown("measure", "tone.wav", "--json").data["files"]
    assert levels["rms_dbfs"] == pytest.approx(-23.0, abs=0.05)
    assert levels["noise_floor_dbfs"] == pytest.approx(-23.0, abs=0.05)
    assert levels["dc_offset"] == pytest.approx([0.01, 0.0], abs=1e-6)
    assert levels["correlation"] == 1.0
    assert (levels["clipped_runs"], levels["clipped_first_s"]) == (0, None)
    assert (levels["sample_rate"], levels["channels"]) == (48000, 2)


@pytest.mark.parametrize(
    ("level_db", "specs", "code", "failed"),
    [
        (-16.0, ["apple-podcasts"], 0, []),
        (-16.0, ["apple-podcasts", "spotify"], 1, ["spotify"]),
        (-30.0, ["apple-podcasts", "ebu-r128"], 1, ["apple-podcasts", "ebu-r128"]),
    ],
)
def test_specs_are_kept_or_not(mixdown, show, level_db, specs, code, failed):
    soundfile.write("tone.wav", tone(level_db), 48000, subtype="FLOAT")
    options = [text for spec in specs for text in ("--spec", spec)]
    ended = mixdown("measure", "tone.wav", *options, "--json")
    assert (ended.code, ended.data["ok"]) == (code, code == 0)
    (file,) = ended.data["files"]
    assert [kept["spec"] for kept in file["specs"]] == specs
    assert [kept["spec"] for kept in file["specs"] if not kept["passed"]] == failed
    shown = mixdown("measure", "tone.wav", *options)
    assert shown.code == code
    assert shown.out.count("FAIL") == len(failed)
    assert shown.out.count("turn it") == len(failed)


def test_several_files_and_the_rules_that_they_break(mixdown, show):
    soundfile.write("a-good.wav", tone(-16.0), 48000, subtype="FLOAT")
    soundfile.write("bad.wav", tone(-18.0), 48000, subtype="FLOAT")
    ended = mixdown("measure", "a-good.wav", "bad.wav", "--spec", "apple-podcasts")
    assert ended.code == 1
    head, _, good, bad, _, *rest = ended.out.splitlines()
    assert head.split()[:2] == ["file", "apple-podcasts"]
    assert (good.split()[1], bad.split()[1]) == ("pass", "FAIL")
    assert rest == [
        "bad.wav",
        "Apple Podcasts: fails 1 of 3 rules",
        "  FAIL  integrated loudness    -18.00 LUFS   required: -17 to -15",
        "        turn it up by 2.0 dB: mixdown render --preset podcast",
    ]


def test_what_cannot_be_measured_outweighs_a_broken_rule(mixdown, show):
    soundfile.write("tone.wav", tone(-30.0), 48000)
    assert mixdown("measure", "tone.wav", "missing.wav", "--spec", "spotify").code == 2


def test_specs_of_one_s_own_and_unknown_ones(mixdown, show):
    Path("house").mkdir()
    Path("house/spec.toml").write_text(
        '[house]\ntitle = "House"\nuse = "Ours."\nsource = "us"\nlufs = -20.0\n'
    )
    soundfile.write("tone.wav", tone(-20.0), 48000, subtype="FLOAT")
    assert mixdown("measure", "tone.wav", "--spec", "house", "--presets", "house").code == 0
    ended = mixdown("measure", "tone.wav", "--spec", "hose", "--presets", "house", "--json")
    assert (ended.code, ended.codes) == (2, ["MIX308"])
    assert "did you mean 'house'" in ended.data["diagnostics"][0]["help"]


def test_what_only_ffmpeg_reads_is_measured_too(
    mixdown, show, embedded_ffmpeg, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("MIXDOWN_FFMPEG", embedded_ffmpeg)
    soundfile.write("tone.wav", tone(-20.0), 48000)
    subprocess.run(
        [embedded_ffmpeg, "-loglevel", "error", "-i", "tone.wav", "-b:a", "192k", "tone.m4a"],
        check=True,
    )
    (levels,) = mixdown("measure", "tone.m4a", "--json").data["files"]
    assert levels["integrated_lufs"] == pytest.approx(-20.0, abs=0.2)
    assert levels["duration_s"] == pytest.approx(5.0, abs=0.05)
