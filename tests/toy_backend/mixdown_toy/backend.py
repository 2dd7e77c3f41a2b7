"""The backend: toymix sums the clips, and steps of mixdown's own do the rest."""

from types import MappingProxyType

from mixdown.backends.protocol import Capability, Support
from mixdown.ir.codes import Code
from mixdown.ir.diagnostics import BackendError, Diagnostic
from mixdown.ir.nodes import KINDS, Clip
from mixdown.plans.carried import file_of, resume
from mixdown.plans.own_steps import engine_step, mastering_steps, tag_options
from mixdown.plans.phases import deliveries, in_phases
from mixdown.plans.plan import File, Plan, Space, Step

from .program import TOYMIX

SUMMED = ("clip", "gain", "place", "lane", "mix", "bus", "headroom")
AFTER = ("loudnorm", "limiter", "dither", "output")


def capability(kind):
    if kind in SUMMED:
        return Capability(Support.NATIVE, "a term of toymix's sum")
    if kind in AFTER:
        return Capability(Support.NATIVE, "a step of mixdown's own")
    return Capability(Support.UNSUPPORTED, "toymix only sums mono clips; use another backend")


class ToyBackend:
    name = "toy"
    programs = (TOYMIX,)
    capabilities = MappingProxyType({kind: capability(kind) for kind in KINDS})

    def reads(self, source):
        return source.codec.startswith("wav/")

    def emit(self, graph, options):
        phases, tags = in_phases(graph), tag_options(options.tags)
        late = [node for node in phases.mix.nodes if node.kind in AFTER]
        finished = {node.name for node in late}
        sums = [name for node in late for name in node.operands if name not in finished]
        files = {name: File(Space.WORK, f"sum{n}.wav") for n, name in enumerate(sums)}
        rest = resume(phases.mix, late, files)
        return Plan(
            backend=self.name,
            steps=(
                *(sum_step(phases.mix, name, file) for name, file in files.items()),
                engine_step("deliver", "deliver", rest, phases.files, tags),
                *mastering_steps(phases, tags),
            ),
            deliveries=tuple(deliveries(graph).values()),
            labels={node.name: node.name for node in graph.nodes},
            loudness=phases.mastering.goal if phases.mastering else None,
        )


def sum_step(graph, name, file):
    signal, words, inputs = graph.signals[name], [], []
    for clip, start, gain_db in terms(graph, graph[name]):
        source = graph.source_by_name[clip.source]
        if source.rates(clip.rate) != (clip.rate, clip.rate):
            message = f"toymix does not resample {source.name!r} from {source.rate} Hz"
            raise BackendError(Diagnostic(Code.UNSUPPORTED_NODE, message, clip.origin))
        inputs.append(file_of(source))
        words += [clip.name, inputs[-1], *map(str, (clip.offset, clip.length, start, gain_db))]
    return Step(
        id=file.path.removesuffix(".wav"),
        purpose=f"sum {name}",
        program=TOYMIX.name,
        argv=(file, str(signal.rate), str(signal.length), *words),
        inputs=tuple(dict.fromkeys(inputs)),
        outputs=(file,),
        samples=signal.length,
        rate=signal.rate,
    )


def terms(graph, node):
    """The clips that a node sums, each with its start in samples and its gain in dB."""
    if isinstance(node, Clip):
        yield node, 0, 0.0
    starts = getattr(node, "starts", None) or [getattr(node, "start", 0)] * len(node.operands)
    gain_db = getattr(node, "gain_db", 0.0)
    for operand, at in zip(node.operands, starts, strict=True):
        for clip, start, gain in terms(graph, graph[operand]):
            yield clip, start + at, gain + gain_db


BACKEND = ToyBackend()
