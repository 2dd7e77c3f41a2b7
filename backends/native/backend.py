"""The native backend: every node kind as docs/semantics.md defines it, run by the engine.

Promises: importing this module is cheap; a plan contains the graph's text, so that it can be read,
compared and run elsewhere. If a loudness has yet to be measured, the plan is mix, measure and
finish; otherwise it is one step.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from attrs import frozen

from ...ir.codes import Code
from ...ir.diagnostics import BackendError
from ...ir.graph import Graph
from ...ir.nodes import KINDS, Loudnorm, Source
from ...plans.own_steps import engine_step, mastering_steps, tag_options, unwritten
from ...plans.phases import deliveries, in_phases
from ...plans.plan import EmitOptions, Plan, chained
from ...programs.program import Program
from ..protocol import Backend, Capability, Support

_NOTES = {
    "clip": "read by libsndfile, resampled by libsoxr at very high quality",
    "filter": "transposed direct form II in float64, as scipy.signal.lfilter",
    "place": "a shift of the operand's origin: costs nothing",
    "lane": "shifts of the operands' origins: costs only what sounds",
    "mix": "adds only the operands that sound in a block",
    "bus": "adds only the operands that sound in a block",
    "loudnorm": "measured by our own BS.1770-5 meter, applied as one gain",
    "limiter": "our own look-ahead limiter, with peaks looked for at 16 times the rate",
    "dither": "TPDF from a counter-based generator, seeded by `seed`; shaped by choice",
    "output": "WAV 16, 24, 32f, 64f and FLAC 16, 24 bit, rounded half to even",
}

CAPABILITIES: Mapping[str, Capability] = MappingProxyType(
    {kind: Capability(Support.NATIVE, _NOTES.get(kind, "as docs/semantics.md")) for kind in KINDS}
)


@frozen
class NativeBackend:
    """See `mixdown.backends.protocol.Backend`."""

    name: str = "native"
    capabilities: Mapping[str, Capability] = CAPABILITIES
    programs: tuple[Program, ...] = ()

    def reads(self, source: Source) -> bool:
        """Whether its plans read a plain source directly: all of them."""
        return True

    def emit(self, graph: Graph, options: EmitOptions) -> Plan:
        """The plan for a legal graph.

        Raises:
            BackendError: MIX502, a file format that the engine does not write, a loudness that
                cannot be measured, or with `single` one that has not been measured yet.
        """
        problems = [found for o in graph.outputs if (found := unwritten(o))]
        if problems:
            raise BackendError(problems)
        phases = in_phases(graph)
        if options.single and phases.mastering:
            raise _unmeasured(phases.mastering.loudnorm)
        tags = tag_options(options.tags)
        purpose = "mix" if phases.mastering else "mix and master"
        mix = engine_step("mix", purpose, phases.mix, phases.files, tags)
        return Plan(
            backend=self.name,
            steps=chained((mix, *mastering_steps(phases, tags))),
            deliveries=tuple(deliveries(graph).values()),
            loudness=phases.mastering.goal if phases.mastering else None,
        )


BACKEND: Backend = NativeBackend()


def _unmeasured(node: Loudnorm) -> BackendError:
    return BackendError.of(
        Code.UNSUPPORTED_NODE,
        f"one command cannot measure the loudness that %{node.name} needs",
        origin=node.origin,
        help="give the measured gain with --facts, or compile the plan as steps",
    )
