"""Runs the steps of a native plan in this process, from the same arguments that the plan shows.

Promises: `run_step` does exactly what the command line of the step says, so that the same step can
be run by hand (`mixdown step engine FILE ...`). Its imports are slow: import it only to run a plan.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType

import soundfile
from attrs import evolve

from ...audio import FloatArray
from ...audio.meter.measure import LevelMeter
from ...ir.graph import Graph
from ...ir.nodes import Limiter, Loudnorm, Node, Reading
from ...media.samples import run_decode
from ...plans.carried import locate
from ...plans.comments import run_comment
from ...plans.loop import level_key
from ...plans.pictures import run_picture
from ...plans.plan import File, Step, bind
from .engine.render import Settings
from .engine.written import SpanStore, WrittenMeter, render
from .integers import run_envelope, run_integers
from .options import EngineOptions, read_options
from .part import run_part

Progress = Callable[[float], None]
"""Receives the part that is done, 0 to 1."""

ENGINE = "engine"
_MEASURED_BLOCK = 1 << 16


def run_step(
    step: Step,
    path: Callable[[File], str],
    facts: Mapping[str, float],
    progress: Progress = lambda done: None,
    meters: Mapping[Path, WrittenMeter] = MappingProxyType({}),
    store: SpanStore | None = None,
) -> Mapping[str, float]:
    """Run a step whose program is mixdown.

    Args:
        step: of a native plan.
        path: a file of the plan -> its path.
        facts: the measured numbers that the step needs.
        progress: receives the part that is done, 0 to 1.
        meters: of some of the files that the engine writes.
        store: keeps what the engine makes of spans of time.

    Returns:
        For a measuring step {"lavfi.r128.I": LUFS}, -inf for silence; else nothing.

    Raises:
        OSError: a file cannot be read, written or decoded; `strerror` says which and why.
        IRError: the graph's text is not valid.
        KeyError: a fact is missing.
    """
    command, *arguments = (bind(arg, path, facts) for arg in step.argv)
    if command == ENGINE:
        graph = next((script.graph for script in step.scripts), None)
        return run_engine(arguments, progress, meters, store, graph)
    return COMMANDS[command](arguments, progress)


def run_engine(
    arguments: Sequence[str],
    progress: Progress,
    meters: Mapping[Path, WrittenMeter] = MappingProxyType({}),
    store: SpanStore | None = None,
    graph: Graph | None = None,
) -> Mapping[str, float]:
    """`mixdown step engine`: render a graph, which may be given parsed; raises as `run_step`."""
    options = read_options(arguments)
    try:
        render(
            settled(options.graph() if graph is None else graph, options),
            partial(locate, sources=options.sources, work=options.work),
            options.outputs,
            tags=options.tags,
            meters=meters,
            settings=Settings(scratch=options.work),
            store=store,
            progress=progress,
        )
    except soundfile.SoundFileError as error:
        raise OSError(None, str(error)) from error
    return {}


def run_measure(arguments: Sequence[str], progress: Progress) -> Mapping[str, float]:
    """`mixdown measure FILE [--reading momentary|rms]`: the integrated loudness of a file.

    With the option, silence is appended to a file shorter than 400 ms, or its RMS is measured.
    Raises as `run_step`.
    """
    path, *options = arguments
    try:
        with soundfile.SoundFile(path) as audio:
            reading = Reading(options[-1]) if options else Reading.INTEGRATED
            meter = LevelMeter(reading, audio.samplerate, audio.channels)
            for block in _reported(audio, progress):
                meter.feed(block)
            return {level_key(reading): meter.result()}
    except (soundfile.SoundFileError, ValueError) as error:
        raise OSError(None, f"{path}: {error}") from error


COMMANDS: Mapping[str, Callable[[Sequence[str], Progress], Mapping[str, float]]] = {
    "comment": run_comment,
    "decode": run_decode,
    ENGINE: run_engine,
    "envelope": run_envelope,
    "integers": run_integers,
    "measure": run_measure,
    "part": run_part,
    "picture": run_picture,
}


def settled(graph: Graph, options: EngineOptions) -> Graph:
    """The graph with the measured values filled in."""

    def rule(node: Node) -> Node:
        if isinstance(node, Loudnorm) and node.gain_db is None:
            return evolve(node, gain_db=options.gain_db)
        if isinstance(node, Limiter) and options.margin_db is not None:
            return evolve(node, margin_db=options.margin_db)
        return node

    return graph.rewrite(rule)


def _reported(audio: soundfile.SoundFile, progress: Progress) -> Iterator[FloatArray]:
    blocks = audio.blocks(blocksize=_MEASURED_BLOCK, dtype="float64", always_2d=True)
    for number, block in enumerate(blocks, 1):
        yield block.T
        progress(min(1.0, number * _MEASURED_BLOCK / max(audio.frames, 1)))
