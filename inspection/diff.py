"""Two mixes side by side: what differs in words, and then in the IR."""

from __future__ import annotations

from attrs import frozen

from ..ir.origin import Documents, Origin
from ..ir.places import place, shown_place
from .compare import Change, compare_graphs, compare_timelines, silent_ids
from .dumps import unit_text
from .linediff import unified
from .trace import Trace


@frozen
class Difference:
    """How a second mix differs from a first.

    Attributes:
        changes: in words.
        ir: a unified diff of the final graphs, without origins; "" where they are equal.
        documents: of both, for places.
    """

    changes: tuple[Change, ...]
    ir: str
    documents: tuple[Documents, Documents]

    def __bool__(self) -> bool:
        return bool(self.changes or self.ir)

    def to_text(self) -> str:
        """For readers; "" where nothing differs."""
        lines = [f"{change}{self._where(change)}" for change in self.changes]
        return "".join(f"{line}\n" for line in lines) + (f"\n{self.ir}" if self.ir else "")

    def to_dict(self) -> dict[str, object]:
        """As plain data."""
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
        told: tuple[Origin | None, Documents] = (change.after, self.documents[1])
        if change.after is None:
            told = (change.before, self.documents[0])
        shown = shown_place(*told)
        return f"  ({shown})" if shown else ""


def diff(a: Trace, b: Trace, names: tuple[str, str]) -> Difference:
    """How `b` differs from `a`.

    Two timelines are compared as they were lowered; where one of the two is a graph, both are as
    the backend would get them.
    """
    changes: tuple[Change, ...]
    if a.start.graph is None and b.start.graph is None:
        one, other = a.lowered, b.lowered
        silent = (silent_ids(one.timeline, one.ir), silent_ids(other.timeline, other.ir))
        changes = compare_graphs(one.ir, other.ir, silent)
        changes += compare_timelines(a.start.timeline, b.start.timeline)
    else:
        changes = compare_graphs(a.final.ir, b.final.ir)
    texts = [unit_text(each.final, origins=False) for each in (a, b)]
    documents = (a.start.timeline.documents, b.start.timeline.documents)
    return Difference(changes, unified(texts[0], texts[1], names), documents)
