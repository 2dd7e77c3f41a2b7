"""The outline of a source: its waveform, and where its sound is cut off and resumes.

Both are found in one reading of the whole source, once for each content, and kept in the cache.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import numpy as np
import soundfile
from attrs import frozen

from ..audio.meter.dropouts import EmptyStretches, is_cut_off
from ..audio.reading import stored_type
from ..ir.diagnostics import MixdownError
from ..ir.nodes import Source
from .copies import playable
from .facts import kept
from .samples import SequentialFile

VERSION = 1
"""The version of outlines; raised when the attributes or their computation change."""

STEP_MS = 10
MOST_COLUMNS = 16000
"""Of a long source the columns are longer: its picture stays small."""

EMPTY_DB = -90.0
"""One step of 16 bits: below this, a stretch of a source is empty."""

_BLOCK = 1 << 18


@frozen
class SourceOutline:
    """What is known of a source.

    Attributes:
        step: the samples of a column.
        peaks: of each column, as base64 of bytes: 255 times the square root of its peak.
        dropouts: the stretches [start, stop) at both ends of which the sound is cut off.
    """

    step: int
    peaks: str
    dropouts: tuple[tuple[int, int], ...]


def outline_of(source: Source, audio: AbstractContextManager[Path]) -> SourceOutline:
    """The outline of a source; `audio` gives a file with its samples if it is not known yet.

    Raises:
        soundfile.LibsndfileError: the file cannot be read.
    """
    part = (source.codec, source.frames, source.stream, source.matrix, source.repair.value)
    key = f"outline {VERSION} {source.digest} {part}"
    return kept(SourceOutline, key, partial(_read, source, audio))


def outlines(sources: Mapping[str, Source], root: Path) -> Mapping[str, SourceOutline]:
    """The outlines of the sources that can be read, by their names; `root`: of their paths."""
    found = {}
    for name, source in sources.items():
        try:
            found[name] = outline_of(source, playable(root / source.path, source))
        except (MixdownError, soundfile.LibsndfileError, ValueError, OSError):
            continue  # the compilation has the diagnostics of what cannot be read
    return found


def _read(source: Source, audio: AbstractContextManager[Path]) -> SourceOutline:
    step = max(source.rate * STEP_MS // 1000, -(-source.frames // MOST_COLUMNS), 1)
    columns = [np.zeros(0)]
    with audio as path, SequentialFile(path) as file:
        stored, scale = stored_type(file)
        finder = EmptyStretches(file.samplerate, EMPTY_DB, 1.0 / scale)
        frames = np.empty((max(_BLOCK // step, 1) * step, file.channels), stored)
        while count := file.buffer_read_into(frames, stored):
            block = frames[:count]
            finder.feed(block.T)
            starts = np.arange(0, block.size, step * file.channels)
            lowest, highest = (
                extreme.reduceat(block.reshape(-1), starts).astype(np.float64)
                for extreme in (np.minimum, np.maximum)
            )
            columns.append(scale * np.maximum(highest, -lowest))
        dropouts = tuple((s.start, s.stop) for s in finder.found if is_cut_off(file, s))
    peaks = np.concatenate(columns)
    coded = np.rint(255.0 * np.sqrt(np.clip(np.nan_to_num(peaks), 0.0, 1.0))).astype(np.uint8)
    return SourceOutline(step, base64.b64encode(coded.tobytes()).decode("ascii"), dropouts)
