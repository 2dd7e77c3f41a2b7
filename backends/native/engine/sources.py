"""Sources, from any sample on, at the session rate: the samples of the whole file, resampled.

Files are read through libsndfile, whose seeks are exact. A source at another rate is resampled from
shortly before the region that is played, where that gives what resampling it as a whole gives; at
the ratios at which libsoxr's result depends on where it starts, it is resampled once, from its
beginning, into a file that all its clips then share. Either way memory is constant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from math import ceil, gcd
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Protocol

import numpy as np
import soundfile
from attrs import define, field

from ....ir.nodes import Source
from ..dsp.arrays import FloatArray
from ..dsp.resample import Resampler, resample

Locate = Callable[[Source], str]
"""From a source to the path of its file."""

WARM_UP = 4096
"""Samples, of the lower of the two rates, that the resampler is given before a region: it remembers
fewer than 1,000."""

EXACT = 1e-14
"""-280 dBFS: how near resampling a region must come to resampling the whole."""

_BLOCK = 1 << 15
_LONGEST_PERIOD = 1 << 16


class Reader(Protocol):
    """A source under way."""

    def read(self, count: int) -> FloatArray:
        """The next samples, shape (channels, count); after the end of the source, zeros."""
        ...

    def close(self) -> None:
        """Nothing more will be read."""
        ...


@define(eq=False)
class Sources:
    """Opens sources. Use `open_sources`, which cleans up."""

    locate: Locate
    scratch: Path
    _lock: Lock = field(factory=Lock, init=False)
    _whole: dict[tuple[str, int], Path] = field(factory=dict, init=False)

    def open(self, source: Source, rate: int, offset: int) -> Reader:
        """A reader of the source at `rate` Hz, from sample `offset` (at that rate) on."""
        played, session = source.rates(rate)
        if played == session:
            return FileReader(self.locate(source), source.channels, offset)
        if resumes(played, session):
            return ResampledReader(self.locate(source), source, rate, offset)
        return RawReader(self._resampled(source, rate), source.channels, offset)

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
    """Sources found by `locate`; big intermediates lie below `scratch` until the end."""
    with ExitStack() as stack:
        directory = stack.enter_context(TemporaryDirectory(prefix="mixdown-", dir=scratch))
        yield Sources(locate, Path(directory))


class FileReader:
    """Reads a file at its own rate."""

    def __init__(self, path: str, channels: int, offset: int) -> None:
        self.file = soundfile.SoundFile(path)
        self._channels = channels
        self.file.seek(min(offset, self.file.frames))

    def read(self, count: int) -> FloatArray:
        """See `Reader`."""
        samples = self.file.read(count, dtype="float64", always_2d=True).T
        if samples.shape[1] < count:
            return np.pad(samples, ((0, 0), (0, count - samples.shape[1])))
        return np.ascontiguousarray(samples)

    def close(self) -> None:
        """See `Reader`."""
        self.file.close()


class RawReader:
    """Reads interleaved float64."""

    def __init__(self, path: Path, channels: int, offset: int) -> None:
        self._file = path.open("rb")
        self._channels = channels
        self._file.seek(offset * channels * 8)

    def read(self, count: int) -> FloatArray:
        """See `Reader`."""
        flat = np.fromfile(self._file, np.float64, count * self._channels)
        samples = np.zeros((self._channels, count))
        samples[:, : len(flat) // self._channels] = flat.reshape(-1, self._channels).T
        return samples

    def close(self) -> None:
        """See `Reader`."""
        self._file.close()


class ResampledReader:
    """Reads a file at another rate than its own, from shortly before `offset`."""

    def __init__(self, path: str, source: Source, rate: int, offset: int) -> None:
        rates = source.rates(rate)
        begin, skipped = region(*rates, offset)
        self._file = FileReader(path, source.channels, begin)
        self._left = source.frames - begin
        self._resampler = Resampler(*rates, source.channels)
        self._ready = np.zeros((source.channels, 0))
        self._flushed = False
        while skipped:
            skipped -= self.read(min(skipped, _BLOCK)).shape[1]

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

    def close(self) -> None:
        """See `Reader`."""
        self._file.close()

    def _advance(self) -> FloatArray:
        if not self._left:
            self._flushed = True
            return self._resampler.flush()
        count = min(_BLOCK, self._left)
        self._left -= count
        return self._resampler.process(self._file.read(count))


def region(source_rate: int, rate: int, offset: int) -> tuple[int, int]:
    """From which source sample on to resample for output `offset`, and how many to skip then.

    It lies a warm-up before, at an instant that is a sample of both rates and an even one of the
    output, so that a length which ends in a half is rounded as that of the whole.
    """
    period = 2 * source_rate // gcd(source_rate, rate)
    wanted = offset * source_rate // rate - _warm_up(source_rate, rate)
    begin = max(0, wanted // period * period)
    return begin, offset - begin * rate // source_rate


@cache
def resumes(source_rate: int, rate: int) -> bool:
    """Whether resampling from within a file gives what resampling all of it gives.

    Found by trying it on noise: libsoxr filters some ratios in the frequency domain, in blocks
    counted from where it starts (a difference of -200 dBFS), and steps through ratios of big
    numbers with a rounded step (-100 dBFS).
    """
    period = 2 * source_rate // gcd(source_rate, rate)
    if period > _LONGEST_PERIOD:
        return False
    warm_up = _warm_up(source_rate, rate)
    begins = [ceil(n * warm_up / period) * period for n in (1.0, 1.7, 3.1)]
    noise = np.random.Generator(np.random.Philox(1)).standard_normal((1, begins[-1] + 5 * warm_up))
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
    resampler = Resampler(*source.rates(rate), source.channels)
    with target.open("wb") as out:
        for begin in range(0, source.frames, _BLOCK):
            block = reader.read(min(_BLOCK, source.frames - begin))
            np.ascontiguousarray(resampler.process(block).T).tofile(out)
        np.ascontiguousarray(resampler.flush().T).tofile(out)
    reader.close()


def _warm_up(source_rate: int, rate: int) -> int:
    return WARM_UP * ceil(max(1.0, source_rate / rate))
