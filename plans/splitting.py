"""Cuts a finished master into several files, each with tags of its own.

Promises: the parts are made after the master is finished, from the very samples that it holds or is
encoded from: those of WAV and FLAC parts, one after the other, are the master's. So loudness,
limiter and dither are those of the whole. Lossy parts are encoded each by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

from attrs import evolve

from ..ir.graph import Graph
from ..ir.names import Names
from ..ir.nodes import OutputRole
from ..ir.units import resampled_length
from .encoding import CODERS, EncodingJob, encoding_steps
from .ffmetadata import Tags
from .own_steps import tag_options
from .plan import OURSELVES, Delivery, File, Plan, PlannedSource, Space, Step, chained


class MasterPart(NamedTuple):
    """A part of the master that is a file of its own.

    Attributes:
        target: its name among the files of the mix.
        name: of its file, without the extension.
        title: what it is called.
        start, end: samples [start, end) of the mix.
        tags: of its file.
    """

    target: str
    name: str
    title: str
    start: int
    end: int
    tags: Tags


def split(
    plan: Plan, graph: Graph, parts: Sequence[MasterPart], cover: PlannedSource | None
) -> Plan:
    """The plan, followed by the steps that cut its master into parts."""
    if not parts:
        return plan
    ids = Names(step.id for step in plan.steps)
    steps, deliveries = list(plan.steps), list(plan.deliveries)
    labels = dict(plan.labels)
    for number, part in enumerate(parts, 1):
        file = File(Space.OUT, f"{part.name}{PurePosixPath(deliveries[0].file.path).suffix}")
        made = tuple(_part_steps(plan, graph, part, number, file, cover, ids))
        labels |= dict.fromkeys((step.id for step in made), graph.outputs[0].name)
        steps += made
        deliveries.append(Delivery(OutputRole.PART, part.target, file))
    return evolve(plan, steps=chained(steps), deliveries=tuple(deliveries), labels=labels)


def _part_steps(
    plan: Plan,
    graph: Graph,
    part: MasterPart,
    number: int,
    file: File,
    cover: PlannedSource | None,
    ids: Names,
) -> Iterator[Step]:
    """The step that cuts a part out of the samples of the master, and those that encode it."""
    output, session = graph.outputs[0], graph.session
    coder = CODERS.get(output.container)
    read = _samples_of(plan, lossy=output.encoding.is_lossy)
    suffix = PurePosixPath(read.path).suffix
    cut = file if coder is None else File(Space.WORK, f"part{number}{suffix}")
    yield Step(
        id=ids.take(f"part{number}"),
        purpose=f"cut part {number}",
        program=OURSELVES,
        argv=(
            *("part", read, cut, str(part.start), str(part.end)),
            *(tag_options(part.tags) if coder is None else ()),
        ),
        inputs=(read,),
        outputs=(cut,),
        samples=part.end - part.start,
        rate=session.rate,
    )
    if coder is None:
        return
    signal = graph.signals[output.name]
    length = resampled_length(part.end - part.start, session.rate, signal.rate)
    has_comment = coder.wants_comment and "comment" in dict(part.tags)
    uncommented = File(Space.WORK, f"encode-part{number}.{output.container}")
    job = EncodingJob(
        output=output,
        signal=signal.with_length(length),
        is_resampled=signal.rate != session.rate,
        suffix=f"-part{number}",
        left=file,
        raw=cut,
        uncommented=uncommented if has_comment else None,
        coded=file,
        tags=part.tags,
        chapters=(),
        cover=cover.file if cover else None,
        film=None,
    )
    yield from encoding_steps(job, ids)


def _samples_of(plan: Plan, *, lossy: bool) -> File:
    """The file with the samples of the master: itself, or what a lossy one is encoded from."""
    file = plan.deliveries[0].file
    if not lossy:
        return file
    makers = {made: step for step in plan.steps for made in step.outputs}
    maker = makers[file]
    if maker.program == OURSELVES:  # the step that completes its comment
        maker = makers[maker.inputs[0]]
    return maker.inputs[0]
