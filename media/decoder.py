"""The ffmpeg command that decodes a source to WAV.

`arguments` is the only place that builds this command, both for the ingest and for the decoding
step of a plan. ffmpeg decodes the whole file once, in order, and keeps the samples that the
container marks as audible: encoder delay and padding are removed, a late start and gaps are kept as
silence. The result is WAV (RF64 beyond 4 GiB) with 32-bit floats if they represent every sample
exactly, otherwise with 64-bit floats. The command names the demuxer, and a PCM coding too, so that
ffmpeg never guesses; ffmpeg opens no other file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

from attrs import evolve, frozen

from ..ir.node import Repair, Source
from ..programs.ffmpeg import input_arguments
from ..programs.program import Tool
from .headers import PLAIN

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
"""The container of a codec -> ffmpeg's demuxer. Playlists and images are left out: they refer to
other files, or have no sound."""

NARROW = frozenset(
    {
        *("aac", "aac_latm", "ac3", "eac3", "mp1", "mp2", "mp3", "opus", "speex", "vorbis"),
        "vorbis_stream",
        *("wmav1", "wmav2", "wmapro", "wmavoice", "amr_nb", "amr_wb", "gsm", "gsm_ms", "cook"),
        *("atrac3", "atrac3p", "nellymoser", "qdm2", "sipr", "ra_144", "ra_288", "aptx", "sbc"),
        *("g723_1", "g729", "ilbc", "qcelp", "evrc", "musepack7", "musepack8", "codec2"),
        *("pcm_u8", "pcm_s8", "pcm_s16le", "pcm_s16be", "pcm_u16le", "pcm_u16be"),
        *("pcm_s24le", "pcm_s24be", "pcm_f32le", "pcm_f32be", "pcm_alaw", "pcm_mulaw"),
        *("pcm_16", "pcm_24", "float", "mpeg_layer_iii"),  # as named by libsndfile
    }
)
"""Codings whose decoders output 32-bit floats, or integers of up to 24 bits. All others are decoded
to 64 bits, because they may have more: WavPack, ALAC, TTA and DTS have up to 32 bits."""

TIMED = frozenset(
    {"asf", "avi", "flv", "matroska", "mov", "mpeg", "mpegts", "mxf", "nut", "ogg", "rm"}
)
"""Demuxers of containers with a timestamp for each packet."""

CORRECTED = frozenset({"mpeg", "mpegts", "ogg"})
"""The demuxers of `TIMED` for which ffmpeg counts time from the first of the streams that it reads.
A start later than that of other streams would be lost, so the other streams are read too, and
discarded."""

VORBIS = "ogg/vorbis"
"""A codec that libsndfile decodes instead of ffmpeg. At the end of a Vorbis stream, ffmpeg's Ogg
demuxer drops 128 samples too many, or leaves up to 1,023 samples that do not belong to it;
libvorbis, which libsndfile uses, does neither."""

MPEG = "mp3/mpeg_layer_iii"
"""MP3 of `MISREAD_RATE`, which libsndfile decodes too, if it is whole. ffmpeg 5.1 misreads it, with
errors of -20 dBFS in speech and of up to full scale; mpg123, which libsndfile uses, does not."""
MISREAD_RATE = 24_000
"""Hz."""

BY_LIBSNDFILE = frozenset({VORBIS, MPEG})
"""The codecs that libsndfile decodes."""

STREAM = "ogg/vorbis_stream"
"""Ogg Vorbis that ffmpeg decodes after all: a damaged file, or a chain of several streams, of which
libsndfile reads only the first."""

UNPADDED = frozenset({"caf/alac"})
"""Codecs whose last packet is only as long as its sound, although the container declares the rest
of it as padding. ffmpeg 9 would remove as many samples again."""

MEASURED = frozenset({"mov", "caf"})
"""Demuxers of containers that state how many samples a stream has, which not all versions of ffmpeg
heed: 5.1 plays the padding at the end. The decoding is limited to the samples of the source."""

LATE_SECONDS = 0.03
"""The shortest late start that is kept as silence: longer than the delay of any encoder..."""
LATEST_SECONDS: Mapping[str, float] = {"asf": 0.1}
"""...except that of WMA, whose decoder drops its first two frames, 93 ms."""
GAP_SECONDS = 0.1
"""The shortest gap between packets that is kept as silence; shorter ones are rounding errors."""
MOST_SILENCE_SECONDS = 3600
"""The most silence kept in total; a file may declare any length."""

LARGEST = 3.4028234663852886e38
"""The largest sample: the largest number of 32-bit floats. A larger one is no level of a sound, and
its square, or a gain, would be infinite; it counts as one that is not finite."""

_T = TypeVar("_T")


@frozen
class Decoding:
    """The part of a file that is decoded, and how.

    Attributes:
        codec: container and coding, as named by ffmpeg, such as "mov/aac".
        stream: the number of the audio stream, from 1.
        channels: of the result, if there is a matrix; otherwise 0.
        matrix: gains from the file's channels to each channel of the result, row by row; empty:
            the channels are unchanged.
        silence: the most samples of silence to keep for a late start and gaps; 0: none.
        repair: whether samples that are not finite are replaced by zero.
        delay: the samples at the start that are removed as the encoder's delay, instead of what
            ffmpeg would remove; 0: ffmpeg does it.
        frames: the most samples after that, without silence; 0: all.
    """

    codec: str
    stream: int = 1
    channels: int = 0
    matrix: tuple[float, ...] = ()
    silence: int = 0
    repair: bool = False
    delay: int = 0
    frames: int = 0

    @property
    def demuxer(self) -> str | None:
        """The demuxer of ffmpeg; None for an unsupported container."""
        return DEMUXERS.get(self.codec.partition("/")[0])

    @property
    def coding(self) -> str:
        """The coding without the container, such as "aac"."""
        return self.codec.partition("/")[2]

    @property
    def is_pcm(self) -> bool:
        """Whether the file is uncompressed and decoded by ffmpeg."""
        return self.coding.startswith("pcm_") and self.codec not in PLAIN

    def limited_to(self, frames: int) -> Decoding:
        """The decoding whose result has this many samples, if its container states a number."""
        measured = self.demuxer in MEASURED or self.delay > 0
        return evolve(self, frames=frames - self.silence) if measured else self

    @property
    def bits(self) -> int:
        """The size of the floats that represent the result exactly."""
        mixes = not {0.0, 1.0}.issuperset(self.matrix)
        return 32 if self.coding in NARROW and not mixes else 64


def fault_of(ffmpeg: Tool, coding: str, rate: int) -> str:
    """Why a version of ffmpeg does not decode a coding as others do; "" if it does."""
    if coding != "mp3" or rate != MISREAD_RATE or ffmpeg.version >= (6,):
        return ""
    return (
        f"ffmpeg {ffmpeg.version_text} decodes {coding} of {rate:,} Hz incorrectly; use a later "
        "version, or convert the file to FLAC"
    )


def is_plain(source: Source) -> bool:
    """Whether every backend reads a source in place, complete and unchanged."""
    return source.codec in PLAIN and decoding_of(source) == Decoding(source.codec)


def decoding_of(source: Source) -> Decoding:
    """The decoding of a source."""
    decoding = Decoding(
        codec=source.codec,
        stream=source.stream,
        channels=source.channels if source.matrix else 0,
        matrix=source.matrix,
        silence=source.silence,
        repair=source.repair is Repair.ZERO,
        delay=source.delay,
    )
    return decoding.limited_to(source.frames)


def own_arguments(decoding: Decoding) -> tuple[str, ...]:
    """The arguments of `mixdown step decode` after the two files, for `BY_LIBSNDFILE`."""
    gains = " ".join(map(repr, decoding.matrix))
    mixed = ("--channels", str(decoding.channels), "--gains", gains) if decoding.matrix else ()
    return (*mixed, *(("--repair",) if decoding.repair else ()))


def parse_own_arguments(words: Sequence[str]) -> Decoding:
    """The decoding from the arguments that `own_arguments` returns.

    Raises:
        ValueError: the arguments are invalid.
    """
    match [*words]:
        case ["--channels", channels, "--gains", gains, *rest]:
            matrix = tuple(map(float, gains.split()))
            if int(channels) < 1 or not matrix or len(matrix) % int(channels):
                raise ValueError(f"{len(matrix)} gains do not divide into {channels} channels")
            decoding = Decoding(VORBIS, 1, int(channels), matrix)
        case rest:
            decoding = Decoding(VORBIS)
    if rest not in ([], ["--repair"]):
        raise ValueError(f"unknown: {' '.join(rest)}")
    return evolve(decoding, repair=bool(rest))


def arguments(decoding: Decoding, source: _T, target: _T) -> tuple[str | _T, ...]:
    """The arguments of ffmpeg, after its `QUIET`, that decode one file to another.

    Raises:
        ValueError: the container is not supported.
    """
    silent = decoding.silence > 0
    chain = ",".join(filters(decoding))
    others = ("-map", "0:v?", "-map", "0:a", "-c", "copy", "-f", "null", "-")
    return (
        # Times in a movie count from its beginning, and an edit list may delay the sound; in other
        # containers they count from the first packet of any stream.
        *(("-copyts",) if silent and decoding.demuxer == "mov" else ()),
        *input_arguments(source, (demuxer_of(decoding),), decoder_options(decoding)),
        *("-map", f"0:a:{decoding.stream - 1}"),
        *("-map_metadata", "-1", "-map_chapters", "-1", "-fflags", "+bitexact"),
        *(("-af", chain) if chain else ()),
        *("-c:a", f"pcm_f{decoding.bits}le", "-f", "wav", "-rf64", "auto", target),
        *(others if silent and decoding.demuxer in CORRECTED else ()),
    )


def demuxer_of(decoding: Decoding) -> str:
    """The demuxer of ffmpeg.

    Raises:
        ValueError: the container is not supported.
    """
    if decoding.demuxer is None:
        raise ValueError(f"{decoding.codec} is not a format that mixdown reads")
    return decoding.demuxer


def decoder_options(decoding: Decoding) -> tuple[str, ...]:
    """The options that name the decoder if ffmpeg would otherwise guess it, and that set it up."""
    naming = ("-c:a", decoding.coding) if decoding.is_pcm else ()
    own = decoding.codec in UNPADDED or decoding.delay
    whole = ("-flags2", "+skip_manual") if own else ()
    return (*naming, *whole)


def filters(decoding: Decoding) -> Iterator[str]:
    """The filters that process the decoded samples, quoted for a filter graph."""
    if decoding.delay or decoding.frames:
        end = f":end_sample={decoding.delay + decoding.frames}" if decoding.frames else ""
        yield f"atrim=start_sample={decoding.delay}{end}"
    if decoding.silence:
        late = str(LATEST_SECONDS.get(decoding.demuxer or "", LATE_SECONDS))
        # Versions of ffmpeg differ in whether time begins before or after the delay.
        late = f"max({late},{decoding.delay}.5/SR)" if decoding.delay else late
        yield f"asetpts='{_kept_gaps(late, decoding.silence)}'"
        yield "aresample=async=1:first_pts=0:min_comp=0.0001:min_hard_comp=0.0001"
    if decoding.repair:
        yield f"aeval='if(lte(abs(val(ch)),{LARGEST!r}),val(ch),0)':c=same"
    if decoding.matrix:
        layout = {1: "mono", 2: "stereo"}[decoding.channels]
        if decoding.bits == 64:
            yield "aformat=sample_fmts=dblp"
        yield "|".join((f"pan={layout}", *_rows(decoding)))


def _rows(decoding: Decoding) -> Iterator[str]:
    """The channels of the result in the syntax of the pan filter."""
    width = len(decoding.matrix) // decoding.channels
    for row in range(decoding.channels):
        gains = decoding.matrix[row * width : (row + 1) * width]
        terms = (f"{gain!r}*c{channel}" for channel, gain in enumerate(gains) if gain)
        yield f"c{row}=" + ("+".join(terms) or "0*c0")


def _kept_gaps(late: str, most: int) -> str:
    """The expression for timestamps in samples: packets are contiguous unless a timestamp jumps.

    Timestamps that go back or drift have no effect: no sample is ever dropped or stretched. The
    registers are: 0 the end of the output so far, 1 the end of the previous packet by its own
    timestamps, 2 the silence so far, 3 the silence before this packet, 4 the time of this packet.
    A gap that would bring the silence above `MOST_SILENCE_SECONDS` is closed; where it is, and its
    length, are printed to the log.
    """
    return (
        "st(3,if(isnan(PTS),0,PTS-ld(1)));"
        f"if(gt(ld(3),max({GAP_SECONDS}*SR,{MOST_SILENCE_SECONDS}*SR-ld(2))),print(ld(0),32);print(ld(3),32));"
        f"st(3,if(between(ld(3),if(N,{GAP_SECONDS},{late})*SR,{most}-ld(2)),"
        "ld(3),0));"
        "st(1,if(isnan(PTS),ld(1),PTS)+S);"
        "st(2,ld(2)+ld(3));"
        "st(4,ld(0)+ld(3));"
        "st(0,ld(4)+S);"
        "ld(4)"
    )
