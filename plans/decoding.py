"""Sources that only ffmpeg reads, decoded by a step of their own for backends that are not ffmpeg.

Promises: `prepare` is pure. In the graph that it gives, such a source is a 32-bit float WAV of the
work space, as long as the source is declared to be; whole numbers of up to 24 bits and every lossy
coding that ffmpeg knows fit into that exactly. The steps that write these files come first.
"""

from __future__ import annotations

from ..ir.graph import Graph
from ..ir.nodes import Clip, Source
from ..media.probe import CONTAINERS
from .carried import decoded
from .plan import File, Space, Step, StepKind


def prepare(graph: Graph) -> tuple[Graph, tuple[Step, ...]]:
    """The graph over files that libsndfile reads, and the steps that decode the others first."""
    played = {node.source for node in graph if isinstance(node, Clip)}
    foreign = [s for s in graph.sources if s.name in played and is_foreign(s)]
    if not foreign:
        return graph, ()
    files = {s.name: File(Space.WORK, f"source{n}.wav") for n, s in enumerate(foreign, 1)}
    sources = (decoded(s, files[s.name]) if s in foreign else s for s in graph.sources)
    steps = tuple(_step(f"decode{n}", s, files[s.name]) for n, s in enumerate(foreign, 1))
    return Graph.ordered(sources, graph.nodes), steps


def is_foreign(source: Source) -> bool:
    """Whether only ffmpeg reads the source."""
    return source.codec.partition("/")[0] in CONTAINERS


def _step(step_id: str, source: Source, file: File) -> Step:
    container = CONTAINERS[source.codec.partition("/")[0]]
    exactly = f"apad=whole_len={source.frames},atrim=end_sample={source.frames}"
    original = File(Space.SOURCE, source.path)
    return Step(
        id=step_id,
        purpose=f"decode {source.path}",
        kind=StepKind.RENDER,
        program="ffmpeg",
        argv=(
            *("-hide_banner", "-nostdin", "-y", "-loglevel", "error"),
            *("-protocol_whitelist", "file", "-f", container, "-i", original),
            *("-map", "0:a:0", "-af", exactly, "-map_metadata", "-1", "-fflags", "+bitexact"),
            *("-c:a", "pcm_f32le", "-f", "wav", "-rf64", "auto", file),
        ),
        inputs=(original,),
        outputs=(file,),
        after=(),
        samples=source.frames,
        rate=source.rate,
    )
