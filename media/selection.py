"""What of a file a source plays: which stream, which channels of it, and what is mended.

Promises: a selection is what a document says; `matrix` makes gains of it for a file whose layout is
known. A downmix is ITU-R BS.775-4's, annex 4: centre and surrounds enter at -3 dB, the LFE is left
out; in mono the front enters at -3 dB and the centre at 0.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from enum import StrEnum

from attrs import frozen


class Pick(StrEnum):
    """Words for one channel made of two."""

    LEFT = "left"
    RIGHT = "right"
    MID = "mid"


class Gap(StrEnum):
    """What becomes of a late start of a stream, and of gaps in it."""

    KEEP = "keep"
    CLOSE = "close"


@frozen
class Selection:
    """What of a file is played.

    Attributes:
        stream: an audio stream by its number, from 1, or by its language; None: the first.
        channels: a word, or the numbers of one or two channels, from 0; none: all.
        downmix: to how many channels BS.775 mixes it down; None: not at all.
        gap: whether a late start and gaps are kept as silence.
        repair: whether samples that are not finite become zero.
    """

    stream: int | str | None = None
    channels: Pick | tuple[int, ...] = ()
    downmix: int | None = None
    gap: Gap = Gap.KEEP
    repair: bool = False


WHOLE = Selection()

_3_DB = math.sqrt(0.5)

LAYOUTS: Mapping[str, Sequence[str]] = {
    "mono": ("C",),
    "stereo": ("L", "R"),
    "2.1": ("L", "R", "LFE"),
    "3.0": ("L", "R", "C"),
    "3.0(back)": ("L", "R", "S"),
    "3.1": ("L", "R", "C", "LFE"),
    "4.0": ("L", "R", "C", "S"),
    "4.1": ("L", "R", "C", "LFE", "S"),
    "quad": ("L", "R", "LS", "RS"),
    "quad(side)": ("L", "R", "LS", "RS"),
    "5.0": ("L", "R", "C", "LS", "RS"),
    "5.0(side)": ("L", "R", "C", "LS", "RS"),
    "5.1": ("L", "R", "C", "LFE", "LS", "RS"),
    "5.1(side)": ("L", "R", "C", "LFE", "LS", "RS"),
    "6.1": ("L", "R", "C", "LFE", "S", "LS", "RS"),
    "7.0": ("L", "R", "C", "LS", "RS", "LS", "RS"),
    "7.1": ("L", "R", "C", "LFE", "LS", "RS", "LS", "RS"),
    # Files that name no layout: the usual order of that many channels.
    "1 channels": ("C",),
    "2 channels": ("L", "R"),
    "6 channels": ("L", "R", "C", "LFE", "LS", "RS"),
    "8 channels": ("L", "R", "C", "LFE", "LS", "RS", "LS", "RS"),
}
"""ffmpeg's name of a layout -> what each channel is; S is one surround for both sides."""

_GAINS: Mapping[int, Mapping[str, tuple[float, ...]]] = {
    1: {"L": (_3_DB,), "R": (_3_DB,), "C": (1.0,), "LS": (0.5,), "RS": (0.5,), "S": (_3_DB,)},
    2: {
        "L": (1.0, 0.0),
        "R": (0.0, 1.0),
        "C": (_3_DB, _3_DB),
        "LS": (_3_DB, 0.0),
        "RS": (0.0, _3_DB),
        "S": (0.5, 0.5),
    },
}
"""Channels of the result -> what a channel of the file adds to each: BS.775-4, table 2, where one
surround counts as two at -3 dB."""


def width(layout: str) -> int:
    """How many channels a layout has, by ffmpeg's name; 0 where that does not say it."""
    if layout in LAYOUTS:
        return len(LAYOUTS[layout])
    counted = re.match(r"\d+(?= channels)|\d+(\.\d+)+", layout)
    return sum(map(int, counted[0].split("."))) if counted else 0


def matrix(selection: Selection, layout: str, channels: int) -> tuple[int, tuple[float, ...]] | str:
    """Channels of the result and the gains to each, row by row; or what is wrong.

    No gains: the channels are played as they are.

    Args:
        selection: what is wanted.
        layout: of the stream, as ffmpeg names it.
        channels: that the stream has.
    """
    if selection.downmix is not None and channels > selection.downmix:
        return _downmix(selection.downmix, layout)
    picked = selection.channels
    if picked == ():
        return 0, ()
    if isinstance(picked, Pick):
        if channels != 2:
            return f"channels: {picked.value} is for two channels, and it has {channels}"
        row = {Pick.LEFT: (1.0, 0.0), Pick.RIGHT: (0.0, 1.0), Pick.MID: (0.5, 0.5)}[picked]
        return 1, row
    missing = [number for number in picked if number >= channels]
    if missing:
        return f"it has no channel {missing[0]}: they count from 0, and it has {channels}"
    rows = (float(column == number) for number in picked for column in range(channels))
    return len(picked), tuple(rows)


def _downmix(to: int, layout: str) -> tuple[int, tuple[float, ...]] | str:
    named = LAYOUTS.get(layout)
    if named is None:
        return f"downmix: itu has no rule for {layout}; choose channels, such as [0, 1]"
    gains = _GAINS[to]
    none = (0.0,) * to
    return to, tuple(gains.get(name, none)[row] for row in range(to) for name in named)
