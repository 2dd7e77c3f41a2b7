"""The fixture `mix_snapshot`: the text of a mix, compared with the stored one.

Promises: the stored text depends on the timeline, the choices and the content of the media, and on
no path, place in the document or measurement; so a failing comparison means that the mix changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal, Unpack

from syrupy.assertion import SnapshotAssertion

from ..compiler.choices import Choices
from ..compiler.graph_input import Mix
from ..inspection.owners import owners
from ..inspection.trace import Trace, trace
from ..ir.places import shown_place
from ..ir.text.printer import print_graph
from .snapshots import UPDATE, FilterGraphSnapshot, MirSnapshot

Form = Literal["ir", "plan"]

_INSTANCE = re.compile(r"[a-z0-9_]+@[^\s=,;\[\]]+")


class MixSnapshot:
    """Compares mixes with their stored texts; created by the fixture."""

    def __init__(self, snapshot: SnapshotAssertion) -> None:
        self._snapshot = snapshot

    def __call__(
        self,
        mix: Mix | str | Path,
        /,
        *,
        form: Form = "ir",
        name: str | None = None,
        **choices: Unpack[Choices],
    ) -> None:
        """Fail if the mix differs from the stored one.

        Args:
            mix: the path of a timeline or a graph, or a loaded or built one.
            form: "ir" stores what the mix means: the graph before any optimisation, which stays the
                same in later versions of mixdown as long as the mix does. "plan" stores what is
                run: the backend's plan.
            name: the name of the stored file, for tests that compare several mixes; otherwise they
                are numbered.
            choices: the keywords of `mixdown.compile`.

        Raises:
            AssertionError: with the changes in words, then line by line.
            MixdownError: the mix cannot be compiled.
        """
        __tracebackhide__ = True
        done = trace(mix, **choices)
        if form == "ir":
            text = print_graph(done.lowered.ir, origins=False)
            stored = self._snapshot.use_extension(MirSnapshot)
        else:
            plan = done.plan()
            text = plan.to_text()
            stored = self._snapshot.use_extension(FilterGraphSnapshot)
        if (stored(name=name) if name else stored) == text:
            return
        result = stored.executions[stored.num_executions - 1]
        if result.recalled_data is None:
            raise AssertionError(f"no snapshot of this mix is stored yet; {UPDATE}")
        old = str(result.recalled_data)
        lines = list(stored.extension.diff_lines(text, old))
        if form == "plan":
            lines = [*_served(done, plan.labels, lines), *lines]
        raise AssertionError("\n".join([f"the mix differs from the stored one; {UPDATE}", *lines]))


def _served(done: Trace, labels: Mapping[str, str], lines: list[str]) -> Iterator[str]:
    """The values that the filters in the changed lines serve, and their places in the document."""
    named = (label for line in lines if line[:1] in "+-" for label in _INSTANCE.findall(line))
    values = dict.fromkeys(labels[label] for label in named if label in labels)
    graph, documents = done.final.ir, done.start.timeline.documents
    of = owners(graph)
    for value in values:
        shown = shown_place(graph[value].origin, documents)
        yield f"{of[value]}: different filters for %{value}" + (f"  ({shown})" if shown else "")
