"""Dither, with digital silence in place of its noise where the signal is silent for long.

ffmpeg has no filter that mutes what is silent for a number of samples. `aeval`, which could count
them, takes ten times as long as the dither. Sums over windows do it in a fifth of that time, and
are exact because all samples here are whole numbers:

- A sample is marked by -1 unless it is silent.
- The sum of the marks over each window of 100 ms and one sample is 0 if all of it is silent.
- A sample is in a long silence if it is in such a window: a sum over the windows that contain it.

A sum over a window is the running sum of the difference between a signal and its delayed copy. A
conversion to integers, which clips at -1, makes every sum one of 0 and -1.
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
from .wiring import Call, FilterChain, call

DITHER_FRAME = LONG_FRAME
"""aresample repeats 65536 values of noise, and starts over where a frame needs more than are left.
In frames of one length the noise does not depend on how the signal was framed before."""

_TO_INTEGERS = call("aresample", osf="s32p", tsf="dblp")
_CLIPPED = (_TO_INTEGERS, TO_DOUBLE)
"""What is less than -1 becomes -1."""

_LEVEL = 2.0**-32 / SILENT
"""The gain that makes the least sample that is not silent half of an integer step."""

_RAISED = 1 << 15
"""A gain that keeps the square of an integer within the range of integers."""


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
    noisy = (*quantise(node.bits, "triangular"), TO_DOUBLE)
    window = samples(LONGEST_DITHERED_MS, site.signal.rate) + 1
    if site.length < window:
        return site.wire.extend(framed, node.name, *noisy)
    sound, watched = site.wire.split(framed, 2)
    site.wire.extend(sound, node.name, *noisy)
    kept, negated = site.wire.split(sound, 2)
    silence = _long_silence(site, watched, window)
    muted = site.wire.join([negated, silence], node.name, call("amultiply"))
    return _sum(site, kept, muted, site.length)


def quantise(bits: int, method: str = "none") -> tuple[Call, ...]:
    """From float64 to integers of `bits`, in the upper bits of 16 or 32, with a dither method."""
    width = 16 if bits <= 16 else 32
    convert = call("aresample", osf=f"s{width}", tsf="dblp", dither_method=method)
    if bits == width:
        return (convert,)
    step = 1 << (width - bits)
    return (_gain(1.0 / step), convert, call("volume", volume=step, precision="fixed"))


def _long_silence(site: FilterSite, signal: FilterChain, window: int) -> FilterChain:
    """-1 where the signal is in a run of at least `window` silent samples, otherwise 0."""
    windows = site.length - window + 1
    marked = _marked(site, signal)
    sounding = _window_sum(site, marked, window)
    cut = call("atrim", start_sample=window - 1, end_sample=site.length)
    site.wire.extend(sounding, site.value, cut, RESET_TIME, *_CLIPPED, _gain(-1.0))
    silent = _sum(site, _minus_one(site), sounding, windows)
    found = _window_sum(site, silent, window)
    copied = (call("pan", "stereo|c0=c0|c1=c0"),) if site.signal.channels == 2 else ()
    return site.wire.extend(found, site.value, *_CLIPPED, *copied)


def _marked(site: FilterSite, signal: FilterChain) -> FilterChain:
    """0 where all channels are silent, otherwise -1: one channel."""
    raised = call("volume", volume=_RAISED, precision="fixed")
    # One bit more, as a product of exactly half a step is rounded to the even integer 0.
    level = _gain(_LEVEL * math.nextafter(1.0, 2.0))
    site.wire.extend(signal, site.value, level, _TO_INTEGERS, raised, TO_DOUBLE)
    squared = site.wire.join(site.wire.split(signal, 2), site.value, call("amultiply"))
    # The least square is 2^-32, which becomes 2^-15, and then 1.
    terms = "+".join(f"-{1 << 17}*c{channel}" for channel in range(site.signal.channels))
    total = call("pan", f"mono|c0={terms}")
    return site.wire.extend(squared, site.value, total, _TO_INTEGERS, raised, TO_DOUBLE)


def _window_sum(site: FilterSite, marks: FilterChain, window: int) -> FilterChain:
    """The sum of the last `window` samples at each sample, as long as the mix."""
    marks, leaving = site.wire.split(marks, 2)
    delay = call("adelay", delays=f"{window}S", all=1)
    site.wire.extend(leaving, site.value, _gain(-1.0), delay)
    difference = _sum(site, marks, leaving, site.length)
    return site.wire.extend(difference, site.value, call("aintegral"))


def _minus_one(site: FilterSite) -> FilterChain:
    """-1 for ever: the running sum of a single one, as aevalsrc is slow."""
    source = call("aevalsrc", exprs="-1", s=site.signal.rate, n=1, c="mono")
    first = call("atrim", end_sample=1)
    return site.wire.source(site.value, source, first, call("apad"), call("aintegral"))


def _sum(site: FilterSite, first: FilterChain, other: FilterChain, length: int) -> FilterChain:
    """The sum of two signals over `length` samples.

    The first goes on for ever: when it ends, ffmpeg 5.1 loses what other inputs have left.
    """
    site.wire.extend(first, site.value, call("apad"))
    cut = call("atrim", end_sample=length)
    return site.wire.join([first, other], site.value, added(2), cut)


def _gain(factor: float) -> Call:
    return call("volume", volume=factor, precision="double")
