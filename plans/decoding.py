"""Sources that a backend does not read, decoded by ffmpeg in steps of their own.

Promises: `prepare` is pure. In the graph that it gives, such a source is a WAV of floats in the
work space, as long as the source is declared to be: of 32 bits, which hold whole numbers of up to
24 bits and every lossy coding that ffmpeg knows, or of 64 bits where the source has more. The steps
that write these files come first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..ir.graph import Graph
from ..ir.nodes import Clip, Source
from ..media.probe import CONTAINERS
from .carried import decoded
from .plan import File, Space, Step, StepKind

DEMUXERS: Mapping[str, str] = {
    "wav": "wav",
    "wavex": "wav",
    "rf64": "wav",
    "w64": "w64",
    "aiff": "aiff",
    "flac": "flac",
    "ogg": "ogg",
    "mp3": "mp3",
    "caf": "caf",
    "au": "au",
    **CONTAINERS,
}
"""The container of a source's codec -> ffmpeg's demuxer: named, so that it never guesses."""

_OF_64_BITS = ("pcm_32", "double", "alac_32")


def prepare(graph: Graph, reads: Callable[[Source], bool]) -> tuple[Graph, tuple[Step, ...]]:
    """The graph over files that a backend reads, and the steps that decode the others first."""
    played = {node.source for node in graph if isinstance(node, Clip)}
    unread = [s for s in graph.sources if s.name in played and not reads(s)]
    if not unread:
        return graph, ()
    files = {s.name: File(Space.WORK, f"source{n}.wav") for n, s in enumerate(unread, 1)}
    sources = (decoded(s, files[s.name], _coding(s)) if s in unread else s for s in graph.sources)
    steps = tuple(_step(f"decode{n}", s, files[s.name]) for n, s in enumerate(unread, 1))
    return Graph.ordered(sources, graph.nodes), steps


def is_foreign(source: Source) -> bool:
    """Whether only ffmpeg reads the source."""
    return source.codec.partition("/")[0] in CONTAINERS


def _coding(source: Source) -> str:
    """How floats hold all its bits, as codecs name it."""
    return "double" if source.codec.endswith(_OF_64_BITS) else "float"


def _step(step_id: str, source: Source, file: File) -> Step:
    demuxer = DEMUXERS.get(source.codec.partition("/")[0])
    exactly = f"apad=whole_len={source.frames},atrim=end_sample={source.frames}"
    encoder = {"float": "pcm_f32le", "double": "pcm_f64le"}[_coding(source)]
    original = File(Space.SOURCE, source.path)
    return Step(
        id=step_id,
        purpose=f"decode {source.path}",
        kind=StepKind.RENDER,
        program="ffmpeg",
        argv=(
            *("-hide_banner", "-nostdin", "-y", "-loglevel", "error"),
            *("-protocol_whitelist", "file", *(("-f", demuxer) if demuxer else ())),
            *("-i", original, "-map", "0:a:0", "-af", exactly),
            *("-map_metadata", "-1", "-fflags", "+bitexact"),
            *("-c:a", encoder, "-f", "wav", "-rf64", "auto", file),
        ),
        inputs=(original,),
        outputs=(file,),
        after=(),
        samples=source.frames,
        rate=source.rate,
    )
