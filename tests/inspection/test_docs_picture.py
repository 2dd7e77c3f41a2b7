"""The picture in docs/inspecting.md is the one that `inspect --format svg` draws."""

from __future__ import annotations

import pytest
from house import ROOT
from mixdown.compiler.graph_input import open_mix
from mixdown.compiler.request import RenderRequest
from mixdown.inspection.svg import svg
from mixdown.inspection.trace import trace

COMMAND = (
    "mixdown inspect examples/podcast/podcast.yaml --format svg -o docs/podcast.svg, in the clone"
)


def test_the_picture_is_up_to_date(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(ROOT)
    drawn = svg(trace(open_mix("examples/podcast/podcast.yaml"), RenderRequest()).final.ir)
    stored = (ROOT / "docs" / "podcast.svg").read_text(encoding="utf-8")
    assert drawn == stored, f"docs/podcast.svg is stale; refresh it: {COMMAND}"
