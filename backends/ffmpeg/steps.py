"""Runs of ffmpeg as typed steps: decode a source, render a set of nodes, measure a value.

The order of the steps follows from their files, and is not decided here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from attrs import evolve, field, frozen

from ...audio import LOWEST_WEIGHTED_RATE, REFERENCE_RATE
from ...ir.graph import Graph
from ...ir.nodes import Clip, Encoding, Node, Output, Reading, Source
from ...plans.loop import level_key, window_samples
from ...plans.plan import Arg, Fact, File, FilterScript, LoudnessGoal, Step, StepKind
from ...programs.ffmpeg import GRAPH_OPTION, QUIET
from .emitters import EMITTERS
from .finish import ENCODERS, file_options, output_options
from .inputs import WORK_INPUT, decode, resample
from .site import TO_DOUBLE, TO_PACKED_DOUBLE, FilterSite
from .wiring import FilterChain, Instances, Wiring, call

PROGRAM = "ffmpeg"

# Log errors alone, each with the name of the filter instance. Without automatic conversions ffmpeg
# refuses a graph whose types are not as written. A thread for each of two channels costs more than
# it saves, several times as much on frames of 64 samples.
GLOBAL_OPTIONS = (
    *QUIET,
    "-noauto_conversion_filters",
    "-filter_complex_threads",
    "1",
)

WORK_FORMAT = ("wav", Encoding.F64)
"""The format of values between steps, which is exact."""


@frozen
class PlanContext:
    """What all runs of a plan have in common.

    Attributes:
        graph: the whole graph of the IR.
        tags: metadata of the delivered files.
        instances: the filter instances of the plan.
        deliveries: the files of outputs, by name.
        decoded: the files of sources that an earlier step decodes, by their name and the rate.
        facts: what nodes still need to be measured, by name.
    """

    graph: Graph
    tags: tuple[tuple[str, str], ...]
    instances: Instances
    deliveries: Mapping[str, File]
    decoded: Mapping[tuple[str, int], File]
    facts: Mapping[str, Fact]


_OVERALL_RMS = {"measure_perchannel": "none", "measure_overall": "RMS_level"}


@frozen
class Job:
    """The work of one run.

    Attributes:
        id: of its step.
        purpose: of its step.
        nodes: to emit, in graph order.
        arrivals: the files of values from earlier steps, by name.
        departures: the files of values for later steps, by name.
    """

    id: str
    purpose: str
    nodes: tuple[Node, ...]
    arrivals: Mapping[str, File] = field(factory=dict)
    departures: Mapping[str, File] = field(factory=dict)


class Written(NamedTuple):
    """A file that a run writes: the chain of its signal, the options that encode it, its path."""

    chain: FilterChain
    options: tuple[str, ...]
    file: File


def render_step(shared: PlanContext, job: Job) -> Step:
    """The step that renders the nodes of a job and writes its departures and outputs.

    Raises:
        BackendError: MIX502, a node cannot be expressed.
    """
    graph = shared.graph
    wire = Wiring(shared.instances)
    uses = Counter(operand for node in job.nodes for operand in node.audio_operands)
    uses.update(list(job.departures))
    open_chains: dict[str, list[FilterChain]] = {}
    outputs: list[Written] = []
    for value, file in job.arrivals.items():
        if uses[value]:
            chain = _arrival(wire, value, file)
            open_chains[value] = wire.split(chain, uses[value])
    for node in job.nodes:
        operands = tuple(open_chains[operand].pop(0) for operand in node.audio_operands)
        site = FilterSite(wire, graph, node.name, operands, shared.facts, shared.decoded)
        if isinstance(node, Output):
            options = output_options(node, shared.tags)
            chain = EMITTERS[Output](site, node)
            outputs.append(Written(chain, options, shared.deliveries[node.name]))
        else:
            chain = EMITTERS[type(node)](site, node)
            open_chains[node.name] = wire.split(chain, uses[node.name])
    departures = [
        Written(_departure(wire, open_chains[value].pop(0)), _work_options(), file)
        for value, file in job.departures.items()
    ]
    delivered = (node.name for node in job.nodes if isinstance(node, Output))
    signals = [graph.signals[value] for value in (*job.departures, *delivered)]
    return _step(
        job,
        wire,
        departures + outputs,
        samples=max(s.length or 0 for s in signals),
        rate=signals[0].rate,
    )


def decode_step(shared: PlanContext, source: Source, rate: int, file: File) -> Step:
    """The step that decodes a whole source at a rate.

    A whole source is no value of the graph, so errors are reported at the first clip that plays it.
    """
    clip = next(n.name for n in shared.graph if isinstance(n, Clip) and n.source == source.name)
    wire = Wiring(evolve(shared.instances, part_of={source.name: clip}))
    chain = _departure(wire, decode(wire, source, rate))
    job = Job(file.path.removesuffix(".wav"), f"decode {source.path}", ())
    shared.instances.labels[job.id] = clip
    length = source.length(rate)
    return _step(job, wire, [Written(chain, _work_options(), file)], samples=length, rate=rate)


def measure_step(shared: PlanContext, goal: LoudnessGoal, value: str, file: File) -> Step:
    """The step that prints the loudness of a value, measured by ffmpeg's ebur128, or its RMS.

    It prints the reading so far on its standard output again and again; the last counts. ebur128
    has the K-weighting of the standard at high rates only, so low ones are resampled first.
    """
    wire = Wiring(shared.instances)
    signal = shared.graph.signals[value]
    low = signal.rate < LOWEST_WEIGHTED_RATE
    window = window_samples(REFERENCE_RATE if low else signal.rate)
    padded = goal.reading is Reading.MOMENTARY
    meter = (
        resample(REFERENCE_RATE, "dbl") if low else TO_PACKED_DOUBLE,
        *((call("apad", whole_len=window),) if padded else ()),
        call("ebur128", metadata=1),
    )
    if goal.reading is Reading.RMS:
        meter = (TO_PACKED_DOUBLE, call("astats", metadata=1, **_OVERALL_RMS))
    chain = wire.extend(
        wire.read(value, file, "wav", WORK_INPUT),
        value,
        *meter,
        call("ametadata", mode="print", key=level_key(goal.reading), file="-"),
    )
    link = wire.close(chain)
    return Step(
        id=goal.measure,
        purpose="measure the loudness",
        kind=StepKind.MEASURE,
        program=PROGRAM,
        argv=(*_reading(wire), "-map", f"[{link}]", "-c:a", "pcm_f64le", "-f", "null", "-"),
        inputs=(file,),
        samples=signal.length or 0,
        rate=signal.rate,
    )


def _arrival(wire: Wiring, value: str, file: File) -> FilterChain:
    return wire.extend(wire.read(value, file, "wav", WORK_INPUT), value, TO_DOUBLE)


def _departure(wire: Wiring, chain: FilterChain) -> FilterChain:
    return wire.extend(chain, chain.value, TO_PACKED_DOUBLE)


def _work_options() -> tuple[str, ...]:
    return file_options(ENCODERS[WORK_FORMAT], WORK_FORMAT[0])


def _step(job: Job, wire: Wiring, written: Sequence[Written], *, samples: int, rate: int) -> Step:
    links = [wire.close(w.chain) for w in written]
    writing: list[Arg] = []
    for link, each in zip(links, written, strict=True):
        writing += ["-map", f"[{link}]", *each.options, each.file]
    return Step(
        id=job.id,
        purpose=job.purpose,
        program=PROGRAM,
        argv=(*_reading(wire), *writing),
        inputs=tuple(dict.fromkeys(wire.files)),
        outputs=tuple(each.file for each in written),
        samples=samples,
        rate=rate,
    )


def _reading(wire: Wiring) -> tuple[Arg, ...]:
    """The arguments up to the filter graph."""
    return (*GLOBAL_OPTIONS, *wire.inputs, GRAPH_OPTION, FilterScript(tuple(wire.lines)))
