"""The progress of a render, for those that show it."""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen


@frozen
class Progress:
    """How far a step is.

    Attributes:
        step: its id.
        purpose: what it does, a short phrase.
        done: from 0 to 1.
    """

    step: str
    purpose: str
    done: float


Listener = Callable[[Progress], None]


def ignore(progress: Progress) -> None:
    """The listener that ignores all progress."""
