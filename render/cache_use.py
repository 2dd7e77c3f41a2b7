"""What a render takes from the cache, and why it makes the rest.

The digests of a mix's values are kept under the output directory, so that the next render into it
can say which of them are new: the changes that its files follow from.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from attrs import frozen

from ..compiler.driver import Compilation
from ..ir.digest import digests
from ..ir.graph import Graph
from ..ir.units import clock
from ..media.cache import Cache, EntryKind
from ..plans.plan import File, Step, StepKind

OFF = "the cache is off"
NOT_KEPT = "not in the cache"


@frozen
class CacheUse:
    """A file that a step writes.

    Attributes:
        step: the id of the step.
        file: its name.
        reused: whether it was taken from the cache.
        reason: why it was made; "" if it was not.
        made_s: the spans of time that were made, in seconds, where the rest was taken from the
            cache; None: all of it.
    """

    step: str
    file: str
    reused: bool
    reason: str
    made_s: tuple[tuple[float, float], ...] | None = None

    def __str__(self) -> str:
        """What became of it."""
        if self.reused:
            return "reused"
        if self.made_s is None:
            return f"made: {self.reason}"
        made = ", ".join(f"{clock(start)} to {clock(end)}" for start, end in self.made_s)
        return f"made {made or 'nothing'}, reused the rest: {self.reason}"


@frozen
class CacheReport:
    """What a render took from the cache.

    Attributes:
        uses: every file of its steps.
        changes: what is new since the last render into the directory, in words; None if that is
            not known.
    """

    uses: tuple[CacheUse, ...]
    changes: tuple[str, ...] | None

    @property
    def lines(self) -> Iterator[str]:
        """As text."""
        for use in self.uses:
            yield f"{use.step}: {use.file}: {use}"
        if self.changes is None:
            yield "changes: no earlier render into this directory is known"
        else:
            yield f"changes: {', '.join(self.changes) or 'none'}"


def cache_use(
    step: Step,
    file: File,
    cache: Cache | None,
    *,
    keyed: bool,
    kept: bool,
    made_s: tuple[tuple[float, float], ...] | None,
) -> CacheUse:
    """What became of a file of a step.

    Args:
        step: that makes it.
        file: one of its outputs.
        cache: None: it is off.
        keyed: whether the file has a key.
        kept: whether it was taken from the cache as a whole.
        made_s: the spans that were made, if the others were taken; None: there are none.
    """
    reason = ""
    if not kept:
        reason = OFF if cache is None else NOT_KEPT if keyed else _unkeyed(step)
    return CacheUse(step.id, file.path, kept, reason, None if kept else made_s)


def _unkeyed(step: Step) -> str:
    """Why the files of a step are never kept."""
    if step.facts():
        return "it depends on the measured loudness"
    if step.kind is not StepKind.RENDER:
        return "it is a measurement"
    return f"what {step.program} writes for delivery, or from such files, is not kept"


def cache_report(
    uses: Sequence[CacheUse], compilation: Compilation, out: Path, cache: Cache | None
) -> CacheReport:
    """The report of a render into a directory; its values are those of the next render's report."""
    if cache is None:
        return CacheReport(tuple(uses), None)
    graph, key = compilation.graph, f"values in {out.resolve()}"
    now, kept = digests(graph), cache.content(key)
    cache.keep_content(key, json.dumps(dict(now)).encode(), EntryKind.DIGEST)
    before: Mapping[str, str] | None = None if kept is None else json.loads(kept)
    changes = None if before is None else tuple(dict.fromkeys(_changes(graph, now, before)))
    return CacheReport(tuple(uses), changes)


def _changes(graph: Graph, now: Mapping[str, str], before: Mapping[str, str]) -> Iterator[str]:
    """What is new in a graph: values that differ although their operands are the same."""
    for node in graph.nodes:
        old = before.get(node.name)
        if old == now[node.name]:
            continue
        if old is None:
            yield f"{_owner(node.name)} has a new {node.kind}"
        elif all(before.get(operand) == now[operand] for operand in node.operands):
            yield f"the {node.kind} of {_owner(node.name)} changed"
    gone = (name for name in before if name not in now)
    yield from (f"{_owner(name)} has no {name.rpartition('.')[2]} any more" for name in gone)


def _owner(name: str) -> str:
    """The clip, track or bus that a value belongs to, by the value's name."""
    owner = name.rpartition(".")[0] or name
    return f"clip {owner}" if "/" in owner else owner
