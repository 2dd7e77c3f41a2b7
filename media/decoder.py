"""How ffmpeg decodes a source to WAV, the same way wherever a source is decoded.

Promises: `arguments` is the one place that writes such a command: for the ingest, and for the step
in front of a plan. The file is decoded once, whole, in order, from the samples that the container
says are heard: encoder delay and padding go, a late start and gaps are kept as silence. It is WAV
(RF64 beyond 4 GiB) of 32-bit floats where these hold every sample exactly, else of 64-bit ones.
The demuxer is named, and a PCM coding too, so that ffmpeg never guesses; it opens this one file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

from attrs import evolve, frozen

from ..ir.node import Repair, Source

DEMUXERS: Mapping[str, str] = {
    "wavex": "wav",
    "rf64": "wav",
    **{
        name: name
        for name in (
            *("aac", "ac3", "adx", "aiff", "amr", "ape", "aptx", "asf", "au", "avi", "avr", "caf"),
            *("dsf", "dts", "dtshd", "eac3", "flac", "flv", "g722", "gsm", "iff", "ircam"),
            *("matroska", "mlp", "mov", "mp3", "mpc", "mpc8", "mpeg", "mpegts", "mxf"),
            *("nistsphere", "nut", "ogg", "oma", "rm", "sbc", "sox", "tak", "truehd", "tta"),
            *("voc", "w64", "wav", "wv"),
        )
    },
}
"""The container of a codec -> ffmpeg's demuxer. No playlists and no images: they name other files,
or have no sound."""

PLAIN = frozenset(
    (
        *(
            f"{container}/{coding}"
            for container in ("wav", "wavex", "rf64", "w64")
            for coding in ("pcm_16", "pcm_24", "pcm_32", "float", "double")
        ),
        *("aiff/pcm_16", "aiff/pcm_24", "aiff/pcm_32", "flac/pcm_16", "flac/pcm_24"),
    )
)
"""Codecs of files that every backend reads in place, by libsndfile's names. Any other name is of a
file that ffmpeg decodes first, and is ffmpeg's."""

LOCAL = ("-protocol_whitelist", "file")
"""What keeps ffmpeg from opening anything but files."""

QUIET = ("-hide_banner", "-nostdin", "-y", "-loglevel", "error")
"""How a step's ffmpeg begins."""

NARROW = frozenset(
    {
        *("aac", "aac_latm", "ac3", "eac3", "mp1", "mp2", "mp3", "opus", "speex", "vorbis"),
        "vorbis_stream",
        *("wmav1", "wmav2", "wmapro", "wmavoice", "amr_nb", "amr_wb", "gsm", "gsm_ms", "cook"),
        *("atrac3", "atrac3p", "nellymoser", "qdm2", "sipr", "ra_144", "ra_288", "aptx", "sbc"),
        *("g723_1", "g729", "ilbc", "qcelp", "evrc", "musepack7", "musepack8", "codec2"),
        *("pcm_u8", "pcm_s8", "pcm_s16le", "pcm_s16be", "pcm_u16le", "pcm_u16be"),
        *("pcm_s24le", "pcm_s24be", "pcm_f32le", "pcm_f32be", "pcm_alaw", "pcm_mulaw"),
        *("pcm_16", "pcm_24", "float"),  # of plain files
    }
)
"""Codings whose decoders give 32-bit floats, or whole numbers of up to 24 bits. Any other is kept
in 64 bits, for it may have more: WavPack, ALAC and TTA hold up to 32 bits, DTS too."""

TIMED = frozenset(
    {"asf", "avi", "flv", "matroska", "mov", "mpeg", "mpegts", "mxf", "nut", "ogg", "rm"}
)
"""Demuxers of containers that say when each packet is heard."""

CORRECTED = frozenset({"mpeg", "mpegts", "ogg"})
"""Of these, ffmpeg counts times from the first of the streams that it decodes, so that a late start
beside other streams is lost; here it has to copy the others to nowhere."""

VORBIS = "ogg/vorbis"
"""The one codec that ffmpeg does not decode here. Its Ogg demuxer takes 128 samples too many off
the end of a Vorbis, or leaves up to 1,023 there that are none; libvorbis, in libsndfile, does
neither. A chain of several Vorbis, of which libsndfile reads the first, and a damaged one are
`STREAM`."""

STREAM = "ogg/vorbis_stream"

LATE_SECONDS = 0.03
"""A start at least so late is kept as silence: later than the delay of any encoder..."""
LATEST_SECONDS: Mapping[str, float] = {"asf": 0.1}
"""...but for WMA's, whose decoder drops its first two frames, 93 ms."""
GAP_SECONDS = 0.1
"""A gap between packets of at least so long is kept; shorter ones are roundings of clocks."""
MOST_SILENCE_SECONDS = 3600
"""So much silence is kept in all of a file that does not say how long it is."""

_T = TypeVar("_T")


@frozen
class Decoding:
    """What of a file is decoded, and how.

    Attributes:
        codec: container and coding, by ffmpeg's names, such as "mov/aac".
        stream: which of its audio streams, from 1.
        channels: of the result, where a matrix makes them.
        matrix: gains from the file's channels to each channel of the result, row by row; none: as
            they are.
        silence: how many samples may be kept where the stream is late or has gaps; 0: none are.
        repair: whether samples that are not finite become zero.
    """

    codec: str
    stream: int = 1
    channels: int = 0
    matrix: tuple[float, ...] = ()
    silence: int = 0
    repair: bool = False

    @property
    def demuxer(self) -> str | None:
        """The name of its demuxer; None where the container is none that we read."""
        return DEMUXERS.get(self.codec.partition("/")[0])

    @property
    def coding(self) -> str:
        """The name of its coding."""
        return self.codec.partition("/")[2]

    @property
    def is_pcm(self) -> bool:
        """Whether its samples stand for themselves, by a name of ffmpeg's."""
        return self.coding.startswith("pcm_") and self.codec not in PLAIN

    @property
    def bits(self) -> int:
        """Of the floats that hold the result exactly."""
        mixes = not {0.0, 1.0}.issuperset(self.matrix)
        return 32 if self.coding in NARROW and not mixes else 64


