"""Pictures of measured files: what is in them, the same bytes each time, and clear refusals."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import soundfile
from mixdown.cli.app import ExitCode, run

RATE = 8_000


@pytest.fixture
def noise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    audio = np.random.default_rng(1).uniform(-0.2, 0.2, (6 * RATE, 2))
    audio[4 * RATE, 1] = -0.9
    soundfile.write("a <$name$> & more.wav", audio, RATE, subtype="PCM_16")
    return "a <$name$> & more.wav"


def text_of(path: str) -> list[str]:
    root = ElementTree.parse(path).getroot()
    return ["".join(node.itertext()).strip() for node in root.iter() if node.tag.endswith("}text")]


def test_what_a_picture_says(noise):
    options = ["--spec", "apple-podcasts", "--spec", "acx"]
    assert run(["measure", noise, *options, "--plot", "a.svg"]) == ExitCode.NO
    texts = text_of("a.svg")
    assert noise in texts
    assert {"Apple Podcasts: -16 ± 1 LUFS", "momentary (400 ms)", "short-term (3 s)"} <= {*texts}
    assert {"ceiling: -1 dB", "ceiling: -3 dB"} <= {*texts}
    assert [text for text in texts if text.startswith("integrated: -")]
    assert [text for text in texts if text.startswith("true peak: -0.")]
    assert "sample peak: -0.9 dBFS at 0:04.0" in texts


@pytest.mark.parametrize("name", ["a.png", "a.svg"])
def test_the_same_file_gives_the_same_bytes(noise, name):
    words = ["measure", noise, "--plot", name]
    assert run(words) == ExitCode.OK
    made = Path(name).read_bytes()
    subprocess.run([sys.executable, "-m", "mixdown", *words], check=True, capture_output=True)
    assert Path(name).read_bytes() == made
    assert made.startswith(b"\x89PNG" if name.endswith("png") else b"<?xml")


@pytest.mark.parametrize("frames", [RATE, 100])
def test_silence_and_less_than_a_window_have_pictures_too(noise, frames, recwarn):
    soundfile.write("silence.wav", np.zeros(frames), RATE)
    assert run(["measure", "silence.wav", "--plot", "a.svg"]) == ExitCode.OK
    assert "silence.wav" in text_of("a.svg")
    assert not [warning for warning in recwarn if "matplotlib" in str(warning.filename)]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["a.pdf"], "MIX307"),
        (["a.png", "."], "MIX307"),
        (["missing/a.png"], "MIX604"),
    ],
)
def test_what_cannot_be_drawn_is_refused(noise, capfd, arguments, code):
    plot, *more = arguments
    soundfile.write("second.wav", np.zeros(RATE), RATE)
    ended = run(["measure", noise, *more, "--plot", plot])
    assert ended == ExitCode.BAD_INPUT
    assert f"error[{code}]" in capfd.readouterr().err


def test_without_matplotlib_the_error_names_the_extra(noise):
    """A finder that knows of no matplotlib, as in an environment without it."""
    code = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "from mixdown.cli.app import run; sys.exit(run(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", code, "measure", noise, "--plot", "a.png"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == ExitCode.FAILED
    assert "error[MIX625]" in done.stderr and "pip install 'mixdown[plot]'" in done.stderr
    assert not Path("a.png").exists()
