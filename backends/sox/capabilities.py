"""How SoX expresses each node kind; levels are the worst errors, relative to full scale."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ..protocol import Capability, Support


def _native(note: str) -> Capability:
    return Capability(Support.NATIVE, note)


CAPABILITIES: Mapping[str, Capability] = MappingProxyType(
    {
        "clip": _native(
            "trim in samples; `mixdown step integers` converts sources of other rates or without "
            "integer samples"
        ),
        "silence": _native("the null file, trimmed in samples"),
        "gain": _native(
            "a factor of the next sum (-v or remix), without a step or a rounding of its own"
        ),
        "fade": _native(
            "fade t, q, h, p and, at the end, l (-186 dB); other curves, and exp at the start "
            "(SoX's leaks -117 dB), as an envelope file times the clip"
        ),
        "crossfade": _native(
            "each side as a fade, and placement; no splice, because its ends differ"
        ),
        "automation.gain": _native(
            "an envelope file of `mixdown step envelope`, multiplied by sox -T (-186 dB)"
        ),
        "filter": _native(
            "highpass, lowpass, equalizer, bass and treble with a width in q, in float64"
        ),
        "automation.filter": _native("a step of the native engine, as SoX has no moving filter"),
        **dict.fromkeys(
            ("gate", "deess", "compress"),
            _native("a step of the native engine, over a file of the operand"),
        ),
        "pan": _native("a factor for each channel, in the next remix"),
        "automation.pan": _native("a two-channel envelope file, multiplied by sox -T"),
        "downmix": _native("a factor for each channel, in the next remix"),
        "place": _native("pad in samples"),
        "slice": _native("trim in samples"),
        "lane": _native("clips padded by the gap before each, concatenated: costs the lane once"),
        "mix": _native(
            "sox -M and one remix with explicit factors: summed in float64 and rounded once, where "
            "sox -m rounds each operand and takes twice as long"
        ),
        "bus": _native("as mix"),
        "headroom": _native("a factor, as gain"),
        "loudnorm": _native("finish: measured and applied by mixdown; SoX has no LUFS meter"),
        "limiter": _native("finish: the native engine's; SoX has none with look-ahead"),
        "dither": _native("finish: the native engine's"),
        "output": _native("finish: WAV 16, 24, 32f, 64f and FLAC 16, 24 bit, by the native engine"),
    }
)
