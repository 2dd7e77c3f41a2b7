"""TPDF dither and quantisation to integers.

Dither is the difference of two independent uniform variables, each one step (LSB) wide: triangular,
2 LSB wide, zero mean, variance 1/6 LSB^2. Added before rounding, it makes the mean and the variance
of the error independent of the signal (S. P. Lipshitz, R. A. Wannamaker, J. Vanderkooy,
"Quantization and Dither: A Theoretical Survey", JAES 40(5), 1992).

The noise depends on the seed, the channel and the sample's position alone: the counter of the
counter-based generator Philox-4x64 (J. K. Salmon et al., "Parallel Random Numbers: As Easy as 1, 2,
3", SC11) is the position. It is made from raw words rather than numpy's distributions, because
numpy guarantees only the raw stream across versions.

Dither starts and stops with the signal: `SilenceGate` adds none to digital silence that is longer
than 100 ms. A shorter one, in the middle of a sound, keeps its noise.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from attrs import field, frozen

from ..ir.finish import LONGEST_DITHERED_MS, SILENT
from ..ir.units import samples as samples_of
from . import FloatArray
from .kernels import KERNELS, Key, Quantised

_QUANTISED = (16, 24)  # bits

NOISE_BITS = 32
"""The noise is an integer multiple of 2^-32 LSB."""

Dithering: TypeAlias = Callable[[FloatArray, int], FloatArray]
"""(samples, the position of the first) -> as many samples, dithered."""


@frozen(eq=False)
class TpdfNoise:
    """Reproducible TPDF noise. seed: any bytes."""

    seed: bytes
    _key: Key = field(init=False, repr=False)

    @_key.default
    def _derive_key(self) -> Key:
        return np.frombuffer(hashlib.blake2b(self.seed, digest_size=16).digest(), "<u8")

    def noise(self, channels: int, offset: int, count: int) -> FloatArray:
        """Noise in LSB, within (-1, 1), shape (channels, count), from sample `offset` on."""
        return KERNELS.noise(self._key, channels, offset, count) * 2.0**-NOISE_BITS

    def whole_noise(self, channels: int, offset: int, count: int) -> npt.NDArray[np.int64]:
        """The same noise as integers, in units of 2^-32 LSB."""
        return KERNELS.noise(self._key, channels, offset, count).astype(np.int64)

    def added(self, bits: int) -> Dithering:
        """The function that adds the noise, one step of 2^(1-bits) high."""
        step = 2.0 ** (1 - bits - NOISE_BITS)
        return lambda block, offset: KERNELS.dithered(self._key, block, offset, step)


class SilenceGate:
    """Dithers a stream, except where it is silent for longer than 100 ms: there it becomes 0."""

    MEMORY = ("_position", "_silent", "_dithering")

    def __init__(self, dithering: Dithering, rate: int) -> None:
        """rate: Hz."""
        self.reach = samples_of(LONGEST_DITHERED_MS, rate)
        self._dithering = dithering
        self._position = 0
        self._silent = 0  # samples of silence directly before the position, or too many

    def skip(self, count: int, ahead: int) -> bool:
        """Pass over the next `count` samples, which are silent, and so are the `ahead` after them.

        False: the silence may be short, so they must be processed.
        """
        if self._silent + count + ahead <= self.reach:
            return False
        self._position += count
        self._silent = min(self._silent + count, self.reach + 1)
        return True

    def process(self, line: FloatArray, count: int) -> FloatArray:
        """The next `count` samples, dithered.

        line: samples from there on, shape (channels, n), where n is at least `count + reach` unless
        the stream ends sooner.
        """
        position, self._position = self._position, self._position + count
        probed = max(self.reach // 2, 1)
        if not _silent(line[:, ::probed]).any():  # then no silence is as long as two probes
            self._silent = _length_at_end(_silent(line[:, max(count - probed, 0) : count]))
            return self._dithering(line[:, :count], position)
        silent = _silent(line)
        runs = _runs(silent)
        lengths = runs[:, 1] - runs[:, 0] + np.where(runs[:, 0] == 0, self._silent, 0)
        at_end = _length_at_end(silent[:count])
        self._silent = at_end if at_end < count else min(self._silent + count, self.reach + 1)
        long = runs[lengths > self.reach]
        if not long.size:
            return self._dithering(line[:, :count], position)
        sounding = np.ones(count, np.bool_)
        for start, end in long:
            sounding[start:end] = False
        dithered = np.zeros((line.shape[0], count))
        for start, end in _runs(sounding):
            dithered[:, start:end] = self._dithering(line[:, start:end], position + start)
        return dithered


def _silent(line: FloatArray) -> npt.NDArray[np.bool_]:
    """Whether each sample is digital silence in every channel."""
    return np.asarray(np.all(np.abs(line) < SILENT, axis=0))


def _length_at_end(flags: npt.NDArray[np.bool_]) -> int:
    """The number of flags that are set at the end."""
    backwards = flags[::-1]
    return len(flags) if backwards.all() else int(np.argmin(backwards))


def _runs(flags: npt.NDArray[np.bool_]) -> npt.NDArray[np.intp]:
    """The ranges in which flags are set: shape (n, 2), start and end of each."""
    return np.flatnonzero(np.diff(flags, prepend=False, append=False)).reshape(-1, 2)


def quantise(block: FloatArray, bits: int) -> Quantised:
    """Round a block, shape (channels, n), full scale 1.0, to integers (half to even), and clip.

    bits: 16 gives int16, 24 gives int32 with values in [-2^23, 2^23). Raises KeyError on another
    number of bits, ValueError on NaN.
    """
    if bits not in _QUANTISED:
        raise KeyError(bits)
    return KERNELS.quantised(block, bits)
