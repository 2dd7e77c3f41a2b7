"""A compilation as text: the mix after a pass, the changes of each pass, timings.

After `lower` the text is IR that can be read back; before it, the document of the timeline,
preceded by the routes known so far. A diff omits origins: they do not affect the result.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..compiler.notes import notes
from ..compiler.unit import Unit
from ..documents.writer import dump
from ..ir.diagnostics import counted
from ..ir.text.printer import print_graph
from .linediff import unified
from .trace import Trace

MOST_LINES = 12
WIDEST = 160


def unit_text(unit: Unit, *, origins: bool = True) -> str:
    """The mix in a unit: IR, or a timeline in YAML."""
    if unit.graph is not None:
        return print_graph(unit.graph, origins=origins, notes=notes(unit))
    routes = "".join(f"# {track} -> {bus}\n" for track, bus in unit.routes.items())
    return routes + dump(unit.timeline)


def dumped(trace: Trace) -> Iterator[tuple[str, str]]:
    """The mix at the start and after each pass that changed it: a file name, and the text.

    The names are in the order of the passes.
    """
    yield _file_name(0, "start", trace.start), unit_text(trace.start)
    for number, ran in enumerate(trace.ran, 1):
        if ran.changed:
            yield _file_name(number, ran.step.name, ran.after), unit_text(ran.after)


def _file_name(number: int, name: str, unit: Unit) -> str:
    return f"{number:02}-{name}.{'yaml' if unit.graph is None else 'mir'}"


def changes_text(trace: Trace, *, full: bool = True) -> str:
    """The changes of each pass as a unified diff; passes that changed nothing are left out.

    For `lower`, which creates the graph, only the size is given: `--after lower` prints the graph.

    Args:
        trace: the passes.
        full: whether to show all lines, and the whole of each, or only the first of each pass.
    """
    sections = []
    shown: tuple[Unit, str] | None = None  # the output of a pass is the input of the next
    for ran in trace.ran:
        if not ran.changed:
            continue
        head = f"== {ran.step.name}: {_size(ran.before)} -> {_size(ran.after)}\n"
        if (ran.before.graph is None) == (ran.after.graph is None):
            same = shown is not None and shown[0].graph is ran.before.graph is not None
            before = shown[1] if shown and same else unit_text(ran.before, origins=False)
            shown = (ran.after, unit_text(ran.after, origins=False))
            changes = unified(before, shown[1])
            head += changes if full else _bounded(changes)
        sections.append(head)
    return "\n".join(sections) or "no pass changed the mix\n"


def _bounded(text: str) -> str:
    lines = text.splitlines()
    more = len(lines) - MOST_LINES
    kept = [
        line if len(line) <= WIDEST else f"{line[: WIDEST - 1]}…" for line in lines[:MOST_LINES]
    ]
    kept += [f"... {counted(more, 'more line')}; --full shows all"] * (more > 0)
    return "".join(f"{line}\n" for line in kept)


def _size(unit: Unit) -> str:
    if unit.graph is None:
        return counted(len(unit.timeline.tracks), "track")
    return counted(len(unit.graph), "node")


def timings_rows(trace: Trace) -> Iterable[tuple[str, str, str, str]]:
    """A row per pass, and a total: its name, the size after it, ms in it and in the verifier."""
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
