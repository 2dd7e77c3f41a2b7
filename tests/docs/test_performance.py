"""The comparisons of `python -m benchmarks` are sound, and short runs of some of them end well."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from house import ROOT

SMALL = json.dumps({"minutes": 0.2, "clips": 4, "keyframes": 30})
CHECK = """
from benchmarks.cases import CASES
from benchmarks.peers import PEERS
for case in CASES:
    assert set(case.peers) <= PEERS.keys(), case.name
    assert len({*case.sizes}) == len(case.sizes) and case.short
assert set(PEERS) == {name for case in CASES for name in case.peers}
"""


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def test_every_peer_is_in_a_comparison():
    done = python("-c", CHECK)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("peer", ["by-hand", "native", "compile", "load-yaml", "naive"])
def test_a_peer_runs(tmp_path: Path, peer: str):
    make = "from benchmarks.sources import make_sources; from pathlib import Path; import sys;"
    done = python("-c", f"{make} make_sources(Path(sys.argv[1]), 20)", str(tmp_path))
    assert done.returncode == 0, done.stderr
    done = python("-m", "benchmarks.peers", peer, str(tmp_path), SMALL)
    assert done.returncode == 0, done.stderr
