"""Times of audio as people read them. Promises: text that depends on nothing but the number."""

from __future__ import annotations


def clock(seconds: float) -> str:
    """A duration or a place in a file, to a tenth: 0:48.0, 12:03.5, 1:02:03.0."""
    tenths = round(seconds * 10)
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    tail = f"{rest // 10:02d}.{rest % 10}"
    return f"{hours}:{minutes:02d}:{tail}" if hours else f"{minutes}:{tail}"
