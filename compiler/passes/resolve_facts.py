"""resolve-facts: measurements of earlier renders replace measuring again.

The key of the facts is the digest of the lowered master, so that they are found with any set of
optimisations, and not after a change of the mix, the target or a source.
"""

from __future__ import annotations

from attrs import evolve, frozen

from ...ir.finish import measured
from ..facts import FactKeys
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
        """The unit with the keys of its facts, and with the gains and margins of these facts."""
        keys, finishes = FactKeys(unit.backend.name, unit.ir), unit.request.facts.finishes
        keyed = evolve(unit, keys=keys)
        finish = finishes.get(keys.finish) if finishes else None
        if finish is None:
            return keyed

        gain_db, margin_db = finish.gain_db, finish.margin_db
        graph = unit.ir.rewrite(lambda node: measured(node, gain_db, margin_db))
        return evolve(keyed, graph=graph)
