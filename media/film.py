"""A film whose picture a delivery copies: its digest and its duration.

The duration is that of the first video stream: from the first moment at which one of its packets is
shown to the last one's end.
"""

from __future__ import annotations

import hashlib
from fractions import Fraction
from pathlib import Path

from attrs import frozen

from ..programs.ffmpeg import FFMPEG, FILM_DEMUXERS, QUIET, input_arguments
from ..programs.run import by_line, run_process

_TIME_BASE = "#tb 0: "
"""Before the seconds of a tick, as a fraction, in what ffmpeg prints of the packets."""


@frozen
class Film:
    """What is known of a film: "sha256:" and the digest of its content, and its seconds."""

    digest: str
    seconds: float


def read_film(path: Path) -> Film:
    """The facts of a film.

    Raises:
        ValueError: it has no video stream that ffmpeg reads.
        OSError: it cannot be read.
        RenderError: MIX601, MIX602: there is no ffmpeg.
    """
    with path.open("rb") as file:
        digest = f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
    ticks, tick = list[tuple[int, int]](), Fraction(0)

    def take(line: str) -> None:
        nonlocal tick
        if line.startswith(_TIME_BASE):
            tick = Fraction(line.removeprefix(_TIME_BASE))
        elif line.startswith("0,"):
            _, _, shown, lasts = (int(word) for word in line.split(",")[:4])
            ticks.append((shown, shown + lasts))

    argv = (
        *(FFMPEG.find().program, *QUIET),
        *input_arguments(str(path.absolute()), FILM_DEMUXERS),
        *("-map", "0:v:0", "-c", "copy", "-f", "framecrc", "-"),
    )
    done = run_process(argv, None, by_line(take))
    if done.failure is not None or not ticks or not tick:
        raise ValueError("it has no video stream that can be copied")
    first, last = min(start for start, _ in ticks), max(end for _, end in ticks)
    return Film(digest, float((last - first) * tick))
