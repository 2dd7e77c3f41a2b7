"""The examples, guarded as their users would guard them: by what they mean, before optimisation."""

from __future__ import annotations

import pytest
from house import ROOT

TIMELINES = ["podcast/podcast.yaml"]


@pytest.mark.parametrize("name", TIMELINES, ids=lambda name: name.partition("/")[0])
def test_an_example_is_the_mix_that_it_was(mix_snapshot, name):
    mix_snapshot(ROOT / "examples" / name, preset="podcast", stems=True)
