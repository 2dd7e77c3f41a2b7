"""Values as 32-bit integers: the files, what does not fit, and commands that are none."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
from mixdown.backends.native.integers import AuWriter, run_envelope, run_integers
from mixdown.ir.diagnostics import BackendError
from mixdown.ir.node import Signal

ONES = """\
mixdown.ir 1
%ones = silence {rate = 8000, channels = 1, length = 100} : signal<8000, 1, 100>
%in = fade %ones {edge = in, length = 10, curve = "tri"} : signal<8000, 1, 100>
%out = fade %in {edge = out, length = 20, curve = "qua"} : signal<8000, 1, 100>
%up = automation.gain %out {points = [(0, 6.0, hold), (50, 0.0, hold)]} : signal<8000, 1, 100>
%pan = automation.pan %up {points = [(0, -1.0, hold), (60, 1.0, hold)], law = linear} \
: signal<8000, 2, 100>
"""


def silent(done: float) -> None:
    assert 0.0 <= done <= 1.0


def test_a_file_is_read_back_within_half_a_step(tmp_path):
    audio = np.random.default_rng(1).uniform(-3.9, 4.0, (2, 5001))
    audio[0, :2] = 4.0, -4.0
    writer = AuWriter(tmp_path / "a.au", Signal(44100, 2, 5001), 4.0)
    writer.write(audio[:, :7])
    writer.write(audio[:, 7:])
    assert writer.close() == 1.0
    back, rate = soundfile.read(tmp_path / "a.au", always_2d=True)
    assert (rate, soundfile.info(tmp_path / "a.au").subtype) == (44100, "PCM_32")
    apart = np.abs(4.0 * back.T - audio)
    apart[0, 0] = 0.0  # the largest integer is a step under full scale
    assert np.max(apart) <= 4.0 * 2.0**-32


def test_a_size_beyond_32_bits_is_left_unknown(tmp_path):
    AuWriter(tmp_path / "a.au", Signal(48000, 2, 2**32), 1.0).close()
    head = (tmp_path / "a.au").read_bytes()
    assert struct.unpack(">4s5I", head[:24]) == (b".snd", 28, 2**32 - 1, 5, 48000, 2)


def test_an_envelope_is_what_its_chain_makes_of_ones(tmp_path):
    (tmp_path / "e.mir").write_text(ONES)
    run_envelope([f"{tmp_path}/e.mir", "--value", "pan", "2", f"{tmp_path}/e.au"], silent)
    gains = 2.0 * soundfile.read(tmp_path / "e.au", always_2d=True)[0].T
    meant = np.ones(100)
    meant[:10] *= np.arange(10) / 10
    meant[80:] *= (1 - np.arange(20) / 20) ** 2
    meant[:50] *= 10 ** (6 / 20)
    left = np.arange(100) < 60
    assert np.max(np.abs(gains - meant * np.stack([left, ~left]))) < 2.0**-30


def test_a_value_that_does_not_fit_is_an_error(tmp_path):
    (tmp_path / "e.mir").write_text(ONES)
    with pytest.raises(BackendError, match=r"MIX502.*%up.*\+6\.0 dBFS.*up to \+0\.0 dBFS"):
        run_envelope([f"{tmp_path}/e.mir", "--value", "up", "1", f"{tmp_path}/e.au"], silent)


@pytest.mark.parametrize(
    "words",
    [[], ["a.mir"], ["a.mir", "--value", "x"], ["a.mir", "--value", "x", "loud", "y"], ["a", "-o"]],
)
def test_an_invalid_command_line_is_an_error(words):
    with pytest.raises(OSError, match="not a command line"):
        run_integers(words, silent)


def test_media_that_cannot_be_read_is_an_error(tmp_path):
    source = 'source @a = "a.wav" {digest = "sha256:00", rate = 8000, channels = 1, frames = 9, '
    clip = "%a = clip {source = @a, offset = 0, length = 9, rate = 8000} : signal<8000, 1, 9>"
    Path(tmp_path / "g.mir").write_text(f'mixdown.ir 1\n{source}codec = "wav/pcm_16"}}\n{clip}\n')
    words = [f"{tmp_path}/g.mir", "--sources", str(tmp_path), "--value", "a", "1", "b.au"]
    words[-1] = f"{tmp_path}/b.au"
    with pytest.raises(OSError, match=r"a\.wav"):
        run_integers(words, silent)
