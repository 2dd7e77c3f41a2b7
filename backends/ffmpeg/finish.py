"""The end of the chain: the limiter, and the sample formats of files.

At every depth samples are rounded to the nearest value, half to even, and clipped. ffmpeg converts
to 16 and 32 bits in that way. Other depths are scaled to one of these grids and shifted back as
integers, because the encoders of 24 bits truncate the lower eight.
"""

from __future__ import annotations

from collections.abc import Mapping

from ...ir.codes import Code
from ...ir.diagnostics import BackendError
from ...ir.nodes import Encoding, Limiter, LimitMode, Output
from .dithering import quantise
from .inputs import resample
from .site import TO_DOUBLE, TO_PACKED_DOUBLE, FilterSite
from .wiring import Call, FilterChain, Text, call

OVERSAMPLING = 4
"""The oversampling of the limiter: that of ITU-R BS.1770-5, annex 2 at 48 kHz."""

TRUE_PEAK_ALLOWANCE_DB = 0.4
"""How far under the ceiling the limiter works, because peaks grow when its output is resampled."""

LIMITING: Mapping[str, int] = {"attack": 17, "release": 30, "level": 0, "asc": 0, "latency": 1}
"""The settings of alimiter; times in milliseconds. An attack of half a period of 30 Hz, which is
also its look-ahead, keeps it from following the waveform of a bass note: a tone of 50 Hz that is
6 dB over the limit has -132 dB of distortion, and -35 dB with an attack of 5 ms. These settings
cost no more loudness than 5 and 50 ms do."""

LOWEST_LIMIT_DB = -24.0
"""The lowest limit of alimiter is 0.0625."""

SHORTEST_LIMITED_S = 0.1
"""Shorter mixes are padded to this before the limiter. In ffmpeg 5.1 alimiter with latency
compensation does not end if the input is shorter than its look-ahead."""

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

# Files hold no time, no version and no metadata of the sources.
_BIT_EXACT = ("-fflags", "+bitexact", "-flags:a", "+bitexact")
_NOTHING_COPIED = ("-map_metadata", "-1", "-map_chapters", "-1")


def emit_limiter(site: FilterSite, node: Limiter) -> FilterChain:
    """alimiter, at four times the rate for true peaks, with no latency and the same length."""
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
    rate, length = site.signal.rate, site.length
    shortest = round(SHORTEST_LIMITED_S * rate)
    padding = (call("apad", whole_len=shortest),) if length < shortest else ()
    cut = call("atrim", end_sample=length)
    if not true_peak:
        return site.then(*padding, TO_PACKED_DOUBLE, limit, TO_DOUBLE, *((cut,) if padding else ()))
    return site.then(
        *padding,
        resample(OVERSAMPLING * rate, "dbl"),
        limit,
        resample(rate),
        call("apad", whole_len=length),
        cut,
    )


_AS_STORED: Mapping[Encoding, tuple[Call, ...]] = {
    Encoding.S16: quantise(16),
    Encoding.S24: quantise(24),
    Encoding.F32: (call("aresample", osf="flt", tsf="dblp"),),
    Encoding.F64: (TO_PACKED_DOUBLE,),
}


def emit_output(site: FilterSite, node: Output) -> FilterChain:
    """The samples in the format of the file's encoder."""
    return site.then(*_AS_STORED[node.encoding])


def output_options(node: Output, tags: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    """The options that encode a delivered file.

    Raises:
        BackendError: MIX502, a format that this backend does not write.
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


def _refusal(node: Limiter | Output, message: str, help_text: str) -> BackendError:
    return BackendError.of(Code.UNSUPPORTED_NODE, message, origin=node.origin, help=help_text)
