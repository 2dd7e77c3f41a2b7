"""Placing and summing: lanes joined end to end, and sums that begin with a bed of silence.

A sum adds its operands in order to zeros: amix frames its output like its first input, and ffmpeg
5.1 loses the tail of inputs that are framed differently, so a bed as long as the sum comes first. A
lane is a concat, whose cost does not grow with the number of clips times their duration, as that of
amix does.
"""

from __future__ import annotations

from ...ir.nodes import Bus, Lane, Mix, Place, Silence, Slice
from .site import LAYOUTS, LONG_FRAME, FilterSite
from .wiring import Call, FilterChain, call


def delay(samples: int) -> tuple[Call, ...]:
    """Silence before a signal, in samples, because adelay parses milliseconds as floats."""
    return (call("adelay", delays=f"{samples}S", all=1),) if samples else ()


def fitted(length: int, wanted: int) -> tuple[Call, ...]:
    """The filters that bring a signal to another length: silence after it, or a cut."""
    if length < wanted:
        return (call("apad", whole_len=wanted),)
    return (call("atrim", end_sample=wanted),) if length > wanted else ()


def added(count: int) -> Call:
    """The plain sum of so many inputs."""
    return call("amix", inputs=count, normalize=0, dropout_transition=0)


def silence(rate: int, channels: int, length: int) -> tuple[Call, ...]:
    """Zeros."""
    return (
        call("anullsrc", r=rate, cl=LAYOUTS[channels], n=LONG_FRAME),
        call("aformat", sample_fmts="dblp"),
        call("atrim", end_sample=length),
    )


def emit_silence(site: FilterSite, node: Silence) -> FilterChain:
    """Zeros."""
    return site.wire.source(node.name, *silence(node.rate, node.channels, node.length))


def emit_place(site: FilterSite, node: Place) -> FilterChain:
    """Silence, then the operand."""
    return site.then(*delay(node.start))


def emit_slice(site: FilterSite, node: Slice) -> FilterChain:
    """A part of the operand, with timestamps from 0."""
    cut = call("atrim", start_sample=node.offset, end_sample=node.offset + node.length)
    return site.then(cut, call("asetpts", expr="N/SR/TB"))


def emit_lane(site: FilterSite, node: Lane) -> FilterChain:
    """The operands and the silences between them, one after the other."""
    end = 0
    for chain, operand, start in zip(site.operands, node.operands, node.starts, strict=True):
        site.wire.extend(chain, chain.value, *delay(start - end))
        end = start + (site.graph.signals[operand].length or 0)
    rest = fitted(end, node.length)
    if len(site.operands) == 1:
        return site.then(*rest)
    joined = call("concat", n=len(site.operands), v=0, a=1)
    return site.wire.join(site.operands, node.name, joined, *rest)


def emit_mix(site: FilterSite, node: Mix) -> FilterChain:
    """The sum of the operands over the mix's length."""
    return _sum(site)


def emit_bus(site: FilterSite, node: Bus) -> FilterChain:
    """The sum of a bus's tracks."""
    return _sum(site)


def _sum(site: FilterSite) -> FilterChain:
    if len(site.operands) == 1:
        return site.then(*fitted(site.incoming.length or 0, site.length))
    signal = site.signal
    bed = site.wire.source(site.value, *silence(signal.rate, signal.channels, site.length))
    chains = [bed, *site.operands]
    cut = call("atrim", end_sample=site.length)
    return site.wire.join(chains, site.value, added(len(chains)), cut)
