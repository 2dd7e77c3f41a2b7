"""What is measured of a delivered file: its levels and its curves, in one pass over its samples.

A file that this process writes is measured as it is written, from the samples that its readers will
get; others are read once.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import soundfile
from attrs import asdict, define, field, frozen

from ..audio import FloatArray
from ..audio.memory import Memory, decode, encode, memory_of, restored
from ..audio.meter.framing import Framer
from ..audio.meter.measure import Measurement, levels_of
from ..audio.meter.premaster import PremasterLevels, PremasterMeter
from ..audio.meter.spans import FramedMeter
from ..audio.meter.statistics import RmsMeter
from ..audio.meter.truepeak import TruePeakMeter
from ..audio.reading import file_blocks
from ..documents.recorded import recorded_as
from ..ir.nodes import Reading
from ..media.headers import readable
from .delivery import faulty
from .report.curves import CurveMeter, Curves

Result_co = TypeVar("Result_co", covariant=True)


class StreamMeter(Protocol[Result_co]):
    """A meter of consecutive blocks, shape (channels, n), which may refuse some by a ValueError.

    It can be cut into spans as a `SpanMeter`.
    """

    @property
    def has_memory(self) -> bool:
        """Whether spans are possible."""
        ...

    def cut(self) -> Memory:
        """What was found since the last cut."""
        ...

    def append(self, found: Memory) -> None:
        """Add what was found in the next span."""
        ...

    def feed(self, block: FloatArray) -> None:
        """Process the next block."""
        ...

    def result(self) -> Result_co:
        """What was measured of everything fed."""
        ...


@frozen
class FileRecord:
    """The levels and the curves of a file."""

    levels: Measurement
    curves: Curves


class FileMeter(FramedMeter):
    """Feed the samples of a file in blocks."""

    MEMORY = ("_framer", "_curves", "_peaks", "_rms")
    FINDINGS = ("_curves", "_peaks", "_rms")

    def __init__(self, rate: int, channels: int, samples: int, *, finds_empty: bool = True) -> None:
        """samples: how many it will be. finds_empty: see `CurveMeter`.

        Raises:
            ValueError: there are no meters for this rate or number of channels.
        """
        self._samples = samples
        self._framer: Framer = Framer(channels, rate)  # the meters need no copies of whole seconds
        self._curves = CurveMeter(rate, channels, finds_empty=finds_empty)
        self._peaks = TruePeakMeter(rate, channels)
        self._rms = RmsMeter(rate, channels)

    def take(self, frame: FloatArray) -> None:
        """See `FramedMeter`."""
        self._curves.add(frame)
        self._peaks.add(frame)
        self._rms.add(frame)

    def result(self) -> FileRecord:
        """The record of everything fed."""
        self.take(self._framer.drain())
        loudness = self._curves.loudness()
        return FileRecord(
            levels_of(loudness, self._peaks.result(), self._rms.result(), self._samples),
            self._curves.result(loudness),
        )


@define
class Tap(Generic[Result_co]):
    """Measures a stream on its way to a file, which is written even if it cannot be measured.

    What was measured can be saved, and loaded where the file itself was kept. What was found in a
    span of a file can be appended where the span itself was kept.
    """

    _make: Callable[[int, int, int], StreamMeter[Result_co]]
    _kind: type[Result_co]
    _choice: str = ""
    _meter: StreamMeter[Result_co] | None = field(default=None, init=False)
    _error: ValueError | None = field(default=None, init=False)
    _known: Result_co | None = field(default=None, init=False)

    @property
    def method(self) -> str:
        """What is measured, and how: a part of the keys of what was measured."""
        return f"{self._kind.__name__} {self._choice}"

    @property
    def has_begun(self) -> bool:
        """Whether the file was written through it, or its result is known."""
        return self._meter is not None or self._error is not None or self._known is not None

    def start(self, rate: int, channels: int, samples: int) -> None:
        """Begin a file, anew if it was written before."""
        self._known = None
        try:
            self._meter, self._error = self._make(rate, channels, samples), None
        except ValueError as error:
            self._meter, self._error = None, error

    def save(self, path: Path) -> None:
        """Write the result to a file.

        Raises:
            ValueError: it cannot be measured.
            OSError: the file cannot be written.
        """
        record: Any = self.result()
        path.write_bytes(encode(asdict(record)))

    def load(self, path: Path) -> None:
        """Take the result from a file that `save` wrote.

        Raises:
            OSError, ValueError, TypeError, KeyError: there is none in it.
        """
        known = recorded_as(self._kind, decode(path.read_bytes()))
        self._meter, self._error, self._known = None, None, known

    @property
    def has_memory(self) -> bool:
        """Whether spans are possible: what is written can be measured, by a meter that has it."""
        return self._meter is not None and self._meter.has_memory

    def memory(self) -> Memory:
        """The memory of the meter; None if it has none."""
        return memory_of(self._meter) if self.has_memory else None

    def restore(self, memory: Memory) -> None:
        """Go on from the end of a span, whose findings were appended, with the memory there."""
        restored(self._meter, memory)

    def cut(self) -> Memory:
        """What was found since the last cut; None if the meter has no memory."""
        return self._meter.cut() if self._meter is not None and self.has_memory else None

    def append(self, found: Memory) -> None:
        """Add what was found in the next span, by a tap of the same method."""
        assert self._meter is not None, "nothing can be measured"
        self._meter.append(found)

    def feed(self, block: FloatArray) -> None:
        """Process the next block of the file."""
        if self._meter is None:
            return
        try:
            self._meter.feed(block)
        except ValueError as error:
            self._meter, self._error = None, error

    def result(self) -> Result_co:
        """What was measured.

        Raises:
            ValueError: it cannot be measured.
        """
        if self._known is not None:
            return self._known
        if self._error is not None:
            raise self._error
        assert self._meter is not None, "nothing was written"
        return self._meter.result()


def feed_file(path: Path, tap: Tap[Any], progress: Callable[[float], None]) -> None:
    """Measure a file that was not written through its tap.

    Raises:
        OSError: it cannot be read.
    """
    try:
        with soundfile.SoundFile(path) as file:
            tap.start(file.samplerate, file.channels, file.frames)
            for block in file_blocks(file):
                tap.feed(block)
                progress(file.tell() / max(file.frames, 1))
    except soundfile.SoundFileError as error:
        raise OSError(None, f"{path}: {error}") from error


def premaster_tap(reading: Reading) -> Tap[PremasterLevels]:
    """What measures a premaster; `reading`: what its level is."""
    return Tap(
        lambda rate, channels, _: PremasterMeter(rate, channels, reading),
        PremasterLevels,
        reading.value,
    )


def file_tap(*, finds_empty: bool) -> Tap[FileRecord]:
    """What measures a delivered file; `finds_empty`: see `CurveMeter`."""
    return Tap(partial(FileMeter, finds_empty=finds_empty), FileRecord, f"{finds_empty=}")


def record_file(path: Path, target: str, samples: int | None = None) -> FileRecord:
    """The record of a file, or of its first `samples` samples; a lossy file is decoded.

    Raises:
        RenderError: MIX603, it contains NaN or infinite samples, or cannot be read.
    """
    try:
        with readable(path, path.parent) as audio, soundfile.SoundFile(audio) as file:
            count = file.frames if samples is None else min(samples, file.frames)
            meter = FileMeter(file.samplerate, file.channels, count)
            for block in file_blocks(file, count):
                meter.feed(block)
            return meter.result()
    except (soundfile.LibsndfileError, ValueError, OSError) as error:
        raise faulty(target, f"cannot be measured: {error}") from error
