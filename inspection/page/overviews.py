"""The waveform of each source, read once for each content and then kept in the cache."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np
import soundfile
from attrs import frozen

from ...ir.diagnostics import MixdownError
from ...ir.nodes import Source
from ...media.facts import kept
from ...media.ingest import playable
from .model import Overview

VERSION = 1
_BLOCK = 1 << 16
STEP_MS = 10
MOST_COLUMNS = 16000
"""Of a long source the columns are longer: its picture stays small."""


@frozen
class SourcePeaks:
    """What is kept of a source: the samples of a column, and the columns as in `Overview`."""

    step: int
    peaks: str


def overviews(sources: Mapping[str, Source], root: Path) -> Mapping[str, Overview]:
    """The waveforms of the sources that can be read, by their names; `root`: of their paths."""
    found = {}
    for name, source in sources.items():
        try:
            peaks = kept(SourcePeaks, _key(source), partial(_read, root / source.path, source))
        except (MixdownError, soundfile.LibsndfileError, ValueError, OSError):
            continue  # what cannot be read has no waveform; the compilation has its diagnostics
        found[name] = Overview(step=peaks.step, peaks=peaks.peaks)
    return found


def _key(source: Source) -> str:
    part = (source.codec, source.frames, source.stream, source.matrix, source.repair.value)
    return f"overview {VERSION} {source.digest} {part}"


def _read(path: Path, source: Source) -> SourcePeaks:
    step = max(source.rate * STEP_MS // 1000, -(-source.frames // MOST_COLUMNS), 1)
    block = max(_BLOCK // step, 1) * step
    columns: list[np.ndarray] = []
    with playable(path, source) as audio, soundfile.SoundFile(audio) as file:
        for samples in file.blocks(block, dtype="float32", always_2d=True):
            loudest = np.abs(samples).max(axis=1)
            columns.append(np.maximum.reduceat(loudest, np.arange(0, len(loudest), step)))
    peaks = np.concatenate(columns) if columns else np.zeros(0)
    coded = np.rint(255.0 * np.sqrt(np.clip(np.nan_to_num(peaks), 0.0, 1.0))).astype(np.uint8)
    return SourcePeaks(step, base64.b64encode(coded.tobytes()).decode("ascii"))
