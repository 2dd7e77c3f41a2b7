"""Spans of time from earlier renders: the same bytes, and only what an edit touches is made."""

from __future__ import annotations

import hashlib
import shutil
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

import pytest
from attrs import asdict, evolve
from mixdown.audio.memory import Memory, decode, digest, encode
from mixdown.backends.native.engine.render import Settings
from mixdown.backends.native.engine.spans import TimeSpan, Windows
from mixdown.backends.native.engine.written import render
from mixdown.ir import nodes as ir
from mixdown.ir.curves import FilterKind, PanLaw, Shape
from mixdown.ir.graph import Graph
from mixdown.render.recording import file_tap
from sounds import Media

RATE = 16000
BLOCK = 1000
SPAN = 8 * BLOCK
SETTINGS = Settings(block=BLOCK, span_s=SPAN / RATE)
LENGTH = 20 * SPAN


class Store:
    """Keeps records in memory, encoded, and files in a directory."""

    def __init__(self, root: Path) -> None:
        self.root, self.records, self.reused = root, dict[str, bytes](), list[bool]()

    def find(self, key: str) -> Memory | None:
        return decode(self.records[key]) if key in self.records else None

    def keep(self, key: str, record: Memory) -> None:
        self.records[key] = encode(record)

    def open(self, name: str, stack: ExitStack) -> BinaryIO | None:
        path = self.root / name
        return stack.enter_context(path.open("rb")) if path.exists() else None

    def name(self, path: Path) -> str:
        return str(path.relative_to(self.root))

    def used(self, span: TimeSpan, *, reused: bool) -> None:
        self.reused.append(reused)


def rendered(graph: Graph, media: Media, out: Path, store: Store | None) -> list[object]:
    """The digests and the levels of the files of a render into a new directory."""
    out.mkdir()
    files = {o.name: out / f"{o.name}.{o.container}" for o in graph.outputs}
    taps = {file: file_tap(finds_empty=True) for file in files.values()}
    render(graph, media.locate, files, settings=SETTINGS, store=store, meters=taps)
    digests = [hashlib.sha256(file.read_bytes()).hexdigest() for file in files.values()]
    return [*digests, *(digest(asdict(tap.result())) for tap in taps.values())]


def clip(name: str, at: int, length: int, gain_db: float = -3.0) -> tuple[ir.Node, ...]:
    return (
        ir.Clip(f"{name}.clip", name, 100, length, RATE),
        ir.Gain(f"{name}.gain", gain_db, operands=(f"{name}.clip",)),
        ir.Fade(f"{name}.in", ir.Edge.IN, 300, "hsin", operands=(f"{name}.gain",)),
        ir.Fade(f"{name}.out", ir.Edge.OUT, 500, "qsin", operands=(f"{name}.in",)),
        ir.Filter(f"{name}.eq", FilterKind.PEAKING, 900, 1.4, 5.0, operands=(f"{name}.out",)),
        ir.Pan(f"{name}.pan", 0.2, PanLaw.LINEAR, operands=(f"{name}.eq",)),
        ir.Place(f"{name}.place", at, operands=(f"{name}.pan",)),
    )


