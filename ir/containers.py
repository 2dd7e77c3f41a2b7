"""The file formats of delivered files: containers, encodings, sample rates and bit rates.

`CONTAINERS` is the only table of formats; presets, requests, the verifier and the encoding use it.
Bit rates are kbit/s. A mix at a sample rate that a container does not support is resampled to the
next higher supported rate, which keeps all frequencies, or else to the highest.

Sources of the numbers: MP3, ISO/IEC 11172-3 and 13818-3; AAC, ISO/IEC 14496-3 (6144 bits per
channel and frame of 1024); Opus, RFC 6716 and the limits of libopus; Vorbis, the rate tables of
libvorbis 1.3 (`lib/modes`), which accepts nothing beyond them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from attrs import evolve, frozen


class Encoding(StrEnum):
    """The sample format or codec of a delivered file."""

    S16 = "s16"
    S24 = "s24"
    F32 = "f32"
    F64 = "f64"
    MP3 = "mp3"
    AAC = "aac"
    OPUS = "opus"
    VORBIS = "vorbis"

    @property
    def is_lossy(self) -> bool:
        """Whether decoding does not give back the exact samples."""
        return self in (Encoding.MP3, Encoding.AAC, Encoding.OPUS, Encoding.VORBIS)

    @property
    def bits(self) -> int:
        """Bits per sample; a lossy codec encodes 32-bit floats."""
        return 32 if self.is_lossy else int(self.value[1:])

    @property
    def is_float(self) -> bool:
        """Whether it can represent values above full scale."""
        return self.is_lossy or self.value[0] == "f"


class BitRates(NamedTuple):
    """The bit rates of a codec in a range of sample rates.

    Attributes:
        rates: the lowest and the highest sample rate of the range, Hz.
        mono, stereo: kbit/s, ascending.
    """

    rates: tuple[int, int]
    mono: Sequence[int]
    stereo: Sequence[int]


@frozen(kw_only=True)
class Container:
    """A file format.

    Attributes:
        name: its common name.
        codec: as named in metadata.
        media_type: of a file, for HTTP (RFC 6838).
        encodings: the supported encodings, the default first.
        rates: the supported sample rates, Hz, ascending; empty: any.
        bit_rates: of a lossy codec; empty for others.
        bit_rate: the default for a stereo file, kbit/s.
        tail: the number of samples that a decoder may append, because not all decoders read the
            exact end of the audio from the file.
        holds_cover: whether it can contain a cover picture.
        holds_chapters: whether it can contain chapters, made from markers.
        most_chapters: the highest number of chapters; None: no limit.
        listed_chapters: how many of them all players show, if these are fewer.
    """

    name: str
    codec: str
    media_type: str
    encodings: tuple[Encoding, ...]
    rates: tuple[int, ...] = ()
    bit_rates: tuple[BitRates, ...] = ()
    bit_rate: int | None = None
    tail: int = 0
    holds_cover: bool = True
    holds_chapters: bool = True
    most_chapters: int | None = None
    listed_chapters: int | None = None

    @property
    def is_lossy(self) -> bool:
        """Whether its codec is lossy."""
        return self.encodings[0].is_lossy

    def rate(self, rate: int) -> int:
        """The sample rate of a file for a mix at `rate` Hz."""
        if not self.rates or rate in self.rates:
            return rate
        return next((held for held in self.rates if held > rate), self.rates[-1])

    def allowed(self, rate: int, channels: int) -> Sequence[int]:
        """The bit rates for a mix at `rate` Hz, kbit/s, ascending; none unless it is lossy."""
        held = self.rate(rate)
        for row in self.bit_rates:
            if row.rates[0] <= held <= row.rates[1]:
                return row.mono if channels == 1 else row.stereo
        return ()

    def nearest(self, bit_rate: int, rate: int, channels: int) -> int:
        """The allowed bit rate closest to a given one for stereo, or to half of it for mono."""
        wanted = bit_rate / 2 if channels == 1 else bit_rate
        return min(self.allowed(rate, channels), key=lambda held: abs(held - wanted))


def spelt(bit_rates: Sequence[int]) -> str:
    """Bit rates as text: a list, or a range."""
    if isinstance(bit_rates, range):
        return f"{bit_rates[0]} to {bit_rates[-1]}"
    return ", ".join(map(str, bit_rates))


_UP_TO_48000 = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
_MPEG_1 = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_MPEG_2 = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_MPEG_2_5 = (8, 16, 24, 32, 40, 48, 56, 64)


def _upto(low: int, high: int) -> range:
    return range(low, high + 1)


def _aac(rate: int) -> BitRates:
    """Up to 6144 bits per channel and frame of 1024 samples."""
    most = 6 * rate // 1000
    return BitRates((rate, rate), _upto(8, most), _upto(16, 2 * most))


_AAC_RATES = (*_UP_TO_48000, 64000, 88200, 96000)
_M4A = Container(
    name="AAC",
    codec="aac",
    media_type="audio/mp4",
    encodings=(Encoding.AAC,),
    rates=_AAC_RATES,
    bit_rates=tuple(_aac(rate) for rate in _AAC_RATES),
    bit_rate=192,
    tail=1024,
    listed_chapters=255,  # the count in chpl is one byte
)

CONTAINERS: Mapping[str, Container] = {
    "wav": Container(
        name="WAV",
        codec="pcm",
        media_type="audio/wav",
        encodings=(Encoding.S24, Encoding.S16, Encoding.F32, Encoding.F64),
        holds_cover=False,
        holds_chapters=False,
    ),
    "flac": Container(
        name="FLAC",
        codec="flac",
        media_type="audio/flac",
        encodings=(Encoding.S24, Encoding.S16),
    ),
    "mp3": Container(
        name="MP3",
        codec="mp3",
        media_type="audio/mpeg",
        encodings=(Encoding.MP3,),
        rates=_UP_TO_48000,
        bit_rates=(
            BitRates((32000, 48000), _MPEG_1, _MPEG_1),
            BitRates((16000, 24000), _MPEG_2, _MPEG_2),
            BitRates((8000, 12000), _MPEG_2_5, _MPEG_2_5),
        ),
        bit_rate=192,
        most_chapters=255,  # the count in CTOC is one byte
    ),
    "m4a": _M4A,
    "m4b": evolve(_M4A, name="AAC audiobook", bit_rate=128),
    "mp4": evolve(_M4A, name="MP4", media_type="video/mp4"),
    "opus": Container(
        name="Opus",
        codec="opus",
        media_type="audio/ogg; codecs=opus",
        encodings=(Encoding.OPUS,),
        rates=(48000,),
        bit_rates=(BitRates((48000, 48000), _upto(6, 256), _upto(6, 510)),),
        bit_rate=128,
    ),
    "ogg": Container(
        name="Ogg Vorbis",
        codec="vorbis",
        media_type="audio/ogg",
        encodings=(Encoding.VORBIS,),
        rates=_UP_TO_48000,
        bit_rates=(
            BitRates((8000, 8000), _upto(8, 42), _upto(12, 84)),
            BitRates((11025, 12000), _upto(12, 50), _upto(16, 100)),
            BitRates((16000, 16000), _upto(16, 100), _upto(24, 200)),
            BitRates((22050, 24000), _upto(16, 90), _upto(30, 180)),
            BitRates((32000, 32000), _upto(30, 190), _upto(36, 380)),
            BitRates((44100, 48000), _upto(32, 240), _upto(45, 500)),
        ),
        bit_rate=160,
    ),
}
"""Containers by name, which is also the extension of the file."""
