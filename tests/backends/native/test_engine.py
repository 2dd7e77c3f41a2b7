"""The engine against the reference: every kind, every block size, any number of threads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from mixdown.backends.native import reference
from mixdown.backends.native.engine.build import build
from mixdown.backends.native.engine.piece import take
from mixdown.backends.native.engine.render import Settings, block_for, blocks, evaluate
from mixdown.backends.native.engine.sources import FileReader, Sources
from mixdown.backends.native.engine.written import render
from mixdown.ir import nodes as ir
from mixdown.ir.curves import FilterKind, PanLaw, Shape
from mixdown.ir.graph import Graph
from sounds import Media

RATE = 48000
EXACT = 3e-13  # -250 dBFS
BLOCKS = [1, 7, 64, 1000, 4096, 65536]


def chain(name: str, length: int, at: int) -> tuple[ir.Node, ...]:
    """A clip with one of everything, placed."""
    moves = (
        ir.Point(0, -12, Shape.SMOOTH),
        ir.Point(length // 2, 3, Shape.LINEAR),
        ir.Point(length, -3),
    )
    turns = (ir.Point(10, -1), ir.Point(length // 3, 0.7, Shape.HOLD), ir.Point(length - 5, -0.2))
    sweep = (ir.Point(0, 300), ir.Point(length, 6000))
    c = f"{name}."
    return (
        ir.Clip(f"{c}clip", name, 20, length, RATE),
        ir.Gain(f"{c}gain", -2.5, operands=(f"{c}clip",)),
        ir.Fade(f"{c}in", ir.Edge.IN, length // 4, "hsin", operands=(f"{c}gain",)),
        ir.Fade(f"{c}out", ir.Edge.OUT, length // 3, "qsin", operands=(f"{c}in",)),
        ir.GainAutomation(f"{c}moves", moves, operands=(f"{c}out",)),
        ir.Filter(f"{c}eq", FilterKind.PEAKING, 900, 1.4, 5.0, operands=(f"{c}moves",)),
        ir.FilterAutomation(f"{c}lp", FilterKind.LOWPASS, sweep, 0.9, 0.0, operands=(f"{c}eq",)),
        ir.PanAutomation(f"{c}pan", turns, PanLaw.COMPROMISE, operands=(f"{c}lp",)),
        ir.Place(f"{c}place", at, operands=(f"{c}pan",)),
    )


def whole_mix(media: Media, scale: int) -> Graph:
    """Two tracks, lanes, a bus, a shared value, and a master with all its finish."""
    sources = (
        media.add("voice", RATE, 1, 5 * scale, "wav"),
        media.add("call", 44100, 1, 5 * scale),
        media.add("music", RATE, 2, 6 * scale, "flac"),
    )
    length = 12 * scale
    nodes = (
        *chain("voice", 3 * scale, scale),
        *chain("call", 2 * scale, 3 * scale + 5),
        *chain("music", 4 * scale, 7 * scale),
        ir.Lane("lane", (scale, 9 * scale), length, operands=("voice.pan", "voice.pan")),
        ir.Mix("talk", length, operands=("lane", "call.place")),
        ir.Filter("talk.eq", FilterKind.HIGHPASS, 120, 0.7, 0.0, operands=("talk",)),
        ir.Mix("band", length, operands=("music.place", "voice.place")),
        ir.FilterAutomation(
            "band.lp",
            FilterKind.LOWPASS,
            (ir.Point(0, 8000), ir.Point(length, 2000)),
            0.7,
            0.0,
            operands=("band",),
        ),
        ir.Pan("band.pan", -0.3, PanLaw.LINEAR, operands=("band.lp",)),
        ir.Bus("bus", operands=("talk.eq", "band.pan")),
        ir.Silence("nothing", RATE, 2, length),
        ir.Mix("master", length, operands=("bus", "nothing")),
        ir.Headroom("headroom", 3.0, operands=("master",)),
        ir.Loudnorm("loudnorm", -14.0, 11.0, operands=("headroom",)),
        ir.Loudnorm("stem.loudnorm", -14.0, 11.0, operands=("bus", "headroom")),
        ir.Limiter("limiter", -1.0, ir.LimitMode.TRUE_PEAK, 0.1, operands=("loudnorm",)),
        ir.Dither("dither", 16, operands=("limiter",)),
        ir.Output(
            "out", ir.OutputRole.MASTER, "master", "wav", ir.Encoding.S16, operands=("dither",)
        ),
        ir.Output(
            "stem", ir.OutputRole.STEM, "bus", "flac", ir.Encoding.S24, operands=("stem.loudnorm",)
        ),
        ir.Downmix("mono", operands=("bus",)),
    )
    return Graph(sources, nodes)


def meant(graph: Graph, media: Media) -> dict[str, np.ndarray]:
    return reference.evaluate(graph, lambda s: reference.read_file(media.locate(s)))


def apart(graph: Graph, media: Media, settings: Settings) -> float:
    """How far the engine is from the reference, over all values, pulled at once."""
    names = [n.name for n in graph.nodes if not isinstance(n, ir.Output)]
    expected, found = meant(graph, media), evaluate(graph, media.locate, names, settings)
    return max(float(np.max(np.abs(found[name] - expected[name]))) for name in names)


@pytest.mark.parametrize(
    ("block", "threads"), [*((block, 0) for block in BLOCKS), (64, 2), (4096, 1), (65536, 4)]
)
def test_the_size_of_a_block_changes_nothing(media: Media, block: int, threads: int):
    graph = whole_mix(media, 30 if block < 64 else 1000)
    assert apart(graph, media, Settings(block=block, threads=threads)) < EXACT


@pytest.mark.parametrize("block", [64, 1000, 65536])
def test_outputs_alone_are_the_same_as_with_everything_else(media: Media, block: int):
    """Then hardly anything is shared, and the limiter is free to run ahead."""
    graph = whole_mix(media, 2000)
    expected = meant(graph, media)
    for names in (["dither"], ["dither", "bus"], ["mono"]):
        found = evaluate(graph, media.locate, names, Settings(block=block))
        for name in names:
            assert np.max(np.abs(found[name] - expected[name])) < EXACT


@pytest.mark.parametrize(("block", "threads"), [(64, 0), (1000, 2), (65536, 1)])
def test_slices_begin_in_the_state_of_the_whole(media: Media, block: int, threads: int):
    """Of two buses, summed and limited; one within another, and one that is placed."""
    graph = whole_mix(media, 2000)
    inner = [node for node in graph.nodes if not isinstance(node, ir.Output)]
    end = 24_000
    made = (
        ir.Slice("late", 9001, 12_000, operands=("talk.eq",)),
        ir.Slice("later", 9001, 12_000, operands=("band.pan",)),
        ir.Downmix("late.mono", operands=("later",)),
        ir.Pan("late.pan", 0.0, PanLaw.LINEAR, operands=("late.mono",)),
        ir.Slice("latest", 777, 5000, operands=("late.pan",)),
        ir.Place("again", 13, operands=("latest",)),
        ir.Mix("sum", end, operands=("later", "again", "late")),
        ir.Limiter("limited", -20.0, ir.LimitMode.TRUE_PEAK, operands=("sum",)),
    )
    sliced = Graph(graph.sources, (*inner, *made))
    expected = meant(sliced, media)
    settings = Settings(block=block, threads=threads)
    for names in (["limited"], ["sum", "latest", "later", "limited"]):
        found = evaluate(sliced, media.locate, names, settings)
        for name in names:
            assert np.max(np.abs(found[name] - expected[name])) < EXACT


@pytest.mark.parametrize("block", [64, 1000, 65536])
@pytest.mark.parametrize("noise", ir.DitherNoise)
def test_dither_is_the_same_in_blocks_and_stops_in_long_silence(
    media: Media, block: int, noise: ir.DitherNoise
):
    """Of samples that are the same to the bit: a rounding fed back goes its own way otherwise."""
    source = media.add("voice", RATE, 1, 9000, "wav")
    nodes = (
        ir.Clip("clip", "voice", 500, 4000, RATE),
        ir.Place("late", RATE // 10, operands=("clip",)),
        ir.Clip("again", "voice", 4500, 4000, RATE),
        ir.Place("later", 30_000, operands=("again",)),
        ir.Mix("mix", 40_000, operands=("late", "later")),
        ir.Dither("dither", 16, noise, operands=("mix",)),
    )
    graph = Graph((source,), nodes)
    found = evaluate(graph, media.locate, ["dither"], Settings(block=block))["dither"]
    assert np.array_equal(found, meant(graph, media)["dither"])
    assert np.any(found[:, : RATE // 10])  # a silence of 100 ms
    end = RATE // 10 + 4000
    assert not np.any(found[:, end:30_000]) and not np.any(found[:, 34_000:])
    whole = np.array_equal(found * 2**15, np.rint(found * 2**15))
    assert whole == (noise is ir.DitherNoise.SHAPED)


def test_the_limiter_works_on_this_mix(media: Media):
    values = meant(whole_mix(media, 2000), media)
    assert np.max(np.abs(values["loudnorm"])) > 1.0
    assert np.max(np.abs(values["limiter"])) <= 10 ** (-1 / 20)


def test_files_hold_what_the_reference_means(media: Media, tmp_path: Path):
    graph = whole_mix(media, 2000)
    files = {"out": tmp_path / "out.wav", "stem": tmp_path / "stem.flac"}
    done: list[float] = []
    render(graph, media.locate, files, progress=done.append)
    expected = meant(graph, media)
    for name, path in files.items():
        assert np.array_equal(reference.read_file(str(path)), expected[name])
    assert done == sorted(done)
    assert done[-1] == 1.0


def test_threads_change_no_bit(media: Media, tmp_path: Path):
    graph = whole_mix(media, 8000)
    first: dict[str, np.ndarray] = {}
    for number, threads in enumerate((0, 1, 4)):
        files = {"out": tmp_path / f"{number}.wav", "stem": tmp_path / f"{number}.flac"}
        render(graph, media.locate, files, settings=Settings(threads=threads))
        found = evaluate(graph, media.locate, ["limiter", "bus"], Settings(threads=threads))
        for name, value in found.items():
            assert np.array_equal(value, first.setdefault(name, value))
    for suffix in ("wav", "flac"):
        assert len({path.read_bytes() for path in tmp_path.glob(f"[0-2].{suffix}")}) == 1


def test_blocks_are_whole_seconds_and_shorter_for_many_tracks():
    assert block_for(1, 48_000) == block_for(8, 48_000) == 96_000
    assert block_for(16, 48_000) == 48_000
    assert block_for(1, 8_000) == 128_000
    assert block_for(1, 192_000) == 131_072
    assert block_for(32, 48_000) == 32_768
    assert block_for(64, 48_000) == 16_384
    assert block_for(100_000, 48_000) == 2048


def sparse(media: Media) -> Graph:
    """A clip of 100 samples in the middle of two minutes, filtered."""
    source = media.add("click", RATE, 1, 200)
    length = 120 * RATE
    nodes = (
        ir.Clip("clip", "click", 0, 100, RATE),
        ir.Place("place", length // 2, operands=("clip",)),
        ir.Mix("mix", length, operands=("place",)),
        ir.Filter("filter", FilterKind.HIGHPASS, 100, 0.7, 0.0, operands=("mix",)),
        ir.Gain("gain", -3.0, operands=("filter",)),
    )
    return Graph((source,), nodes)


def test_silence_is_neither_allocated_nor_played(media: Media):
    graph = sparse(media)
    sounding = [b for b in blocks(graph, media.locate, ["gain"]) if b.pieces["gain"] is not None]
    assert 1 <= len(sounding) <= 3
    first = sounding[0].pieces["gain"]
    assert first is not None
    assert first.start == 60 * RATE
    assert np.max(np.abs(meant(graph, media)["gain"][:, : 60 * RATE])) == 0.0


def test_a_filter_rings_on_until_it_has_rung_out(media: Media):
    graph = sparse(media)
    expected = meant(graph, media)["gain"]
    assert apart(graph, media, Settings()) < EXACT
    assert np.max(np.abs(expected[:, 60 * RATE + 100 :])) > 1e-6


def test_a_file_is_open_only_while_it_sounds(media: Media, tmp_path: Path):
    source = media.add("click", RATE, 1, 200)
    readers: list[FileReader] = []

    class Counting(Sources):
        def open(self, source: ir.Source, rate: int, offset: int) -> FileReader:
            readers.append(FileReader(self.locate(source), source.channels, offset))
            return readers[-1]

    nodes = (
        ir.Clip("clip", "click", 0, 100, RATE),
        ir.Lane("lane", (0, 5000, 9000), 10000, operands=("clip", "clip", "clip")),
    )
    built = build(Graph((source,), nodes), ["lane"], Counting(media.locate, tmp_path))
    counts = []
    for start in range(0, 10000, 50):
        take(built.streams["lane"], start, start + 50)
        counts.append((len(readers), sum(reader.is_open for reader in readers)))
    assert counts[0] == (1, 1)
    assert counts[1] == counts[99] == (1, 0)
    assert counts[100] == (2, 1)
    assert counts[-1] == (3, 0)
