"""Traces a compilation: the mix before and after each pass.

The passes run exactly as in a compilation, verified and in order. Nothing is emitted, so a mix that
a backend cannot express can also be inspected.
"""

from __future__ import annotations

from pathlib import Path
from typing import Unpack

from attrs import evolve, frozen

from ..compiler.choices import Choices, chosen
from ..compiler.driver import Compilation, begin
from ..compiler.emit import plan_of
from ..compiler.facts import Facts
from ..compiler.graph_input import Mix, opened
from ..compiler.options import CompileOptions
from ..compiler.pipeline import Ran, run_pipeline
from ..compiler.request import RenderRequest
from ..compiler.unit import Unit
from ..documents.models import replace
from ..ir.codes import Code
from ..ir.diagnostics import MixdownError, did_you_mean
from ..plans.plan import Plan


@frozen
class Trace:
    """A compilation, pass by pass.

    Attributes:
        start: before the first pass.
        ran: the passes in their order.
        options: how it is compiled.
    """

    start: Unit
    ran: tuple[Ran, ...]
    options: CompileOptions

    @property
    def final(self) -> Unit:
        """After the last pass."""
        return self.ran[-1].after if self.ran else self.start

    @property
    def lowered(self) -> Unit:
        """With its facts, before optimisation: the output of `lower`, or the graph as given."""
        return self.after("resolve-facts")

    def after(self, name: str) -> Unit:
        """After the pass called `name`, of several the first.

        Raises:
            MixdownError: MIX307, no such pass ran.
        """
        return self[name].after

    def before(self, name: str) -> Unit:
        """Before the pass called `name`; raises like `after`."""
        return self[name].before

    def plan(self) -> Plan:
        """The backend's plan of the final graph.

        Raises:
            BackendError: the backend cannot express the graph.
        """
        return plan_of(self.final, self.options)

    def __getitem__(self, name: str) -> Ran:
        for ran in self.ran:
            if ran.step.name == name:
                return ran
        raise MixdownError.of(
            Code.BAD_REQUEST,
            f"no pass called {name!r} ran",
            help=did_you_mean(name, [ran.step.name for ran in self.ran]),
        )


def trace(
    timeline: Mix | str | Path,
    request: RenderRequest | None = None,
    options: CompileOptions | None = None,
    **choices: Unpack[Choices],
) -> Trace:
    """Run the passes on a mix; arguments and errors as `compile`, which also emits a plan."""
    request, options = chosen(choices, request, options)
    unit = begin(opened(timeline, options.media, options.variables), request, options.media)
    return _traced(unit, options)


def retrace(compilation: Compilation, facts: Facts) -> Trace:
    """The passes of a compilation, with these facts."""
    start = compilation.start
    return _traced(evolve(start, request=replace(start.request, facts=facts)), compilation.options)


def _traced(unit: Unit, options: CompileOptions) -> Trace:
    return Trace(unit, tuple(run_pipeline(unit, options.steps_for(unit))), options)
