"""Every kind of source through every backend: the same length, and the same samples.

Each file of `media_recipes` is the only clip of a mix at its own rate, and the premaster of each
backend is compared with one plain decode of the file. The run ends with a table;
`pytest -m "soak or not soak" tests/media/test_matrix.py` prints all of it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from media_matrix import DAMAGED, PLAYED, REFUSED, Recipe, debian, decode, embedded
from media_recipes import RECIPES
from mixdown.compiler.driver import compile
from mixdown.compiler.timeline.model import Clip, Timeline, Track
from mixdown.ir.codes import Code
from mixdown.ir.diagnostics import TimelineError
from mixdown.ir.units import decibels, gain_factor
from mixdown.media.decoder import MPEG, decoding_of
from mixdown.media.facts import SourceFacts
from mixdown.media.ingest import establish
from mixdown.presets.load import library
from mixdown.programs.ffmpeg import find_ffmpeg, probe
from mixdown.render.verify import BUDGETS, PREMASTER, Renderer, render_premaster

ROW = "source"
UNUSABLE = {Code.MEDIA_UNREADABLE, Code.NOT_FINITE_SAMPLES}
DOWNMIX = np.array([[1, 0], [0, 1], [0.5**0.5] * 2, [0, 0], [0.5**0.5, 0], [0, 0.5**0.5]])
"""ITU-R BS.775-4, table 2: L, R, C, LFE, LS and RS to stereo."""
ROUNDING = -100.0
"""Differences between the decoders of two versions of ffmpeg, or of two libraries, dBFS."""
ALWAYS = {
    *(
        "vbr.mp3",
        "speech.mp3",
        "aac.m4a",
        "opus.opus",
        "vorbis.ogg",
        "late.mkv",
        "fast.flac",
        "surround.wav",
    ),
    *("cut1-flac.ogg", "cut1-pack.wv", "twice-cbr.mp3", "valid24in32.wav", "nan.wav"),
}
SELECTED = [
    pytest.param(recipe, id=recipe.name, marks=[pytest.mark.soak] * (recipe.name not in ALWAYS))
    for recipe in RECIPES
]


def renderers(ffmpeg: str) -> list[Renderer]:
    """Every backend, with every ffmpeg if the embedded one decodes the sources."""
    named = {embedded(), debian()} if ffmpeg == embedded() else {ffmpeg}
    tools = [tool for program in sorted(named) if (tool := probe(program, program)) is not None]
    return [
        Renderer("native", "native"),
        *(
            Renderer(f"ffmpeg {t.version[0]}.{t.version[1]}", "ffmpeg", {"ffmpeg": t})
            for t in tools
        ),
        Renderer("sox", "sox"),
    ]


def one_clip(path: Path) -> Timeline:
    """A mix of one clip at the rate of its source, in up to two channels; 5.1 is mixed down."""
    facts = establish(path, path.name)
    known = isinstance(facts, SourceFacts)
    wide = known and facts.channels > 2
    return Timeline(
        id="one",
        sample_rate=facts.rate if known else 48_000,
        channels=min(facts.channels, 2) if known else 2,
        mix_preset_id="flat",
        sources={"s": {"path": path.name, "downmix": "itu"} if wide else path.name},
        tracks=(Track(id="t", role="fx", clips=(Clip(source="s"),)),),
        root=path.parent,
    )


@pytest.mark.requires("ffmpeg_debian", "sox")
@pytest.mark.parametrize("recipe", SELECTED)
def test_every_backend_plays_the_same(
    recipe: Recipe,
    ffmpegs: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    record_property: pytest.RecordProperty,
):
    monkeypatch.setenv("MIXDOWN_FFMPEG", ffmpegs)
    monkeypatch.setenv("MIXDOWN_CACHE", str(tmp_path / "cache"))
    path = recipe.make(tmp_path)
    timeline = one_clip(path)
    row = [recipe.name, ".".join(map(str, find_ffmpeg().version[:2])), recipe.verdict]
    try:
        compiled = compile(timeline, backend="native")
    except TimelineError as error:
        assert recipe.verdict == REFUSED, str(error)
        assert {d.code for d in error.diagnostics} <= UNUSABLE
        record_property(ROW, [*row, *[""] * 5])
        return
    damaged = any(d.code is Code.MEDIA_DAMAGED for d in compiled.diagnostics)
    assert recipe.verdict == (DAMAGED if damaged else PLAYED)
    (source,) = compiled.media.values()
    wide = recipe.shape is not None and recipe.shape[1] == 6
    # A plain run of ffmpeg keeps padding that the container states: 5.1 often, 9.0 sometimes.
    decoding = decoding_of(source)
    rounded = decoding.delay or decoding.frames or source.codec == MPEG
    reference = embedded() if rounded else ffmpegs
    expected = decode(recipe, path, reference, 6 if wide else source.channels)
    if wide:
        expected = expected @ DOWNMIX
    if decoding.frames:  # test_trim.py tests the number
        expected = expected[: decoding.frames]
    row += [source.codec, f"{source.rate} Hz", f"{source.channels} ch", f"{source.frames} samples"]
    differences = []
    for renderer in renderers(ffmpegs):
        take = render_premaster(timeline, renderer, tmp_path / renderer.name)
        samples = soundfile.read(take.files[PREMASTER], always_2d=True)[0]
        samples /= gain_factor(-library().export["default"].headroom_db)
        assert samples.shape == (source.frames, timeline.channels), renderer.name
        late = len(samples) - len(expected)
        assert late == source.silence
        assert not samples[:late].any()
        worst = decibels(float(np.abs(samples[late:] - expected).max()))
        budget = BUDGETS[renderer.backend]
        assert worst <= (max(budget, ROUNDING) if rounded else budget), renderer.name
        differences.append(f"{renderer.name}: {worst:.0f}")
    record_property(ROW, [*row, ", ".join(differences)])
