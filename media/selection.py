"""The part of a file that a source plays: stream, channels, downmix, gaps and repair.

A selection comes from a document; `matrix` computes its gains for a file with a given layout. The
downmix is that of ITU-R BS.775-4, annex 4: centre and surrounds at -3 dB, without the LFE; to mono
the front channels at -3 dB and the centre at 0 dB.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from enum import StrEnum

from attrs import frozen


class Pick(StrEnum):
    """A choice of one channel from two."""

    LEFT = "left"
    RIGHT = "right"
    MID = "mid"


class Gap(StrEnum):
    """The treatment of a late start of a stream, and of gaps in it."""

    KEEP = "keep"
    CLOSE = "close"


@frozen
class Selection:
    """The part of a file that is played.

    Attributes:
        stream: an audio stream by its number, from 1, or by its language; None: the first.
        channels: a word, or the numbers of one or two channels, from 0; empty: all.
        downmix: the number of channels of a BS.775 downmix; None: no downmix.
        gap: whether a late start and gaps are kept as silence.
        repair: whether samples that are not finite are replaced by zero.
    """

    stream: int | str | None = None
    channels: Pick | tuple[int, ...] = ()
    downmix: int | None = None
    gap: Gap = Gap.KEEP
    repair: bool = False

    def number_in(self, languages: Sequence[str | None]) -> int | None:
        """The number of the selected stream, from 1, among those of a file; None if not there."""
        wanted = 1 if self.stream is None else self.stream
        if wanted in languages:
            return languages.index(str(wanted)) + 1
        return wanted if isinstance(wanted, int) and 1 <= wanted <= len(languages) else None

    def is_all(self, channels: int, nonfinite: int) -> bool:
        """Whether it plays a file with one stream and no gaps unchanged.

        Args:
            channels: of the file.
            nonfinite: how many of its samples are not finite.
        """
        return (
            self.stream in (None, 1)
            and self.channels in ((), tuple(range(channels)))
            and (self.downmix is None or channels <= self.downmix)
            and not (self.repair and nonfinite)
        )


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
    # Files without a named layout: the usual order for that number of channels.
    "1 channels": ("C",),
    "2 channels": ("L", "R"),
    "6 channels": ("L", "R", "C", "LFE", "LS", "RS"),
    "8 channels": ("L", "R", "C", "LFE", "LS", "RS", "LS", "RS"),
}
"""ffmpeg's name of a layout -> its channels; S is one surround for both sides."""

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
"""Number of output channels -> the gains of an input channel to each of them: BS.775-4, table 2,
where one surround counts as two at -3 dB."""


def width(layout: str) -> int:
    """The number of channels of a layout, from ffmpeg's name of it; 0 if unknown."""
    if layout in LAYOUTS:
        return len(LAYOUTS[layout])
    counted = re.match(r"\d+(?= channels)|\d+(\.\d+)+", layout)
    return sum(map(int, counted[0].split("."))) if counted else 0


def matrix(selection: Selection, layout: str, channels: int) -> tuple[int, tuple[float, ...]] | str:
    """The number of output channels and the gains to each, row by row; or an error message.

    Without gains, the channels are played unchanged.

    Args:
        selection: of the source.
        layout: of the stream, as named by ffmpeg.
        channels: of the stream.
    """
    if selection.downmix is not None and channels > selection.downmix:
        return _downmix(selection.downmix, layout)
    picked = selection.channels
    if picked in ((), tuple(range(channels))):
        return 0, ()
    if isinstance(picked, Pick):
        if channels != 2:
            return f"channels: {picked.value} needs two channels, and it has {channels}"
        row = {Pick.LEFT: (1.0, 0.0), Pick.RIGHT: (0.0, 1.0), Pick.MID: (0.5, 0.5)}[picked]
        return 1, row
    missing = [number for number in picked if number >= channels]
    if missing:
        return f"it has no channel {missing[0]}: its {channels} channels are numbered from 0"
    rows = (float(column == number) for number in picked for column in range(channels))
    return len(picked), tuple(rows)


def _downmix(to: int, layout: str) -> tuple[int, tuple[float, ...]] | str:
    named = LAYOUTS.get(layout)
    if named is None:
        return f"downmix: itu has no rule for {layout}; select channels instead, such as [0, 1]"
    gains = _GAINS[to]
    none = (0.0,) * to
    return to, tuple(gains.get(name, none)[row] for row in range(to) for name in named)
