"""Reads sources from any sample on, at the session rate: the samples of the whole file, resampled.

Files are read through libsndfile, whose seeks are exact. A source at another rate is resampled from
shortly before the region that is played if the result is the same as that of the whole file. At the
ratios at which libsoxr's result depends on its first sample, the source is resampled once, from its
beginning, into a file that all its clips share. In both cases memory is constant.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cache
from math import ceil, gcd
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Any, Protocol

import numpy as np
import soundfile
from attrs import define, field

from ....audio import FloatArray
from ....audio.reading import read_block
from ....audio.resample import Resampler, resample
from ....ir.nodes import Source
from ....media.samples import SequentialFile

Locate = Callable[[Source], str]
"""Source -> the path of its file."""

WARM_UP = 4096
"""Samples, at the lower of the two rates, that the resampler reads before a region: its memory is
under 1,000."""

EXACT = 1e-14
"""-280 dBFS: the largest allowed difference between resampling a region and the whole."""

_BLOCK = 1 << 15
_RAW: Mapping[str, Any] = {
    "format": "RAW",
    "subtype": "DOUBLE",
    "endian": "LITTLE" if sys.byteorder == "little" else "BIG",
    "samplerate": 1,  # any rate: it is not used
}
"""Interleaved float64 without a header, as numpy writes it."""

_LONGEST_PERIOD = 1 << 17
_LONGEST_PROBE = 1 << 21
"""Samples, at either rate: a ratio whose test needs more is not tested, and counts as one that does
not resume."""
_PROBED = (0, 1, 2, 5)
"""Multiples of the period, after the warm-up, at which `resumes` tests a ratio: odd and even."""


class Reader(Protocol):
    """A source that is being read."""

    def read(self, count: int) -> FloatArray:
        """The next samples, shape (channels, count); after the end of the source, zeros."""
        ...

    def skip(self, count: int) -> None:
        """Pass over the next samples."""
        ...

    def close(self) -> None:
        """Release the source."""
        ...


class FileReader:
    """Reads a file at its own rate.

    If many others are open it may be closed between two reads; it reopens at the same position.
    """

    def __init__(
        self,
        path: str,
        channels: int,
        offset: int,
        pool: FilePool | None = None,
        *,
        raw: bool = False,
    ) -> None:
        self._path = path
        self._raw = raw
        self._channels = channels
        self._position = offset
        self._pool = pool
        self._in_use = Lock()
        self._file: soundfile.SoundFile | None = None

    def read(self, count: int) -> FloatArray:
        """See `Reader`."""
        with self._in_use:
            if self._file is None:
                self._file = self._open()
            samples = read_block(self._file, count)
            self._position += count
        if self._pool is not None:
            self._pool.used(self)
        missing = count - samples.shape[1]
        return np.pad(samples, ((0, 0), (0, missing))) if missing else samples

    def skip(self, count: int) -> None:
        """See `Reader`."""
        with self._in_use:
            self._shut()
            self._position += count

    @property
    def is_open(self) -> bool:
        """Whether its file is open."""
        return self._file is not None

    def park(self) -> bool:
        """Close the file for now; False if it is being read."""
        if not self._in_use.acquire(blocking=False):
            return False
        self._shut()
        self._in_use.release()
        return True

    def close(self) -> None:
        """See `Reader`."""
        self._shut()
        if self._pool is not None:
            self._pool.forget(self)

    def _open(self) -> soundfile.SoundFile:
        """The file at the position."""
        if self._raw:
            file = SequentialFile(self._path, channels=self._channels, **_RAW)
        else:
            file = SequentialFile(self._path)
        file.seek(min(self._position, file.frames))
        return file

    def _shut(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


@define(eq=False)
class FilePool:
    """The open files; the least recently used are closed when there are too many."""

    limit: int = 200
    _lock: Lock = field(factory=Lock, init=False)
    _open: dict[FileReader, None] = field(factory=dict, init=False)

    def used(self, reader: FileReader) -> None:
        """Mark a reader as the most recently used."""
        with self._lock:
            self._open.pop(reader, None)
            self._open[reader] = None
            for other in list(self._open)[: -self.limit]:
                if other.park():
                    del self._open[other]

    def forget(self, reader: FileReader) -> None:
        """Remove a reader that is no longer used."""
        with self._lock:
            self._open.pop(reader, None)


@define(eq=False)
class Sources:
    """Opens sources. Use `open_sources`, which cleans up."""

    locate: Locate
    scratch: Path
    _lock: Lock = field(factory=Lock, init=False)
    _whole: dict[tuple[str, int], Path] = field(factory=dict, init=False)
    _pool: FilePool = field(init=False, factory=FilePool)

    def open(self, source: Source, rate: int, offset: int) -> Reader:
        """A reader of the source at `rate` Hz, from sample `offset` (at that rate) on."""
        played, session = source.rates(rate)
        if played == session:
            return FileReader(self.locate(source), source.channels, offset, self._pool)
        if resumes(played, session):
            return ResampledReader(self.locate(source), source, rate, offset, self._pool)
        whole = str(self._resampled(source, rate))
        return FileReader(whole, source.channels, offset, self._pool, raw=True)

    def _resampled(self, source: Source, rate: int) -> Path:
        key = (source.name, rate)
        with self._lock:
            if key not in self._whole:
                path = self.scratch / f"resampled{len(self._whole)}.f64"
                write_resampled(self.locate(source), source, rate, path)
                self._whole[key] = path
            return self._whole[key]


@contextmanager
def open_sources(locate: Locate, scratch: Path | None = None) -> Iterator[Sources]:
    """Sources found by `locate`; large intermediates are in `scratch` until the end."""
    with ExitStack() as stack:
        directory = stack.enter_context(TemporaryDirectory(prefix="mixdown-", dir=scratch))
        yield Sources(locate, Path(directory))


class ResampledReader:
    """Reads a file at a rate other than its own, from shortly before `offset`."""

    def __init__(
        self, path: str, source: Source, rate: int, offset: int, pool: FilePool | None = None
    ) -> None:
        rates = source.rates(rate)
        begin, skipped = region(*rates, offset)
        self._file = FileReader(path, source.channels, begin, pool)
        self._left = source.frames - begin
        self._block = _block(*rates)
        self._resampler = Resampler(*rates, source.channels)
        self._ready = np.zeros((source.channels, 0))
        self._flushed = False
        self.skip(skipped)

    def read(self, count: int) -> FloatArray:
        """See `Reader`."""
        parts, found = [self._ready], self._ready.shape[1]
        while found < count and not self._flushed:
            parts.append(self._advance())
            found += parts[-1].shape[1]
        samples = np.concatenate(parts, axis=1)
        if found < count:
            samples = np.pad(samples, ((0, 0), (0, count - found)))
        self._ready = samples[:, count:]
        return samples[:, :count]

    def skip(self, count: int) -> None:
        """See `Reader`."""
        while count:
            count -= self.read(min(count, _BLOCK)).shape[1]

    def close(self) -> None:
        """See `Reader`."""
        self._file.close()

    def _advance(self) -> FloatArray:
        if not self._left:
            self._flushed = True
            return self._resampler.flush()
        count = min(self._block, self._left)
        self._left -= count
        return self._resampler.process(self._file.read(count))


def region(source_rate: int, rate: int, offset: int) -> tuple[int, int]:
    """The source sample at which to start resampling for output `offset`, and how many to skip.

    It is a warm-up before `offset`, at a multiple of the period from the start.
    """
    period = _period(source_rate, rate)
    wanted = offset * source_rate // rate - _warm_up(source_rate, rate)
    begin = max(0, wanted // period * period)
    return begin, offset - begin * rate // source_rate


@cache
def resumes(source_rate: int, rate: int) -> bool:
    """Whether resampling from a multiple of the period gives what resampling the whole file gives.

    Tested on noise: libsoxr filters some ratios in the frequency domain, in blocks counted from
    its first sample (a difference of -200 dBFS), and uses a rounded step for ratios of large
    numbers (-100 dBFS).
    """
    period = _period(source_rate, rate)
    if period > _LONGEST_PERIOD:
        return False
    warm_up = _warm_up(source_rate, rate)
    first_multiple = ceil(warm_up / period)
    begins = [(first_multiple + n) * period for n in _PROBED]
    length = begins[-1] + 5 * warm_up
    if max(length, length * rate // source_rate) > _LONGEST_PROBE:
        return False
    noise = np.random.Generator(np.random.Philox(1)).standard_normal((1, length))
    full = resample(noise, source_rate, rate)
    for begin in begins:
        part = resample(noise[:, begin:], source_rate, rate)
        warm, first = (count * rate // source_rate for count in (warm_up, begin))
        if np.max(np.abs(part[:, warm:] - full[:, first + warm :])) > EXACT * np.max(np.abs(full)):
            return False
    return True


def write_resampled(path: str, source: Source, rate: int, target: Path) -> None:
    """A whole source at `rate`, as interleaved float64."""
    reader = FileReader(path, source.channels, 0)
    rates = source.rates(rate)
    resampler, step = Resampler(*rates, source.channels), _block(*rates)
    with target.open("wb") as out:
        for begin in range(0, source.frames, step):
            block = reader.read(min(step, source.frames - begin))
            np.ascontiguousarray(resampler.process(block).T).tofile(out)
        np.ascontiguousarray(resampler.flush().T).tofile(out)
    reader.close()


def _block(source_rate: int, rate: int) -> int:
    """The number of source samples to resample at once: those of `_BLOCK` samples at most."""
    return max(1, _BLOCK * source_rate // max(source_rate, rate))


def _period(source_rate: int, rate: int) -> int:
    """The number of source samples between positions at which resampling may start.

    These positions are whole samples at both rates. At even output samples a length that ends in a
    half is rounded like that of the whole. At every fourth libsoxr also has its initial phase; for
    80:441 (8 to 44.1 kHz) it does not at every second (a difference of -179 dBFS).
    """
    return 4 * source_rate // gcd(source_rate, rate)


def _warm_up(source_rate: int, rate: int) -> int:
    return WARM_UP * ceil(max(1.0, source_rate / rate))
