"""Sources that are not plain, decoded by steps of their own in front of a plan, for every backend.

Promises: `prepare` is pure. In the graph that it gives, such a source is a float WAV of the work
space that holds every sample exactly, as it was decoded when its facts were established: the same
command, and so the same entry of the cache. The steps that write these files come first, and
fail where what they write is not as long as the source is declared to be.
"""

from __future__ import annotations

from collections.abc import Callable

from ..ir.codes import Code
from ..ir.diagnostics import BackendError
from ..ir.graph import Graph
from ..ir.nodes import Clip, Source
from ..media.decoder import BY_LIBSNDFILE, arguments, decoding_of, is_plain, own_arguments
from ..programs.ffmpeg import QUIET
from .carried import decoded
from .plan import OURSELVES, File, Space, Step, source_file


def prepare(
    graph: Graph, reads: Callable[[Source], bool] = is_plain
) -> tuple[Graph, tuple[Step, ...]]:
    """The graph over files that a backend reads, and the steps that decode the others first.

    Raises:
        ValueError: the codec of a source is unknown, see `check_codecs`.
    """
    # In the order of their first use: what a source is called must not order the steps.
    used = dict.fromkeys(node.source for node in graph if isinstance(node, Clip))
    played = (graph.source_by_name[name] for name in used)
    ingested = [source for source in played if not (is_plain(source) and reads(source))]
    if not ingested:
        return graph, ()
    files = {s.name: File(Space.WORK, f"source{n}.wav") for n, s in enumerate(ingested, 1)}
    sources = (decoded(s, files[s.name]) if s.name in files else s for s in graph.sources)
    steps = tuple(_step(f"decode{n}", s, files[s.name]) for n, s in enumerate(ingested, 1))
    return Graph.ordered(sources, graph.nodes), steps


def check_codecs(graph: Graph) -> None:
    """Refuse codecs that mixdown does not read: a graph from a file may name any.

    Raises:
        BackendError: MIX215.
    """
    for source in graph.sources:
        if decoding_of(source).demuxer is None:
            message = f"source {source.path!r} has the codec {source.codec!r}"
            raise BackendError.of(
                Code.MEDIA_UNREADABLE, message, help="mixdown does not read this codec"
            )


def _step(step_id: str, source: Source, file: File) -> Step:
    original, decoding = source_file(source.path), decoding_of(source)
    by_ourselves = source.codec in BY_LIBSNDFILE
    return Step(
        id=step_id,
        purpose=f"decode {source.path}",
        program=OURSELVES if by_ourselves else "ffmpeg",
        argv=("decode", original, file, *own_arguments(decoding))
        if by_ourselves
        else (*QUIET, *arguments(decoding, original, file)),
        inputs=(original,),
        outputs=(file,),
        samples=source.frames,
        rate=source.rate,
        channels=source.channels,
    )
