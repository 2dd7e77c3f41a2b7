"""The end of the chain: limiting, dither, and samples as files hold them.

Rounding is to the nearest, half to even, clipped, at every depth. ffmpeg converts to 16 and 32
bits so; other depths are scaled to lie on those grids and shifted back as integers, because the
encoders of 24 bits cut off the lower eight.
"""

from __future__ import annotations

from collections.abc import Mapping

from ...audio.shaping import LOWEST_SHAPED_RATE
from ...ir.codes import Code
from ...ir.diagnostics import BackendError, Diagnostic
from ...ir.nodes import (
    Dither,
    DitherNoise,
    Encoding,
    Limiter,
    LimitMode,
    Output,
)
from .inputs import resample
from .site import TO_DOUBLE, TO_PACKED_DOUBLE, FilterSite
from .wiring import Call, FilterChain, Text, call

OVERSAMPLING = 4
"""How finely the limiter looks for true peaks: what ITU-R BS.1770-5, annex 2 asks at 48 kHz."""

TRUE_PEAK_ALLOWANCE_DB = 0.4
"""How far under the ceiling the limiter aims: peaks grow again when its output is resampled."""

LIMITING: Mapping[str, int] = {"attack": 17, "release": 30, "level": 0, "asc": 0, "latency": 1}
"""How alimiter limits; milliseconds. An attack, for which it looks ahead, of half a period of 30 Hz
keeps it from following the waveform of a bass note: 6 dB over, 50 Hz are distorted by -132 dB,
with an attack of 5 ms by -35. It takes no more loudness than 5 and 50 ms do."""

LOWEST_LIMIT_DB = -24.0
"""alimiter goes no lower than 0.0625."""

DITHER_FRAME = 4096
"""Samples. aresample repeats 65536 values of noise, and begins anew where a frame asks for more
than are left: with frames of one length the noise does not depend on what they were before."""

SHAPED_METHOD = "low_shibata"
"""The way of shaping that moves as much noise as the native engine's filters do: 16 dB in all."""

SHAPED_RATES = (44_100, 48_000)
"""At other rates aresample warns and takes another noise."""

ENCODERS: Mapping[tuple[str, Encoding], str] = {
    ("wav", Encoding.S16): "pcm_s16le",
    ("wav", Encoding.S24): "pcm_s24le",
    ("wav", Encoding.F32): "pcm_f32le",
    ("wav", Encoding.F64): "pcm_f64le",
    ("flac", Encoding.S16): "flac",
    ("flac", Encoding.S24): "flac",
}
"""ffmpeg's encoder for each container and encoding."""

MUXER_OPTIONS: Mapping[str, tuple[str, ...]] = {"wav": ("-rf64", "auto")}

# No time, no version and nothing of the sources in a file.
_BIT_EXACT = ("-fflags", "+bitexact", "-flags:a", "+bitexact")
_NOTHING_COPIED = ("-map_metadata", "-1", "-map_chapters", "-1")


def emit_limiter(site: FilterSite, node: Limiter) -> FilterChain:
    """alimiter, for true peaks at four times the rate; no latency, the same length."""
    true_peak = node.mode is LimitMode.TRUE_PEAK
    allowance = TRUE_PEAK_ALLOWANCE_DB if true_peak else 0.0
    if not LOWEST_LIMIT_DB <= node.ceiling_db - allowance <= 0.0:
        raise _refusal(
            node,
            f"%{node.name}: ffmpeg's limiter cannot hold {node.ceiling_db:g} dB",
            f"choose a ceiling from {LOWEST_LIMIT_DB + allowance:g} to {allowance:g} dB, "
            "or the native backend",
        )
    margin: Text = (site.facts.get(node.name) or repr(node.margin_db),)
    aim: Text = (f"10^(({node.ceiling_db!r}-{allowance!r}-", *margin, ")/20)")
    limit = call("alimiter", limit=aim, **LIMITING)
    if not true_peak:
        return site.then(TO_PACKED_DOUBLE, limit, TO_DOUBLE)
    rate = site.signal.rate
    return site.then(
        resample(OVERSAMPLING * rate, "dbl"),
        limit,
        resample(rate),
        call("apad", whole_len=site.length),
        call("atrim", end_sample=site.length),
    )


def emit_dither(site: FilterSite, node: Dither) -> FilterChain:
    """TPDF noise of one step at `bits`, and what is on that grid then, as float64 again.

    Raises:
        BackendError: MIX502, ffmpeg has no shaped noise for the rate.
    """
    rate = site.signal.rate
    shaped = node.noise is DitherNoise.SHAPED and rate >= LOWEST_SHAPED_RATE
    if shaped and rate not in SHAPED_RATES:
        raise _refusal(
            node,
            f"%{node.name}: ffmpeg has no noise-shaped dither for {rate} Hz",
            "choose tpdf, 44100 or 48000 Hz, or the native backend",
        )
    method = SHAPED_METHOD if shaped else "triangular"
    framed = call("asetnsamples", n=DITHER_FRAME, p=0)
    return site.then(framed, *quantise(node.bits, method), TO_DOUBLE)


def quantise(bits: int, method: str = "none") -> tuple[Call, ...]:
    """Float64 to integers of `bits` in the upper bits of 16 or 32, by a way of dithering."""
    width = 16 if bits <= 16 else 32
    convert = call("aresample", osf=f"s{width}", tsf="dblp", dither_method=method)
    if bits == width:
        return (convert,)
    step = 1 << (width - bits)
    down = call("volume", volume=1.0 / step, precision="double")
    return (down, convert, call("volume", volume=step, precision="fixed"))


_AS_STORED: Mapping[Encoding, tuple[Call, ...]] = {
    Encoding.S16: quantise(16),
    Encoding.S24: quantise(24),
    Encoding.F32: (call("aresample", osf="flt", tsf="dblp"),),
    Encoding.F64: (TO_PACKED_DOUBLE,),
}


def emit_output(site: FilterSite, node: Output) -> FilterChain:
    """The samples as the file's encoder takes them."""
    return site.then(*_AS_STORED[node.encoding])


def output_options(node: Output, tags: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    """The options that encode a delivered file.

    Raises:
        BackendError: MIX502, ffmpeg is not asked for such files here.
    """
    encoder = ENCODERS.get((node.container, node.encoding))
    if encoder is None:
        known = ", ".join(f"{container}/{encoding.value}" for container, encoding in ENCODERS)
        raise _refusal(
            node,
            f"%{node.name}: no encoder for {node.container} as {node.encoding.value}",
            f"known: {known}; other formats are encoded from one of these",
        )
    tagging = (arg for key, value in tags for arg in ("-metadata", f"{key}={value}"))
    return (*file_options(encoder, node.container), *tagging)


def file_options(encoder: str, container: str) -> tuple[str, ...]:
    """The options of a file that holds nothing but its samples, the same on every run."""
    muxer = ("-f", container, *MUXER_OPTIONS.get(container, ()))
    return ("-c:a", encoder, *_BIT_EXACT, *_NOTHING_COPIED, *muxer)


def _refusal(node: Limiter | Dither | Output, message: str, help_text: str) -> BackendError:
    return BackendError(
        Diagnostic(Code.UNSUPPORTED_NODE, message, origin=node.origin, help=help_text)
    )
