"""Clicks and dropouts in words: what is there, whose it is, and what to change in the timeline.

Promises: each names the time in the mix and the clips, points at a clip's line, and gives the
change that mends it.
"""

from __future__ import annotations

from attrs import frozen

from ...ir.codes import Code
from ...ir.diagnostics import Diagnostic, Related, Severity
from ...ir.nodes import Edge
from ...ir.units import decibels, milliseconds
from .clips import SoundingClip
from .holes import Dropout
from .joins import Click

SHOWN = 10
"""How many clicks, and how many dropouts, a render warns of one by one; a report has them all."""


@frozen
class Finding:
    """A warning that has a time: samples of the mix; no length for a click."""

    diagnostic: Diagnostic
    at: int
    length: int | None
    clips: tuple[SoundingClip, ...]


def of_click(click: Click, rate: int) -> Finding:
    """MIX608."""
    edges = click.join.barest
    first, *others = edges
    doing = {Edge.IN: "begins", Edge.OUT: "ends"}
    where = " and ".join(f"{edge.clip.name!r} {doing[edge.edge]}" for edge in edges[:2])
    times = click.step / click.around if click.around > 0.0 else float("inf")
    beside = f"{times:.3g} times the largest step around it" if times < 1e4 else "out of silence"
    message = (
        f"a click at {timestamp(click.join.at, rate)}, where {where}: the waveform steps by "
        f"{decibels(click.step):.1f} dBFS, {beside}"
    )
    diagnostic = Diagnostic(
        Code.CLICK,
        message,
        origin=first.clip.origin,
        help=_mending(click),
        related=tuple(Related(e.clip.origin, "the other clip") for e in others[:1]),
        severity=Severity.WARNING,
    )
    return Finding(diagnostic, click.join.at, None, tuple(edge.clip for edge in edges))


def of_dropout(dropout: Dropout, rate: int) -> Finding:
    """MIX609."""
    length = dropout.stop - dropout.start
    ms = float(milliseconds(length, rate))
    lasting = f"a dropout of {ms:.3g} ms at {timestamp(dropout.start, rate)}"
    first, *others = dropout.clips
    related: tuple[Related, ...] = ()
    if dropout.between:
        message = f"{lasting}: nothing plays between {first.name!r} and {others[0].name!r}"
        help = "let the second begin earlier, or overlap the two with crossfade_in_ms"
        related = (Related(others[0].origin, "the second clip"),)
    elif dropout.source_s is not None:
        moment = timestamp(round(dropout.source_s * 1000), 1000)
        message = f"{lasting} in {first.name!r}: {first.source.path!r} is empty at {moment}"
        help = "cut around it with offset_ms and duration_ms, or repair the recording"
    else:
        message = f"{lasting}: the master is silent where {first.name!r} should sound"
        help = "check the source there; if it is whole, this is a fault of mixdown"
    diagnostic = Diagnostic(
        Code.DROPOUT,
        message,
        origin=first.origin,
        help=help,
        related=related,
        severity=Severity.WARNING,
    )
    return Finding(diagnostic, dropout.start, length, dropout.clips)


def shown(findings: tuple[Finding, ...]) -> tuple[Diagnostic, ...]:
    """What a render warns of: the first of each kind, and how many more there are."""
    warnings: list[Diagnostic] = []
    for code, noun in ((Code.CLICK, "clicks"), (Code.DROPOUT, "dropouts")):
        found = [f.diagnostic for f in findings if f.diagnostic.code is code]
        warnings += found[:SHOWN]
        if len(found) > SHOWN:
            message = f"{len(found) - SHOWN} more {noun}"
            help = "the report lists them all"
            warnings.append(Diagnostic(code, message, help=help, severity=Severity.WARNING))
    return tuple(warnings)


def timestamp(at: int, rate: int) -> str:
    """A sample as minutes, seconds and milliseconds: 1:02.345, 1:00:02.345."""
    total = round(milliseconds(at, rate))
    minutes, ms = divmod(total, 60_000)
    hours, minutes = divmod(minutes, 60)
    head = f"{hours}:{minutes:02d}" if hours else f"{minutes}"
    return f"{head}:{ms // 1000:02d}.{ms % 1000:03d}"


def _mending(click: Click) -> str:
    if click.join.is_splice:
        return "overlap the two clips and add crossfade_in_ms: 10 to the second"
    edge = click.join.barest[0]
    kind = "crossfade" if edge.edge in edge.clip.crossfaded else "fade"
    if edge.fade:
        return f"lengthen its {kind}_{edge.edge}_ms, or choose a curve that starts more gently"
    return f"add {kind}_{edge.edge}_ms: 5, or cut where the waveform crosses zero"
