"""Meters of a stream that is cut into spans, some of which another meter was fed.

What a meter found is kept apart from its memory, which later samples need (see memory.py). A span
that is known is not fed: what was found in it is appended, and the memory at its end restored.
Results are then those of a meter that was fed everything and cut at the same positions.
"""

from __future__ import annotations

from typing import Any, ClassVar, Protocol

import numpy as np
import numpy.typing as npt

from .. import FloatArray
from ..memory import Memory
from .framing import Framer, ResamplingFramer, checked


class SpanFindings(Protocol):
    """What is found in a stream."""

    def cut(self) -> Memory:
        """What was found since the last cut."""
        ...

    def append(self, found: Memory) -> None:
        """Add what another found in the next span; before and after it there are cuts."""
        ...


class Series:
    """An array that grows along its last axis, time."""

    def __init__(self, empty: npt.NDArray[Any]) -> None:
        """empty: of the type and shape that it begins with."""
        self._parts = [empty]
        self._mark = 1  # the first part after the last cut

    def add(self, part: npt.NDArray[Any]) -> None:
        """Add the values that follow."""
        self._parts.append(part)

    def joined(self, *parts: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """All values, and those of parts that follow."""
        return np.concatenate([*self._parts, *parts], axis=-1)

    def cut(self) -> Memory:
        """See `SpanFindings`."""
        found = np.concatenate([self._parts[0], *self._parts[self._mark :]], axis=-1)
        self._parts[self._mark :] = [found]  # thousands of small arrays take more memory
        self._mark += 1
        return found

    def append(self, found: Memory) -> None:
        """See `SpanFindings`."""
        self._parts.append(found)
        self._mark = len(self._parts)


class SpanMeter:
    """A meter whose findings are in some of its attributes, as its memory is.

    Attributes:
        MEMORY: the attributes that later samples need.
        FINDINGS: those that hold what was found, each of them `SpanFindings`.
    """

    MEMORY: ClassVar[tuple[str, ...]]
    FINDINGS: ClassVar[tuple[str, ...]]

    @property
    def has_memory(self) -> bool:
        """Whether its memory can be read, so that spans are possible."""
        parts = [getattr(self, name) for name in self.MEMORY]
        return all(part.has_memory for part in parts if isinstance(part, SpanMeter))

    def cut(self) -> Memory:
        """What was found since the last cut; it has no influence on what is found later."""
        return [part.cut() for part in self._findings()]

    def append(self, found: Memory) -> None:
        """Add what another meter of this kind found in the next span; see `SpanFindings`."""
        for part, its in zip(self._findings(), found, strict=True):
            part.append(its)

    def _findings(self) -> list[SpanFindings]:
        return [getattr(self, name) for name in self.FINDINGS]


class FramedMeter(SpanMeter):
    """A meter that works on frames; `take` processes each. Blocks may have any length."""

    _framer: Framer | ResamplingFramer

    def feed(self, block: npt.ArrayLike) -> None:
        """Process the next block, float64 of shape (channels, n), any n.

        Raises:
            ValueError: it has another shape, or contains NaN or infinity.
        """
        self.add(checked(block, self._framer.channels))

    def add(self, samples: FloatArray) -> None:
        """The same of samples that another meter has checked."""
        for frame in self._framer.push(samples):
            self.take(frame)

    def take(self, frame: FloatArray) -> None:
        """Process the next frame, shape (channels, n), which may be overwritten later."""
        raise NotImplementedError
