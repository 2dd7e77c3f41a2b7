"""resolve-facts: measurements of earlier renders replace measuring again.

The key of the facts is the digest of the lowered master, so that they are found with any set of
optimisations, and not after a change of the mix, the target or a source.
"""

from __future__ import annotations

from attrs import evolve, frozen

from ...ir.digest import digests
from ...ir.finish import measured, unmeasured
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
        """The unit with its fact key, and with the gains and margins of the facts of that key."""
        master = unit.ir.outputs[0].name
        known = digests(unit.ir)
        key = fact_key(unit.backend.name, known[master])
        gains = (node.operands[-1] for node in unmeasured(unit.ir))
        measured_keys = (fact_key(unit.backend.name, known[value]) for value in gains)
        keyed = evolve(unit, fact_key=key, premaster_key=next(measured_keys, ""))
        finish = unit.request.facts.finishes.get(key)
        if finish is None:
            return keyed

        gain_db, margin_db = finish.gain_db, finish.margin_db
        graph = unit.ir.rewrite(lambda node: measured(node, gain_db, margin_db))
        return evolve(keyed, graph=graph)
