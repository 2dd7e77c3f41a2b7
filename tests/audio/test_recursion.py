"""The recursive filters are those of scipy.signal, in both forms."""

from __future__ import annotations

import numpy as np
import pytest
from mixdown.audio.meter.kweighting import k_weighting_sos
from mixdown.audio.recursion import RECURSION, Recursion, compiled, public
from scipy.signal import lfilter, sosfilt

DRAWN = np.random.default_rng(5)
SECTIONS = k_weighting_sos(48_000)
BLOCKS = {
    "stereo": DRAWN.standard_normal((2, 4097)),
    "interleaved": np.ascontiguousarray(DRAWN.standard_normal((500, 2))).T,
    "mono in the centre": np.broadcast_to(DRAWN.standard_normal((1, 300)), (2, 300)),
}


def test_scipy_still_has_the_filters_that_are_imported_alone():
    """Otherwise every render starts 0.6 s later; `_check` says what has changed."""
    assert RECURSION.biquad.__qualname__.startswith("compiled")


@pytest.mark.parametrize("form", [compiled(), public()], ids=["alone", "public"])
@pytest.mark.parametrize("name", BLOCKS)
def test_both_forms_give_what_scipy_gives(form: Recursion, name: str):
    block, state = BLOCKS[name], DRAWN.standard_normal((2, 2, 2))
    kept = block.copy(), state.copy()
    pairs = [
        (
            form.biquad(SECTIONS[0], block, state[0]),
            lfilter(SECTIONS[0, :3], SECTIONS[0, 3:], block, axis=1, zi=state[0]),
        ),
        (form.cascade(SECTIONS, block, state), sosfilt(SECTIONS, block, axis=1, zi=state)),
    ]
    for ours, theirs in pairs:
        for one, other in zip(ours, theirs, strict=True):
            assert np.array_equal(one, other)
    assert np.array_equal(block, kept[0]) and np.array_equal(state, kept[1])
