"""The presets of audiobooks and broadcasters: what they promise is read back from the files."""

from __future__ import annotations

import json
import struct
import subprocess
import zlib
from pathlib import Path

import mixdown
import mutagen.mp4
import numpy as np
import pytest
import soundfile
from mixdown.audio.meter.survey import survey
from mixdown.presets.load import library
from mixdown.render.compliance import check_spec
from mixdown.render.measuring import survey_audio

RATE = 44100


def speech(seconds: float) -> np.ndarray:
    """A voice of 180 Hz in syllables of 0.3 s, which rise and fall, with pauses."""
    time = np.arange(round(seconds * RATE)) / RATE
    voice = sum(np.sin(2.0 * np.pi * 180.0 * k * time) / k for k in range(1, 8))
    phase = np.minimum(time % 0.5 / 0.3, 1.0)
    return 0.15 * voice * np.sin(np.pi * phase) ** 2


def png(side: int) -> bytes:
    rows = b"".join(b"\0" + b"\xff\0\0" * side for _ in range(side))
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
    )
    chunks = b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in (*parts, (b"IEND", b""))
    )
    return b"\x89PNG\r\n\x1a\n" + chunks


@pytest.fixture
def chapter(tmp_path: Path) -> mixdown.Timeline:
    room = np.random.default_rng(4).normal(0.0, 0.0002, 7 * RATE)
    soundfile.write(tmp_path / "say.wav", speech(4.0), RATE, subtype="FLOAT")
    soundfile.write(tmp_path / "room.wav", room, RATE, subtype="FLOAT")
    (tmp_path / "cover.png").write_bytes(png(16))
    timeline = mixdown.Timeline(
        id="one", root=tmp_path, sample_rate=48000, channels=1, cover="cover.png", length_ms=6500
    )
    timeline = timeline.track("voice", role="voiceover").clip(
        "say.wav", start_ms=700, fade_in_ms=20, fade_out_ms=20
    )
    timeline = timeline.track("room", role="ambience").clip("room.wav")
    return timeline.marker(0, "Opening").marker(3000, "The rest")


@pytest.mark.parametrize("backend", ["ffmpeg", "native"])
def test_an_audiobook_meets_acx_and_its_m4b_has_chapters_and_a_cover(chapter, tmp_path, backend):
    result = mixdown.render(
        chapter,
        out=tmp_path / "out",
        preset="audiobook",
        mix="flat",
        format=["mp3", "m4b"],
        backend=backend,
    )
    assert result.report.passed, result.report.rows
    assert "rms" in {check.rule for check in result.report.checks}
    assert "bit_rate" in {check.rule for check in result.report.checks}
    mp3, m4b = (mix.master for mix in result.deliveries)
    measured = survey_audio(str(mp3.path))
    assert check_spec(measured, library().specs["acx"]).passed
    assert measured.statistics.rms_dbfs == pytest.approx(-20.0, abs=0.1)
    assert (measured.bit_rates, mp3.meta.bit_rate, mp3.meta.sample_rate) == ((192, 192), 192, RATE)
    assert (mp3.meta.rms_target, mp3.meta.loudnorm_target) == (-20.0, None)
    assert m4b.path.read_bytes()[4:12] == b"ftypM4B "
    tags = mutagen.mp4.MP4(m4b.path)
    assert tags["stik"] == [2]
    assert len(tags["covr"]) == 1
    assert [(c.title, c.start) for c in tags.chapters] == [("Opening", 0.0), ("The rest", 3.0)]
    probed = subprocess.run(
        ["ffprobe", "-v", "error", "-of", "json", "-show_chapters", m4b.path],
        check=True,
        capture_output=True,
    )
    found = json.loads(probed.stdout)["chapters"]
    assert [(c["tags"]["title"], float(c["start_time"])) for c in found] == [
        ("Opening", 0.0),
        ("The rest", 3.0),
    ]


def test_broadcast_reaches_r128(chapter, tmp_path):
    result = mixdown.render(
        chapter, out=tmp_path / "out", preset="broadcast", backend="native", report=False
    )
    measured = survey_audio(str(result.master.path))
    assert check_spec(measured, library().specs["ebu-r128"]).passed


@pytest.mark.parametrize(
    ("head", "tail", "room", "fails"),
    [
        (0.7, 2.0, 0.0002, set()),
        (0.2, 2.0, 0.0002, {"head"}),
        (2.0, 6.0, 0.0002, {"head", "tail"}),
        (0.7, 2.0, 0.0, {"room_tone"}),
        (0.0, 0.0, 0.0002, {"head", "tail", "room_tone"}),
    ],
)
def test_acx_needs_room_tone_that_is_no_digital_silence(head, tail, room, fails):
    ends = np.zeros(round(head * RATE)), np.zeros(round(tail * RATE))
    # Ends in a syllable, at 0.3 s after a whole half second.
    sound = np.concatenate([ends[0], speech(3.3), ends[1]])
    sound += np.random.default_rng(1).normal(0.0, room, len(sound))
    checks = check_spec(survey([sound[None]], RATE, 1), library().specs["acx"]).checks
    failed = {check.rule for check in checks if not check.passed}
    assert failed & {"head", "tail", "room_tone"} == fails
    assert "bit_rate" in failed  # it is no MP3
    assert all(check.fix for check in checks if not check.passed)
