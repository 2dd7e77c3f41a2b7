"""The mix that is timed: two speakers and music, as a document.

Clips of a speaker follow each other with pauses, have gains and short fades, and every fifth has a
gain automation; a piece of music comes in every five minutes.
"""

from __future__ import annotations

from random import Random
from typing import Any

from attrs import frozen

RATE = 48000
MINUTES_OF_SPEECH = 15
"""Length of a speaker's source; clips of a longer mix begin in it anew."""


@frozen
class Size:
    """The size of a mix; `keyframes` are those of each automation."""

    minutes: float = 10
    clips: int = 60
    keyframes: int = 3


def document(size: Size) -> dict[str, Any]:
    """The timeline as a document."""
    chance, length = Random(3), int(size.minutes * 60_000)
    step = length / size.clips
    speakers: dict[str, list[dict[str, Any]]] = {"host": [], "guest": []}
    for number in range(size.clips):
        who = ("host", "guest")[number % 2]
        duration = max(int(step * chance.uniform(0.85, 1.02)), 100)
        last = MINUTES_OF_SPEECH * 60_000 - duration - 10
        clip = {
            "id": f"c{number}",
            "source": f"{who}.wav",
            "start_ms": int(number * step),
            "offset_ms": int(number * step) % max(last, 1),
            "duration_ms": min(duration, MINUTES_OF_SPEECH * 60_000 - 10),
            "fade_in_ms": min(20, duration // 4),
            "fade_out_ms": min(40, duration // 4),
            "gain_db": round(chance.uniform(-2, 2), 1),
        }
        if number % 5 == 0 or size.keyframes != Size().keyframes:
            clip["automation"] = {"gain": _keyframes(size.keyframes, clip["duration_ms"])}
        speakers[who].append(clip)
    music = [
        {
            "id": f"m{minute}",
            "source": "bed.wav",
            "start_ms": minute * 60_000,
            "duration_ms": min(40_000, length - minute * 60_000),
            "fade_in_ms": 500,
            "fade_out_ms": 4000,
            "gain_db": -12,
        }
        for minute in range(0, max(int(size.minutes), 1), 5)
    ]
    eq = [{"kind": "highpass", "frequency_hz": 80}]
    tracks = [
        {"id": who, "role": "dialogue", "eq": eq, "clips": clips} for who, clips in speakers.items()
    ]
    tracks.append({"id": "music", "role": "music", "clips": music})
    return {"schema_version": 1, "id": "episode", "sample_rate": RATE, "tracks": tracks}


def _keyframes(count: int, duration: int) -> list[dict[str, Any]]:
    """Up and down between 0 and -3 dB, in steps that no line passes through."""
    times = sorted({duration * number // max(count - 1, 1) for number in range(count)})
    return [
        {"at_ms": at, "value": -3 * (number % 2), "curve": ("linear", "smooth")[number % 2]}
        for number, at in enumerate(times)
    ]
