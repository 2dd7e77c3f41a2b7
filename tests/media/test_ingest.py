"""Facts come from the content of a file, not its header: cases from public bug reports."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import mixdown
import numpy as np
import pytest
import soundfile
from attrs import evolve
from mixdown.compiler.media import concerns
from mixdown.compiler.timeline.entry import file_entry
from mixdown.ir.codes import Code
from mixdown.ir.diagnostics import Diagnostic
from mixdown.ir.node import Repair, Source
from mixdown.media import copies, job
from mixdown.media import facts as facts_module
from mixdown.media.cache import VARIABLE, Cache
from mixdown.media.copies import playable
from mixdown.media.facts import SourceFacts
from mixdown.media.headers import PLAIN
from mixdown.media.identity import digest_of
from mixdown.media.ingest import establish
from mixdown.media.selection import Gap, Pick, Selection
from mixdown.programs.ffmpeg import find_ffmpeg
from odd_media import (
    RATE,
    chained,
    encode,
    flac,
    gsm,
    nonfinite,
    padded_24_in_32,
    pcm16,
    tone,
    unfinished,
    wav,
    write_tone,
)


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch):
    """Forget the facts of earlier tests."""
    monkeypatch.setattr(facts_module, "_known", {})


@pytest.fixture
def ffmpeg(ffmpegs: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each supported ffmpeg in turn, as the one that `find_ffmpeg` finds."""
    monkeypatch.setenv("MIXDOWN_FFMPEG", ffmpegs)
    return ffmpegs


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cache:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "cache"))
    return Cache(tmp_path / "cache")


def facts_of(path: Path, selection: Selection | None = None) -> SourceFacts:
    found = establish(path, path.name, selection or Selection())
    assert isinstance(found, SourceFacts), found
    return found


def problem_of(path: Path, selection: Selection | None = None) -> Diagnostic:
    found = establish(path, path.name, selection or Selection())
    assert isinstance(found, Diagnostic), found
    assert path.name in found.message
    return found


def decoded(cache: Cache) -> np.ndarray:
    """The samples of the only file in the cache."""
    sounds = [path for path in cache.root.iterdir() if path.read_bytes()[:4] == b"RIFF"]
    (path,) = sounds
    return soundfile.read(path, always_2d=True)[0]


@pytest.mark.parametrize(
    ("name", "subtype"), [("a.wav", "PCM_16"), ("a.aiff", "PCM_24"), ("a.w64", "PCM_16")]
)
def test_integer_samples_are_read_in_place_without_ffmpeg(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, subtype: str
):
    monkeypatch.setenv("MIXDOWN_FFMPEG", "/no/such/ffmpeg")
    path = tmp_path / name
    soundfile.write(path, tone(0.1, 44100, 2), 44100, subtype=subtype)
    facts = facts_of(path)
    assert facts.codec in PLAIN
    assert facts == SourceFacts(digest_of(path), facts.codec, 44100, 2, 4410)


def test_an_undamaged_flac_is_plain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MIXDOWN_FFMPEG", "/no/such/ffmpeg")
    path = flac(tmp_path / "a.flac")
    assert facts_of(path) == SourceFacts(digest_of(path), "flac/pcm_16", RATE, 1, 4 * RATE)


def test_vbr_mp3_is_counted(tmp_path: Path, ffmpeg: str):
    source = write_tone(tmp_path / "tone.wav", 4.0)
    for name, options in (("xing", ()), ("none", ("-write_xing", "0"))):
        path = tmp_path / f"{name}.mp3"
        encode(ffmpeg, source, path, "-c:a", "libmp3lame", "-q:a", "4", *options)
        facts = facts_of(path)
        assert facts.codec == "mp3/mp3"
        # Without a Xing header nothing says what the encoder put before and after.
        assert facts.frames == 4 * RATE if name == "xing" else 0 < facts.frames - 4 * RATE < 3500
        assert not facts.damage


