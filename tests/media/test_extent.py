"""A file that was cut is noticed, wherever a structure says how long its sound is."""

from __future__ import annotations

import random
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from attrs import evolve
from media_matrix import PLAYED, embedded
from media_recipes import WHOLE
from mixdown.media import facts as facts_module
from mixdown.media.extent import ends_early
from mixdown.media.facts import SourceFacts
from mixdown.media.ingest import establish
from mixdown.media.mp3 import frame_at
from odd_media import encode, write_tone

# A file of each structure, its demuxer, and the parts of it, from its start and from its end, that
# hold no sound: headers, and what follows the sound.
STRUCTURES = {
    "double.caf": ("caf", 100, 0),
    "deep.caf": ("caf", 5000, 0),
    "apple.caf": ("caf", 400, 1),
    "float.aiff": ("aiff", 100, 0),
    "alaw.wav": ("wav", 100, 0),
    "ms.wav": ("wav", 100, 0),
    "wav64.w64": ("w64", 200, 0),
    "ulaw.au": ("au", 40, 0),
    "speech.nist": ("nistsphere", 1100, 0),
    "amiga.svx": ("iff", 200, 0),
    "voice.voc": ("voc", 60, 1),
    "sox.sox": ("sox", 60, 0),
    "adx.adx": ("adx", 60, 36),
    "late.avi": ("avi", 10_000, 1300),
    "ulaw.avi": ("avi", 6000, 1000),
    "late.mp4": ("mov", 60, 3000),
    "two.wma": ("asf", 2000, 2000),
    "real.rm": ("rm", 400, 12),
    "aac.flv": ("flv", 400, 0),
    "studio.mxf": ("mxf", 100, 0),
    "late.mpg": ("mpeg", 100, 0),
    "disc.vob": ("mpeg", 100, 0),
    "disc.mlp": ("mlp", 100, 0),
    "disc.thd": ("truehd", 100, 0),
    "theatre.dts": ("dts", 100, 0),
    "radio.sbc": ("sbc", 100, 0),
    "cbr.mp3": ("mp3", 500, 0),
    "vbr.mp3": ("mp3", 500, 0),
    "slow.mp3": ("mp3", 500, 0),
    "no-xing.mp3": ("mp3", 500, 0),
    "layer2.mp2": ("mp3", 500, 0),
    "vorbis.ogg": ("ogg", 100, 0),
}
FRAMED = {
    "disc.mlp",
    "disc.thd",
    "theatre.dts",
    "radio.sbc",
    "no-xing.mp3",
    "layer2.mp2",
    "aac.flv",
}
"""What is in whole frames only: a cut between two of them leaves a shorter whole file."""


@pytest.mark.parametrize("name", STRUCTURES)
def test_a_cut_anywhere_in_the_sound_is_noticed(tmp_path: Path, name: str):
    container, head, tail = STRUCTURES[name]
    path = WHOLE[name].make(tmp_path)
    data = path.read_bytes()
    assert not ends_early(path, container)
    chance = random.Random(name)
    cuts = {chance.randrange(head, len(data) - tail) for _ in range(60)} | {len(data) - tail - 1}
    unnoticed = []
    for at in sorted(cuts):
        path.write_bytes(data[:at])
        if not ends_early(path, container):
            unnoticed.append(at)
    assert len(unnoticed) <= (3 if name in FRAMED else 0), unnoticed


def test_a_cut_between_transport_packets_is_none(tmp_path: Path):
    path = WHOLE["aac.ts"].make(tmp_path)
    data = path.read_bytes()
    cut = [at for at in range(2000, 2376) if not _cut(path, data[:at], "mpegts")]
    assert [at % 188 for at in cut] == [0, 0]


