"""Clips: from a part of a file to float64 at the session rate, exact to the sample.

Sources are plain files, in which a seek is exact. Without resampling, decoding a part of a file
gives the same samples as decoding all of it. So it does at some pairs of rates (`FORGETFUL`), with
a seek to a whole second, which is a whole number of samples at any rate and so keeps the phase of
the resampler, and a second more on both sides, which is far longer than its filters. At other pairs
the blocks of soxr's long filters leave differences of about -190 dBFS; the source is then resampled
whole beforehand, or from its start to the end of the clip.

The resampler is that of the native engine, bit for bit: soxr at 28 bits, without `cutoff`, on
float64.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from ...ir.nodes import Clip, Source
from ...media.decoder import decoding_of, demuxer_of
from ...plans.carried import file_of
from ...plans.plan import File
from .site import FRAME, LAYOUTS, RESET_TIME, TO_DOUBLE, FilterSite
from .wiring import Call, FilterChain, Wiring, call

FORGETFUL: Mapping[int, frozenset[int]] = {
    44100: frozenset({8000, 11025, 16000, 22050, 24000, 32000, 48000, 96000, 192000}),
    48000: frozenset({11025, 16000, 22050, 24000, 44100}),
    96000: frozenset({44100, 48000, 88200}),
}
"""Session rate -> source rates from which resampling is the same, to -290 dBFS, wherever among
whole seconds it begins (measured; other pairs reach from -200 to -80)."""

UNPROBED = ("-probesize", "32")
"""The header is enough; ffmpeg would probe megabytes of each file."""

WORK_INPUT = (*UNPROBED, "-max_size", str(FRAME * 2 * 8))
"""How files of earlier steps are read: in frames of the usual size, not of 4096 bytes (5.1)."""

_WAV_INPUT = (*UNPROBED, "-max_size", str(FRAME * 2 * 2))
"""How WAV sources are read. ffmpeg asks all filters of a graph for each packet, so that packets of
4096 bytes (5.1) take a quarter more CPU time with 60 clips."""

MARGIN_SECONDS = 1
WORTH_SEEKING_SECONDS = 2


def may_seek(source: Source, rate: int) -> bool:
    """Whether a clip at `rate` may be read from the middle of the source."""
    forgetful = source.rate == rate or source.rate in FORGETFUL.get(rate, ())
    return source.speed == (1, 1) and forgetful


def wants_seek(clip: Clip) -> bool:
    """Whether the clip begins far enough into its source for a seek to pay."""
    return clip.offset > WORTH_SEEKING_SECONDS * clip.rate


def to_decode(sources: Mapping[str, Source], clips: Iterable[Clip]) -> list[tuple[str, int]]:
    """The sources, by name and rate, to decode beforehand: those that clips cannot seek in.

    They are in the order of their first use, so that the names of sources do not order the steps.
    """
    wanted = {
        (clip.source, clip.rate): None
        for clip in clips
        if wants_seek(clip) and not may_seek(sources[clip.source], clip.rate)
    }
    return list(wanted)


def resample(rate: int, sample_format: str = "dblp") -> Call:
    """To another rate in float64 with the resampler that defines the mix."""
    return call("aresample", rate, resampler="soxr", precision=28, tsf="dblp", osf=sample_format)


def as_declared(source: Source, rate: int) -> tuple[Call, ...]:
    """The file as planar float64 at `rate`; ffmpeg stops if its rate is not the declared one.

    The layout is set channel by channel: files name their channels in many ways, or not at all.
    If the source plays at another speed, the two sides of the ratio are set as the rates of the
    resampler, and its result is then set to the session rate.
    """
    layout = LAYOUTS[source.channels]
    matrix = "|".join((layout, *(f"c{c}=c{c}" for c in range(source.channels))))
    calls = (call("aformat", sample_rates=source.rate), TO_DOUBLE, call("pan", matrix))
    played, session = source.rates(rate)
    renamed = () if played == source.rate else (call("asetrate", played),)
    resampled = () if played == session else (resample(session),)
    restored = () if session == rate else (call("asetrate", rate),)
    return (*calls, *renamed, *resampled, *restored)


class _Input(NamedTuple):
    """How the clips of a source read it.

    Attributes:
        file: the source itself, or as an earlier step decodes it.
        demuxer: of the file.
        options: before the file.
        speed: how much faster the file's own seconds pass, as a ratio.
        length: in samples of the session.
        seekable: whether it may be read from the middle.
        calls: the filters before the cut.
        resampled: whether these resample it.
    """

    file: File
    demuxer: str
    options: tuple[str, ...]
    speed: tuple[int, ...]
    length: int
    seekable: bool
    calls: tuple[Call, ...]
    resampled: bool


@lru_cache(maxsize=64)
def _input(source: Source, rate: int, decoded: File | None) -> _Input:
    length = source.length(rate)
    if decoded is not None:
        return _Input(decoded, "wav", WORK_INPUT, (1, 1), length, True, (TO_DOUBLE,), False)
    played, session = source.rates(rate)
    demuxer = demuxer_of(decoding_of(source))
    return _Input(
        file_of(source),
        demuxer,
        _reading(demuxer),
        source.speed,
        length,
        may_seek(source, rate),
        as_declared(source, rate),
        played != session,
    )


def emit_clip(site: FilterSite, node: Clip) -> FilterChain:
    """An input that decodes little more than the clip, then the clip cut from it."""
    decoded = site.decoded.get((node.source, node.rate))
    read = _input(site.graph.source_by_name[node.source], node.rate, decoded)
    seek = node.offset // node.rate - MARGIN_SECONDS if read.seekable and wants_seek(node) else 0
    options = (*read.options, *_window(node, seek, read.length, read.speed))
    chain = site.wire.read(node.name, read.file, read.demuxer, options)
    start = node.offset - seek * node.rate
    cut = call("atrim", start_sample=start, end_sample=start + node.length)
    rest = (call("apad", whole_len=node.length),) if read.resampled else ()
    return site.wire.extend(chain, node.name, *read.calls, cut, RESET_TIME, *rest)


def counted(rate: int) -> tuple[Call, ...]:
    """Times anew, by counting samples: those of lossy packets jump, and afade would follow them."""
    return (call("asettb", f"1/{rate}"), call("asetpts", "NB_CONSUMED_SAMPLES"))


def _window(node: Clip, seek: int, available: int, speed: tuple[int, ...]) -> tuple[str, ...]:
    """The options that seek to a whole second, and stop decoding some time after the clip.

    Args:
        node: the clip.
        seek: whole seconds of the file to leave out.
        available: how long the file is, in samples as the clip counts them.
        speed: how much faster the file's own seconds pass in the clip, as a ratio.
    """
    faster, slower = speed
    stop = -(-(node.offset + node.length) * faster // (node.rate * slower)) + MARGIN_SECONDS
    seeking = ("-ss", str(seek)) if seek else ()
    bounding = ("-t", str(stop - seek)) if stop * node.rate * slower < available * faster else ()
    return (*seeking, *bounding)


def _reading(demuxer: str) -> tuple[str, ...]:
    """The options with which a source is read."""
    return _WAV_INPUT if demuxer == "wav" else UNPROBED


def decode(wire: Wiring, source: Source, rate: int) -> FilterChain:
    """A whole source at another rate, as long as its declared length makes it."""
    length, demuxer = source.length(rate), demuxer_of(decoding_of(source))
    return wire.extend(
        wire.read(source.name, file_of(source), demuxer, _reading(demuxer)),
        source.name,
        *as_declared(source, rate),
        RESET_TIME,
        call("apad", whole_len=length),
        call("atrim", end_sample=length),
    )
