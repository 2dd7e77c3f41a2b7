"""Loudness and true-peak metering (ITU-R BS.1770-5, EBU Tech 3341 and 3342) in numpy and scipy.

`measure` and `measure_file` give every figure in one pass; `LoudnessMeter` and `TruePeakMeter` are
the streaming halves, for callers that need only one of them, its time series or its location.
"""

from __future__ import annotations

from .loudness import Loudness, LoudnessMeter
from .measure import Measurement, measure, measure_file
from .truepeak import PeakLevels, TruePeakMeter

__all__ = [
    "Loudness",
    "LoudnessMeter",
    "Measurement",
    "PeakLevels",
    "TruePeakMeter",
    "measure",
    "measure_file",
]
