"""resolve-facts: what earlier renders measured takes the place of what must be measured.

The key is the digest of the master as it was lowered, so switching an optimisation off does not
lose the facts, and any change to the mix, the target or a source does.
"""

from __future__ import annotations

from attrs import evolve, frozen

from ...ir.digest import digests
from ...ir.nodes import Limiter, Loudnorm, Node
from ..facts import fact_key
from ..unit import Unit
from .base import Pass


@frozen
class ResolveFacts(Pass):
    """Sets the loudness gain and the limiter's margin that an earlier render measured.

    Without facts about the same premaster they stay symbolic.
    """

    name = "resolve-facts"
    requires = ("lowered",)
    establishes = ("facts",)

    def run(self, unit: Unit) -> Unit:
        """The unit with its fact key, and with gains and margins where facts are filed under it."""
        master = unit.ir.outputs[0].name
        key = fact_key(unit.backend.name, digests(unit.ir)[master])
        keyed = evolve(unit, fact_key=key)
        finish = unit.request.facts.finishes.get(key)
        if finish is None:
            return keyed

        def rule(node: Node) -> Node:
            if isinstance(node, Loudnorm):
                return evolve(node, gain_db=finish.gain_db)
            if isinstance(node, Limiter):
                return evolve(node, margin_db=finish.margin_db)
            return node

        return evolve(keyed, graph=unit.ir.rewrite(rule))