def test_mp3_of_24_khz_is_decoded_by_libsndfile(
    tmp_path: Path, ffmpeg: str, embedded_ffmpeg: str, cache: Cache
):
    source = write_tone(tmp_path / "tone.wav", 1.0, 24_000)
    path = encode(embedded_ffmpeg, source, tmp_path / "a.mp3", "-c:a", "libmp3lame")
    facts = facts_of(path)
    assert (facts.codec, facts.frames) == ("mp3/mpeg_layer_iii", 24_000)
    wanted = soundfile.read(path, always_2d=True)[0]
    assert np.abs(decoded(cache) - wanted).max() < 1e-7
    # In another container, or damaged, ffmpeg has to decode it.
    path.write_bytes(path.read_bytes()[:-200])
    if find_ffmpeg().version < (6,):
        assert "decodes mp3 of 24,000 Hz incorrectly" in str(problem_of(path).help)
    else:
        assert facts_of(path).damage


def test_a_flac_of_unknown_length_is_counted(tmp_path: Path, ffmpeg: str):
    facts = facts_of(flac(tmp_path / "a.flac", total=0))
    assert (facts.codec, facts.frames, facts.damage) == ("flac/flac", 4 * RATE, "")


@pytest.mark.parametrize("total", [RATE, 9 * RATE, 2**36 - 1])
def test_a_flac_with_a_wrong_length_is_counted(tmp_path: Path, ffmpeg: str, total: int):
    facts = facts_of(flac(tmp_path / "a.flac", total=total))
    assert (facts.codec, facts.frames) == ("flac/flac", 4 * RATE)
    assert facts.damage
    assert facts.declared == (total if total > facts.frames else 0)


def test_a_flac_whose_frames_have_another_rate_is_decoded(tmp_path: Path, ffmpeg: str):
    path = flac(tmp_path / "a.flac")
    data = bytearray(path.read_bytes())
    data[18:20] = (44_100 >> 4).to_bytes(2, "big")
    path.write_bytes(data)
    facts = facts_of(path)
    assert (facts.codec, facts.rate, facts.frames) == ("flac/flac", RATE, 4 * RATE)


def test_a_truncated_flac_is_damaged_at_its_end(tmp_path: Path, ffmpeg: str):
    facts = facts_of(flac(tmp_path / "a.flac", keep=0.6))
    assert facts.damage.startswith("ffmpeg reports: ")
    assert facts.declared == 4 * RATE
    assert 2 * RATE < facts.broken_at <= facts.frames < 2.6 * RATE


def test_a_flac_with_a_wrong_md5_is_damaged(tmp_path: Path, ffmpeg: str):
    path = flac(tmp_path / "a.flac")
    data = bytearray(path.read_bytes())
    data[26:42] = bytes(range(16))
    path.write_bytes(data)
    facts = facts_of(path)
    assert "MD5" in facts.damage
    assert facts.frames == 4 * RATE


def test_damage_in_the_middle_has_a_position(tmp_path: Path, ffmpeg: str):
    source = write_tone(tmp_path / "tone.wav", 4.0)
    path = encode(ffmpeg, source, tmp_path / "a.mp3", "-c:a", "libmp3lame")
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 1000] = bytes(1000)
    path.write_bytes(data)
    facts = facts_of(path)
    assert facts.damage.startswith("ffmpeg reports: Header missing")
    assert 1.9 * RATE < facts.broken_at < 2.1 * RATE
    assert facts.frames > 3.6 * RATE


def test_gsm_is_decoded(tmp_path: Path, ffmpeg: str):
    facts = facts_of(gsm(tmp_path / "a.wav"))
    assert (facts.codec, facts.rate, facts.frames) == ("wav/gsm_ms", 8000, 8960)


@pytest.mark.parametrize(("form", "options"), [("ogg", ("-c:a", "libvorbis")), ("opus", ())])
def test_chained_streams_are_all_played(tmp_path: Path, ffmpeg: str, form: str, options):
    facts = facts_of(chained(ffmpeg, tmp_path / f"a.{form}", *options))
    assert 0 <= facts.frames - 4 * RATE < 1000
    assert not facts.damage


@pytest.mark.parametrize("options", [("-c:a", "flac"), ("-c:a", "libopus"), ("-c:a", "libvorbis")])
def test_a_truncated_ogg_file_is_damaged_at_its_end(tmp_path: Path, ffmpeg: str, options):
    source = write_tone(tmp_path / "tone.wav", 8.0)
    path = encode(ffmpeg, source, tmp_path / "a.ogg", *options)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    facts = facts_of(path)
    assert facts.damage
    assert 0 < facts.broken_at == facts.frames < 6 * RATE


