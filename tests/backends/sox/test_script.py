"""The script of a plan: guarded as text, checked by shellcheck, run by hand against a render."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import mixdown
import numpy as np
import pytest
import soundfile
from house import ROOT
from mixdown.render.service import render
from mixdown.render.shell import to_shell

SEEDS = ROOT / "tests/plans/seeds.yaml"
PODCAST = ROOT / "examples/podcast/podcast.yaml"
ODD_NAMES = """\
schema_version: 1
id: odd
sources: {"-n 'a'": "-n 'a'\\n$x%n.wav"}
metadata: {title: "it's\\n\\"$HOME\\" `id` \\\\"}
tracks:
  - id: "t 'x'\\n; rm -rf $OUT"
    role: music
    clips:
      - {id: "END", source: "-n 'a'", start_ms: 10, offset_ms: 5, fade_in_ms: 20}
      - {id: "#", source: "-n 'a'", start_ms: 900, fade_out_ms: 20, fade_out_curve: log}
"""


@pytest.fixture
def seeds(tmp_path: Path) -> mixdown.Timeline:
    """The timeline of tests/plans, over sources whose content never changes: integer ramps."""
    ramp = (np.arange(48000 * 2) * 37 % 20011 - 10005).astype(np.int16)
    soundfile.write(tmp_path / "voice.wav", ramp, 48000, "PCM_16")
    soundfile.write(tmp_path / "bed.wav", np.stack([ramp, -ramp], axis=1), 44100, "PCM_16")
    shutil.copy(SEEDS, tmp_path)
    return mixdown.load(tmp_path / "seeds.yaml")


@pytest.fixture
def odd(tmp_path: Path) -> mixdown.Timeline:
    """A timeline in which every name means something to a shell."""
    noise = np.random.default_rng(5).uniform(-0.5, 0.5, 48000)
    soundfile.write(tmp_path / "-n 'a'\n$x%n.wav", noise, 48000, "PCM_16")
    (tmp_path / "odd.yaml").write_text(ODD_NAMES)
    return mixdown.load(tmp_path / "odd.yaml")


def script(timeline: mixdown.Timeline, backend: str = "sox", **choices) -> str:
    return to_shell(mixdown.compile(timeline, backend=backend, **choices).plan)


def run(text: str, folder: Path, **variables) -> subprocess.CompletedProcess[str]:
    """Runs a script in an empty directory, with nothing but this mixdown and the system on PATH."""
    folder.mkdir()
    path = folder.with_suffix(".sh")
    path.write_text(text)
    env = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", **variables}
    return subprocess.run(
        ["sh", path], cwd=folder, env=env, capture_output=True, text=True, check=False
    )


def test_the_script_of_the_seeds(seeds, script_snapshot):
    assert script(seeds, preset="podcast", stems=True) == script_snapshot


def test_the_script_of_the_podcast(script_snapshot):
    assert script(mixdown.load(PODCAST), preset="podcast") == script_snapshot


def test_the_script_of_a_draft_has_nothing_to_measure(seeds, script_snapshot):
    assert script(seeds, preset="draft") == script_snapshot


@pytest.mark.requires("shellcheck")
@pytest.mark.parametrize("backend", ["sox", "native", "ffmpeg"])
def test_shellcheck_has_nothing_to_say(seeds, odd, tmp_path, backend):
    for number, timeline in enumerate((seeds, odd)):
        path = tmp_path / f"{number}.sh"
        path.write_text(script(timeline, backend, preset="podcast", stems=True))
        done = subprocess.run(["shellcheck", path], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.requires("sox")
def test_a_script_run_by_hand_gives_the_files_of_a_render(odd, tmp_path):
    choices = {"preset": "podcast", "stems": True, "stem_mode": "mastered", "backend": "sox"}
    rendered = render(odd, out=tmp_path / "rendered", **choices)
    hand = tmp_path / "hand"
    done = run(script(odd, **choices), hand, SRC="..", OUT="-out 'y'")
    assert (done.returncode, done.stderr) == (0, "")
    made = hand / "-out 'y'"
    assert sorted(p.name for p in made.iterdir()) == sorted(f.path.name for f in rendered.files)
    for file in rendered.files:
        assert (made / file.path.name).read_bytes() == file.path.read_bytes()


@pytest.mark.requires("sox")
def test_a_script_that_fails_leaves_nothing(odd, tmp_path):
    done = run(script(odd, preset="draft"), tmp_path / "hand", SRC="/nowhere", OUT="out")
    assert done.returncode != 0
    assert "nowhere" in done.stderr
    assert list((tmp_path / "hand" / "out").iterdir()) == []
