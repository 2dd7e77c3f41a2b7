"""Clips: from a stretch of a file to float64 at the session rate, exact to the sample.

Decoding only a stretch gives the samples of decoding everything where a seek lands exactly: in PCM
and FLAC. Seeks go to a whole second, which is a whole sample at any rate, so that resampling keeps
its phase; a second more on both sides is far longer than the resampler remembers. Everything else
(Vorbis too: near the end of a file a seek fails) is decoded from its start, or beforehand.

The resampler is the native engine's, bit for bit: soxr at 28 bits, without `cutoff`, on float64.
"""

from __future__ import annotations

from collections.abc import Mapping

from ...ir.nodes import Clip, Source
from ..protocol import File, Space
from .site import LAYOUTS, RESET_TIME, TO_DOUBLE, Site
from .wiring import Call, Chain, Wiring, call

DEMUXERS: Mapping[str, str] = {
    "wav": "wav",
    "wavex": "wav",
    "rf64": "wav",
    "w64": "w64",
    "aiff": "aiff",
    "flac": "flac",
    "ogg": "ogg",
    "mp3": "mp3",
    "caf": "caf",
    "au": "au",
}
"""The container of a source's codec -> ffmpeg's demuxer: said, so that it never guesses another."""

SEEKABLE = frozenset({"wav", "wavex", "rf64", "w64", "aiff", "flac"})
"""Containers in which a seek is exact..."""

EXACT_CODINGS = ("pcm_", "float", "double", "ulaw", "alaw")
"""...with a coding that begins so: each sample stands for itself, or FLAC's frames do."""

MARGIN_SECONDS = 1
WORTH_SEEKING_SECONDS = 2


def is_exact(source: Source) -> bool:
    """Whether a seek into the source gives the samples that decoding it from its start gives."""
    container, _, coding = source.codec.partition("/")
    return container in SEEKABLE and coding.startswith(EXACT_CODINGS)


def demuxer(source: Source) -> tuple[str, ...]:
    """The option that names the demuxer; for a container we do not know, only local files."""
    known = DEMUXERS.get(source.codec.partition("/")[0])
    return ("-f", known) if known else ("-protocol_whitelist", "file")


def resample(rate: int, sample_format: str = "dblp") -> Call:
    """To another rate in float64 with the resampler that defines the mix."""
    return call("aresample", rate, resampler="soxr", precision=28, tsf="dblp", osf=sample_format)


def as_declared(source: Source) -> tuple[Call, ...]:
    """What the file holds as planar float64; ffmpeg stops if it is not what the source declares.

    The layout is set channel by channel: files name their channels in many ways, or not at all.
    """
    layout = LAYOUTS[source.channels]
    matrix = "|".join((layout, *(f"c{c}=c{c}" for c in range(source.channels))))
    return (call("aformat", sample_rates=source.rate), TO_DOUBLE, call("pan", matrix))


def emit_clip(site: Site, node: Clip) -> Chain:
    """An input that decodes little more than the clip, then the clip cut from it."""
    source = site.graph.source_by_name[node.source]
    decoded = site.decoded.get(node.source)
    exact = decoded is not None or is_exact(source)
    seek, options = _window(node, source) if exact else (0, ())
    if decoded is not None:
        chain = site.wire.read(node.name, decoded, ("-f", "wav", *options))
    else:
        file = File(Space.SOURCE, source.path)
        chain = site.wire.read(node.name, file, (*demuxer(source), *options))
    start = node.offset - seek * node.rate
    cut = call("atrim", start_sample=start, end_sample=start + node.length)
    resampled = source.rate != node.rate
    calls = [*as_declared(source), *([resample(node.rate)] if resampled else []), cut, RESET_TIME]
    if resampled or not exact:  # the last sample may be missing, or more of a lossy file
        calls.append(call("apad", whole_len=node.length))
    return site.wire.extend(chain, node.name, *calls)


def _window(node: Clip, source: Source) -> tuple[int, tuple[str, ...]]:
    """The whole second to seek to, and the options that seek and bound the decoding."""
    options: tuple[str, ...] = ()
    seek = 0
    if node.offset > WORTH_SEEKING_SECONDS * node.rate:
        seek = node.offset // node.rate - MARGIN_SECONDS
        options += ("-ss", str(seek))
    end = -(-(node.offset + node.length) // node.rate) + MARGIN_SECONDS
    if end * source.rate < source.frames:
        options += ("-t", str(end - seek))
    return seek, options


def decode(wire: Wiring, source: Source) -> Chain:
    """A whole source as float64 of its own rate, as long as it was declared."""
    file = File(Space.SOURCE, source.path)
    chain = wire.read(source.name, file, demuxer(source))
    return wire.extend(
        chain,
        source.name,
        *as_declared(source),
        RESET_TIME,
        call("apad", whole_len=source.frames),
        call("atrim", end_sample=source.frames),
    )
