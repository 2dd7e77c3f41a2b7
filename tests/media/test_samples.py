"""libsndfile reads files from beginning to end, exact to the sample."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from mixdown.media.decoder import VORBIS, Decoding, own_arguments
from mixdown.media.headers import read_header
from mixdown.media.samples import Scan, decode_file, run_decode, scan_flac, scan_floats
from odd_media import RATE, encode, flac, nonfinite, tone, write_tone


@pytest.fixture
def ogg(tmp_path: Path, embedded_ffmpeg: str) -> Path:
    """Clicks, with a length that ffmpeg does not decode to the end."""
    samples = np.zeros((47_923, 2))
    samples[::4801] = 0.5
    soundfile.write(tmp_path / "clicks.wav", samples, RATE, subtype="FLOAT")
    return encode(embedded_ffmpeg, tmp_path / "clicks.wav", tmp_path / "a.ogg", "-c:a", "libvorbis")


def test_vorbis_is_decoded_completely(ogg: Path, tmp_path: Path):
    done = list(decode_file(ogg, tmp_path / "out.wav", Decoding(VORBIS)))
    assert done[-1] == 1.0
    made, rate = soundfile.read(tmp_path / "out.wav")
    wanted, _ = soundfile.read(ogg)
    assert (len(made), rate) == (47_923, RATE)
    np.testing.assert_array_equal(made, wanted)
    header = read_header(tmp_path / "out.wav")
    assert header is not None
    assert header.is_plain


@pytest.mark.parametrize("count", [1, 2**20 + 5])
def test_the_block_size_has_no_effect(tmp_path: Path, count: int):
    """A seek near the end of a Vorbis file is not exact, so nothing may seek."""
    noise = np.random.default_rng(2).normal(0, 0.1, count)
    soundfile.write(tmp_path / "a.ogg", noise, RATE, subtype="VORBIS", format="OGG")
    list(decode_file(tmp_path / "a.ogg", tmp_path / "out.wav", Decoding(VORBIS)))
    np.testing.assert_array_equal(
        soundfile.read(tmp_path / "out.wav")[0], soundfile.read(tmp_path / "a.ogg")[0]
    )


@pytest.mark.parametrize("channels", [3, 4, 5, 6, 7, 8])
def test_channels_are_in_the_order_of_ffmpeg(tmp_path: Path, embedded_ffmpeg: str, channels: int):
    source = write_tone(tmp_path / "a.wav", channels=channels)
    path = encode(embedded_ffmpeg, source, tmp_path / "a.ogg", "-c:a", "libvorbis")
    list(decode_file(path, tmp_path / "out.wav", Decoding(VORBIS)))
    encode(embedded_ffmpeg, path, tmp_path / "wanted.wav", "-c:a", "pcm_f32le")
    ours, wanted = (soundfile.read(tmp_path / name)[0] for name in ("out.wav", "wanted.wav"))
    assert np.abs(ours[:40_000] - wanted[:40_000]).max() < 1e-5


def test_channels_are_mixed_in_64_bits(ogg: Path, tmp_path: Path):
    decoding = Decoding(VORBIS, channels=1, matrix=(0.5, 0.25))
    words = [str(ogg), str(tmp_path / "out.wav"), *own_arguments(decoding)]
    run_decode(words, lambda done: None)
    info = soundfile.info(tmp_path / "out.wav")
    assert (info.channels, info.subtype) == (1, "DOUBLE")
    wanted = soundfile.read(ogg)[0] @ [0.5, 0.25]
    assert np.abs(soundfile.read(tmp_path / "out.wav")[0] - wanted).max() < 1e-16


@pytest.mark.parametrize(
    "words",
    [[], ["a.ogg"], ["a", "b", "--gains", "1"], ["a", "b", "--channels", "2", "--gains", "1"]],
)
def test_invalid_arguments_are_refused(words: list[str]):
    with pytest.raises(OSError, match=None) as raised:
        run_decode(words, lambda done: None)
    assert str(raised.value.strerror).startswith("invalid arguments for decode")


def test_an_unreadable_file_raises_os_error(tmp_path: Path):
    write_tone(tmp_path / "a.wav")
    (tmp_path / "b.ogg").write_bytes(b"OggS nothing")
    with pytest.raises(OSError, match=None) as raised:
        run_decode([str(tmp_path / "b.ogg"), str(tmp_path / "out.wav")], lambda done: None)
    assert "b.ogg" in str(raised.value.strerror)


def test_floats_are_scanned_for_samples_that_are_not_finite(tmp_path: Path):
    found = scan_floats(nonfinite(tmp_path / "a.wav", at=17, count=2))
    assert found == Scan(RATE // 2, nonfinite=2, first=17, value="NaN")


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24"])
def test_a_flac_is_confirmed_by_its_md5(tmp_path: Path, subtype: str):
    path = tmp_path / "a.flac"
    soundfile.write(path, tone(2.0, channels=3), RATE, subtype=subtype)
    assert scan_flac(path).fault == ""
    data = bytearray(path.read_bytes())
    data[30] ^= 1
    path.write_bytes(data)
    assert "MD5" in scan_flac(path).fault


def test_a_truncated_flac_has_a_fault(tmp_path: Path):
    found = scan_flac(flac(tmp_path / "a.flac", keep=0.5))
    assert found.fault or found.frames < 4 * RATE
