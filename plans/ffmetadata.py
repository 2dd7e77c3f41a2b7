"""Chapters, and tags too long for a command line, as texts for ffmpeg's demuxer `ffmetadata`.

Promises: ffmpeg reads every title back as it was, with one exception: it reads any backslash at the
end of a line as a continuation, escaped or not, so a title that ends in one gets a space after it.
Other tags are arguments of commands.

From such a text ffmpeg writes the chapters of MP3 (ID3v2 CHAP and CTOC) and m4a. In Opus it writes
wrong times (0.5 s becomes 1.5 s) and in Vorbis none, so there chapters are tags: `chapter_tags`,
the comments of https://wiki.xiph.org/Chapter_Extension.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

Tags = Sequence[tuple[str, str]]
"""Keys and values, in order."""

HEADER = ";FFMETADATA1\n"

_SPECIAL = re.compile(r"[=;#\\\n\r]")  # these begin a comment or a value, or end a line


class Chapter(NamedTuple):
    """A named part of a mix: [start, end) in milliseconds."""

    start: int
    end: int
    title: str


def chapter_text(chapters: Iterable[Chapter]) -> str:
    """Chapters as a text for `ffmetadata`."""
    return HEADER + "".join(
        f"[CHAPTER]\nTIMEBASE=1/1000\nSTART={chapter.start}\nEND={chapter.end}\n"
        f"title={_escaped(chapter.title)}\n"
        for chapter in chapters
    )


def chapter_tags(chapters: Iterable[Chapter]) -> Tags:
    """Chapters as comments of an Ogg file: CHAPTER001=00:00:00.000, CHAPTER001NAME=Intro."""
    tags: list[tuple[str, str]] = []
    for number, chapter in enumerate(chapters, 1):
        seconds, thousandths = divmod(chapter.start, 1000)
        minutes, seconds = divmod(seconds, 60)
        clock = f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}.{thousandths:03d}"
        tags += [(f"CHAPTER{number:03d}", clock), (f"CHAPTER{number:03d}NAME", chapter.title)]
    return tuple(tags)


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\g<0>", text) + (" " if text.endswith("\\") else "")
