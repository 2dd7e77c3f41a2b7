"""The encoding around any backend's plan: what is added, what is left alone, what is refused."""

from __future__ import annotations

import subprocess
from functools import partial

import numpy as np
import pytest
import soundfile
from attrs import evolve
from mixdown.backends.native.backend import BACKEND as NATIVE
from mixdown.backends.registry import find_backend
from mixdown.ir.containers import CONTAINERS
from mixdown.ir.diagnostics import BackendError
from mixdown.ir.graph import Graph
from mixdown.ir.nodes import Node, Output
from mixdown.ir.text.parser import parse_graph
from mixdown.ir.units import decibels
from mixdown.plans.encoding import CODERS, Extras, emit
from mixdown.plans.ffmetadata import Chapter
from mixdown.plans.loop import loop_steps
from mixdown.plans.plan import EmitOptions, File, Plan, PlannedSource, Space
from mixdown.programs.ffmpeg import find_ffmpeg

TAGS = (("title", "A = B"),)
PLAIN = EmitOptions(tags=TAGS)
LOSSY = [name for name, container in CONTAINERS.items() if container.is_lossy]


def graph_of(container: str, **stems: str) -> Graph:
    """A limited, unmeasured mix of silence as a file, and the same as stems in others."""
    lines = [
        "mixdown.ir 1",
        "%dry = silence {rate = 44100, channels = 2, length = 1000}",
        "%loud = loudnorm %dry {target_lufs = -16.0, gain_db = ?}",
        "%limited = limiter %loud {ceiling_db = -1.0, mode = true_peak}",
    ]
    for index, (target, held) in enumerate({"master": container, **stems}.items()):
        encoding = CONTAINERS[held].encodings[0]
        rate = f", bit_rate = {CONTAINERS[held].bit_rate}" if CONTAINERS[held].is_lossy else ""
        role = "stem" if index else "master"
        value = "dry" if index else "limited"
        lines.append(
            f'%{target}.output = output %{value} {{role = {role}, target = "{target}", '
            f'container = "{held}", encoding = {encoding}, index = {index}{rate}}}'
        )
    return parse_graph("\n".join(lines) + "\n")


COVER = PlannedSource(File(Space.SOURCE, "art/cover.jpg"), "sha256:0")


def deliveries(plan: Plan) -> list[str]:
    return [f"{delivery.target} {delivery.file}" for delivery in plan.deliveries]


@pytest.mark.parametrize("name", ["ffmpeg", "native", "sox"])
def test_a_plan_without_such_files_is_the_backends_own(name):
    graph, backend = graph_of("wav", a="flac"), find_backend(name)
    chapters = Extras(chapters=(Chapter(0, 1, "One"),))
    assert emit(backend.emit, graph, PLAIN, chapters) == backend.emit(graph, PLAIN)
    assert emit(backend.emit, graph_of("wav"), PLAIN, Extras(cover=COVER)).loudness is not None


