"""A compilation as text: the mix at a point of the pipeline, what each pass changed, timings.

Promises: where there is a graph, the text is IR that can be read back; before that it is the
document of the timeline, with the routes known so far above it. A diff shows no origins, for they
tell where a line came from and not what it does.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..compiler.unit import Unit
from ..documents.writer import dump
from ..ir.text.printer import print_graph
from .linediff import unified
from .trace import Trace


def unit_text(unit: Unit, *, origins: bool = True) -> str:
    """The mix as it stands in a unit: IR, or a timeline in YAML."""
    if unit.graph is not None:
        return print_graph(unit.graph, origins=origins)
    routes = "".join(f"# {track} -> {bus}\n" for track, bus in unit.routes.items())
    return routes + dump(unit.timeline)


def changes_text(trace: Trace) -> str:
    """What each pass changed, as a unified diff a pass; passes that changed nothing are left out.

    Of `lower`, which makes all of a graph, only the size is told: `--after lower` prints it.
    """
    sections = []
    shown: tuple[Unit, str] | None = None  # what a pass left is what the next one finds
    for ran in trace.ran:
        if not ran.changed:
            continue
        head = f"== {ran.step.name}: {_size(ran.before)} -> {_size(ran.after)}\n"
        if (ran.before.graph is None) == (ran.after.graph is None):
            same = shown is not None and shown[0].graph is ran.before.graph is not None
            before = shown[1] if shown and same else unit_text(ran.before, origins=False)
            shown = (ran.after, unit_text(ran.after, origins=False))
            head += unified(before, shown[1])
        sections.append(head)
    return "\n".join(sections) or "no pass changed it\n"


def _size(unit: Unit) -> str:
    if unit.graph is None:
        return f"{len(unit.timeline.tracks)} tracks"
    return f"{len(unit.graph)} nodes"


def timings_rows(trace: Trace) -> Iterable[tuple[str, str, str, str]]:
    """A row a pass: its name, the mix after it, milliseconds in it and on verifying; a total."""
    for ran in trace.ran:
        yield ran.step.name, _size(ran.after), _ms(ran.seconds), _ms(ran.verifying)
    yield (
        "total",
        "",
        _ms(sum(ran.seconds for ran in trace.ran)),
        _ms(sum(ran.verifying for ran in trace.ran)),
    )


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f}"
