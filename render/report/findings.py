"""Turns clicks and dropouts into warnings.

Each warning gives the time in the mix and the clips, points at a clip's line, and suggests a change
to the timeline that fixes it.
"""

from __future__ import annotations

from attrs import frozen

from ...compiler.timeline.entry import CLICK, DROPOUT
from ...ir.codes import Code
from ...ir.diagnostics import Diagnostic, Related, Severity, counted
from ...ir.nodes import Edge
from ...ir.units import clock, decibels
from .clips import SoundingClip
from .holes import Dropout
from .joins import Click

SHOWN = 10
"""The maximum number of clicks, and of dropouts, that a render prints; the report has them all."""


@frozen
class Finding:
    """A warning with its position and length in samples of the mix; a click has no length."""

    diagnostic: Diagnostic
    at: int
    length: int | None
    clips: tuple[SoundingClip, ...]

    @property
    def accepted(self) -> str | None:
        """Why it is meant, as its first clip that accepts it says; "" without a reason."""
        kind = CLICK if self.diagnostic.code is Code.CLICK else DROPOUT
        return next((clip.accepts[kind] for clip in self.clips if kind in clip.accepts), None)


def of_click(click: Click, rate: int) -> Finding:
    """MIX608."""
    edges = click.join.least_faded
    first, *others = edges
    doing = {Edge.IN: "begins", Edge.OUT: "ends"}
    where = " and ".join(f"{edge.clip.name!r} {doing[edge.edge]}" for edge in edges[:2])
    times = click.step / click.around if click.around > 0.0 else float("inf")
    beside = f"{times:.3g} times the largest step around it" if times < 1e4 else "out of silence"
    message = (
        f"a click at {clock(click.join.at / rate, 3)}, where {where}: the waveform steps by "
        f"{decibels(click.step):.1f} dBFS, {beside}"
    )
    diagnostic = Diagnostic(
        Code.CLICK,
        message,
        origin=first.clip.origin,
        help=_fix(click),
        related=tuple(Related(e.clip.origin, "the other clip") for e in others[:1]),
        severity=Severity.WARNING,
    )
    return Finding(diagnostic, click.join.at, None, tuple(edge.clip for edge in edges))


def of_dropout(dropout: Dropout, rate: int) -> Finding:
    """MIX609."""
    length = dropout.stop - dropout.start
    lasting = f"a dropout of {length * 1000 / rate:.3g} ms at {clock(dropout.start / rate, 3)}"
    first, *others = dropout.clips
    related: tuple[Related, ...] = ()
    if dropout.between:
        message = f"{lasting}: nothing plays between {first.name!r} and {others[0].name!r}"
        help = "let the second begin earlier, or overlap the two with crossfade_in_ms"
        related = (Related(others[0].origin, "the second clip"),)
    elif dropout.source_s is not None:
        moment = clock(dropout.source_s, 3)
        message = f"{lasting} in {first.name!r}: {first.source.path!r} is silent at {moment}"
        help = "cut around it with offset_ms and duration_ms, or repair the recording"
    else:
        message = f"{lasting}: the master is silent where {first.name!r} should sound"
        help = "check the source there; if it is intact, this is a bug in mixdown"
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
    """The warnings that a render prints: the first of each kind, and the number of the others."""
    warnings: list[Diagnostic] = []
    for code, noun in ((Code.CLICK, "more click"), (Code.DROPOUT, "more dropout")):
        found = [f.diagnostic for f in findings if f.diagnostic.code is code and f.accepted is None]
        warnings += found[:SHOWN]
        if len(found) > SHOWN:
            message = counted(len(found) - SHOWN, noun)
            help = "the report lists them all"
            warnings.append(Diagnostic(code, message, help=help, severity=Severity.WARNING))
    return tuple(warnings)


def _fix(click: Click) -> str:
    if click.join.is_splice:
        return (
            "overlap the two clips and add crossfade_in_ms: 10 to the second, or fade out the one "
            "and fade in the other"
        )
    edge, *others = click.join.least_faded[:2]
    kind = "crossfade" if edge.edge in edge.clip.crossfaded else "fade"
    if edge.fade:
        return f"lengthen its {kind}_{edge.edge}_ms, or choose a curve that starts more gently"
    fades = f"{kind}_{edge.edge}_ms: 5"
    for other in others:
        fades += f" to {edge.clip.name!r} and fade_{other.edge}_ms: 5 to {other.clip.name!r}"
    return f"add {fades}, or cut where the waveform crosses zero"
