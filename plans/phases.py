"""Splits a graph where its loudness must be measured: graph -> graphs, for every backend.

Promises: `split` is pure. With every gain known the whole graph is the mix phase. Otherwise the mix
phase ends where something waits for the measurement: the values that cross are outputs of its own,
float64 WAV in the work space. The finish phase begins with clips of those files, under the names
that the values had, and ends in the outputs that the mix phase lacks. Both are sound graphs.

A file that carries a value says so in its source's digest, so the value's own digest survives the
crossing (`value_digests`), and with it everything that is derived from it, such as dither.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from attrs import evolve, field, frozen

from ..ir.codes import Code
from ..ir.diagnostics import BackendError, Diagnostic, Related
from ..ir.digest import node_digest, source_identity
from ..ir.graph import Graph
from ..ir.nodes import Clip, Encoding, Limiter, Loudnorm, Node, Output, OutputRole, Source
from ..ir.types import Signal
from .decoding import DECODED
from .plan import Delivery, File, LoudnessLoop, Space

CONTAINER = "wav"
CODEC = "wav/double"
_CARRIED = "value:"


@frozen
class Phases:
    """A graph, cut in two where that is needed.

    Attributes:
        mix: what needs no measurement; with `finish`, also the outputs that carry values over.
        finish: what waits for it; None where nothing does.
        carried: the file of each value that crosses, by its name; what is measured comes first.
        loudnorm: the master's open loudness gain.
        limiter: the limiter after it.
    """

    mix: Graph
    finish: Graph | None = None
    carried: Mapping[str, File] = field(factory=dict)
    loudnorm: Loudnorm | None = None
    limiter: Limiter | None = None

    @property
    def measured(self) -> str:
        """The value whose loudness is to be measured."""
        return next(iter(self.carried))

    def loop(self, measure: str, finish: str) -> LoudnessLoop | None:
        """The loudness loop around the steps of these ids; None where every gain is known."""
        if self.loudnorm is None or self.limiter is None:
            return None
        return LoudnessLoop(
            measure=measure,
            finish=finish,
            target_lufs=self.loudnorm.target_lufs,
            ceiling_db=self.limiter.ceiling_db,
            gain_fact=f"{self.loudnorm.name}.gain_db",
            margin_fact=f"{self.limiter.name}.margin_db",
        )


def split(graph: Graph) -> Phases:
    """The graph in phases.

    Raises:
        BackendError: MIX502, two different values would have to be measured, one waits for the
            other, or the master has no limiter after its open gain.
    """
    waiting = [n for n in graph.nodes if isinstance(n, Loudnorm) and n.gain_db is None]
    if not waiting:
        return Phases(graph)
    measured = waiting[0].operands[-1]
    late = _depending(graph, waiting)
    for node in waiting:
        if node.operands[-1] != measured:
            raise _refused(node, "two different values would have to be measured", waiting[0])
        if measured in late:
            raise _refused(node, "what is to be measured waits for a measurement itself")
    after = [node for node in graph.nodes if node.name in late]
    loudnorm, limiter = _mastering(graph, waiting[0])
    wanted = {o for node in after for o in node.operands} - late - {measured}
    crossing = [measured, *(n.name for n in graph.nodes if n.name in wanted)]
    files = {value: _work_file(i) for i, value in enumerate(crossing)}
    return Phases(
        _mix(graph, late, crossing), resume(graph, after, files), files, loudnorm, limiter
    )


def carried(source: Source) -> str | None:
    """The digest of the value that a file of an earlier phase carries; None for media."""
    return source.digest.removeprefix(_CARRIED) if source.digest.startswith(_CARRIED) else None


def carrier(value: str, file: File, signal: Signal, digest: str, codec: str) -> Source:
    """A file of the work space that carries a value of this type and digest, as a source.

    The source is called as the value is.
    """
    return Source(
        name=value,
        path=file.path,
        digest=_CARRIED + digest,
        rate=signal.rate,
        channels=signal.channels,
        frames=signal.length or 0,  # the verifier has seen to it that lengths are known
        codec=codec,
    )


def resume(graph: Graph, nodes: Iterable[Node], files: Mapping[str, File]) -> Graph:
    """The graph of some of the nodes, in which what they hear of the others is read from files.

    `files` are float64 WAVs by the name of the value that each carries.
    """
    kept = tuple(nodes)
    played = {node.source for node in kept if isinstance(node, Clip)}
    sources = [source for source in graph.sources if source.name in played]
    digests, clips = value_digests(graph), []
    for value, file in files.items():
        source = carrier(value, file, graph.signals[value], digests[value], CODEC)
        source = evolve(source, name=_unlike(played, value))
        sources.append(source)
        origin = graph[value].origin
        clips.append(Clip(value, source.name, 0, source.frames, source.rate, origin=origin))
    return Graph.ordered(sources, (*clips, *kept))


def file_of(source: Source) -> File:
    """Where a phase finds a source."""
    in_work = source.digest.startswith((_CARRIED, DECODED))
    return File(Space.WORK if in_work else Space.SOURCE, source.path)


def locate(source: Source, sources: Path, work: Path) -> str:
    """The path of a source where the two spaces are these directories."""
    file = file_of(source)
    return str((work if file.space is Space.WORK else sources) / file.path)


def value_digests(graph: Graph) -> Mapping[str, str]:
    """The digest of every value with what is measured left open: the same in every phase."""
    found: dict[str, str] = {}
    sources = {s.name: source_identity(s) for s in graph.sources}
    for node in graph.nodes:
        value = carried(graph.source_by_name[node.source]) if isinstance(node, Clip) else None
        operands = [found[name] for name in node.operands]
        found[node.name] = value or node_digest(_unmeasured(node), operands, sources)
    return found


def deliveries(graph: Graph) -> Mapping[str, Delivery]:
    """The file of each output in the out space, by the output's name: target and container."""
    taken: dict[str, None] = {}
    return {o.name: Delivery(o.role, o.target, _out_file(o, taken)) for o in graph.outputs}


