"""Values that pass from one step to another in files, and sources of the work space.

Promises: the source that carries a value has a digest made of the value's own, so that everything
derived from it has a digest that follows from the whole graph.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from attrs import astuple, evolve

from ..ir.digest import digests, source_identity
from ..ir.graph import Graph
from ..ir.names import Names
from ..ir.node import Signal
from ..ir.nodes import Clip, Encoding, Node, Source
from ..media.decoder import decoding_of, is_plain
from .plan import File, PlannedSource, Space, source_file

CONTAINER, ENCODING = "wav", Encoding.F64
"""How a value is carried: exactly."""

_CODEC = "wav/double"
_CARRIED = "value:"
_DECODED = "decoded:"


def carrier(value: str, file: File, signal: Signal, digest: str, codec: str = _CODEC) -> Source:
    """A file of the work space that carries a value of this type and digest, as a source.

    The source has the name of the value.
    """
    return Source(
        name=value,
        path=file.path,
        digest=_CARRIED + digest,
        rate=signal.rate,
        channels=signal.channels,
        frames=signal.length or 0,  # the verifier makes sure that lengths are known
        codec=codec,
    )


def decoded(source: Source, file: File) -> Source:
    """The source as an earlier step decodes it in the work space."""
    identity = hashlib.sha256(source_identity(source)).hexdigest()
    return Source(
        name=source.name,
        path=file.path,
        digest=_DECODED + identity,
        rate=source.rate,
        channels=source.channels,
        frames=source.frames,
        codec=f"wav/{'float' if decoding_of(source).bits == 32 else 'double'}",
        speed=source.speed,
    )


def is_decoded(source: Source) -> bool:
    """Whether an earlier step decodes the source."""
    return source.digest.startswith(_DECODED)


def resume(graph: Graph, nodes: Iterable[Node], files: Mapping[str, File]) -> Graph:
    """The graph of some of the nodes, which reads the other values that they need from files.

    `files` are float64 WAVs by the name of the value that each carries.
    """
    kept = tuple(nodes)
    sources = list(graph.played_by(kept))
    names = Names(source.name for source in sources)
    of, clips = digests(graph), []
    for value, file in files.items():
        source = carrier(value, file, graph.signals[value], of[value])
        source = evolve(source, name=names.take(value))
        sources.append(source)
        origin = graph[value].origin
        clips.append(Clip(value, source.name, 0, source.frames, source.rate, origin=origin))
    return Graph.ordered(sources, (*clips, *kept))


def file_of(source: Source) -> File:
    """Where a step finds a source."""
    if source.digest.startswith((_CARRIED, _DECODED)):
        return File(Space.WORK, source.path)
    return source_file(source.path)


def planned(graph: Graph) -> tuple[PlannedSource, ...]:
    """The files of a graph that no step of its plan makes, by path."""
    found = {
        PlannedSource(file, s.digest, s.codec, s.rate, s.channels, s.frames, is_plain=is_plain(s))
        for s in graph.sources
        if (file := file_of(s)).space is not Space.WORK
    }
    return tuple(sorted(found, key=lambda each: (each.file.path, astuple(each))))


def locate(source: Source, sources: Path, work: Path) -> str:
    """The path of a source, given the directories of the two spaces."""
    return str((work if file_of(source).space is Space.WORK else sources) / source.path)
