"""Lossy and tagged delivery, read back by readers that are not ours: mutagen, ffprobe, libsndfile.

The clicks say where a decoder puts the samples: a burst in the mix must come out at its sample.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from base64 import b64decode
from fractions import Fraction
from itertools import product
from pathlib import Path

import mixdown
import mutagen
import numpy as np
import pytest
import soundfile
from attrs import evolve
from meters import ebur128
from mixdown.ir.codes import Code
from mixdown.ir.containers import CONTAINERS
from mixdown.render.shell import to_shell
from mutagen.flac import Picture

LOSSY = [name for name, container in CONTAINERS.items() if container.is_lossy]
BURSTS_S = (0.0, 0.31, 0.72)
TAGS = {"title": "=Ünï; #1\\", "artist": "A\nB", "album": "C", "date": "2024-05-06"}
# What ffmpeg's decoders make of an end that the file itself says exactly (docs/formats.md).
SLACK = {
    **{(form, "ffmpeg"): (0, 1023) for form in ("m4a", "m4b", "mp4")},
    ("ogg", "ffmpeg"): (-128, 1023),
}
TEXTS = {"mp3": ("TIT2", "TPE1", "TALB", "TDRC")}
TEXTS |= dict.fromkeys(("m4a", "m4b", "mp4"), ("©nam", "©ART", "©alb", "©day"))


def burst(rate: int) -> np.ndarray:
    """8 ms at 1 kHz, in a window: short enough to be found to the sample, kind to any codec."""
    count = rate // 125
    return 0.5 * np.hanning(count) * np.sin(2 * np.pi * 1000 * np.arange(count) / rate)


def clicks(rate: int, length: int) -> np.ndarray:
    signal = np.zeros(length)
    for second in BURSTS_S:
        at = int(second * rate)
        signal[at : at + rate // 125] += burst(rate)
    return signal


def timeline(folder: Path, rate: int = 48000, channels: int = 1) -> mixdown.Timeline:
    """Bursts, for an odd number of samples."""
    soundfile.write(folder / "clicks.wav", clicks(rate, rate - 77), rate, subtype="FLOAT")
    made = mixdown.Timeline(id="clicks", root=folder, sample_rate=rate, channels=channels)
    return made.track("a", role="fx").clip("clicks.wav")


def offset(found: np.ndarray, rate: int, second: float) -> int:
    """How many samples late a burst is: where the correlation with it is greatest."""
    reach = rate // 50
    wanted = int(second * rate)
    piece = np.concatenate([np.zeros(reach), found, np.zeros(reach)])
    piece = piece[wanted : wanted + 2 * reach + rate // 125]
    return int(np.argmax(np.correlate(piece, burst(rate), "valid"))) - reach


def by_ffmpeg(program: str, path: Path, channels: int) -> np.ndarray:
    """The first channel, as ffmpeg decodes it."""
    command = [program, "-loglevel", "error", "-i", str(path), "-map", "0:a"]
    command += ["-c:a", "pcm_f32le", "-f", "f32le", "-"]
    made = subprocess.run(command, capture_output=True, check=True).stdout
    return np.frombuffer(made, "<f4").reshape(-1, channels)[:, 0]


@pytest.mark.parametrize("form", LOSSY)
@pytest.mark.parametrize(("rate", "channels"), [(48000, 2), (44100, 1)])
def test_nothing_is_moved_or_cut(form, rate, channels, tmp_path, ffmpegs, monkeypatch):
    """Delay, padding and resampling: the samples of the mix stand where they stood."""
    monkeypatch.setenv("MIXDOWN_FFMPEG", ffmpegs)
    choices = {"backend": "native", "preset": "draft", "report": False}
    mix = timeline(tmp_path, rate, channels)
    result = mixdown.render(mix, out=tmp_path / "out", format=form, **choices)
    meta, held = result.master.meta, CONTAINERS[form].rate(rate)
    samples = round(Fraction(rate - 77) * held / rate)
    assert (meta.sample_rate, meta.samples) == (held, samples)
    assert meta.duration_s == samples / held
    decoded = {"ffmpeg": by_ffmpeg(ffmpegs, result.master.path, channels)}
    if form not in ("m4a", "m4b", "mp4"):
        decoded["libsndfile"] = soundfile.read(result.master.path, always_2d=True)[0][:, 0]
    for reader, found in decoded.items():
        least, most = SLACK.get((form, reader), (0, 0))
        assert least <= len(found) - samples <= most
        assert [offset(found, held, second) for second in BURSTS_S] == [0, 0, 0]


@pytest.fixture(scope="module")
def covers(tmp_path_factory: pytest.TempPathFactory, embedded_ffmpeg: str) -> Path:
    """The folder of a PNG and a JPEG of 48 x 32."""
    folder = tmp_path_factory.mktemp("covers")
    for name in ("cover.png", "cover.jpg"):
        picture = ["-f", "lavfi", "-i", "testsrc=s=48x32", "-frames:v", "1", "-update", "1"]
        path = str(folder / name)
        subprocess.run([embedded_ffmpeg, "-loglevel", "error", *picture, path], check=True)
    return folder


@pytest.fixture
def tagged(tmp_path: Path, covers: Path) -> mixdown.Timeline:
    """A show with everything that a file can hold."""
    shutil.copytree(covers, tmp_path, dirs_exist_ok=True)
    made = timeline(tmp_path).marker(0, "One").marker(500, "T=wo\\; #2").marker(5000, "Never")
    return evolve(made, metadata=TAGS, cover="cover.png")


def render(mix: mixdown.Timeline, out: Path, **choices: object) -> mixdown.RenderResult:
    fixed = {"backend": "native", "preset": "draft", "report": False}
    return mixdown.render(mix, out=out, **{**fixed, **choices})


def chapters_of(file: mutagen.FileType) -> list[tuple[float, float | None, str]]:
    """Start, end where the format says one, and title."""
    if isinstance(file, mutagen.mp4.MP4):
        return [(chapter.start, None, chapter.title) for chapter in file.chapters]
    if isinstance(file, mutagen.mp3.MP3):
        frames = file.tags.getall("CHAP")
        found = [(f.start_time, f.end_time, f.sub_frames["TIT2"].text[0]) for f in frames]
        return [(start / 1000, end / 1000, title) for start, end, title in sorted(found)]
    numbers = sorted({key[:10] for key in dict(file.tags) if key.startswith("chapter")})
    clocks = [(file[key][0].split(":"), file[f"{key}name"][0]) for key in numbers]
    return [(int(h) * 3600 + int(m) * 60 + float(s), None, title) for (h, m, s), title in clocks]


def pictures_of(file: mutagen.FileType) -> list[tuple[str, bytes]]:
    """Media type and content of every picture."""
    if isinstance(file, mutagen.mp4.MP4):
        kinds = {13: "image/jpeg", 14: "image/png"}
        return [(kinds[cover.imageformat], bytes(cover)) for cover in file["covr"]]
    if isinstance(file, mutagen.mp3.MP3):
        found = file.tags.getall("APIC")
    elif isinstance(file, mutagen.flac.FLAC):
        found = file.pictures
    else:
        found = [Picture(b64decode(block)) for block in file["metadata_block_picture"]]
    assert [picture.type for picture in found] == [3] * len(found)
    return [(picture.mime, picture.data) for picture in found]


@pytest.mark.parametrize("form", [*LOSSY, "flac"])
def test_tags_chapters_and_cover_are_read_back(form, tagged, tmp_path, ffmpegs, monkeypatch):
    monkeypatch.setenv("MIXDOWN_FFMPEG", ffmpegs)
    result = render(tagged, tmp_path / "out", format=form)
    master = mutagen.File(result.master.path)
    found = [str(master[key] if form == "mp3" else master[key][0]) for key in TEXTS.get(form, TAGS)]
    assert found == list(TAGS.values())
    picture = (tmp_path / "cover.png").read_bytes()
    assert pictures_of(master) == [("image/png", picture)]
    assert result.master.meta.cover == f"sha256:{hashlib.sha256(picture).hexdigest()}"
    starts = [(start, title) for start, _, title in chapters_of(master)]
    assert starts == [(0.0, "One"), (0.5, "T=wo\\; #2")]
    if form == "mp3":
        assert [end for _, end, _ in chapters_of(master)] == [0.5, 0.998]


@pytest.mark.requires("ffmpeg_debian")
@pytest.mark.parametrize("form", LOSSY)
def test_ffprobe_reads_the_same(form, tagged, tmp_path):
    probe = shutil.which("ffprobe")
    assert probe is not None
    mix = evolve(tagged, cover="cover.jpg")
    result = render(mix, tmp_path / "out", format=form)
    data = (tmp_path / "cover.jpg").read_bytes()
    assert pictures_of(mutagen.File(result.master.path)) == [("image/jpeg", data)]
    command = [probe, "-v", "error", "-show_streams", "-show_format", "-show_chapters"]
    command += ["-of", "json", str(result.master.path)]
    told = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    sound, *others = told["streams"]
    tags = {**told["format"].get("tags", {}), **sound.get("tags", {})}
    assert {name: tags[name] for name in TAGS} == TAGS
    pictures = [stream for stream in others if stream["disposition"]["attached_pic"]]
    assert [(picture["width"], picture["height"]) for picture in pictures] == [(48, 32)]
    found = [(float(c["start_time"]), c["tags"]["title"]) for c in told["chapters"]]
    assert found == [(0.0, "One"), (0.5, "T=wo\\; #2")]
    assert float(told["chapters"][0]["end_time"]) == 0.5
    assert float(told["chapters"][1]["end_time"]) == pytest.approx(0.998, abs=0.01)


@pytest.mark.parametrize("form", [*LOSSY, "flac"])
def test_the_same_input_gives_the_same_bytes(form, tagged, tmp_path):
    results = [render(tagged, tmp_path / name, format=form) for name in ("a", "b")]
    assert results[0].master.digest == results[1].master.digest
    assert results[0].manifest.read_bytes() == results[1].manifest.read_bytes()


@pytest.fixture
def peaky(tmp_path: Path) -> mixdown.Timeline:
    """Bursts of noise, which a limiter holds and a codec makes peaks of again."""
    noise = np.random.default_rng(3).standard_normal(2 * 44100)
    bursts = 0.02 * noise + 0.5 * noise.clip(-1, 1) * (np.arange(2 * 44100) % 11_025 < 300)
    soundfile.write(tmp_path / "peaky.wav", bursts, 44100, subtype="FLOAT")
    made = mixdown.Timeline(id="peaky", root=tmp_path, sample_rate=44100)
    return made.track("a", role="music").clip("peaky.wav")


@pytest.mark.parametrize(
    ("form", "bit_rate", "backend"),
    [
        ("mp3", 128, "ffmpeg"),
        ("m4a", 96, "native"),
        ("opus", 64, "native"),
        ("ogg", 64, "native"),
    ],
)
def test_the_decoded_file_is_what_is_under_the_ceiling(
    form, bit_rate, backend, peaky, tmp_path, embedded_ffmpeg
):
    choices = {"backend": backend, "preset": "podcast", "bit_rate": bit_rate}
    result = render(peaky, tmp_path / "out", format=form, **choices)
    loudness, peak = ebur128(embedded_ffmpeg, result.master.path)
    assert max(peak, result.master.meta.true_peak_dbtp) <= -1.0
    assert result.finish is not None
    assert result.finish.margin_db > 0.5  # the WAV needs none, or next to none
    assert [d.code for d in result.diagnostics] == [Code.TARGET_MISSED]
    assert loudness == pytest.approx(result.master.meta.integrated_lufs, abs=0.1)


@pytest.mark.parametrize("backend", ["ffmpeg", "native"])
def test_facts_of_a_lossy_master_are_its_own(backend, tmp_path):
    mix = timeline(tmp_path)
    choices = {"preset": "podcast", "backend": backend}
    first = render(mix, tmp_path / "a", format="mp3", **choices)
    again = render(mix, tmp_path / "b", format="mp3", facts=first.facts, **choices)
    assert again.master.digest == first.master.digest
    assert again.compilation.plan.loudness is None
    for other in ({"format": "wav"}, {"format": "mp3", "bit_rate": 48}):
        compiled = mixdown.compile(mix, facts=first.facts, **other, **choices)
        assert compiled.plan.loudness is not None


def test_stems_have_the_masters_format_and_tags(tagged, tmp_path):
    result = render(tagged, tmp_path / "out", format="opus", stems=True)
    assert [file.path.name for file in result.files] == ["master.opus", "bus_fx.opus"]
    for file in result.files:
        keys = ("codec", "encoding", "bit_depth", "bit_rate", "dithered", "sample_rate")
        assert [getattr(file.meta, key) for key in keys] == ["opus", "opus", None, 64, False, 48000]
        assert soundfile.info(file.path).frames == file.meta.samples
        assert mutagen.File(file.path)["title"] == [TAGS["title"]]
    stem = result.stems[0]
    assert stem.meta.cover is None
    assert "metadata_block_picture" not in mutagen.File(stem.path)


def run_script(mix: mixdown.Timeline, folder: Path, **choices: object) -> Path:
    """Run the plan's script; the directory with what it leaves."""
    script, out = folder / "mix.sh", folder / "by hand"
    script.write_text(to_shell(mixdown.compile(mix, **choices).plan), encoding="utf-8")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    spaces = {"SRC": str(folder), "OUT": str(out), "PATH": path}
    subprocess.run(["sh", str(script)], env={**os.environ, **spaces}, check=True)
    return out


