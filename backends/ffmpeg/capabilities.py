"""How ffmpeg expresses each node kind."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ..protocol import Capability, Support


def _native(note: str) -> Capability:
    return Capability(Support.NATIVE, note)


CAPABILITIES: Mapping[str, Capability] = MappingProxyType(
    {
        "clip": _native(
            "one input for each clip, sought to a whole second, then atrim; aresample (soxr)"
        ),
        "silence": _native("anullsrc, atrim"),
        "gain": _native("volume, in double precision"),
        "fade": _native(
            "afade in samples; the exp fade-in as an envelope, because afade leaks 1e-5"
        ),
        "crossfade": Capability(
            Support.LEGALISED,
            "acrossfade ends a sample off: each side becomes a fade, placement does the rest",
            rule="crossfade-as-fade",
        ),
        "automation.gain": _native(
            "an aevalsrc for each span and concat, or one for many; amultiply"
        ),
        "filter": _native("biquad as TDII in float64"),
        "automation.filter": _native("asendcmd at every 64th sample to a TDII float64 biquad"),
        **dict.fromkeys(
            ("gate", "deess", "compress"),
            _native("a step of the native engine, over a file of the operand"),
        ),
        "pan": _native("an explicit pan matrix"),
        "automation.pan": _native("the same with two channels"),
        "downmix": _native("an explicit pan matrix"),
        "place": _native("adelay in samples"),
        "slice": _native("atrim in samples, asetpts"),
        "lane": _native("adelay by the gap before each operand, concat: costs the lane once"),
        "mix": _native("amix without normalisation over a silent bed"),
        "bus": _native("amix without normalisation over a silent bed"),
        "headroom": _native("volume, in double precision"),
        "loudnorm": _native(
            "measured with ebur128, applied as one volume; in one pass, where that is chosen, "
            "ffmpeg's own loudnorm, which is not exact"
        ),
        "limiter": _native(
            "alimiter at 4 times the rate (soxr), 0.4 dB under the ceiling, then verified; at the "
            "rate itself for sample peaks; ceilings from -23.6 to 0 dB"
        ),
        "dither": _native(
            "aresample with TPDF noise, always with the same seed; sums over windows find long "
            "silence, which is 0; no shaped noise from 40 kHz on: aresample's changes the level"
        ),
        "output": _native("WAV 16, 24, 32f, 64f and FLAC 16, 24 bit, rounded half to even"),
    }
)
