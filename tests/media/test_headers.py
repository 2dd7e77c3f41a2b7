"""Headers say what is there, or why it may be something else."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from mixdown.media.headers import PLAIN, read_header
from odd_media import encode, flac, padded_24_in_32, pcm16, tone, unfinished, wav, write_tone

FORMS = [
    ("a.wav", "PCM_16"),
    ("a.wav", "PCM_24"),
    ("a.wav", "PCM_32"),
    ("a.wav", "FLOAT"),
    ("a.wav", "DOUBLE"),
    ("a.wavex", "PCM_24"),
    ("a.rf64", "PCM_16"),
    ("a.w64", "PCM_24"),
    ("a.aiff", "PCM_16"),
    ("a.aiff", "PCM_24"),
    ("a.flac", "PCM_16"),
    ("a.flac", "PCM_24"),
]


@pytest.mark.parametrize(("name", "subtype"), FORMS, ids=str)
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_it_reads_what_libsndfile_reads(tmp_path: Path, name: str, subtype: str, channels: int):
    path = tmp_path / name
    form = path.suffix[1:].upper()
    soundfile.write(path, tone(0.1, 44100, channels), 44100, subtype=subtype, format=form)
    header, info = read_header(path), soundfile.info(path)
    assert header is not None
    assert header.codec == f"{info.format}/{info.subtype}".lower()
    assert (header.rate, header.channels, header.frames) == (44100, channels, 4410)
    assert header.declared == 4410
    assert header.oddity is None
    assert header.codec in PLAIN


CASES = {
    "24 bits in 32": ({"bits": 32, "valid": 24}, "it keeps 24 bits in 32", 4800),
    "more data than file": ({"data_size": 1 << 30}, "its header says more than there is", 9600),
    "no sizes": ({"riff_size": 0, "data_size": 0}, "its header does not say how long it is", 9600),
    "sizes of streams": (
        {"riff_size": 0xFFFFFFFF, "data_size": 0xFFFFFFFF},
        "its header does not say how long it is",
        9600,
    ),
    "half a sample": ({"data_size": 19199}, "it ends within a sample", 9599),
}


@pytest.mark.parametrize("case", CASES)
def test_an_unusual_header_is_named(tmp_path: Path, case: str):
    changes, oddity, frames = CASES[case]
    path = tmp_path / "a.wav"
    path.write_bytes(wav(pcm16(tone(0.2)), **changes))
    header = read_header(path)
    assert header is not None
    assert (header.oddity, header.frames) == (oddity, frames)


def test_an_empty_file_is_empty(tmp_path: Path):
    path = tmp_path / "a.wav"
    path.write_bytes(wav(b"", after=b"LIST" + struct.pack("<I", 4) + b"INFO"))
    header = read_header(path)
    assert header is not None
    assert (header.frames, header.declared, header.oddity) == (0, 0, None)


def test_what_is_before_the_samples_does_not_matter(tmp_path: Path, embedded_ffmpeg: str):
    source = write_tone(tmp_path / "tone.wav", 0.1)
    path = encode(embedded_ffmpeg, source, tmp_path / "a.wav", "-metadata", "title=x" * 500)
    header = read_header(path)
    assert header is not None
    assert (header.frames, header.oddity) == (4800, None)


def test_a_flac_that_does_not_say_how_long_it_is_is_odd(tmp_path: Path):
    header = read_header(flac(tmp_path / "a.flac", total=0))
    assert header is not None
    assert (header.declared, header.oddity) == (None, "its header does not say how long it is")


@pytest.mark.parametrize(
    "text", [b"", b"RIFF", b"no audio at all", b"OggS" + bytes(60), b"FORM" + bytes(60)], ids=repr
)
def test_what_it_does_not_know_it_leaves_alone(tmp_path: Path, text: bytes):
    path = tmp_path / "a.wav"
    path.write_bytes(text)
    assert read_header(path) is None


def test_compressed_wavs_are_left_to_ffmpeg(tmp_path: Path, embedded_ffmpeg: str):
    source = write_tone(tmp_path / "tone.wav", 0.1)
    assert (
        read_header(encode(embedded_ffmpeg, source, tmp_path / "a.wav", "-c:a", "adpcm_ms")) is None
    )


def seeds() -> list[bytes]:
    """Files of every kind, to be damaged."""
    import io

    made = [wav(pcm16(tone(0.01))), wav(pcm16(tone(0.01)), valid=16)]
    for form in ("RF64", "W64", "AIFF", "FLAC"):
        file = io.BytesIO()
        soundfile.write(file, tone(0.01), RATE, format=form, subtype="PCM_16")
        made.append(file.getvalue())
    return made


RATE = 48_000
SEEDS = seeds()


@given(
    seed=st.sampled_from(SEEDS),
    changes=st.lists(st.tuples(st.integers(0, 80), st.integers(0, 255)), max_size=6),
    cut=st.integers(0, 400),
)
def test_a_damaged_header_is_none_or_one_that_fits_the_file(tmp_path_factory, seed, changes, cut):
    data = bytearray(seed[:cut] if cut < 120 else seed)
    for at, value in changes:
        if at < len(data):
            data[at] = value
    path = tmp_path_factory.mktemp("headers") / "a"
    path.write_bytes(data)
    header = read_header(path)
    if header is not None and header.container != "flac":
        assert 0 <= header.frames <= len(data)


def test_padding_of_24_bits_in_32_is_known_by_its_decoder(tmp_path: Path):
    header = read_header(padded_24_in_32(tmp_path / "a.wav"))
    assert header is not None
    assert header.decoder == "pcm_s32le"


def test_an_unfinished_recording_is_read_to_its_end(tmp_path: Path):
    header = read_header(unfinished(tmp_path / "a.wav", 0))
    assert header is not None
    assert header.frames == 9600
    np.testing.assert_equal(header.declared, None)
