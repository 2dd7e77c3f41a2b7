"""Moving filters: commands at every 64th sample to a biquad that keeps its state.

The signal is cut into frames of 64 samples. At the first sample of each, asendcmd evaluates the
frequency from the number of the frame (which counts from 1) and sends it to the filter with six
significant digits. One command covers all frames of a span, because one command a frame would make
the search of asendcmd quadratic. The times of a command only select the span: they are half-way
between frames, so that their rounding to microseconds has no effect.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from ...ir.nodes import FilterAutomation
from .automation import EnvelopeSpan, spans
from .filters import biquad
from .inputs import counted
from .site import FRAME, FilterSite
from .wiring import FilterChain, call, quoted

INTERVAL = 64
"""Samples between two settings of the frequency (docs/semantics.md)."""


def emit_filter_automation(site: FilterSite, node: FilterAutomation) -> FilterChain:
    """A moving biquad."""
    moving = biquad(node.shape, f"{node.points[0].value:g}", node.q, node.gain_db)
    if len(node.points) == 1:
        return site.then(moving)
    named, instance = site.wire.named(moving, site.value)
    parts = spans(node.points, site.length)
    commands = (text for span in parts for text in _command(span, site.signal.rate, instance))
    return site.then(
        # New times, in samples: concat counts microseconds, and the adelay of ffmpeg 9.0 gives its
        # silence no times, so that the first frame would be lost.
        *counted(site.signal.rate),
        call("asetnsamples", n=INTERVAL, p=0),
        call("asendcmd", c=quoted(";".join(commands))),
        named,
        call("asetnsamples", n=FRAME, p=0),
    )


def _command(span: EnvelopeSpan, rate: int, instance: str) -> Iterator[str]:
    """The command for the frames that begin within a span, if there are any."""
    first, end = -(-span.start // INTERVAL), -(-span.end // INTERVAL)
    if first == end:
        return
    times = f"{_before(first, rate)}-{_before(end, rate)}"
    if span.aim is None:
        yield f"{times} [enter] {instance} frequency {span.here.value:g}"
        return
    ratio = math.log(span.aim.value / span.here.value)
    progress = span.progress(f"{INTERVAL}*N", INTERVAL)
    yield (f"{times} [expr] {instance} frequency {span.here.value!r}*exp({ratio!r}*{progress})")


def _before(frame: int, rate: int) -> str:
    """A time between a frame and its predecessor, in seconds."""
    return f"{max(frame * INTERVAL - INTERVAL // 2, 0) / rate:.6f}"
