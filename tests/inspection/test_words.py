"""Sources in words."""

from __future__ import annotations

import pytest
from mixdown.inspection.words import played_part
from mixdown.ir.node import Repair, Source

STEREO = (1.0, 0.0, 0.7, 0.0, 1.0, 0.7)


@pytest.mark.parametrize(
    ("channels", "fields", "said"),
    [
        (2, {}, ""),
        (2, {"stream": 2}, "stream 2"),
        (1, {"matrix": (0, 1)}, "channel 1"),
        (2, {"matrix": (0, 1, 1, 0), "stream": 3}, "stream 3, channels 1 and 0"),
        (1, {"matrix": (0.5, 0.5)}, "2 channels mixed to 1"),
        (2, {"matrix": STEREO, "repair": Repair.ZERO}, "3 channels mixed to 2, samples repaired"),
    ],
)
def test_the_part_of_a_file_that_is_played(channels: int, fields: dict, said: str):
    source = Source("a", "a.mkv", "sha256:0", 48000, channels, 100, "matroska/aac", **fields)
    assert played_part(source) == said
