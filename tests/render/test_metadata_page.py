"""docs/metadata.md names the keys that a render writes: all of them, and no others."""

from __future__ import annotations

import json
import re
from pathlib import Path

import mixdown
import numpy as np
import soundfile
from house import ROOT

SECTION = re.compile(r"^## (\S+)\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)


def test_the_page_names_every_key(tmp_path: Path):
    soundfile.write(tmp_path / "noise.wav", np.random.default_rng(1).normal(0, 0.1, 48000), 48000)
    track = "tracks: [{id: a, role: music, clips: [{source: noise.wav}]}]"
    timeline = mixdown.loads(f"schema_version: 1\nid: a\n{track}\n", root=tmp_path)
    result = mixdown.render(timeline, out=tmp_path / "out", stems=True)
    manifest = json.loads(result.manifest.read_text())
    page = (ROOT / "docs/metadata.md").read_text(encoding="utf-8")
    tables = {
        title: re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)
        for title, text in SECTION.findall(page)
    }
    assert tables["manifest.json"] == list(manifest)
    assert tables["meta"] == list(manifest["artifacts"][0]["meta"])
    stem = [key for key in tables["meta"] if f"| `{key}` | master only" not in page]
    assert stem == list(manifest["artifacts"][1]["meta"])