@pytest.mark.parametrize(
    ("rate", "channels", "bit_rates"),
    [(48000, 2, (64, 160, 192, 224, 256, 320)), (44100, 1, (64, 192)), (8000, 1, (32,))],
)
def test_the_gain_of_an_encoder_is_the_one_that_a_file_shows(rate, channels, bit_rates, tmp_path):
    """LAME scales its input; the other encoders do not, nor LAME at high bit rates."""
    time = np.arange(2 * rate) / rate
    tone = 0.3 * np.sin(2 * np.pi * 440.0 * time)
    soundfile.write(tmp_path / "a.wav", np.stack([tone] * channels, 1), rate, "FLOAT")
    ffmpeg = find_ffmpeg().program
    for bit_rate in bit_rates:
        graph = graph_of("mp3").rewrite(partial(with_bit_rate, bit_rate))
        goal = emit(NATIVE.emit, graph, PLAIN, Extras()).loudness
        encode = ["-i", "a.wav", "-c:a", "libmp3lame", "-b:a", f"{bit_rate}k", "a.mp3"]
        decode = ["-i", "a.mp3", "-c:a", "pcm_f32le", "b.wav"]
        for words in (encode, decode):
            command = [ffmpeg, "-y", "-v", "error", *words]
            subprocess.run(command, cwd=tmp_path, check=True)
        found, _ = soundfile.read(tmp_path / "b.wav", always_2d=True)
        middle = slice(rate // 2, rate)  # whole periods
        gain = np.abs(np.exp(-2j * np.pi * 440.0 * time[middle]) @ found[middle, 0]) / rate * 4
        assert goal is not None
        assert decibels(gain / 0.3) == pytest.approx(goal.encoder_gain_db, abs=0.01)


def with_bit_rate(bit_rate: int, node: Node) -> Node:
    return evolve(node, bit_rate=bit_rate) if isinstance(node, Output) else node


@pytest.mark.parametrize("name", ["ffmpeg", "native", "sox"])
@pytest.mark.parametrize("form", LOSSY)
def test_each_backend_leaves_a_float_wav_to_encode(name, form):
    plan = emit(find_backend(name).emit, graph_of(form, a=form), PLAIN, Extras())
    assert deliveries(plan) == [f"master ${{OUT}}/master.{form}", f"a ${{OUT}}/a.{form}"]
    raw = File(Space.WORK, "master.wav")
    (maker,) = (step for step in plan.steps if raw in step.outputs)
    encode, stem = plan["encode"], plan["encode1"]
    assert (encode.inputs, encode.after) == ((raw,), (maker.id,))
    assert "title=A = B" in encode.argv
    assert CODERS[form].encoder in stem.argv
    assert plan.labels["encode"] == "master.output"
    assert plan.loudness is not None
    phases = loop_steps(plan, plan.loudness)
    assert [step.id for step in phases.looped][-1] == "encode"
    assert stem in phases.before
    held = CONTAINERS[form].rate(44100)
    assert encode.rate == held
    assert any("aresample=48000" in str(arg) for arg in encode.argv) == (held != 44100)
    assert plan.digest != emit(NATIVE.emit, graph_of("wav", a="wav"), PLAIN, Extras()).digest


def test_formats_may_be_mixed():
    plan = emit(NATIVE.emit, graph_of("opus", a="wav", b="mp3"), PLAIN, Extras())
    assert [line.rpartition("/")[2] for line in deliveries(plan)] == [
        "master.opus",
        "a.wav",
        "b.mp3",
    ]
    assert [step.id for step in plan.steps if step.program == "ffmpeg"] == ["encode", "encode1"]


def test_no_file_of_a_plan_is_written_over():
    """Where the mix is measured there is a premaster.wav in the work space already."""
    plan = emit(NATIVE.emit, graph_of("mp3", premaster="mp3"), PLAIN, Extras())
    written = [file for step in plan.steps for file in step.outputs]
    assert len(written) == len(set(written))
    assert deliveries(plan)[1] == "premaster ${OUT}/premaster.mp3"


@pytest.mark.parametrize("form", [*LOSSY, "flac"])
def test_a_cover_is_attached_or_made_a_tag(form):
    cover = COVER.file
    plan = emit(NATIVE.emit, graph_of(form), PLAIN, Extras(cover=COVER))
    assert plan.sources == (COVER,)
    readers = [step for step in plan.steps if cover in step.inputs]
    if not CODERS[form].attaches:
        assert [step.id for step in readers] == ["picture"]
        assert readers[0].argv[:2] == ("picture", cover)
        assert plan["encode"].inputs == (File(Space.WORK, "master.wav"), *readers[0].outputs)
    else:
        assert readers == [plan["encode"]]
        assert "attached_pic" in plan["encode"].argv
    assert ("copy" in plan["encode"].argv) == (form in ("flac", "mp3", "m4a", "m4b", "mp4"))


CHAPTERS = Extras(chapters=(Chapter(0, 500, "One"), Chapter(500, 1000, "Two")))


@pytest.mark.parametrize(
    ("forms", "extras", "said"),
    [
        ({"container": "mp3"}, Extras(), "both mix and encode mp3"),
        ({"container": "flac"}, Extras(cover=COVER), "complete a FLAC with a cover"),
        ({"container": "flac", "a": "flac"}, CHAPTERS, "with chapters beside stems"),
    ],
)
def test_one_command_cannot_encode_too(forms, extras, said):
    with pytest.raises(BackendError, match=f"MIX502.*{said}") as caught:
        emit(find_backend("ffmpeg").emit, graph_of(**forms), EmitOptions(single=True), extras)
    assert "compile the plan as steps" in (caught.value.diagnostics[0].help or "")


def test_one_command_writes_the_chapters_of_a_flac_master(tmp_path, ffmpegs):
    options = EmitOptions(single=True, one_pass=True, tags=TAGS)
    plan = emit(find_backend("ffmpeg").emit, graph_of("flac"), options, CHAPTERS)
    (step,) = plan.steps
    written = [arg for arg in step.argv if str(arg).startswith(("CHAPTER", "title"))]
    assert written[0] == "title=A = B"
    assert "CHAPTER002NAME=Two" in written


def test_more_chapters_than_a_format_holds_are_refused():
    """MP3 counts them in a byte: a table of contents with more would name the wrong ones."""
    chapters = tuple(Chapter(n, n + 1, f"{n}") for n in range(256))
    held = emit(NATIVE.emit, graph_of("mp3"), PLAIN, Extras(chapters=chapters[:255]))
    assert "[CHAPTER]" in str(held.steps[-1].scripts[0].text)
    with pytest.raises(BackendError, match=r"MIX502.*at most 255 chapters.*make 256"):
        emit(NATIVE.emit, graph_of("mp3"), PLAIN, Extras(chapters=chapters))
    for form in ("m4a", "opus", "ogg"):
        emit(NATIVE.emit, graph_of(form), PLAIN, Extras(chapters=chapters))
