"""Runs the steps of a native plan in this process, from the very arguments that the plan shows.

Promises: `run_step` does what the command line of the step says and nothing else, so that the same
step can be run by hand (`mixdown step engine FILE ...`). Heavy: import it only to run something.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import soundfile
from attrs import evolve, field, frozen

from ...audio import FloatArray
from ...audio.meter.loudness import LoudnessMeter
from ...ir.graph import Graph
from ...ir.nodes import Limiter, Loudnorm, Node
from ...ir.text.parser import parse_graph
from ...plans.carried import locate
from ...plans.loop import LOUDNESS_KEY
from ...plans.pictures import run_picture
from ...plans.plan import File, Step, bind
from .engine.render import Settings, render
from .integers import run_envelope, run_integers

Progress = Callable[[float], None]
"""Is told how much is done, 0 to 1."""

_OPTIONS: Mapping[str, int] = {
    "--sources": 1,
    "--work": 1,
    "--gain-db": 1,
    "--margin-db": 1,
    "--tag": 2,
    "--output": 2,
}
_MEASURED_BLOCK = 1 << 16


@frozen
class EngineOptions:
    """What the engine is asked to do.

    Attributes:
        graph: the file of the graph's text.
        sources, work: the directories that media and files of earlier steps count from.
        gain_db: of every loudness gain that the graph leaves open.
        margin_db: of every limiter; None: the graph's own.
        tags: metadata of the files.
        outputs: where each output goes, by its name.
    """

    graph: Path
    sources: Path = Path()
    work: Path = Path()
    gain_db: float | None = None
    margin_db: float | None = None
    tags: tuple[tuple[str, str], ...] = ()
    outputs: Mapping[str, Path] = field(factory=dict)


def run_step(
    step: Step,
    path: Callable[[File], str],
    facts: Mapping[str, float],
    progress: Progress = lambda done: None,
) -> Mapping[str, float]:
    """Run a step whose program is mixdown.

    Args:
        step: of a native plan.
        path: a file of the plan -> its path.
        facts: the measured numbers that the step waits for.
        progress: is told how much is done, 0 to 1.

    Returns:
        For a measuring step {"lavfi.r128.I": LUFS}, -inf for silence; else nothing.

    Raises:
        OSError: a file cannot be read, written or decoded; `strerror` says which and why.
        IRError: the graph's text is no graph.
        KeyError: a fact is missing.
    """
    command, *arguments = (bind(arg, path, facts) for arg in step.argv)
    return COMMANDS[command](arguments, progress)


def run_engine(arguments: Sequence[str], progress: Progress) -> Mapping[str, float]:
    """`mixdown step engine`: render a graph; raises as `run_step`."""
    order = read_order(arguments)
    graph = settled(parse_graph(order.graph.read_text(encoding="utf-8"), order.graph.name), order)

    try:
        render(
            graph,
            partial(locate, sources=order.sources, work=order.work),
            order.outputs,
            tags=order.tags,
            settings=Settings(scratch=order.work),
            progress=progress,
        )
    except soundfile.SoundFileError as error:
        raise OSError(None, str(error)) from error
    return {}


def run_measure(arguments: Sequence[str], progress: Progress) -> Mapping[str, float]:
    """`mixdown measure`: the integrated loudness of a file; raises as `run_step`."""
    (path,) = arguments
    try:
        with soundfile.SoundFile(path) as audio:
            meter = LoudnessMeter(audio.samplerate, audio.channels)
            for block in _told(audio, progress):
                meter.feed(block)
            return {LOUDNESS_KEY: meter.result().integrated}
    except (soundfile.SoundFileError, ValueError) as error:
        raise OSError(None, f"{path}: {error}") from error


COMMANDS: Mapping[str, Callable[[Sequence[str], Progress], Mapping[str, float]]] = {
    "engine": run_engine,
    "envelope": run_envelope,
    "integers": run_integers,
    "measure": run_measure,
    "picture": run_picture,
}


def read_order(arguments: Iterable[str]) -> EngineOptions:
    """The arguments of `mixdown step engine`; each option takes a fixed number of values.

    Raises:
        OSError: an argument is missing or none of the known options.
    """
    words = iter(arguments)
    try:
        order = EngineOptions(Path(next(words)))
        for word in words:
            values = [next(words) for _ in range(_OPTIONS[word])]
            order = _with(order, word, values)
    except (StopIteration, KeyError, ValueError) as error:
        raise OSError(None, f"not a command line of the engine: {error}") from error
    return order


def settled(graph: Graph, order: EngineOptions) -> Graph:
    """The graph with what was measured in its place."""

    def rule(node: Node) -> Node:
        if isinstance(node, Loudnorm) and node.gain_db is None:
            return evolve(node, gain_db=order.gain_db)
        if isinstance(node, Limiter) and order.margin_db is not None:
            return evolve(node, margin_db=order.margin_db)
        return node

    return graph.rewrite(rule)


def _with(order: EngineOptions, option: str, values: list[str]) -> EngineOptions:
    if option == "--output":
        return evolve(order, outputs={**order.outputs, values[0]: Path(values[1])})
    if option == "--tag":
        return evolve(order, tags=(*order.tags, (values[0], values[1])))
    (value,) = values
    name = option.removeprefix("--").replace("-", "_")
    read: Callable[[str], float | Path] = float if name.endswith("_db") else Path
    changed: dict[str, Any] = {name: read(value)}
    return evolve(order, **changed)


def _told(audio: soundfile.SoundFile, progress: Progress) -> Iterator[FloatArray]:
    blocks = audio.blocks(blocksize=_MEASURED_BLOCK, dtype="float64", always_2d=True)
    for number, block in enumerate(blocks, 1):
        yield block.T
        progress(min(1.0, number * _MEASURED_BLOCK / max(audio.frames, 1)))
