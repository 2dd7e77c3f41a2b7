"""The extremes of parts of a second are those of a plain loop, for any division into blocks."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from mixdown.audio.meter.extremes import ExtremesMeter


@given(
    count=st.integers(0, 700),
    rate=st.sampled_from([100, 110, 250]),
    cuts=st.lists(st.integers(0, 700), max_size=6),
)
def test_they_do_not_depend_on_the_blocks(count, rate, cuts):
    samples = np.random.default_rng(count).uniform(-1.0, 1.0, (2, count))
    meter = ExtremesMeter(rate, 2, 20)
    for block in np.split(samples, sorted(min(cut, count) for cut in cuts), axis=1):
        meter.feed(block)
    edges = [second + round(k * rate / 20) for second in range(0, count, rate) for k in range(20)]
    parts = [part for part in np.split(samples, edges[1:], axis=1) if part.size]
    lowest, highest = meter.result().tolist()
    assert lowest == [np.float32(part.min()) for part in parts]
    assert highest == [np.float32(part.max()) for part in parts]
