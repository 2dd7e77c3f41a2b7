"""The K-weighting filter against the standard's tables and its calibration."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.signal
from mixdown.audio.meter.kweighting import (
    HIGHPASS_48K,
    SHELF_48K,
    KWeighting,
    k_weighting_sos,
    prototype,
)

FREQUENCIES = np.geomspace(10.0, 3_600.0, 500)


def response_db(rate, frequencies=FREQUENCIES):
    _, response = scipy.signal.sosfreqz(k_weighting_sos(rate), frequencies, fs=rate)
    return 20.0 * np.log10(np.abs(response))


def test_48_khz_gives_the_tables_of_the_standard():
    # The standard prints 14 decimals.
    assert np.abs(k_weighting_sos(48_000) - [SHELF_48K, HIGHPASS_48K]).max() < 1e-14


def test_the_prototypes_are_the_known_analogue_filters():
    shelf, highpass = prototype(SHELF_48K, 48_000), prototype(HIGHPASS_48K, 48_000)
    assert shelf.frequency == pytest.approx(1681.97445, abs=1e-4)
    assert 1.0 / shelf.damping == pytest.approx(0.70717524, abs=1e-7)
    assert 20.0 * np.log10(shelf.n2) == pytest.approx(3.9998438, abs=1e-6)
    assert shelf.n0 == pytest.approx(1.0, abs=1e-12)
    assert highpass.frequency == pytest.approx(38.13547, abs=1e-4)
    assert 1.0 / highpass.damping == pytest.approx(0.50032704, abs=1e-7)


@pytest.mark.parametrize(
    ("rate", "tolerance_db"),
    [
        (8_000, 0.29),
        (16_000, 0.07),
        (22_050, 0.035),
        (32_000, 0.011),
        (44_100, 0.002),
        (96_000, 0.007),
        (192_000, 0.008),
    ],
)
def test_other_rates_have_the_response_of_48_khz(rate, tolerance_db):
    assert np.abs(response_db(rate) - response_db(48_000)).max() < tolerance_db


def test_997_hz_gain_cancels_the_calibration_constant():
    # BS.1770-5: a 0 dBFS 997 Hz sine in one channel reads -3.01 LKFS, so K(997 Hz) = 0.691 dB.
    assert response_db(48_000, np.array([997.0]))[0] == pytest.approx(0.691, abs=0.001)


def test_state_carries_across_blocks_and_branches_do_not_disturb_it():
    audio, edges = np.random.default_rng(1).standard_normal((2, 4_000)), np.arange(0, 4_001, 100)
    whole = KWeighting(44_100, 2).energies(audio, edges)
    filter_ = KWeighting(44_100, 2)
    first = filter_.energies(audio[:, :1_200], edges[:13])
    branched = filter_.branch().energies(audio[:, 1_200:], edges[12:] - 1_200)
    second = filter_.energies(audio[:, 1_200:], edges[12:] - 1_200)
    np.testing.assert_array_equal(np.hstack([first, second]), whole)
    np.testing.assert_array_equal(branched, second)


def test_channels_in_one_memory_give_what_two_give():
    audio, edges = np.random.default_rng(2).standard_normal((5, 1_000)), np.arange(0, 1_001, 100)
    one, two = KWeighting(48_000, 2), KWeighting(48_000, 2)
    stereo, *mono = audio[:2], *(np.broadcast_to(row, (2, 1_000)) for row in audio[2:])
    for block in (mono[0], stereo, mono[1], mono[2], np.broadcast_to(0.0, (2, 1_000))):
        np.testing.assert_array_equal(
            one.energies(block, edges), two.energies(np.array(block), edges)
        )
