"""Words of a document become gains; a downmix is BS.775's."""

from __future__ import annotations

import math

import pytest
from mixdown.media.selection import LAYOUTS, Pick, Selection, matrix, width

H = math.sqrt(0.5)


@pytest.mark.parametrize(
    ("selection", "layout", "channels", "rows"),
    [
        (Selection(), "stereo", 2, (0, ())),
        (Selection(channels=Pick.LEFT), "stereo", 2, (1, (1, 0))),
        (Selection(channels=Pick.RIGHT), "stereo", 2, (1, (0, 1))),
        (Selection(channels=Pick.MID), "stereo", 2, (1, (0.5, 0.5))),
        (Selection(channels=(2,)), "3.0", 3, (1, (0, 0, 1))),
        (Selection(channels=(1, 0)), "stereo", 2, (2, (0, 1, 1, 0))),
        (Selection(downmix=2), "5.1", 6, (2, (1, 0, H, 0, H, 0, 0, 1, H, 0, 0, H))),
        (Selection(downmix=2), "5.1(side)", 6, (2, (1, 0, H, 0, H, 0, 0, 1, H, 0, 0, H))),
        (Selection(downmix=2), "5.0", 5, (2, (1, 0, H, H, 0, 0, 1, H, 0, H))),
        (Selection(downmix=1), "5.1", 6, (1, (H, H, 1, 0, 0.5, 0.5))),
        (Selection(downmix=2), "stereo", 2, (0, ())),
    ],
    ids=str,
)
def test_gains(selection: Selection, layout: str, channels: int, rows: object):
    assert matrix(selection, layout, channels) == rows


@pytest.mark.parametrize(
    ("selection", "layout", "channels", "said"),
    [
        (Selection(channels=Pick.LEFT), "5.1", 6, "needs two channels, and it has 6"),
        (Selection(channels=(2,)), "stereo", 2, "it has no channel 2"),
        (Selection(downmix=2), "hexadecagonal", 16, "no rule for hexadecagonal"),
    ],
)
def test_an_impossible_selection_is_an_error(
    selection: Selection, layout: str, channels: int, said: str
):
    found = matrix(selection, layout, channels)
    assert isinstance(found, str)
    assert said in found


def test_layouts_have_as_many_channels_as_their_names_say():
    for layout, names in LAYOUTS.items():
        assert width(layout) == len(names)
    assert width("7.1(wide)") == 8
    assert width("24 channels") == 24
    assert width("octagonal") == 0
