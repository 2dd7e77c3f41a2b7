"""Runs the steps of a native plan in this process, from the same arguments that the plan shows.

Promises: `run_step` does exactly what the command line of the step says, so that the same step can
be run by hand (`mixdown step engine FILE ...`). Its imports are slow: import it only to run a plan.
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
from ...media.samples import run_decode
from ...plans.carried import locate
from ...plans.loop import LOUDNESS_KEY
from ...plans.pictures import run_picture
from ...plans.plan import File, Step, bind
from .engine.render import Settings, render
from .integers import run_envelope, run_integers

Progress = Callable[[float], None]
"""Receives the part that is done, 0 to 1."""

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
    """The arguments of the engine.

    Attributes:
        graph: the file of the graph's text.
        sources, work: the directories of media and of files of earlier steps; paths are relative
            to them.
        gain_db: of every loudness gain that is not in the graph.
        margin_db: of every limiter; None: the graph's own.
        tags: metadata of the files.
        outputs: the file of each output, by its name.
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
        facts: the measured numbers that the step needs.
        progress: receives the part that is done, 0 to 1.

    Returns:
        For a measuring step {"lavfi.r128.I": LUFS}, -inf for silence; else nothing.

    Raises:
        OSError: a file cannot be read, written or decoded; `strerror` says which and why.
        IRError: the graph's text is not valid.
        KeyError: a fact is missing.
    """
    command, *arguments = (bind(arg, path, facts) for arg in step.argv)
    return COMMANDS[command](arguments, progress)


def run_engine(arguments: Sequence[str], progress: Progress) -> Mapping[str, float]:
    """`mixdown step engine`: render a graph; raises as `run_step`."""
    options = read_options(arguments)
    graph = settled(
        parse_graph(options.graph.read_text(encoding="utf-8"), options.graph.name), options
    )

    try:
        render(
            graph,
            partial(locate, sources=options.sources, work=options.work),
            options.outputs,
            tags=options.tags,
            settings=Settings(scratch=options.work),
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
            for block in _reported(audio, progress):
                meter.feed(block)
            return {LOUDNESS_KEY: meter.result().integrated}
    except (soundfile.SoundFileError, ValueError) as error:
        raise OSError(None, f"{path}: {error}") from error


COMMANDS: Mapping[str, Callable[[Sequence[str], Progress], Mapping[str, float]]] = {
    "decode": run_decode,
    "engine": run_engine,
    "envelope": run_envelope,
    "integers": run_integers,
    "measure": run_measure,
    "picture": run_picture,
}


def read_options(arguments: Iterable[str]) -> EngineOptions:
    """The arguments of `mixdown step engine`; each option takes a fixed number of values.

    Raises:
        OSError: an argument is missing or none of the known options.
    """
    words = iter(arguments)
    try:
        options = EngineOptions(Path(next(words)))
        for word in words:
            values = [next(words) for _ in range(_OPTIONS[word])]
            options = _with(options, word, values)
    except (StopIteration, KeyError, ValueError) as error:
        raise OSError(None, f"not a command line of the engine: {error}") from error
    return options


def settled(graph: Graph, options: EngineOptions) -> Graph:
    """The graph with the measured values filled in."""

    def rule(node: Node) -> Node:
        if isinstance(node, Loudnorm) and node.gain_db is None:
            return evolve(node, gain_db=options.gain_db)
        if isinstance(node, Limiter) and options.margin_db is not None:
            return evolve(node, margin_db=options.margin_db)
        return node

    return graph.rewrite(rule)


def _with(options: EngineOptions, option: str, values: list[str]) -> EngineOptions:
    if option == "--output":
        return evolve(options, outputs={**options.outputs, values[0]: Path(values[1])})
    if option == "--tag":
        return evolve(options, tags=(*options.tags, (values[0], values[1])))
    (value,) = values
    name = option.removeprefix("--").replace("-", "_")
    read: Callable[[str], float | Path] = float if name.endswith("_db") else Path
    changed: dict[str, Any] = {name: read(value)}
    return evolve(options, **changed)


def _reported(audio: soundfile.SoundFile, progress: Progress) -> Iterator[FloatArray]:
    blocks = audio.blocks(blocksize=_MEASURED_BLOCK, dtype="float64", always_2d=True)
    for number, block in enumerate(blocks, 1):
        yield block.T
        progress(min(1.0, number * _MEASURED_BLOCK / max(audio.frames, 1)))