@pytest.mark.requires("ffmpeg_debian")
def test_a_script_leaves_the_same_files(tagged, tmp_path):
    """The encoding is in the loop of `mixdown step finish` too, and stems are encoded after it."""
    choices = {"backend": "native", "preset": "podcast", "format": "mp3", "stems": True}
    choices["stem_mode"] = "mastered"
    made = run_script(tagged, tmp_path, **choices)
    result = render(tagged, tmp_path / "out", **choices)
    assert {file.path.name for file in result.files} == {path.name for path in made.iterdir()}
    for file in result.files:
        assert (made / file.path.name).read_bytes() == file.path.read_bytes()


@pytest.mark.requires("ffmpeg_debian")
def test_a_script_of_ffmpeg_alone_measures_what_it_encoded(peaky, tmp_path, embedded_ffmpeg):
    made = run_script(peaky, tmp_path, preset="podcast", format="opus", bit_rate=64)
    loudness, peak = ebur128(embedded_ffmpeg, made / "master.opus")
    assert (peak <= -1.0, loudness < -16.0) == (True, True)


@pytest.mark.parametrize(("form", "rate"), [("mp3", 8000), ("ogg", 8000), ("mp3", 96000)])
def test_rates_at_the_ends(form, rate, tmp_path):
    """MPEG 2.5 and Vorbis have a telephone's; what is beyond is resampled."""
    meta = render(timeline(tmp_path, rate), tmp_path / "out", format=form).master.meta
    assert (meta.sample_rate, meta.samples) == {
        8000: (8000, 7923),
        96000: (48000, 47962),
    }[rate]
    assert meta.bit_rate in CONTAINERS[form].allowed(rate, 1)


