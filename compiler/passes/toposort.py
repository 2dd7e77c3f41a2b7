"""toposort: the canonical order.

See `ir.graph.canonical_order`: depth first from the outputs, so that the plan depends on the mix
and not on how its nodes came to be listed.
"""

from __future__ import annotations

from attrs import evolve, frozen

from ...ir.graph import Graph
from ..unit import Unit
from .base import Pass


@frozen
class Toposort(Pass):
    """Puts the nodes in canonical order: depth first from the outputs, operands in their order."""

    name = "toposort"
    requires = ("lowered",)
    establishes = ("ordered",)
    equivalence = "exact"

    def run(self, unit: Unit) -> Unit:
        """The unit with its graph in canonical order."""
        return evolve(unit, graph=Graph.ordered(unit.ir.sources, unit.ir.nodes))
