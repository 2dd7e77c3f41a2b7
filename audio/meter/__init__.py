"""Loudness and true-peak metering (ITU-R BS.1770-5, EBU Tech 3341 and 3342) in numpy and scipy.

`measure` and `measure_file` return the levels in one pass; `survey` and `survey_file` also return
statistics, clipping and silence. The meters are their streaming parts, for callers that need one of
them alone, a time series, or the position of a peak.
"""

from __future__ import annotations

from .clipping import Clipping, ClippingMeter
from .loudness import Loudness, LoudnessMeter
from .measure import Measurement, measure, measure_file
from .silence import SilenceMeter, SilentEnds
from .statistics import Statistics, StatisticsMeter
from .survey import Survey, survey, survey_file
from .truepeak import PeakLevels, TruePeakMeter

__all__ = [
    "Clipping",
    "ClippingMeter",
    "Loudness",
    "LoudnessMeter",
    "Measurement",
    "PeakLevels",
    "SilenceMeter",
    "SilentEnds",
    "Statistics",
    "StatisticsMeter",
    "Survey",
    "TruePeakMeter",
    "measure",
    "measure_file",
    "survey",
    "survey_file",
]
