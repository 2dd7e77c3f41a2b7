"""A real timeline over real files: CC0 loops at 44.1 kHz, speech prompts at 8 kHz, Ogg sounds."""

from __future__ import annotations

import re
import subprocess

import mixdown
import pytest
from requirements import PROMPTS, SAMPLES, THEME

DOCUMENT = f"""
schema_version: 1
id: real
sources:
  drums: {SAMPLES}/loop_amen.flac
  pad: {SAMPLES}/ambi_choir.flac
  bass: {SAMPLES}/bass_hit_c.flac
  hello: {PROMPTS}/hello-world.wav
  thanks: {PROMPTS}/vm-goodbye.wav
  bell: {THEME}/complete.oga
tracks:
  - id: voice
    role: dialogue
    clips:
      - {{id: hello, source: hello, start_ms: 1200, gain_db: 3, fade_in_ms: 10}}
      - {{id: bye, source: thanks, start_ms: 3900, gain_db: 3, pan: 0.2}}
  - id: drums
    role: drums
    gain_db: -8
    automation: {{gain: [{{at_ms: 900, value: 0}}, {{at_ms: 1200, value: -9}}]}}
    clips:
      - {{id: d1, source: drums, start_ms: 0, crossfade_out_ms: 50}}
      - {{id: d2, source: drums, start_ms: 1700, crossfade_in_ms: 50}}
      - {{id: d3, source: drums, start_ms: 3453.9, fade_out_ms: 500}}
  - id: pad
    role: keys
    gain_db: -12
    clips: [{{source: pad, start_ms: 100, fade_in_ms: 300, fade_out_ms: 400}}]
  - id: bass
    role: bass
    clips:
      - {{source: bass, start_ms: 0}}
      - {{source: bass, start_ms: 1700}}
  - id: bell
    role: fx
    clips: [{{source: bell, start_ms: 4800, pan: -0.4}}]
"""


@pytest.fixture
def timeline(tmp_path):
    document = tmp_path / "real.yaml"
    document.write_text(DOCUMENT)
    return mixdown.load(document, allow_outside=True)


@pytest.mark.requires("debian_media", "ffmpeg_debian")
def test_a_timeline_over_real_media_renders_alike_twice_and_meets_its_target(timeline, tmp_path):
    first = mixdown.render(timeline, out=tmp_path / "one", preset="music", stems=True)
    second = mixdown.render(timeline, out=tmp_path / "two", preset="music", stems=True)
    names = [file.target for file in first.files]
    assert names == ["master", "bus_dialogue", "bus_drums", "bus_bass", "bus_keys", "bus_fx"]
    for a, b in zip(first.files, second.files, strict=True):
        assert a.path.read_bytes() == b.path.read_bytes()
    assert first.manifest.read_bytes() == second.manifest.read_bytes()
    loudness, peak = measured_by_ffmpeg(first.master.path)
    assert loudness == pytest.approx(-14, abs=0.3)
    assert peak <= -1.0


def measured_by_ffmpeg(path):
    command = ["ffmpeg", "-nostats", "-i", str(path), "-af", "ebur128=peak=true", "-f", "null", "-"]
    summary = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    summary = summary[summary.rindex("Summary:") :]
    loudness = re.search(r"I:\s+(-?[\d.]+) LUFS", summary)[1]
    return float(loudness), float(re.search(r"Peak:\s+(-?[\d.]+) dBFS", summary)[1])
