"""From the final graph to the plan: what goes into the files besides the samples."""

from __future__ import annotations

from functools import partial
from itertools import groupby, islice, pairwise

from attrs import evolve

from ..backends.protocol import plan_for
from ..ir.codes import Code
from ..ir.containers import CONTAINERS
from ..ir.diagnostics import Diagnostic, Severity, TimelineError, located
from ..ir.finish import unmeasured
from ..ir.graph import Graph
from ..ir.units import clock, milliseconds, samples
from ..plans import encoding
from ..plans.encoding import Extras
from ..plans.ffmetadata import Chapter
from ..plans.plan import EmitOptions, Plan
from ..plans.splitting import MasterPart, split
from .options import CompileOptions
from .parts import master_parts
from .timeline.model import Timeline
from .unit import Unit

FILM_TOLERANCE_S = 0.1
"""By how much the lengths of a film and its mix may differ: a few frames."""


def plan_of(unit: Unit, options: CompileOptions) -> Plan:
    """The plan of a unit whose graph is legal for its backend.

    Raises:
        BackendError: MIX502, the backend cannot express it; MIX505, it fails.
    """
    timeline = unit.timeline
    _check_film(unit)
    extras = Extras(
        chapters=chapters(timeline, unit.ir.session.length or 0),
        cover=unit.cover,
        film=unit.film[0] if unit.film else None,
    )
    tags = tuple(sorted(timeline.metadata.items()))
    emit = EmitOptions(single=options.single, one_pass=options.one_pass, tags=tags)
    with located(timeline.documents):
        plan = encoding.emit(partial(plan_for, unit.backend), unit.ir, emit, extras)
    plan = split(plan, unit.ir, _parts(unit, options), unit.cover)
    return evolve(plan, surveys={name: survey.digest for name, survey in unit.surveys.items()})


def _parts(unit: Unit, options: CompileOptions) -> tuple[MasterPart, ...]:
    """The parts of the master that are files of their own."""
    parts = master_parts(unit)
    if parts and options.single:
        message = "one command cannot split its master"
        help = "compile the plan as steps, or leave out the split"
        raise TimelineError.of(Code.BAD_REQUEST, message, help=help)
    return parts


def _check_film(unit: Unit) -> None:
    """Refuse a film that is longer or shorter than the mix.

    Raises:
        TimelineError: MIX307.
    """
    if unit.film is None:
        return
    session = unit.ir.session
    lasts, wanted = (session.length or 0) / session.rate, unit.film[1]
    if abs(lasts - wanted) > FILM_TOLERANCE_S:
        message = f"the mix lasts {clock(lasts, 3)}, and the film {clock(wanted, 3)}"
        help = f"set length_ms to {round(wanted * 1000)}, or cut the film"
        raise TimelineError.of(Code.BAD_REQUEST, message, help=help)


def chapters(timeline: Timeline, length: int) -> tuple[Chapter, ...]:
    """The chapters of a mix of `length` samples, in time order, to the millisecond.

    A chapter lasts from its marker to the next one, or to the end of the mix. Markers within one
    millisecond make one chapter with all of their labels; markers at the end of the mix or after it
    make none, nor those with `toc: false`.
    """
    in_milliseconds = 1000
    end = samples(milliseconds(length, timeline.sample_rate), in_milliseconds)
    listed = (marker for marker in timeline.markers if marker.toc)
    markers = sorted(listed, key=lambda marker: marker.at_ms)
    moments = [
        (start, " / ".join(marker.label for marker in group))
        for start, group in groupby(markers, lambda m: samples(m.at_ms, in_milliseconds))
        if start < end
    ]
    return tuple(
        Chapter(start, stop, title) for (start, title), (stop, _) in pairwise([*moments, (end, "")])
    )


def chapter_warnings(unit: Unit) -> tuple[Diagnostic, ...]:
    """A warning where some players do not show all chapters of the master."""
    master = unit.ir.outputs[0]
    held = CONTAINERS.get(master.container)
    count = len(chapters(unit.timeline, unit.ir.session.length or 0))
    if held is None or held.listed_chapters is None or count <= held.listed_chapters:
        return ()
    return (
        Diagnostic(
            Code.CHAPTERS_CUT,
            f"{master.container} lists {held.listed_chapters} chapters for some players, and the "
            f"markers make {count}",
            origin=unit.timeline.origin("markers", held.listed_chapters),
            help="use fewer markers, or choose opus, ogg or flac",
            severity=Severity.WARNING,
        ),
    )


def one_pass_warnings(graph: Graph, options: CompileOptions) -> tuple[Diagnostic, ...]:
    """A warning where a program normalises the loudness by its own means."""
    if not options.one_pass:
        return ()
    return tuple(
        Diagnostic(
            Code.ONE_PASS,
            f"one pass only comes near {node.target_lufs:g} LUFS (usually within 0.1 LU, on loops "
            "of hard hits within 2 LU), with a gain that changes over time",
            origin=node.origin,
            help="for the exact loudness and a static gain, render the mix, or give its --facts",
            severity=Severity.WARNING,
        )
        for node in islice(unmeasured(graph), 1)
    )
