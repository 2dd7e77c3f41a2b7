"""The fixture in runs of its own: it stores, compares, and says in words what changed."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import numpy as np
import pytest
import soundfile

TIMELINE = """\
schema_version: 1
id: small
tracks:
  - id: host
    role: dialogue
    gain_db: -1
    clips:
      - {id: hello, source: voice.wav, start_ms: 300, fade_in_ms: 20}
"""

TEST = """
import mixdown

def test_mix(mix_snapshot):
    mix_snapshot("small.yaml")

def test_plan(mix_snapshot):
    mix_snapshot(mixdown.load("small.yaml"), form="plan", preset="podcast", stems=True)

def test_named(mix_snapshot):
    mix_snapshot("small.yaml", name="draft", preset="draft")
    mix_snapshot("small.yaml", name="music", preset="music", backend="native")
"""


@pytest.fixture
def project(tmp_path):
    """A user's project: a timeline, its media and a test of it."""
    samples = np.random.default_rng(2).uniform(-0.3, 0.3, 8000)
    soundfile.write(tmp_path / "voice.wav", samples, 8000, subtype="PCM_16")
    (tmp_path / "small.yaml").write_text(TIMELINE)
    (tmp_path / "test_mixes.py").write_text(TEST)
    return tmp_path


def run(project, *options):
    """Exit code and output of pytest in the project, as its user would start it."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
    done = subprocess.run(command, cwd=project, env=env, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def test_a_mix_is_stored_compared_and_described(project):
    code, output = run(project)
    assert code == 1
    told = "no snapshot of this mix is stored yet; pytest --snapshot-update stores the new one"
    assert told in output
    assert run(project, "--snapshot-update")[0] == 0
    stored = project / "__snapshots__" / "test_mixes"
    assert sorted(path.name for path in stored.iterdir()) == [
        "test_mix.mir",
        "test_named[draft].mir",
        "test_named[music].mir",
        "test_plan.filtergraph",
    ]
    assert (stored / "test_mix.mir").read_text().startswith("mixdown.ir 1\nsource @")
    assert "volume@host_hello_gain" in (stored / "test_plan.filtergraph").read_text()

    # What means nothing to the mix means nothing to the test.
    (project / "small.yaml").write_text("# a comment\n" + TIMELINE)
    code, output = run(project)
    assert code == 0 and "3 passed" in output

    (project / "small.yaml").write_text(TIMELINE.replace("gain_db: -1", "gain_db: 2"))
    code, output = run(project)
    assert code == 1
    assert "the mix differs from the stored one; pytest --snapshot-update" in output
    assert "track host: gain +2 dB, was -1 dB" in output
    assert "-%host.gain = gain %host.mix {gain_db = -1.0}" in output
    assert "clip host/hello: different filters for %host/hello.gain  (small.yaml:8)" in output
    assert len(re.findall("^E .*different filters", output, re.M)) == 1  # one gain, one filter
    assert "\nE       -plan " not in output  # the digest follows from the rest
    assert "mix_snapshot.py" not in output  # the traceback ends in the user's test

    soundfile.write(project / "voice.wav", np.zeros(8000), 8000, subtype="PCM_16")
    assert "source voice.wav: content changed" in run(project, "-k", "test_mix")[1]


def test_a_timeline_that_does_not_compile_shows_its_diagnostics(project):
    (project / "small.yaml").write_text(TIMELINE.replace("dialogue", "dialog"))
    code, output = run(project, "-k", "test_mix")
    assert code == 1
    assert "error[MIX301]: track 'host' has the unknown role 'dialog'" in output


def test_without_syrupy_it_says_what_to_install(project):
    code, output = run(project, "-p", "no:syrupy", "-k", "test_mix")
    assert code == 1
    assert "mix_snapshot needs syrupy: pip install 'mixdown[testing]'" in output


def test_the_plugin_is_found_and_light(project):
    """In a run that does not use it, nothing of the compiler is imported."""
    (project / "test_mixes.py").write_text(
        "import sys\n\ndef test_light():\n"
        "    assert 'mixdown.testing.plugin' in sys.modules\n"
        "    heavy = {'mixdown.compiler', 'mixdown.inspection', 'numpy', 'networkx', 'lark'}\n"
        "    assert not heavy & set(sys.modules)\n"
    )
    code, output = run(project, "-p", "no:hypothesispytest")
    assert code == 0, output
    assert "mix_snapshot" in run(project, "--fixtures")[1]
