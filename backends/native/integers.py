"""Values as 32-bit integers, for programs with integer samples, such as SoX.

Promises: `run_integers` and `run_envelope` do what the command lines of their steps say. A value is
divided by the full scale of its file and rounded half to even, which adds noise at -192.7 dB of
full scale; a value that does not fit is an error and never clipped. The files are Sun/NeXT audio
(.au), which both libsndfile and SoX read at any length.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from ...audio import FloatArray, pan
from ...audio.curves import fade_in, fade_out
from ...audio.envelope import gain_envelope, interpolate
from ...ir.codes import Code
from ...ir.diagnostics import BackendError, Diagnostic
from ...ir.graph import Graph
from ...ir.node import Signal
from ...ir.nodes import Crossfade, Edge, Fade, GainAutomation, Node, PanAutomation
from ...ir.units import decibels
from ...plans.carried import locate
from .engine.piece import whole
from .engine.render import BLOCK, Settings, blocks
from .options import EngineOptions, read_options
from .values import frames_of

CODEC = "au/pcm_32"
"""The format, as libsndfile names it."""

_PCM_32 = 5
_UNKNOWN_SIZE = 0xFFFFFFFF
_NO_ANNOTATION = b"\0\0\0\0"


class AuWriter:
    """An .au file of 32-bit integers (Sun's audio(4), NeXT's SNDSoundStruct).

    A size over 32 bits is written as unknown: the samples then extend to the end of the file.
    """

    def __init__(self, path: Path, signal: Signal, full_scale: float) -> None:
        """full_scale: the value of the integer 2^31."""
        size = (signal.length or 0) * signal.channels * 4
        self._file = path.open("wb")
        self._full_scale = full_scale
        self._peak = 0.0
        start = 24 + len(_NO_ANNOTATION)
        stated = min(size, _UNKNOWN_SIZE)
        form = (start, stated, _PCM_32, signal.rate, signal.channels)
        self._file.write(b".snd" + struct.pack(">5I", *form) + _NO_ANNOTATION)

    def write(self, samples: FloatArray) -> None:
        """Append samples, shape (channels, n)."""
        steps = samples * (2.0**31 / self._full_scale)
        self._peak = max(self._peak, float(np.max(np.abs(steps), initial=0.0)))
        whole_steps = np.clip(np.rint(steps), -(2.0**31), 2.0**31 - 1.0)
        self._file.write(whole_steps.T.astype(">i4").tobytes())

    def close(self) -> float:
        """Complete the file; return its peak relative to full scale: over 1 the file is clipped."""
        self._file.close()
        return self._peak / 2.0**31


def run_integers(
    arguments: Sequence[str], progress: Callable[[float], None]
) -> Mapping[str, float]:
    """`mixdown step integers`: values of a graph as 32-bit integers.

    Raises:
        OSError: a file cannot be read, written or decoded.
        BackendError: MIX502, a value does not fit.
    """
    options = _requested(arguments)
    graph = options.graph()

    found_at = partial(locate, sources=options.sources, work=options.work)

    def made() -> Iterator[tuple[int, Mapping[str, FloatArray]]]:
        names = [name for name, _, _ in options.values]
        for block in blocks(graph, found_at, names, settings=Settings(scratch=options.work)):
            found = {}
            for name in names:
                signal = graph.signals[name]
                end = max(block.start, min(block.end, signal.length or 0))
                found[name] = whole(block.pieces[name], block.start, end, signal.channels)
            yield block.end, found

    try:
        _write(graph, options, made(), progress)
    except soundfile.SoundFileError as error:
        raise OSError(None, str(error)) from error
    return {}


def run_envelope(
    arguments: Sequence[str], progress: Callable[[float], None]
) -> Mapping[str, float]:
    """`mixdown step envelope`: the gains that fades and automations apply, as 32-bit integers.

    The silence that begins the graph is replaced by ones; raises as `run_integers`.
    """
    options = _requested(arguments)
    graph = options.graph()
    _write(graph, options, _envelopes(graph, options.values[0][0]), progress)
    return {}


def _envelopes(graph: Graph, name: str) -> Iterator[tuple[int, Mapping[str, FloatArray]]]:
    """Blocks of the output for ones of the chain that ends in `name`."""
    chain = [graph[name]]
    while chain[0].operands:
        chain.insert(0, graph[chain[0].operands[0]])
    signal = graph.signals[chain[0].name]
    length = signal.length or 0
    for start in range(0, length, BLOCK):
        end = min(start + BLOCK, length)
        samples: FloatArray = np.ones((signal.channels, end - start))
        for node in chain[1:]:
            samples = _ENVELOPES[type(node)](node, samples, start, length)
        yield end, {name: samples}


def _fade(node: Fade, samples: FloatArray, at: int, length: int) -> FloatArray:
    count = samples.shape[1]
    if node.edge is Edge.IN:
        return samples * fade_in(node.length, node.curve, count, at)
    return samples * fade_out(node.length, node.curve, count, at - length + node.length)


def _gain(node: GainAutomation, samples: FloatArray, at: int, _: int) -> FloatArray:
    return samples * gain_envelope(frames_of(node.points), at, samples.shape[1])


def _pan(node: PanAutomation, samples: FloatArray, at: int, _: int) -> FloatArray:
    positions = np.arange(at, at + samples.shape[1])
    return pan.pan(samples, interpolate(frames_of(node.points), positions), node.law.value)


_ENVELOPES: Mapping[type[Node], Callable[[Any, FloatArray, int, int], FloatArray]] = {
    Fade: _fade,
    Crossfade: _fade,
    GainAutomation: _gain,
    PanAutomation: _pan,
}


def _write(
    graph: Graph,
    options: EngineOptions,
    made: Iterable[tuple[int, Mapping[str, FloatArray]]],
    progress: Callable[[float], None],
) -> None:
    """Write blocks of the values; each comes with its end position."""
    writers = {
        name: AuWriter(path, graph.signals[name], full_scale)
        for name, full_scale, path in options.values
    }
    length = max(graph.signals[name].length or 0 for name in writers)
    try:
        for end, found in made:
            for name, writer in writers.items():
                writer.write(found[name])
            progress(end / length)
    finally:
        peaks = {name: writer.close() for name, writer in writers.items()}
    over = [v for v in options.values if peaks[v[0]] > 1.0]
    if over:
        raise BackendError(_does_not_fit(graph, *value[:2], peaks[value[0]]) for value in over)


def _does_not_fit(graph: Graph, name: str, full_scale: float, peak: float) -> Diagnostic:
    files = ", ".join(repr(source.path) for source in graph.sources)
    level, room = map(decibels, (peak * full_scale, full_scale))
    return Diagnostic(
        Code.UNSUPPORTED_NODE,
        f"%{name} ({files}) reaches {level:+.1f} dBFS, but the 32-bit integers of its file hold "
        f"up to {room:+.1f} dBFS",
        origin=graph[name].origin,
        help="turn the file down, or render with another backend: native and ffmpeg use floats",
    )


def _requested(arguments: Sequence[str]) -> EngineOptions:
    """The arguments of either command.

    Raises:
        OSError: an argument is missing or none of the known options.
    """
    options = read_options(arguments)
    if not options.values:
        raise OSError(None, "not a command line for integers: no value is requested")
    return options
