"""Random mixes through every backend: premaster and stems against the reference."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import imageio_ffmpeg
import numpy as np
import pytest
import soundfile
from differential import kept, mixes
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mixdown.compiler.load import loads
from mixdown.compiler.options import CompileOptions
from mixdown.compiler.pipeline import OPTIMISATIONS
from mixdown.compiler.timeline.model import Timeline
from mixdown.ir.units import gain_factor
from mixdown.presets.load import library
from mixdown.programs.ffmpeg import probe
from mixdown.render.verify import PREMASTER, Renderer, Rendition, render_premaster, residual

Note = Callable[[str, float], float]
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]
SUITE = settings(max_examples=25, suppress_health_check=SLOW)
SOAK = settings(max_examples=300, suppress_health_check=SLOW, derandomize=False)

REFERENCE = Renderer("reference", "reference")
NATIVE = Renderer("native", "native")
SOX = Renderer("sox", "sox")
PIPELINES = {
    **{f"native without {step.name}": CompileOptions(disable=step.name) for step in OPTIMISATIONS},
    "native with one lane per sum": CompileOptions(pipeline="fold-gain,pack-lanes{max-lanes=1}"),
}
OTHERWISE = [Renderer(name, "native", options=options) for name, options in PIPELINES.items()]
FOUND = Path(__file__).parent / "found"
FFMPEGS = ["embedded", pytest.param("system", marks=pytest.mark.requires("ffmpeg_debian"))]


def ffmpeg(where: str) -> Renderer:
    path = imageio_ffmpeg.get_ffmpeg_exe() if where == "embedded" else shutil.which("ffmpeg")
    tool = probe(str(path), where)
    assert tool is not None
    version = ".".join(map(str, tool.version[:2]))
    return Renderer(f"ffmpeg {version}", "ffmpeg", {"ffmpeg": tool})


def agree(timeline: Timeline, renderers: list[Renderer], note: Note) -> None:
    """Holds every renderer to its budget against the reference, which comes first."""
    with kept(timeline, renderers[-1].name.replace(" ", "-")), TemporaryDirectory() as directory:
        takes = [render_premaster(timeline, p, Path(directory) / p.name) for p in renderers]
        for take in takes[1:]:
            for what in takes[0].files:
                found = residual(what, takes[0], take)
                note(f"{take.renderer.name} against reference", found.dbfs)
                assert found.is_within, found
        for take in takes:
            worst = note(f"stems of {take.renderer.name} against premaster", stems_apart(take))
            assert worst <= max(-200.0, take.budget()), take.renderer.name


def stems_apart(take: Rendition) -> float:
    """How far the sum of the stems, with the master's headroom, is from the premaster: dBFS."""
    premaster, *stems = (soundfile.read(path)[0] for path in take.files.values())
    headroom = gain_factor(-library().export["default"].headroom_db)
    apart = np.max(np.abs(premaster - headroom * sum(stems, np.zeros_like(premaster))))
    assert next(iter(take.files)) == PREMASTER
    return float(20 * np.log10(apart)) if apart else -np.inf


@SUITE
@given(data=st.data())
def test_the_engine_plays_what_the_reference_means(media: Path, note: Note, data: st.DataObject):
    agree(data.draw(mixes(media)), [REFERENCE, NATIVE], note)


@pytest.mark.parametrize("where", FFMPEGS)
@SUITE
@given(data=st.data())
def test_ffmpeg_plays_what_the_reference_means(
    media: Path, note: Note, where: str, data: st.DataObject
):
    agree(data.draw(mixes(media)), [REFERENCE, ffmpeg(where)], note)


@pytest.mark.requires("sox")
@settings(SUITE, max_examples=12)
@given(data=st.data())
def test_sox_plays_what_the_reference_means(media: Path, note: Note, data: st.DataObject):
    agree(data.draw(mixes(media)), [REFERENCE, SOX], note)


@pytest.mark.requires("sox")
@pytest.mark.parametrize("where", FFMPEGS)
@pytest.mark.parametrize("found", sorted(FOUND.glob("*.yaml")), ids=lambda path: path.stem)
def test_what_random_mixes_once_found(media: Path, note: Note, where: str, found: Path):
    timeline = loads(found.read_text(encoding="utf-8"), found.name, media)
    agree(timeline, [REFERENCE, NATIVE, ffmpeg(where), SOX], note)


@settings(SUITE, max_examples=10)
@given(data=st.data())
def test_no_optimisation_changes_the_mix(media: Path, note: Note, data: st.DataObject):
    agree(data.draw(mixes(media)), [REFERENCE, *OTHERWISE], note)


@pytest.mark.soak
@pytest.mark.requires("ffmpeg_debian", "sox")
@SOAK
@given(data=st.data())
def test_everyone_agrees_on_hundreds_of_mixes(media: Path, note: Note, data: st.DataObject):
    everyone = [REFERENCE, NATIVE, *OTHERWISE, ffmpeg("embedded"), ffmpeg("system"), SOX]
    agree(data.draw(mixes(media, max_tracks=4)), everyone, note)
