"""Agreement with ffmpeg's `ebur128` on recorded music and speech, and with ourselves across rates.

ffmpeg is given the 8 kHz speech at 48 kHz: at other rates it keeps the high-pass numerator of the
48 kHz table, which costs it 0.004 LU at 44.1 kHz but 0.2 LU at 8 kHz (see kweighting.py).
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import imageio_ffmpeg
import pytest
import soundfile
import soxr
from mixdown.audio.meter.measure import measure, measure_file

FFMPEG = shutil.which("ffmpeg") or imageio_ffmpeg.get_ffmpeg_exe()
MUSIC = Path("/usr/share/sonic-pi/samples")
SPEECH = Path("/usr/share/asterisk/sounds/en_US_f_Allison")

needs_debian_media = pytest.mark.requires("debian_media")

MUSIC_NAMES = (
    "ambi_choir",
    "ambi_drone",
    "ambi_lunar_land",
    "bass_dnb_f",
    "drum_cymbal_open",
    "guit_em9",
    "loop_amen_full",
    "loop_garzul",
    "loop_industrial",
    "vinyl_rewind",
)
SPEECH_NAMES = ("conf-getconfno", "demo-instruct", "one-moment-please", "vm-forward")


def ffmpeg_levels(path):
    """Integrated loudness (LUFS, three decimals) and true peak (dBTP, one decimal)."""
    low_rate = soundfile.info(path).samplerate < 44_100
    chain = (
        "aresample=48000:resampler=soxr:precision=28," if low_rate else ""
    ) + "ebur128=peak=true:metadata=1,ametadata=mode=print:key=lavfi.r128.I:file=-"
    run = subprocess.run(
        [FFMPEG, "-nostdin", "-hide_banner", "-i", path, "-af", chain, "-f", "null", "-"],
        capture_output=True,
        text=True,
        check=True,
    )
    loudness = re.findall(r"lavfi\.r128\.I=(\S+)", run.stdout)[-1]
    summary = run.stderr[run.stderr.rindex("Summary:") :]
    peak = re.search(r"True peak:\s+Peak:\s+(\S+) dBFS", summary)[1]
    return float(loudness), float(peak)


@needs_debian_media
@pytest.mark.parametrize(
    "path",
    [
        *(MUSIC / f"{name}.flac" for name in MUSIC_NAMES),
        *(SPEECH / f"{n}.wav" for n in SPEECH_NAMES),
    ],
    ids=lambda path: path.stem,
)
def test_recordings(path):
    loudness, peak = ffmpeg_levels(path)
    ours = measure_file(path)
    assert ours.integrated == pytest.approx(loudness, abs=0.03)
    # ffmpeg prints a tenth of a decibel and under-reads sharp peaks; it does not over-read.
    assert -0.1 < ours.true_peak_dbtp - peak < 0.6


@needs_debian_media
@pytest.mark.parametrize("name", SPEECH_NAMES)
def test_speech_at_8_khz_reads_as_its_resampling_to_48_khz(name):
    speech, rate = soundfile.read(SPEECH / f"{name}.wav", always_2d=True)
    assert rate == 8_000
    low = measure([speech.T], rate, 1)
    high = measure([soxr.resample(speech, rate, 48_000, quality="VHQ").T], 48_000, 1)
    assert low.integrated == pytest.approx(high.integrated, abs=0.01)
    assert low.true_peak_dbtp == pytest.approx(high.true_peak_dbtp, abs=0.1)