def is_plain(source: Source) -> bool:
    """Whether every backend reads a source in place, all of it and as it is."""
    return source.codec in PLAIN and decoding_of(source) == Decoding(source.codec)


def decoding_of(source: Source) -> Decoding:
    """How a source is decoded."""
    return Decoding(
        codec=source.codec,
        stream=source.stream,
        channels=source.channels if source.matrix else 0,
        matrix=source.matrix,
        silence=source.silence,
        repair=source.repair is Repair.ZERO,
    )


def own_arguments(decoding: Decoding) -> tuple[str, ...]:
    """The arguments of `mixdown step decode` after the two files, for a `VORBIS`."""
    gains = " ".join(map(repr, decoding.matrix))
    mixed = ("--channels", str(decoding.channels), "--gains", gains) if decoding.matrix else ()
    return (*mixed, *(("--repair",) if decoding.repair else ()))


def decoding_by(words: Sequence[str]) -> Decoding:
    """What `own_arguments` says.

    Raises:
        ValueError: it says nothing of the kind.
    """
    match [*words]:
        case ["--channels", channels, "--gains", gains, *rest]:
            matrix = tuple(map(float, gains.split()))
            if int(channels) < 1 or not matrix or len(matrix) % int(channels):
                raise ValueError(f"{len(matrix)} gains make no {channels} channels")
            decoding = Decoding(VORBIS, 1, int(channels), matrix)
        case rest:
            decoding = Decoding(VORBIS)
    if rest not in ([], ["--repair"]):
        raise ValueError(f"unknown: {' '.join(rest)}")
    return evolve(decoding, repair=bool(rest))


def arguments(decoding: Decoding, source: _T, target: _T) -> tuple[str | _T, ...]:
    """The arguments of ffmpeg, after `QUIET`, that decode one file to another.

    Raises:
        ValueError: the container is none that we read.
    """
    silent = decoding.silence > 0
    chain = ",".join(filters(decoding))
    others = ("-map", "0:v?", "-map", "0:a", "-c", "copy", "-f", "null", "-")
    return (
        *LOCAL,
        # Movies count from their beginning, where an edit may delay the sound; others from the
        # first packet of all.
        *(("-copyts",) if silent and decoding.demuxer == "mov" else ()),
        *input_options(decoding),
        *("-i", source, "-map", f"0:a:{decoding.stream - 1}"),
        *("-map_metadata", "-1", "-map_chapters", "-1", "-fflags", "+bitexact"),
        *(("-af", chain) if chain else ()),
        *("-c:a", f"pcm_f{decoding.bits}le", "-f", "wav", "-rf64", "auto", target),
        *(others if silent and decoding.demuxer in CORRECTED else ()),
    )


def input_options(decoding: Decoding) -> tuple[str, ...]:
    """The options that name the demuxer, and the decoder where ffmpeg would guess it.

    Raises:
        ValueError: the container is none that we read.
    """
    if decoding.demuxer is None:
        raise ValueError(f"{decoding.codec} is no format that mixdown reads")
    naming = ("-c:a", decoding.coding) if decoding.is_pcm else ()
    return ("-f", decoding.demuxer, *naming)


def filters(decoding: Decoding) -> Iterator[str]:
    """What the decoded samples go through, a filter each, quoted as filter graphs are."""
    if decoding.silence:
        late = LATEST_SECONDS.get(decoding.demuxer or "", LATE_SECONDS)
        yield f"asetpts='{_kept_gaps(late, decoding.silence)}'"
        yield "aresample=async=1:first_pts=0:min_comp=0.0001:min_hard_comp=0.0001"
    if decoding.repair:
        yield "aeval='if(isnan(val(ch))+isinf(val(ch)),0,val(ch))':c=same"
    if decoding.matrix:
        layout = {1: "mono", 2: "stereo"}[decoding.channels]
        if decoding.bits == 64:
            yield "aformat=sample_fmts=dblp"
        yield "|".join((f"pan={layout}", *_rows(decoding)))


def _rows(decoding: Decoding) -> Iterator[str]:
    """A channel of the result each, as pan writes it."""
    width = len(decoding.matrix) // decoding.channels
    for row in range(decoding.channels):
        gains = decoding.matrix[row * width : (row + 1) * width]
        terms = (f"{gain!r}*c{channel}" for channel, gain in enumerate(gains) if gain)
        yield f"c{row}=" + ("+".join(terms) or "0*c0")


def _kept_gaps(late: float, most: int) -> str:
    """Times in samples: each packet follows the one before, but where its own time jumps ahead.

    Times that go back, or drift, move nothing: no sample is ever dropped or stretched. Registers: 0
    the end of what is written, 1 the end of the packet before by its own times, 2 the silence so
    far, 3 that before this packet, 4 this packet's time.
    """
    return (
        "st(3,if(isnan(PTS),0,PTS-ld(1)));"
        f"st(3,if(between(ld(3),if(N,{GAP_SECONDS},{late})*SR,{most}-ld(2)),"
        "ld(3),0));"
        "st(1,if(isnan(PTS),ld(1),PTS)+S);"
        "st(2,ld(2)+ld(3));"
        "st(4,ld(0)+ld(3));"
        "st(0,ld(4)+S);"
        "ld(4)"
    )
