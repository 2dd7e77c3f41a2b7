"""Metadata of a WAV: cue points, regions, loops, and the `bext` chunk, version 2 (EBU Tech 3285).

A pure function of a file's metadata and levels. Texts are ASCII, as the standard requires: accents
are dropped, and other characters become "?". The date is the timeline's, never the current one.
Loudness is that of the delivered file, in hundredths, or 7FFFh if it has none.
"""

from __future__ import annotations

import math
import re
import struct
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from ..audio.meter.measure import Measurement
from ..audio.riff import Chunk, Cue, cue_chunks, loop_chunks, put_chunks
from ..compiler.timeline.model import Marker
from ..ir.codes import Code
from ..ir.diagnostics import RenderError
from ..ir.units import samples
from .result import RenderedMeta

VERSION = 2
_NO_LOUDNESS = 0x7FFF


def annotate(
    path: Path,
    markers: Iterable[Marker],
    meta: RenderedMeta,
    levels: Measurement,
    *,
    program: str | None,
) -> None:
    """Write cue points and broadcast metadata into a delivered WAV; other formats are unchanged.

    Raises:
        RenderError: MIX603, the file cannot be read or written.
    """
    if meta.container != "wav":
        return
    rate = meta.sample_rate
    in_time = sorted(markers, key=lambda marker: marker.at_ms)
    cues = [_cue(marker, rate, meta.samples) for marker in in_time]
    wanted = () if program is None else (bext_chunk(meta, levels, program),)
    try:
        put_chunks(path, (*wanted, *cue_chunks(cues), *loop_chunks(cues, rate)))
    except (ValueError, OSError) as error:
        message = f"cannot write metadata into the file for {meta.bus_id!r}: {error}"
        raise RenderError.of(Code.STEP_FAILED, message) from error


def _cue(marker: Marker, rate: int, end: int) -> Cue:
    """The cue point of a marker in a file of `end` samples; a region ends with the file at last.

    A loop without a length goes on to the end of the file.
    """
    start = samples(marker.at_ms, rate)
    length = samples(marker.length_ms or 0, rate) or (end if marker.loop else 0)
    length = max(0, min(length, end - start))
    return Cue(start, marker.label, length, marker.loop and length > 0)


def bext_chunk(meta: RenderedMeta, levels: Measurement, program: str) -> Chunk:
    """The `bext` chunk of a file."""
    tags = meta.tags
    date = tags.get("date", "")
    mode = "mono" if meta.channels == 1 else "stereo"
    history = f"A=PCM,F={meta.sample_rate},W={meta.bit_depth},M={mode},T={program}\r\n"
    content = struct.pack(
        "<256s32s32s10s8sIIH64s5h180s",
        _ascii(tags.get("description") or tags.get("title") or meta.timeline_id),
        _ascii(tags.get("artist") or program),
        _ascii(meta.plan_digest.removeprefix("sha256:")),
        _ascii(date if re.fullmatch(r"\d{4}-\d\d-\d\d", date) else ""),
        b"",
        0,
        0,
        VERSION,
        b"",
        *map(
            _hundredths,
            (
                levels.integrated,
                levels.range,
                levels.true_peak_dbtp,
                levels.momentary_max,
                levels.short_term_max,
            ),
        ),
        b"",
    )
    # The size must be even: libsndfile cannot read past an odd one in an RF64.
    return b"bext", content + _ascii(history) + b"\0" * (2 - len(history) % 2)


def _ascii(text: object) -> bytes:
    plain = unicodedata.normalize("NFKD", str(text))
    kept = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return kept.encode("ascii", "replace")


def _hundredths(level: float) -> int:
    """A level in hundredths of LUFS, LU or dBTP, within the standard's -99.99 to 99.99."""
    if not math.isfinite(level) or abs(level) >= 100.0:
        return _NO_LOUDNESS
    return round(100.0 * level)
