"""Compares two mixes: the differences in words, then in the IR."""

from __future__ import annotations

from attrs import frozen

from ..ir.origin import Documents, Origin
from ..ir.places import place, shown_place
from .causes import cut_changes, ducking_words, with_solos, without_cuts
from .compare import Change, compare_graphs, compare_timelines, silent_ids
from .dumps import unit_text
from .linediff import unified
from .trace import Trace


@frozen
class MixDiff:
    """The differences of a second mix from a first.

    Attributes:
        changes: in words.
        ir: a unified diff of the final graphs, without origins; "" if they are equal.
        documents: of both mixes, for places.
    """

    changes: tuple[Change, ...]
    ir: str
    documents: tuple[Documents, Documents]

    def __bool__(self) -> bool:
        return bool(self.changes or self.ir)

    def to_text(self) -> str:
        """The differences as text; "" if there are none."""
        lines = [f"{change}{self._where(change)}" for change in self.changes]
        return "".join(f"{line}\n" for line in lines) + (f"\n{self.ir}" if self.ir else "")

    def to_dict(self) -> dict[str, object]:
        """The differences as plain data."""
        a, b = self.documents
        return {
            "differs": bool(self),
            "changes": [
                {
                    "about": change.about,
                    "what": change.what,
                    "before": place(change.before, a),
                    "after": place(change.after, b),
                }
                for change in self.changes
            ],
            "ir": self.ir.splitlines(),
        }

    def _where(self, change: Change) -> str:
        where: tuple[Origin | None, Documents] = (change.after, self.documents[1])
        if change.after is None:
            where = (change.before, self.documents[0])
        shown = shown_place(*where)
        return f"  ({shown})" if shown else ""


def diff(a: Trace, b: Trace, names: tuple[str, str]) -> MixDiff:
    """The differences of `b` from `a`.

    Two timelines are compared after lowering; if one of the two is a graph, both are compared as
    the backend receives them.
    """
    changes: tuple[Change, ...]
    if a.start.graph is None and b.start.graph is None:
        one, other = a.lowered, b.lowered
        cuts = cut_changes(one, other)
        if cuts:
            one, other = without_cuts(a), without_cuts(b)
        silent = (silent_ids(one.timeline, one.ir), silent_ids(other.timeline, other.ir))
        changes = compare_graphs(one.ir, other.ir, silent, ducking_words(one, other))
        changes = with_solos(one, other, changes)
        changes += cuts + compare_timelines(a.start.timeline, b.start.timeline)
    else:
        changes = compare_graphs(a.final.ir, b.final.ir)
    texts = [unit_text(each.final, origins=False) for each in (a, b)]
    documents = (a.start.timeline.documents, b.start.timeline.documents)
    return MixDiff(changes, unified(texts[0], texts[1], names), documents)