def test_the_last_packet_of_apple_lossless_in_caf_is_whole(
    tmp_path: Path, ffmpeg: str, cache: Cache
):
    path = tmp_path / "a.caf"
    soundfile.write(path, tone(0.3), RATE, subtype="ALAC_16")
    assert facts_of(path).frames == 0.3 * RATE
    np.testing.assert_array_equal(decoded(cache), soundfile.read(path, always_2d=True)[0])


@pytest.mark.requires("ffmpeg_debian")
def test_chained_speex_is_refused(tmp_path: Path, ffmpeg: str):
    path = chained(str(shutil.which("ffmpeg")), tmp_path / "a.spx", "-ar", "16000")
    assert problem_of(path).help == "ffmpeg plays the headers of chained Speex streams as noise"


def test_24_bits_in_32_are_decoded_exactly(tmp_path: Path, ffmpeg: str, cache: Cache):
    facts = facts_of(padded_24_in_32(tmp_path / "a.wav"))
    assert (facts.codec, facts.frames) == ("wav/pcm_s32le", RATE)
    np.testing.assert_array_equal(decoded(cache), np.round(tone(1.0) * 2**23) / 2**23)


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF])
def test_an_unfinished_recording_is_read_to_its_end(
    tmp_path: Path, ffmpeg: str, cache: Cache, size: int
):
    facts = facts_of(unfinished(tmp_path / "a.wav", size))
    assert (facts.frames, facts.damage) == (9600, "")
    wanted = np.frombuffer(pcm16(tone(0.2)), "<i2") / 32768
    np.testing.assert_array_equal(decoded(cache)[:, 0], wanted)


def test_a_truncated_wav_has_its_actual_and_declared_length(tmp_path: Path, ffmpeg: str):
    path = tmp_path / "a.wav"
    path.write_bytes(wav(pcm16(tone(1.0)))[:-20_001])
    facts = facts_of(path)
    assert (facts.frames, facts.broken_at, facts.declared) == (37_999, 37_999, RATE)
    assert facts.damage == "it ends there"


@pytest.mark.parametrize("kind", ["wav", "encoded"])
def test_samples_that_are_not_finite_are_counted(tmp_path: Path, ffmpeg: str, kind: str):
    path = nonfinite(tmp_path / "a.wav")
    if kind == "encoded":
        path = encode(ffmpeg, path, tmp_path / "a.caf", "-c:a", "pcm_f32be")
    facts = facts_of(path)
    assert (facts.nonfinite, facts.first_nonfinite) == (3, 480)
    facts = facts_of(path, Selection(repair=True))
    assert (facts.nonfinite, facts.first_nonfinite, facts.repaired) == (3, 480, True)
    assert facts.codec not in PLAIN


