"""Dither, with digital silence in place of its noise where the signal is silent for long.

ffmpeg has no filter that mutes what is silent for a number of samples. `aeval`, which could count
them, takes ten times as long as the dither. Sums over windows do it in less time than the dither:

- A sample is marked by -1 unless it is silent. Marks before and after the signal make every window
  that is not in it whole a window with sound.
- The sum of the marks over each window of 100 ms and one sample is 0 if all of it is silent.
- A sample is in a long silence if it is in such a window: a sum over the windows that contain it.

A sum over a window is the running sum of the difference between a signal and the same one a window
ago, which are two channels for the time of a `pan`. A conversion to integers, which clips at -1,
makes every sum one of 0 and -1. All samples here are 32-bit floats, which hold these sums and the
dithered samples exactly.
"""

from __future__ import annotations

import math

from ...ir.codes import Code
from ...ir.diagnostics import BackendError
from ...ir.finish import LONGEST_DITHERED_MS, LOWEST_SHAPED_RATE, SILENT
from ...ir.nodes import Dither, DitherNoise
from ...ir.units import samples
from .site import LONG_FRAME, RESET_TIME, TO_DOUBLE, FilterSite
from .sums import added
from .wiring import Call, FilterChain, call, quoted

DITHER_FRAME = LONG_FRAME
"""aresample repeats 65536 values of noise, and starts over where a frame needs more than are left.
In frames of one length the noise does not depend on how the signal was framed before."""

_TO_FLOAT = call("aresample", osf="fltp", tsf="fltp")
_CLIPPED = (call("aresample", osf="s32p", tsf="fltp"), _TO_FLOAT)
"""What is less than -1 becomes -1."""

_LEVEL = 2.0**-32 / SILENT
"""The gain that makes the least sample that is not silent half of a 32-bit step."""

_FULL_SCALE = tuple(call("volume", volume=1 << power, precision="fixed") for power in (20, 11))
"""The gains, on integers, which clip, that bring every sample but 0 to full scale."""

_MARK = -32
"""The gain that brings the square of every sum of channels that are not silent to less than -1."""


def emit_dither(site: FilterSite, node: Dither) -> FilterChain:
    """Quantise to `bits` with TPDF noise of one step, but long silence to 0; float64 again.

    Raises:
        BackendError: MIX502, noise that ffmpeg does not shape without other changes to the signal.
    """
    if node.noise is DitherNoise.SHAPED and site.signal.rate >= LOWEST_SHAPED_RATE:
        raise BackendError.of(
            Code.UNSUPPORTED_NODE,
            f"%{node.name}: ffmpeg's noise shaping changes the level of the signal",
            origin=node.origin,
            help="choose the native backend for shaped noise, or tpdf",
        )
    framed = site.then(call("asetnsamples", n=DITHER_FRAME, p=0))
    noisy = quantise(node.bits, "triangular")
    window = samples(LONGEST_DITHERED_MS, site.signal.rate) + 1
    if site.length < window:
        return site.wire.extend(framed, node.name, *noisy, TO_DOUBLE)
    sound, watched = site.wire.split(framed, 2)
    kept, negated = site.wire.split(site.wire.extend(sound, node.name, *noisy, _TO_FLOAT), 2)
    silence = _long_silence(site, watched, window)
    muted = site.wire.join([negated, silence], node.name, call("amultiply"))
    # The first goes on for ever: when it ends, ffmpeg 5.1 loses what the other one has left.
    site.wire.extend(kept, node.name, call("apad"))
    cut = call("atrim", end_sample=site.length)
    return site.wire.join([kept, muted], node.name, added(2), cut, TO_DOUBLE)


def quantise(bits: int, method: str = "none") -> tuple[Call, ...]:
    """From float64 to integers of `bits`, in the upper bits of 16 or 32, with a dither method."""
    width = 16 if bits <= 16 else 32
    convert = call("aresample", osf=f"s{width}", tsf="dblp", dither_method=method)
    if bits == width:
        return (convert,)
    step = 1 << (width - bits)
    lowered = call("volume", volume=1.0 / step, precision="double")
    return (lowered, convert, call("volume", volume=step, precision="fixed"))


def _long_silence(site: FilterSite, signal: FilterChain, window: int) -> FilterChain:
    """-1 where the signal is in a run of at least `window` silent samples, otherwise 0."""
    # Zeros until the first sum over a window is known, and marks until the first sum of windows.
    before = _constant(site, f"-gte(n,{window})", 2 * window)
    after = _constant(site, "-1", window - 1)
    marks = [before, _marked(site, signal), after]
    joined = site.wire.join(marks, site.value, call("concat", n=3, v=0, a=1))
    sounding = site.wire.extend(_window_sum(site, joined, window, "c0-c1"), site.value, *_CLIPPED)
    # The number of silent windows that end in a window from here is that up to its end.
    found = _window_sum(site, sounding, window, "c1-c0")
    last = call("atrim", start_sample=window - 1)
    copied = (call("pan", "stereo|c0=c0|c1=c0"),) if site.signal.channels == 2 else ()
    return site.wire.extend(found, site.value, last, RESET_TIME, *_CLIPPED, *copied)


def _marked(site: FilterSite, signal: FilterChain) -> FilterChain:
    """0 where all channels are silent, otherwise -1: one channel."""
    # One bit more, as a product of exactly half a step is rounded to the even integer 0.
    level = call("volume", volume=_LEVEL * math.nextafter(1.0, 2.0), precision="double")
    to_integers = call("aresample", osf="s32p", tsf="dblp")
    # Gains that make no sum of -1, 0 and 1 of two channels 0, but that of zeros.
    mono = (call("pan", "mono|c0=0.25*c0+0.5*c1"),) if site.signal.channels == 2 else ()
    site.wire.extend(signal, site.value, level, to_integers, *_FULL_SCALE, _TO_FLOAT, *mono)
    squared = site.wire.join(site.wire.split(signal, 2), site.value, call("amultiply"))
    mark = call("volume", volume=_MARK, precision="float")
    return site.wire.extend(squared, site.value, mark, *_CLIPPED)


def _constant(site: FilterSite, expression: str, length: int) -> FilterChain:
    """A short signal of one channel."""
    rate = site.signal.rate
    source = call("aevalsrc", exprs=quoted(expression), s=rate, n=length, c="mono")
    return site.wire.source(site.value, source, call("atrim", end_sample=length), _TO_FLOAT)


def _window_sum(site: FilterSite, marks: FilterChain, window: int, difference: str) -> FilterChain:
    """The sum of the last `window` samples, from that after the first `window` samples.

    The sum is counted from 0 there. `difference`: of the samples c0 and those a window before, c1.
    """
    now, ago = site.wire.split(marks, 2)
    site.wire.extend(now, site.value, call("atrim", start_sample=window), RESET_TIME)
    pair = call("join", inputs=2, channel_layout="stereo", map="0.0-FL|1.0-FR")
    subtracted = call("pan", f"mono|c0={difference}")
    return site.wire.join([now, ago], site.value, pair, subtracted, call("aintegral"))
