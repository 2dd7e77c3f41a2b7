"""What overlapping automation means, evaluated a sample at a time, by docs/semantics.md alone."""

from __future__ import annotations

import math

from mixdown.compiler.timeline.automation import Automation, Target
from mixdown.ir.curves import Shape
from mixdown.ir.units import samples


def value_at(automation: Automation, target: Target, n: int, rate: int) -> float:
    """The value of one target at sample n."""
    runs = []
    plain = sorted(getattr(automation, target.value), key=lambda k: k.at_ms)
    if plain:
        runs.append((plain[0].at_ms, -1, [(k.at_ms, k) for k in plain]))
    for order, region in enumerate(automation.regions):
        if region.target is target:
            inside = [(region.start_ms + k.at_ms, k) for k in region.keyframes]
            runs.append((region.start_ms, order, sorted(inside, key=lambda pair: pair[0])))
    runs.sort(key=lambda run: run[:2])
    first = samples(runs[0][0], rate)
    begun = [run for run in runs if samples(run[0], rate) <= max(n, first)]
    frames = [(samples(at, rate), float(k.value), k.curve) for at, k in begun[-1][2]]
    passed = [k for k, (at, _, _) in enumerate(frames) if at <= n]
    if not passed or passed[-1] == len(frames) - 1:
        return frames[passed[-1] if passed else 0][1]
    (begin, here, shape), (end, there, _) = frames[passed[-1] : passed[-1] + 2]
    t = (n - begin) / (end - begin)
    if shape is Shape.HOLD:
        return here
    if shape is Shape.SMOOTH:
        t = (1 - math.cos(math.pi * t)) / 2
    if target is Target.FILTER:
        return math.exp(math.log(here) + (math.log(there) - math.log(here)) * t)
    return here + (there - here) * t