def mix(media: Media, *clips: tuple[ir.Node, ...], duck: int = 2 * SPAN) -> Graph:
    """Speech with dynamics and music that is resampled, a stem of each with dither, a limiter."""
    sources = tuple(media.add(f"s{n}", RATE, 1, 3 * SPAN) for n in range(len(clips)))
    music = media.add("music", 44100, 2, LENGTH * 44100 // RATE)
    points = (ir.Point(0, 0), ir.Point(duck, -9, Shape.SMOOTH), ir.Point(duck + 4000, 0.0))
    sweep = (ir.Point(0, 300), ir.Point(3 * SPAN, 6000), ir.Point(6 * SPAN, 500))
    places = [nodes[-1].name for nodes in clips]
    stem, wav, flac = ir.OutputRole.STEM, ir.Encoding.F64, ir.Encoding.S24
    nodes = (
        *(node for nodes in clips for node in nodes),
        ir.Mix("talk.sum", LENGTH, operands=tuple(places)),
        ir.Filter("talk.eq", FilterKind.HIGHPASS, 100, 0.7, 0.0, operands=("talk.sum",)),
        ir.Compress("talk.comp", -30.0, 3.0, 6.0, 50, 800, 80, 4.0, operands=("talk.eq",)),
        ir.Gate("talk.gate", -50.0, 12.0, 20, 400, 900, 60, operands=("talk.comp",)),
        ir.Deess("talk", 3000.0, 8.0, -4.0, 3.0, 4.0, 16, 800, operands=("talk.gate",)),
        ir.Clip("bed", "music", 0, LENGTH, RATE),
        ir.GainAutomation("bed.duck", points, operands=("bed",)),
        ir.FilterAutomation("music", FilterKind.LOWPASS, sweep, 0.9, 0.0, operands=("bed.duck",)),
        ir.Bus("bus", operands=("talk", "music")),
        ir.Limiter("limiter", -12.0, ir.LimitMode.TRUE_PEAK, operands=("bus",)),
        ir.Dither("shaped", 16, ir.DitherNoise.SHAPED, operands=("talk",)),
        ir.Dither("plain", 24, operands=("music",)),
        ir.Output("master", ir.OutputRole.MASTER, "master", "wav", wav, operands=("limiter",)),
        ir.Output("one", stem, "talk", "wav", ir.Encoding.S16, operands=("shaped",)),
        ir.Output("two", stem, "music", "flac", flac, operands=("plain",)),
    )
    return Graph((*sources, music), nodes)


def talk(media: Media, gain_db: float = -3.0, *more: tuple[ir.Node, ...], **how: int) -> Graph:
    first, edited = clip("s0", SPAN // 2, 2 * SPAN), clip("s1", 5 * SPAN, 3000, gain_db)
    return mix(media, first, edited, clip("s2", 10 * SPAN + 7, 3 * SPAN), *more, **how)


def test_an_edit_makes_what_it_touches_and_the_same_bytes(media: Media, tmp_path: Path):
    store = Store(tmp_path)
    first = rendered(talk(media), media, tmp_path / "a", store)
    assert store.reused == [False] * 20
    edited = talk(media, gain_db=-9.0)
    alone = rendered(edited, media, tmp_path / "alone", None)
    store.reused.clear()
    assert rendered(edited, media, tmp_path / "b", store) == alone != first
    assert not any(store.reused[5:7])
    assert all(store.reused[15:]), "the clip is in span 5; the limiter reads 4 ahead; meters forget"
    store.reused.clear()
    assert rendered(talk(media), media, tmp_path / "c", store) == first
    assert all(store.reused)


def test_a_moved_keyframe_makes_the_spans_around_it(media: Media, tmp_path: Path):
    store = Store(tmp_path)
    rendered(talk(media), media, tmp_path / "a", store)
    store.reused.clear()
    moved = talk(media, duck=2 * SPAN + 50)
    assert rendered(moved, media, tmp_path / "b", store) == rendered(
        moved, media, tmp_path / "alone", None
    )
    assert store.reused[8:] == [True] * 12


def test_a_renamed_clip_across_a_boundary_keeps_its_memory(media: Media, tmp_path: Path):
    store = Store(tmp_path)

    def renamed(graph: Graph) -> Graph:
        def new(name: str) -> str:
            return name.replace("s0.", "x0.").replace("s2.", "s0.")

        nodes = [
            evolve(n, name=new(n.name), operands=tuple(map(new, n.operands))) for n in graph.nodes
        ]
        return Graph(graph.sources, nodes)

    expected = rendered(talk(media), media, tmp_path / "a", store)
    assert rendered(renamed(talk(media)), media, tmp_path / "b", store) == expected
    louder = renamed(talk(media, gain_db=1.0))
    alone = rendered(louder, media, tmp_path / "alone", None)
    assert rendered(louder, media, tmp_path / "c", store) == alone


@pytest.mark.parametrize("damage", ["missing", "changed"])
def test_a_file_that_is_not_what_it_was_is_not_used(media: Media, tmp_path: Path, damage: str):
    store = Store(tmp_path)
    expected = rendered(talk(media), media, tmp_path / "a", store)
    file = tmp_path / "a" / "master.wav"
    if damage == "missing":
        file.unlink()
    else:
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes(content)
    store.reused.clear()
    assert rendered(talk(media), media, tmp_path / "b", store) == expected
    assert store.reused.count(False) == (20 if damage == "missing" else 1)


def test_files_that_were_never_complete_leave_those_before_them(media: Media, tmp_path: Path):
    store = Store(tmp_path)
    expected = rendered(talk(media), media, tmp_path / "a", store)
    rendered(talk(media, gain_db=0.0), media, tmp_path / "killed", store)
    shutil.rmtree(tmp_path / "killed")
    store.reused.clear()
    assert rendered(talk(media), media, tmp_path / "b", store) == expected
    assert all(store.reused)


def test_what_sounds_in_a_window_is_all_that_its_digest_covers(media: Media):
    def keys(graph: Graph) -> list[str]:
        windows = Windows(graph, ("bus",), BLOCK)
        return [windows.digest(TimeSpan(n * SPAN, n * SPAN + BLOCK)) for n in range(20)]

    def changed(graph: Graph) -> list[int]:
        pairs = enumerate(zip(keys(talk(media)), keys(graph), strict=True))
        return [n for n, (old, new) in pairs if old != new]

    louder = talk(media, gain_db=1.0)
    assert changed(talk(media)) == []
    assert set(changed(louder)) <= {3, 4, 5}
    assert 5 in changed(louder)
    assert changed(talk(media, -3.0, clip("s3", 16 * SPAN, 3000))) == [14, 15, 16]
    longer = [evolve(n, length=n.length + SPAN) if n.name == "bed" else n for n in louder.nodes]
    assert changed(Graph(louder.sources, longer)) == [*changed(louder), 18, 19], "longer at its end"
    renamed = [evolve(n, q=1.0) if n.name == "talk.eq" else n for n in louder.nodes]
    assert changed(Graph(louder.sources, renamed)) == list(range(20))
