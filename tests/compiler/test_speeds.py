"""A source at another speed: the ratio is exact, and every engine plays the same samples."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from attrs import evolve
from mixdown import Timeline, TimelineError, compile, render
from mixdown.compiler.load import loads
from mixdown.compiler.timeline.validate import validate
from mixdown.documents.writer import dump
from mixdown.ir.codes import Code
from mixdown.ir.digest import source_identity
from mixdown.ir.nodes import Source
from mixdown.ir.text.parser import parse_text
from mixdown.ir.text.printer import print_graph

RATE = 48000
SPEEDS = ["100/97", "160/147", "97.3/120.25"]


@pytest.fixture(scope="module")
def loop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seconds of noise at 44,100 Hz."""
    path = tmp_path_factory.mktemp("speeds") / "loop.wav"
    noise = np.random.Generator(np.random.Philox(5)).uniform(-0.25, 0.25, (3 * 44100, 2))
    soundfile.write(path, noise, 44100, "PCM_16")
    return path


def at_speed(loop: Path, speed: object) -> Timeline:
    """The loop, its middle and a clip that begins too late to read the file from its start."""
    timeline = Timeline(
        id="speed", sources={"fast": {"path": "loop.wav", "speed": speed}}, root=loop.parent
    )
    middle = timeline.track("t", role="fx").clip("fast", offset_ms=500.25, duration_ms=100)
    return middle.clip("fast", start_ms=400, offset_ms=1790).clip("fast", start_ms=4500)


def rendered(timeline: Timeline, out: Path, backend: str) -> np.ndarray:
    done = render(timeline, out=out, preset="draft", mix="flat", backend=backend, bit_depth="64f")
    samples, _ = soundfile.read(done.master.path, always_2d=True)
    return samples


def defined(loop: Path, speed: str) -> np.ndarray:
    """The whole loop as docs/semantics.md has it, resampled by the exact ratio."""
    above, _, below = speed.partition("/")
    ratio = Fraction(44100, RATE) * Fraction(above) / Fraction(below or 1)
    samples, _ = soundfile.read(loop, always_2d=True)
    if ratio == 1:
        return samples
    made = soxr.resample(samples, ratio.numerator, ratio.denominator, quality="VHQ")
    return made[: round(len(samples) / ratio)]


# The budgets of docs/semantics.md: -200 dBFS, and -140 for SoX, which counts in 32-bit integers.
BACKENDS = [
    ("native", 1e-10),
    ("ffmpeg", 1e-10),
    pytest.param("sox", 1e-7, marks=pytest.mark.requires("sox")),
]


@pytest.mark.parametrize("speed", SPEEDS)
@pytest.mark.parametrize(("backend", "within"), BACKENDS)
def test_engines_play_the_definition(
    loop: Path, speed: str, backend: str, within: float, tmp_path: Path
):
    whole = defined(loop, speed) * 10 ** (-3 / 20)  # the preset's headroom
    mix = rendered(at_speed(loop, speed), tmp_path, backend)
    tail = whole[85920:]
    assert np.max(np.abs(mix[:4800] - whole[24012:28812])) < within
    assert np.max(np.abs(mix[19200 : 19200 + len(tail)] - tail)) < within
    assert np.max(np.abs(mix[216000:] - whole)) < within
    assert len(mix) == 216000 + len(whole)


def test_a_source_at_speed_1_is_printed_and_hashed_as_before(loop: Path):
    source = Source("s", "s.wav", "sha256:0", 44100, 2, 100, "wav")
    graph = compile(at_speed(loop, "1"), preset="draft").graph
    assert "speed" not in print_graph(graph)
    assert source.speed == (1, 1)
    assert source_identity(source) != source_identity(
        Source("s", "s.wav", "sha256:0", 44100, 2, 100, "wav", (2, 1))
    )


def test_a_bent_source_survives_the_ir_text(loop: Path):
    graph = compile(at_speed(loop, "100/97"), preset="draft").graph
    text = print_graph(graph)
    assert "speed = [100, 97]" in text
    assert parse_text(text, "graph.mir").graph == graph


@pytest.mark.parametrize("speed", ["[100]", "[100, 0]", "[-1, 1]", "[1, 2, 3]"])
def test_the_verifier_refuses_invalid_speeds(loop: Path, speed: str):
    text = print_graph(compile(at_speed(loop, "100/97"), preset="draft").graph)
    parsed = parse_text(text.replace("[100, 97]", speed), "graph.mir")
    with pytest.raises(ValueError, match="has a rate of 44100 Hz, played at"):
        parsed.check()


def test_speeds_are_part_of_the_document(loop: Path):
    timeline = at_speed(loop, "100/97")
    assert loads(dump(timeline)) == timeline
    assert 'sources: {fast: {path: loop.wav, speed: "100/97"}}' in dump(timeline)


@pytest.mark.parametrize("speed", ["", "fast", "0", "1/0", "17", "1/17", "1000001/1000000", "-1"])
def test_a_speed_is_a_ratio_in_range(loop: Path, speed: str):
    (found,) = validate(at_speed(loop, speed))
    assert (found.code, found.origin.pointer) == (Code.OUT_OF_RANGE, "/sources/fast/speed")


@pytest.mark.parametrize("speed", ["2", 2, 2.0, "4/2", Decimal(2)])
def test_a_speed_is_a_number_or_a_ratio(loop: Path, speed: object):
    assert at_speed(loop, speed).sources["fast"].ratio == 2


def test_a_ratio_too_fine_for_resamplers_is_refused(loop: Path):
    with pytest.raises(TimelineError, match="cannot play at 999983/999979 exactly"):
        compile(evolve(at_speed(loop, "999983/999979"), sample_rate=47999))
