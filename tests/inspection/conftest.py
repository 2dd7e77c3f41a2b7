"""The demo, traced once, and a small graph with two of everything."""

from __future__ import annotations

import pytest
from house import ROOT
from mixdown.compiler.graph_input import open_mix
from mixdown.compiler.request import RenderRequest, StemMode
from mixdown.inspection.trace import trace

DEMO = ROOT / "examples" / "podcast" / "podcast.yaml"


@pytest.fixture(scope="session")
def demo():
    """The passes on the demo, with mastered stems, which measure what they are not fed by."""
    request = RenderRequest(export_preset="podcast", stems=True, stem_mode=StemMode.MASTERED)
    return trace(open_mix(DEMO), request)
