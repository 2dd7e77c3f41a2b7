"""Names that mean something to SoX, to a shell, to a file system or to a pattern are only names."""

from __future__ import annotations

import re

import pytest
from mixdown.backends.sox import BACKEND
from mixdown.backends.sox.builder import plain_name
from mixdown.ir.names import NumberedNames
from mixdown.ir.nodes import Edge, Fade, Gain, Lane
from mixdown.plans.plan import EmitOptions
from sox_bench import Bench, master

ODD = (
    "-n.wav",
    "-",
    "|echo.wav",
    'it\'s "quoted".wav',
    "two\nlines.wav",
    "$HOME`id`.wav",
    "100%n.wav",
    "a[1]{b,c}*?.wav",
    "~root.wav",
    "back\\slash.wav",
    "café 日本.wav",
    "http:..x.wav",
    "-v 2.wav",
    "END",
    "${WORK}.wav",
    "@gain_db@.wav",
)


@pytest.mark.requires("sox")
@pytest.mark.parametrize("place", [".", "odd [dir]{a,b} %n 'x'\n$y"])
def test_odd_names_of_files_and_values(tmp_path, place):
    folder = tmp_path / place
    folder.mkdir(exist_ok=True)
    bench = Bench(folder)
    nodes, names = [], []
    for number, name in enumerate(ODD):
        bench.noise(name, 2, 400, file=f"plain{number}.wav")
        path = folder / f"plain{number}.wav"
        path.rename(folder / name)
        bench.sources[name] = renamed(bench, name)
        clip = bench.clip(name, 10, 300, f"{name}.clip")
        fade = Fade(name, Edge.IN, 40, "tri", operands=(clip.name,))
        nodes += [clip, fade]
        names.append(name)
    lane = Lane("lane", tuple(301 * i for i in range(len(ODD))), 6000, operands=tuple(names))
    gain = Gain("gain", -1.0, operands=("lane",))
    graph = bench.graph(*nodes, lane, gain, master("gain"))
    assert bench.residual(graph) <= -175.0


def renamed(bench, name):
    import attrs

    return attrs.evolve(bench.sources[name], path=name)


@pytest.mark.parametrize("wanted", [*ODD, "", ".", "..", "/", "x" * 300, "ÄÖ", "CON"])
def test_a_work_file_s_name_is_harmless(wanted):
    names = NumberedNames(plain_name, folded=True)
    found = [names.take(wanted), names.take(wanted), names.take(wanted.upper())]
    assert len({name.casefold() for name in found}) == 3
    assert all(re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.]{0,90}", name) for name in found)


def test_steps_do_not_clash_with_values_of_the_same_name(tmp_path):
    bench = Bench(tmp_path)
    bench.noise("restore", 1)
    nodes = [bench.clip("restore", 5, 300, "finish")]
    nodes.append(Fade("restore", Edge.IN, 40, "log", operands=("finish",)))
    plan = BACKEND.emit(bench.graph(*nodes, master("restore")), EmitOptions())
    ids = [step.id for step in plan.steps]
    assert len(ids) == len(set(ids)) == 4
    assert ids[-1] == "restore"