def test_mp3_that_states_its_frames_has_all_of_them(tmp_path: Path, embedded_ffmpeg: str):
    """A cut between two frames is noticed too."""
    source = write_tone(tmp_path / "tone.wav", 1.0)
    path = encode(embedded_ffmpeg, source, tmp_path / "a.mp3", "-c:a", "libmp3lame")
    data = path.read_bytes()
    at = data.index(b"\xff\xfb")
    while size := frame_at(data, at)[1]:
        at += size
        assert _cut(path, data[:at], "mp3") == (at < len(data))
    assert at == len(data)
    tags = b"TAG" + bytes(125)
    assert not _cut(path, data + tags, "mp3")
    assert _cut(path, data[: len(data) // 2] + tags, "mp3")


def _descriptor(missing: int) -> bytes:
    head = struct.pack("<4sH2x7I16x", b"MAC ", 3990, 52, 24, 4, 44, 100, 0, 0)
    return head + bytes(24 + 4 + 44 + 100 - missing)


def _dsf(missing: int) -> bytes:
    head = b"DSD " + struct.pack("<QQQ", 28, 28 + 52 + 12 + 100, 0)
    return (
        head
        + b"fmt "
        + struct.pack("<Q", 52)
        + bytes(40)
        + b"data"
        + struct.pack("<Q", 112)
        + (bytes(100 - missing))
    )


@pytest.mark.parametrize(("container", "make"), [("ape", _descriptor), ("dsf", _dsf)])
def test_formats_that_nobody_here_encodes(
    tmp_path: Path, container: str, make: Callable[[int], bytes]
):
    assert not _cut(tmp_path / "a", make(0), container)
    assert _cut(tmp_path / "a", make(1), container)


@pytest.mark.parametrize("container", ["caf", "au", "wav", "avi", "flv", "asf", "mp3", "matroska"])
@pytest.mark.parametrize("data", [b"", b"\0", b"RIFF", bytes(500), b"\xff" * 500])
def test_what_is_no_such_file_states_no_end(tmp_path: Path, container: str, data: bytes):
    (tmp_path / "a").write_bytes(data)
    ends_early(tmp_path / "a", container)
    assert not ends_early(tmp_path / "a", None)


@pytest.mark.parametrize(
    ("form", "coding"), [("caf", "pcm_s16be"), ("au", "pcm_s16be"), ("nut", "pcm_s24be")]
)
def test_a_file_that_was_written_to_a_pipe_is_whole(tmp_path: Path, form: str, coding: str):
    source = write_tone(tmp_path / "tone.wav", 0.5)
    argv = ("-c:a", coding, "-f", form, "pipe:1", "-v", "quiet")
    path = tmp_path / f"a.{form}"
    _pipe(source, argv, path)
    facts = establish(path, path.name)
    assert isinstance(facts, SourceFacts)
    assert (facts.frames, facts.damage) == (24_000, "")


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch, ffmpegs: str):
    monkeypatch.setattr(facts_module, "_known", {})
    monkeypatch.setenv("MIXDOWN_FFMPEG", ffmpegs)


def test_a_cut_caf_of_pcm_is_damaged_at_its_end(tmp_path: Path, fresh: None):
    path = tmp_path / "a.caf"
    soundfile.write(path, np.zeros(96_000), 48_000, subtype="PCM_16")
    path.write_bytes(path.read_bytes()[:60_000])
    facts = establish(path, "a.caf")
    assert isinstance(facts, SourceFacts)
    assert facts.damage == "it ends there"
    assert facts.broken_at == facts.frames == (60_000 - 4096) // 2


ENDLESS = {"wide.g722", "old.ircam"}
"""Structures that do not say where they end."""


@pytest.mark.soak
@pytest.mark.requires("ffmpeg_debian")
@pytest.mark.parametrize("name", [r.name for r in WHOLE.values() if r.verdict == PLAYED])
def test_every_kind_of_file_is_cut(tmp_path: Path, fresh: None, name: str):
    """Five cuts, two of them in the last 1%: a warning, a refusal, or the samples of the whole."""
    recipe = WHOLE[name]
    if not name.startswith(("late", "radio.aptx")):
        recipe = evolve(recipe, seconds=3.0)
    path = recipe.make(tmp_path)
    data = path.read_bytes()
    whole = establish(path, name)
    assert isinstance(whole, SourceFacts)
    assert not whole.damage
    chance = random.Random(name)
    parts = ((0.2, 0.6), (0.6, 0.95), (0.95, 0.99), (0.99, 1), (0.99, 1))
    for low, high in parts:
        path.write_bytes(data[: int(len(data) * chance.uniform(low, high))])
        found = establish(path, name)
        if isinstance(found, SourceFacts) and name not in ENDLESS:
            assert found.damage or found.frames == whole.frames


def _cut(path: Path, data: bytes, container: str) -> bool:
    path.write_bytes(data)
    return ends_early(path, container)


def _pipe(source: Path, argv: tuple[str, ...], path: Path) -> None:
    with path.open("wb") as out:
        subprocess.run([embedded(), "-i", str(source), *argv], stdout=out, check=True)
