"""What a backend is: a table of what it can do, a function from graph to plan, and its programs.

The compiler knows backends through this module and `registry` alone. docs/adding-a-backend.md walks
through one.
"""

from __future__ import annotations

import traceback
from collections.abc import Collection, Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from attrs import evolve, frozen

from ..ir.codes import Code
from ..ir.diagnostics import BackendError, MixdownError
from ..ir.graph import Graph
from ..ir.nodes import Source
from ..plans.carried import planned
from ..plans.decoding import check_codecs, prepare
from ..plans.plan import OURSELVES, EmitOptions, Plan, Step, chained
from ..programs.ffmpeg import FFMPEG
from ..programs.program import Program


class Support(StrEnum):
    """How a backend expresses a node kind."""

    NATIVE = "native"
    LEGALISED = "legalised"
    UNSUPPORTED = "unsupported"


@frozen
class Capability:
    """An entry of a backend's table.

    Attributes:
        support: native, legalised by a rule, or unsupported.
        note: how it is expressed; for `unsupported`, the reason and the way out.
        rule: for `legalised`, the name of the rewrite in compiler/passes/legalize.py.
    """

    support: Support
    note: str
    rule: str | None = None


class Backend(Protocol):
    """Makes plans of graphs.

    Another package brings one by an entry point in the group `mixdown.backends`; a program of one's
    own by `mixdown.register_backend`.
    """

    @property
    def name(self) -> str:
        """The name users choose it by."""
        ...

    @property
    def capabilities(self) -> Mapping[str, Capability]:
        """How it expresses each node kind; no kind may be missing."""
        ...

    @property
    def programs(self) -> tuple[Program, ...]:
        """The programs that its plans run, besides mixdown and ffmpeg."""
        ...

    def reads(self, source: Source) -> bool:
        """Whether its plans read a plain source (`media.headers.PLAIN`) as it is.

        The others, and every source that is not plain, are decoded to float WAVs first.
        """
        ...

    def emit(self, graph: Graph, options: EmitOptions) -> Plan:
        """The plan for a graph that the verifier and this backend's legalisation have passed.

        Its sources are those that `reads` accepts, and WAVs in the work space:
        `plans.carried.file_of` gives the file of each.

        Raises:
            BackendError: the graph cannot be expressed, with the node and the way out.
        """
        ...


def programs_of(backend: Backend) -> Mapping[str, Program]:
    """The programs that plans for a backend run, by their plain names.

    They are its own and ffmpeg, which decodes and encodes for every backend (plans/).

    Raises:
        BackendError: MIX505, two of them have the same name.
    """
    found = {FFMPEG.name: FFMPEG}
    for program in backend.programs:
        if found.setdefault(program.name, program) is not program:
            raise unusable(backend.name, f"it brings a second program called {program.name!r}")
    return found


def plan_for(backend: Backend, graph: Graph, options: EmitOptions) -> Plan:
    """The backend's plan, after steps that decode what it does not read.

    Raises:
        BackendError: MIX502, as `Backend.emit`, or if `single` is asked of a plan of several steps;
            MIX505, the backend fails, or its plan cannot run; MIX215, the codec of a source is
            unknown.
    """
    check_codecs(graph)
    prepared, decoding = prepare(graph, backend.reads)
    try:
        plan = backend.emit(prepared, options)
    except MixdownError:
        raise
    except Exception as error:
        raise unusable(backend.name, failure(error)) from error
    for problem in _problems(plan, graph, decoding, {OURSELVES, *programs_of(backend)}):
        raise unusable(backend.name, problem)
    if options.single and len(plan.steps) > 1:
        raise BackendError.of(
            Code.UNSUPPORTED_NODE,
            f"the {backend.name} backend cannot mix this in one command",
            help="compile the plan as steps",
        )
    return evolve(plan, steps=chained((*decoding, *plan.steps)), sources=planned(graph))


def _problems(
    plan: Plan, graph: Graph, before: Sequence[Step], programs: Collection[str]
) -> Iterator[str]:
    """Why a plan cannot run, or does not deliver what the graph's outputs ask for."""
    known = {step.id for step in before}
    made = {file for step in before for file in step.outputs}
    for step in plan.steps:
        if step.id in known:
            yield f"two steps are called {step.id!r}"
        if step.program not in programs:
            yield f"step {step.id!r} runs {step.program!r}, which is not one of its programs"
        for name in step.after:
            if name not in known:
                yield f"step {step.id!r} waits for {name!r}, which does not precede it"
        for file in step.outputs:
            if file in made:
                yield f"two steps write {file}"
        known.add(step.id)
        made.update(step.outputs)
    delivered = [delivery.target for delivery in plan.deliveries]
    wanted = [output.target for output in graph.outputs]
    if delivered != wanted:
        yield f"it delivers {', '.join(delivered) or 'nothing'}, not {', '.join(wanted)}"
    for delivery in plan.deliveries:
        if delivery.file not in made:
            yield f"no step writes {delivery.file}"
    goal = plan.loudness
    if goal is not None and not known >= {goal.measure, goal.finish}:
        yield f"its loudness goal names {goal.measure!r} and {goal.finish!r}, not both its steps"


def failure(error: Exception) -> str:
    """An exception on one line, with the place that raised it."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    text = next(iter(str(error).splitlines()), "")
    return f"{type(error).__name__}: {text} ({Path(place.filename).name}:{place.lineno})"


def unusable(name: str, reason: str, package: str | None = None) -> BackendError:
    """The error for a backend that lacks something or makes no plan; `package` contains it."""
    return BackendError.of(
        Code.BACKEND_UNUSABLE,
        f"the backend {name!r} cannot be used: {reason}",
        help=f"this is a fault of {package or 'the backend'}, not of the mix; choose another "
        "backend",
    )
