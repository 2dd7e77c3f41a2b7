"""Signal processing in numpy float64: the kernels of docs/semantics.md, meters, and WAV chunks.

Audio is a float64 array of shape (channels, n), full scale 1.0; gains per sample are float64 arrays
of shape (n,). Nothing here depends on a graph, a plan or a document. A streaming kernel returns the
same samples, bit for bit, for any division of the signal into blocks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:  # numpy is heavy, and the laws of pan and the chunks of RIFF do without it
    import numpy as np
    import numpy.typing as npt

FloatArray: TypeAlias = "npt.NDArray[np.float64]"
"""float64 samples, gains or frequencies; each function states the shape."""

IndexArray: TypeAlias = "npt.NDArray[np.int64]"
"""Sample positions."""

REFERENCE_RATE = 48_000
"""The rate, in Hz, at which BS.1770-5 tabulates the filters of K-weighting."""

LOWEST_WEIGHTED_RATE = 16_000
"""Hz; audio at a lower rate is resampled to `REFERENCE_RATE` before its loudness is measured."""


def is_dual(samples: FloatArray) -> bool:
    """Whether all channels are the same memory, as of mono in the centre.

    What is done to each channel alone then needs to be done once.
    """
    return samples.shape[0] > 1 and samples.strides[0] == 0


def distinct(samples: FloatArray) -> FloatArray:
    """The channels that may differ: one if all are the same memory."""
    return samples[:1] if is_dual(samples) else samples