@pytest.mark.parametrize("extension", ["mp4", "mkv", "ts", "webm"])
def test_a_late_start_becomes_silence(tmp_path: Path, ffmpeg: str, extension: str):
    source = write_tone(tmp_path / "tone.wav", 3.0)
    path = tmp_path / f"late.{extension}"
    codings = ["libvpx", "libopus"] if extension == "webm" else ["mpeg4", "aac"]
    argv = [ffmpeg, "-v", "error", "-f", "lavfi", "-i", "color=s=32x32:r=25:d=4"]
    argv += ["-itsoffset", "0.5", "-i", str(source), "-map", "0:v", "-map", "1:a"]
    subprocess.run([*argv, "-c:v", codings[0], "-c:a", codings[1], str(path)], check=True)
    kept, closed = facts_of(path), facts_of(path, Selection(gap=Gap.CLOSE))
    assert abs(kept.silence - RATE // 2) < 1300
    assert closed.silence == 0
    assert kept.frames == closed.frames + kept.silence
    assert kept != evolve(closed, frames=kept.frames)


def test_timestamps_beyond_the_duration_add_no_silence(tmp_path: Path, ffmpeg: str):
    source = write_tone(tmp_path / "tone.wav", 1.0)
    path = encode(ffmpeg, source, tmp_path / "a.mp4", "-c:a", "aac", "-movflags", "+faststart")
    data = bytearray(path.read_bytes())
    at = data.index(b"stts") + 16
    data[at : at + 4] = (40_000_000).to_bytes(4, "big")
    path.write_bytes(data)
    found = establish(path, "a.mp4")
    assert not isinstance(found, SourceFacts) or found.frames <= 2.2 * RATE


@pytest.fixture
def two_streams(tmp_path: Path, embedded_ffmpeg: str) -> Path:
    """A stereo stream without a language, then an Italian 5.1 stream."""
    first = write_tone(tmp_path / "first.wav", 1.0, channels=2)
    second = write_tone(tmp_path / "second.wav", 2.0, channels=6)
    path = tmp_path / "two.mka"
    argv = [embedded_ffmpeg, "-v", "error", "-i", str(first), "-i", str(second), "-map", "0"]
    argv += ["-map", "1", "-c:a", "pcm_f32le", "-metadata:s:a:1", "language=ita", str(path)]
    subprocess.run(argv, check=True)
    return path


def test_a_stream_is_selected_by_number_or_language(two_streams: Path, ffmpeg: str):
    facts = facts_of(two_streams)
    assert (facts.stream, facts.channels, facts.frames) == (1, 2, RATE)
    assert facts.streams[0] == "pcm_f32le, 48000 Hz, stereo"
    assert facts.streams[1].endswith(", ita")
    for chosen in (2, "ita"):
        facts = facts_of(two_streams, Selection(stream=chosen))
        assert (facts.stream, facts.channels, facts.frames) == (2, 6, 2 * RATE)


@pytest.mark.parametrize("chosen", [0, 3, "eng"])
def test_a_missing_stream_is_reported(two_streams: Path, ffmpeg: str, chosen):
    problem = problem_of(two_streams, Selection(stream=chosen))
    assert problem.code is Code.UNKNOWN_STREAM
    assert "1: pcm_f32le, 48000 Hz, stereo; 2: " in str(problem.help)


def test_channels_are_selected_and_mixed(two_streams: Path, ffmpeg: str, cache: Cache):
    levels = 1 - 0.1 * np.arange(6)
    h = np.sqrt(0.5)
    downmix = [[1, 0, h, 0, h, 0], [0, 1, h, 0, 0, h]] @ levels
    for selection, wanted in (
        (Selection(stream=2, downmix=2), downmix),
        (Selection(stream=2, channels=(5, 0)), levels[[5, 0]]),
        (Selection(channels=Pick.RIGHT), levels[[1]]),
        (Selection(channels=Pick.MID), [levels[:2].mean()]),
    ):
        for kept in cache.root.iterdir() if cache.root.exists() else ():
            kept.unlink()
        facts = facts_of(two_streams, selection)
        made = decoded(cache)
        assert made.shape == (facts.frames, facts.channels) == (len(made), len(wanted))
        mono = tone(facts.frames / RATE)[:, 0]
        # The file holds 32-bit floats.
        assert np.abs(made - mono[:, None] * wanted).max() < 1e-7


REFUSED = {
    "slow": (wav(pcm16(tone(0.1)), rate=16), "its rate of 16 Hz is not from 1,000 to 768,000 Hz"),
    "fast": (wav(pcm16(tone(0.1)), rate=2_000_000), "its rate of 2,000,000 Hz is not"),
    "wide": (wav(pcm16(tone(0.1)), channels=20_000, block=40_000), "it has 20,000 channels"),
    "empty": (wav(b""), "it holds no samples"),
    "text": (b"no audio at all", "it is a text; the path of a timeline ends in .yaml"),
    "nothing": (b"", "ffmpeg does not recognise it"),
    "playlist": (
        b"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n",
        "ffmpeg reports: its format is none that mixdown reads",
    ),
    "script": (b"ffconcat version 1.0\nfile a.wav\n", "its format is none that mixdown reads"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_unusable_files_are_refused(tmp_path: Path, ffmpeg: str, case: str):
    data, said = REFUSED[case]
    path = tmp_path / "a.wav"
    path.write_bytes(data)
    problem = problem_of(path)
    assert problem.code is Code.MEDIA_UNREADABLE
    assert said in str(problem.help)
    assert str(tmp_path) not in str(problem.help)


def test_a_file_without_sound_is_reported(tmp_path: Path, ffmpeg: str):
    path = tmp_path / "a.mkv"
    argv = [ffmpeg, "-v", "error", "-f", "lavfi", "-i", "color=s=32x32:d=1", "-c:v", "mpeg4"]
    subprocess.run([*argv, str(path)], check=True)
    assert problem_of(path).help == "ffmpeg finds no sound in it"


def test_missing_files_and_directories_are_refused(tmp_path: Path):
    assert problem_of(tmp_path / "missing.wav").code is Code.MEDIA_MISSING
    assert problem_of(tmp_path).help == "it is not a file"


def test_known_facts_need_no_second_run(
    tmp_path: Path, ffmpeg: str, cache: Cache, monkeypatch: pytest.MonkeyPatch
):
    source = write_tone(tmp_path / "tone.wav", 1.0)
    path = encode(ffmpeg, source, tmp_path / "a.ogg", "-c:a", "libvorbis")
    first = facts_of(path)
    facts_module._known.clear()
    monkeypatch.setattr(job, "run_process", None)
    assert facts_of(path) == first
    with pytest.raises(TypeError):
        facts_of(path, Selection(gap=Gap.CLOSE))


@pytest.mark.parametrize("record", [b"", b"{", b"[]", b'{"codec": 1}', b"[" * 5000, b"\xff"])
def test_a_damaged_record_is_a_miss(tmp_path: Path, ffmpeg: str, cache: Cache, record: bytes):
    path = nonfinite(tmp_path / "a.wav")
    first = facts_of(path)
    (kept,) = cache.root.iterdir()
    kept.unlink()
    (tmp_path / "record").write_bytes(record)
    for key in facts_module._known:
        cache.keep(key, tmp_path / "record")
    facts_module._known.clear()
    assert facts_of(path) == first


def test_a_file_that_changes_while_it_is_read_is_refused(
    tmp_path: Path, ffmpeg: str, monkeypatch: pytest.MonkeyPatch
):
    path = gsm(tmp_path / "a.wav")
    found = copies._damaged

    def change(*given: object) -> SourceFacts:
        path.write_bytes(path.read_bytes() + b"more")
        return found(*given)

    monkeypatch.setattr(copies, "_damaged", change)
    assert problem_of(path).help == "it changed while it was read"


@pytest.mark.parametrize("value", [1e200, -1e39, 1e308])
def test_a_sample_that_no_32_bit_float_holds_is_no_level(tmp_path: Path, ffmpeg: str, value: float):
    """Its square, or a gain of it, would be infinite, and a meter's JSON invalid."""
    samples = np.full(RATE, 0.25)
    samples[100] = value
    path = tmp_path / "a.wav"
    soundfile.write(path, samples, RATE, "DOUBLE")
    facts = establish(path, "a.wav")
    assert (facts.nonfinite, facts.first_nonfinite) == (1, 100)
    (said,) = concerns(facts, file_entry("a.wav"))
    assert f"1 sample that is too large for a 32-bit float: {value:g} at 0.002 s" in said.message
    repaired = establish(path, "a.wav", Selection(repair=True))
    assert (repaired.nonfinite, repaired.repaired) == (1, True)
    source = Source(
        "a", "a.wav", facts.digest, RATE, 1, repaired.frames, repaired.codec, repair=Repair.ZERO
    )
    with playable(path, source) as played:
        samples[100] = 0
        assert np.array_equal(soundfile.read(played)[0], samples)


def test_the_loudest_floats_can_be_rendered_and_measured(tmp_path: Path):
    samples = 0.25 * np.sin(np.arange(RATE) / 9)
    samples[100] = 3e38
    soundfile.write(tmp_path / "a.wav", samples, RATE, "DOUBLE")
    timeline = mixdown.Timeline(id="t", root=tmp_path).track("a", role="music").clip("a.wav")
    for backend in ("native", "ffmpeg"):
        out = tmp_path / backend
        result = mixdown.render(timeline, preset="podcast", backend=backend, out=out)
        assert json.loads(result.manifest.read_text())["artifacts"]