def test_libvorbis_takes_the_ends_of_the_table(ffmpegs, tmp_path):
    """It refuses what lies beyond its own tables, as no other encoder does."""
    command = [ffmpegs, "-nostdin", "-loglevel", "error", "-f", "lavfi", "-i", "anullsrc=d=0.05"]
    for row in CONTAINERS["ogg"].bit_rates:
        for channels, allowed in ((1, row.mono), (2, row.stereo)):
            for rate, bit_rate in product({*row.rates}, (allowed[0], allowed[-1])):
                made = tmp_path / f"{rate}-{channels}-{bit_rate}.ogg"
                command += ["-ar", str(rate), "-ac", str(channels)]
                command += ["-c:a", "libvorbis", "-b:a", f"{bit_rate}k", str(made)]
    subprocess.run(command, check=True)


@pytest.mark.requires("sox")
@pytest.mark.parametrize("form", ["mp3", "opus"])
def test_sox_delivers_them_too(form, tmp_path):
    native, sox = (
        render(timeline(tmp_path), tmp_path / name, format=form, backend=name, preset="podcast")
        for name in ("native", "sox")
    )
    for key in ("samples", "codec", "bit_rate", "integrated_lufs"):
        wanted = getattr(native.master.meta, key)
        assert getattr(sox.master.meta, key) == pytest.approx(wanted, abs=0.001), key


def test_a_big_cover_fits_into_an_ogg(tagged, tmp_path, ffmpegs, monkeypatch):
    """Two megabytes make a tag of three, on many pages of the file, before any sound."""
    monkeypatch.setenv("MIXDOWN_FFMPEG", ffmpegs)
    head = (tmp_path / "cover.png").read_bytes()[:33]
    (tmp_path / "cover.png").write_bytes(head + np.random.default_rng(1).bytes(2_000_000))
    result = render(tagged, tmp_path / "out", format="opus")
    ((mime, data),) = pictures_of(mutagen.File(result.master.path))
    assert (mime, data) == ("image/png", (tmp_path / "cover.png").read_bytes())
    assert len(soundfile.read(result.master.path)[0]) == result.master.meta.samples
