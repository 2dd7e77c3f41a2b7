"""EBU Tech 3341 and 3342: every signal that can be synthesised, within the stated tolerance."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

_spec = importlib.util.spec_from_file_location(
    "meter_conformance", Path(__file__).with_name("conformance.py")
)
assert _spec is not None and _spec.loader is not None
conformance = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(conformance)


@pytest.mark.parametrize("rate", [48_000, 44_100])
@pytest.mark.parametrize("signal", conformance.SIGNALS, ids=lambda signal: signal.name)
def test_signal_reads_as_the_standard_asks(signal, rate):
    values = signal.measured(rate)
    assert values.size > 0
    assert all(signal.accepts(value) for value in values), (signal.definition, signal.worst(rate))


def test_the_table_covers_the_standards():
    names = {signal.name for signal in conformance.SIGNALS}
    wanted = {f"3341-{k}" for k in (1, 2, 3, 4, 5, 6, 9, 10, 12, 13, *range(15, 24))}
    assert wanted | {f"3342-{k}" for k in range(1, 5)} <= names
    assert len(names) == len(conformance.SIGNALS)


def test_a_reading_outside_the_tolerance_is_refused():
    peak = next(signal for signal in conformance.SIGNALS if signal.name == "3341-15")
    assert peak.accepts(-6.4) and peak.accepts(-5.8)
    assert not peak.accepts(-6.41) and not peak.accepts(-5.79)