def _depending(graph: Graph, waiting: list[Loudnorm]) -> set[str]:
    """The names of the waiting nodes and of all that hears them."""
    late = {node.name for node in waiting}
    for node in graph.nodes:
        if not late.isdisjoint(node.operands):
            late.add(node.name)
    return late


def _mix(graph: Graph, late: set[str], crossing: list[str]) -> Graph:
    roles = {crossing[0]: OutputRole.MASTER}
    taken = {*graph.by_name, *(output.target for output in graph.outputs)}
    names = {value: _unlike(taken, f"{value}.carried") for value in crossing}
    outputs = [
        Output(
            names[value],
            roles.get(value, OutputRole.STEM),
            names[value],
            CONTAINER,
            Encoding.F64,
            operands=(value,),
            origin=graph[value].origin,
        )
        for value in crossing
    ]
    before = (node for node in graph.nodes if node.name not in late)
    return _live(Graph(graph.sources, (*before, *outputs)))


def _unlike(taken: set[str], name: str) -> str:
    while name in taken:
        name += "'"
    taken.add(name)
    return name


def _live(graph: Graph) -> Graph:
    """Only what some output hears, and the sources that play in it."""
    live = {output.name for output in graph.outputs}
    for node in reversed(graph.nodes):
        if node.name in live:
            live.update(node.operands)
    nodes = tuple(node for node in graph.nodes if node.name in live)
    played = {node.source for node in nodes if isinstance(node, Clip)}
    return Graph.ordered((s for s in graph.sources if s.name in played), nodes)


def _mastering(graph: Graph, waiting: Loudnorm) -> tuple[Loudnorm, Limiter]:
    """The open gain and the limiter after it on the way to the master."""
    limiter: Limiter | None = None
    for node in _above_master(graph):
        if isinstance(node, Limiter):
            limiter = limiter or node
        if isinstance(node, Loudnorm) and node.gain_db is None and limiter is not None:
            return node, limiter
    raise _refused(waiting, "its gain is to be measured, but it leads to no limited master")


def _above_master(graph: Graph) -> Iterator[Node]:
    """The master's output and the chain that leads to it, from its end up."""
    node: Node = next(o for o in graph.outputs if o.role is OutputRole.MASTER)
    while node.operands:
        yield node
        node = graph[node.operands[0]]


def _unmeasured(node: Node) -> Node:
    if isinstance(node, Loudnorm):
        return evolve(node, gain_db=None)
    return evolve(node, margin_db=0.0) if isinstance(node, Limiter) else node


def _work_file(number: int) -> File:
    return File(Space.WORK, f"carried{number}.wav" if number else "premaster.wav")


def _out_file(output: Output, taken: dict[str, None]) -> File:
    """A file named after its target, without what would make it another directory."""
    stem = re.sub(r"[\x00-\x1f/\\]", "_", output.target)
    name, number = f"{stem}.{output.container}", 1
    while name in taken:
        number += 1
        name = f"{stem}_{number}.{output.container}"
    taken[name] = None
    return File(Space.OUT, name)


def _refused(node: Node, message: str, other: Node | None = None) -> BackendError:
    related = (Related(other.origin, "the other one"),) if other and other.origin else ()
    return BackendError(
        Diagnostic(
            Code.UNSUPPORTED_NODE,
            f"%{node.name}: {message}",
            origin=node.origin,
            help="give the gain as a fact (--facts), or the graph one loudnorm and a limiter",
            related=related,
        )
    )
