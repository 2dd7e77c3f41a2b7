"""Damaged media are refused with a code or played: soon, in bounded space.

Mutants of small files of many formats are compiled and, if they are accepted, rendered, which must
succeed. A mutant may not have more than twice as many samples as the file that it was made from.
"""

from __future__ import annotations

import random
import resource
import shutil
import sys
from collections import Counter
from pathlib import Path

import pytest
import soak
from media_recipes import RECIPES
from mixdown.compiler.driver import compile
from mixdown.compiler.timeline.model import Clip, Timeline, Track
from mixdown.ir.codes import Code
from mixdown.ir.diagnostics import MixdownError
from mixdown.media import facts
from mixdown.media.decoder import MOST_SILENCE_SECONDS
from mixdown.media.facts import SourceFacts
from mixdown.media.ingest import establish
from mixdown.render.service import render_mixes
from mutants import mutated_media

BASES = {
    *(
        "plain.wav",
        "float.wav",
        "double.w64",
        "large.rf64",
        "plain.aiff",
        "plain.flac",
        "fast.flac",
    ),
    *("vbr.mp3", "layer2.mp2", "aac.m4a", "raw.aac", "aac.ts", "aac.mkv", "dolby.ac3", "late.mp4"),
    *("opus.opus", "vorbis.ogg", "flac.ogg", "late.webm", "late.avi", "late.mpg", "two.wma"),
    *("nelly.flv", "ima.wav", "telephone.wav", "apple.caf", "deep.caf", "sun.au", "voice.voc"),
    *("pack.wv", "true.tta", "apple.m4a", "chained.ogg", "mobile.amr", "real.rm", "planar.nut"),
}
BACKENDS = ("native", "ffmpeg", "native", "sox")
MOST_BYTES = 300_000_000
SLACK_FRAMES = 10_000
USERS = {Code.MEDIA_UNREADABLE, Code.NOT_FINITE_SAMPLES, Code.UNSUPPORTED_CHANNELS}
"""What a check may say of a mutant."""


def cpu_seconds() -> float:
    """The processor time of this process and of the programs that it has waited for."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used)


def outcome(path: Path, backend: str, honest: int) -> str:
    """What became of the file: "refused", or how the backend rendered it; all else raises."""
    timeline = Timeline(
        id="fuzz",
        sample_rate=16_000,
        mix_preset_id="flat",
        tracks=(Track(id="t", role="fx", clips=(Clip(source=path.name),)),),
        root=path.parent,
    )
    try:
        compiled = compile(timeline, backend=backend, preset="draft")
    except MixdownError as error:
        text = str(error)
        assert {d.code for d in error.diagnostics} <= USERS or "sources" in text, text
        assert "signal" not in text, text
        assert str(path.parent) not in text, text
        return "refused"
    (source,) = compiled.media.values()
    # A container may state a gap of up to an hour, which is kept as silence.
    assert source.silence <= MOST_SILENCE_SECONDS * source.rate
    held = source.frames - source.silence
    assert held * source.channels <= 2 * honest + SLACK_FRAMES, source
    out = path.parent / "out"
    try:
        render_mixes([(compiled.request.files[0], compiled)], out=out, report=False, jobs=1)
    except MixdownError as error:
        codes = {d.code for d in error.diagnostics}
        # SoX has a limit of level, which a compilation cannot know.
        if codes != {Code.UNSUPPORTED_NODE}:
            raise
        return "too loud for SoX"
    finally:
        shutil.rmtree(out, ignore_errors=True)
    return f"rendered by {backend}"


def run(folder: Path, seed: int, rounds: int) -> Counter[str]:
    """Sends so many mutants through; returns what became of how many."""
    rng, bases = random.Random(seed), []
    for recipe in RECIPES:
        if recipe.name in BASES:
            path = recipe.make(folder)
            found = establish(path, path.name)
            assert isinstance(found, SourceFacts)
            bases.append((path, found.frames * found.channels))
    counts: Counter[str] = Counter()
    for number in range(rounds):
        base, honest = rng.choice(bases)
        path = folder / f"mutant{base.suffix}"
        path.write_bytes(mutated_media(rng, base.read_bytes()))
        facts._known.clear()
        began = cpu_seconds()
        try:
            became = outcome(path, BACKENDS[number % len(BACKENDS)], honest)
            assert cpu_seconds() - began < 10
        except BaseException as error:
            kept = Path(f"mutant-{seed}-{number}{base.suffix}").absolute()
            shutil.copy(path, kept)
            error.add_note(f"seed {seed}, round {number}, of {base.name}: {kept}")
            if not isinstance(error, Exception):
                raise
            print(f"{type(error).__name__}: {error}"[:500], *error.__notes__, file=sys.stderr)
            became = "FAILED"
        counts[became] += 1
        path.unlink()
    return counts


@pytest.fixture
def media(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory; whatever is written stays below `MOST_BYTES`."""
    monkeypatch.setenv("MIXDOWN_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_BYTES, hard))
    yield tmp_path
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.requires("ffmpeg_debian", "sox")
def test_mutants_of_media(media: Path):
    counts = run(media, seed=1, rounds=40)
    assert not counts["FAILED"]
    assert counts["refused"] > 3
    assert sum(counts.values()) - counts["refused"] > 3


@pytest.mark.soak
@pytest.mark.requires("ffmpeg_debian", "sox")
def test_many_mutants_of_media(media: Path):
    counts = run(media, soak.seed(), soak.rounds(2_000))
    print(dict(counts))
    assert not counts["FAILED"]
