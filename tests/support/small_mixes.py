"""Documents of a few clips, for the tests of reports."""

from __future__ import annotations

RATE = 48000

TONE_HZ, TONE_PHASE = 330.0, 0.3
"""Of the tone that the tests of reports play: sin(2 pi f t + phase)."""


def track(*clips: str, id: str = "a", more: str = "") -> str:
    """A track of music whose clips are given as YAML flow mappings without their braces."""
    lines = "".join(f"      - {{{clip}}}\n" for clip in clips)
    return f"  - id: {id}\n    role: music\n{more}    clips:\n{lines}"


def zero_ms(number: int) -> float:
    """When the tone crosses zero upwards for the n-th time, milliseconds."""
    return (number - TONE_PHASE / 6.283185307179586) / TONE_HZ * 1000
