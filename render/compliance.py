"""Checks a file against a delivery spec, rule by rule, and says how to fix each failure.

Pure functions of the measurements and the spec. Every rule that the spec sets is checked, in the
order of `RULES`. Levels are judged as displayed, to a hundredth, so a file that reads "-1.00 dBTP"
does not exceed -1. Silence has no level: it fails every minimum and passes every maximum.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from attrs import field, frozen

from ..inspection.report import Check
from ..ir.units import clock

if TYPE_CHECKING:
    from ..presets.model import DeliverySpec

if TYPE_CHECKING:
    from ..audio.meter.survey import Survey

DECIMALS = 2

Bounds = tuple[float | None, float | None]
"""Minimum and maximum, both inclusive; None: no bound."""


@frozen
class Compliance:
    """The results of a spec for one file, in the order of its rules."""

    spec: DeliverySpec
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether the file meets every rule."""
        return all(check.passed for check in self.checks)


_SILENT = "it is silent or too short to measure: check that it is the right file"


def check_spec(survey: Survey, spec: DeliverySpec) -> Compliance:
    """Check a file against a spec."""
    return Compliance(spec, tuple(_check(rule, survey, spec) for rule in _applying(spec)))


@frozen
class _Rule:
    """How a rule is measured, bounded by a spec, and fixed.

    Attributes:
        name: stable.
        what: its label for people.
        unit: of the numbers.
        read: the value of a file.
        bounds: the bounds of a spec.
        fix: the advice for a file, a spec, and the change that is needed, in whole tenths: positive
            if the value is too low. Not called for silence.
        absent: the advice for a file without the value, if it is not that of silence.
    """

    name: str
    what: str
    unit: str
    read: Callable[[Survey], float]
    bounds: Callable[[DeliverySpec], Bounds]
    fix: Callable[[Survey, DeliverySpec, float], str] = field(repr=False)
    absent: str = ""


def _applying(spec: DeliverySpec) -> tuple[_Rule, ...]:
    return tuple(rule for rule in RULES if rule.bounds(spec) != (None, None))


def _check(rule: _Rule, survey: Survey, spec: DeliverySpec) -> Check:
    value = round(rule.read(survey), DECIMALS)
    low, high = rule.bounds(spec)
    too_low = low is not None and value < round(low, DECIMALS)
    too_high = high is not None and value > round(high, DECIMALS)
    silent = not math.isfinite(value)
    fix: str | None = None
    if too_low and silent:
        fix = rule.absent or _SILENT
    elif too_low or too_high:
        fix = rule.fix(survey, spec, _distance(value, low, high))
    return Check(
        rule=rule.name,
        what=rule.what,
        unit=rule.unit,
        measured=None if silent else value,
        low=low,
        high=high,
        passed=fix is None,
        fix=fix,
    )


def _distance(value: float, low: float | None, high: float | None) -> float:
    """The change to the middle of a range, or to the only bound, in tenths."""
    if low is not None and high is not None:
        tenths = round(((low + high) / 2 - value) * 10)
    elif low is not None:
        tenths = math.ceil(round((low - value) * 10, 1))
    else:
        tenths = math.floor(round(((high or 0.0) - value) * 10, 1))
    return tenths / 10


def _loudness_bounds(spec: DeliverySpec) -> Bounds:
    if spec.lufs is None:
        return None, None
    tolerance = spec.lufs_tolerance or 0.0
    return spec.lufs - tolerance, spec.lufs + tolerance


def _fix_level(survey: Survey, spec: DeliverySpec, distance: float) -> str:
    """A gain, and the limiting that it requires."""
    peak, ceiling = survey.levels.true_peak_dbtp, spec.true_peak_max_dbtp
    if ceiling is None:
        peak, ceiling = survey.levels.sample_peak_dbfs, spec.sample_peak_max_dbfs
    text = _turn(distance)
    if distance > 0.0 and ceiling is not None and peak + distance > ceiling:
        over = peak + distance - ceiling
        text += f" and limit the peaks, which would exceed {ceiling:g} dB by {over:.1f}"
    return text + _by_preset(spec)


def _fix_peak(survey: Survey, spec: DeliverySpec, distance: float) -> str:
    where = clock(max(0.0, survey.peaks.position / survey.rate))
    return f"{_turn(distance)}, or limit its peaks (the highest: {where}){_by_preset(spec)}"


def _fix_short_term(survey: Survey, spec: DeliverySpec, distance: float) -> str:
    start = survey.short_term_max_s or 0.0
    return f"{_turn(distance, 'the loudest 3 s')}; they begin at {clock(start)}"


def _fix_noise(survey: Survey, spec: DeliverySpec, distance: float) -> str:
    return (
        f"lower the noise in the pauses by {-distance:.1f} dB: denoise or gate them, or record in "
        "a quieter room; less gain also lowers the speech"
    )


def _fix_head(survey: Survey, spec: DeliverySpec, distance: float) -> str:
    return _fix_end(distance, "before the first sound")


def _fix_tail(survey: Survey, spec: DeliverySpec, distance: float) -> str:
    return _fix_end(distance, "after the last sound")


def _fix_end(distance: float, where: str) -> str:
    if distance > 0.0:
        return f"add {distance:.1f} s of room tone {where}, recorded in the same room"
    return f"remove {-distance:.1f} s {where}"


def _fix_room_tone(survey: Survey, spec: DeliverySpec, distance: float) -> str:
    return "it begins or ends in digital silence: lay room tone under the whole chapter"


def _fix_bit_rate(survey: Survey, spec: DeliverySpec, distance: float) -> str:
    return f"deliver an MP3 of {spec.bit_rate_min} kbit/s or more{_by_preset(spec)}"


def _fix_constant(survey: Survey, spec: DeliverySpec, distance: float) -> str:
    return f"encode it with a constant bit rate{_by_preset(spec)}"


def _fix_rate(survey: Survey, spec: DeliverySpec, distance: float) -> str:
    return f"resample it: mixdown render --sample-rate {spec.sample_rate}"


def _fix_channels(survey: Survey, spec: DeliverySpec, distance: float) -> str:
    form = {1: "mono", 2: "stereo"}.get(spec.channels or 0, f"{spec.channels} channels")
    return f"deliver it in {form}: mixdown render --channels {spec.channels}"


def _turn(decibels: float, what: str = "it") -> str:
    return f"turn {what} {'up' if decibels > 0 else 'down'} by {abs(decibels):.1f} dB"


def _by_preset(spec: DeliverySpec) -> str:
    return f": mixdown render --preset {spec.export_preset}" if spec.export_preset else ""


RULES: tuple[_Rule, ...] = (
    _Rule(
        "integrated",
        "integrated loudness",
        "LUFS",
        lambda survey: survey.levels.integrated,
        _loudness_bounds,
        _fix_level,
    ),
    _Rule(
        "short_term_max",
        "max short-term",
        "LUFS",
        lambda survey: survey.levels.short_term_max,
        lambda spec: (None, spec.short_term_max_lufs),
        _fix_short_term,
    ),
    _Rule(
        "true_peak",
        "true peak",
        "dBTP",
        lambda survey: survey.levels.true_peak_dbtp,
        lambda spec: (None, spec.true_peak_max_dbtp),
        _fix_peak,
    ),
    _Rule(
        "sample_peak",
        "sample peak",
        "dBFS",
        lambda survey: survey.levels.sample_peak_dbfs,
        lambda spec: (None, spec.sample_peak_max_dbfs),
        _fix_peak,
    ),
    _Rule(
        "rms",
        "RMS",
        "dBFS",
        lambda survey: survey.statistics.rms_dbfs,
        lambda spec: (spec.rms_min_dbfs, spec.rms_max_dbfs),
        _fix_level,
    ),
    _Rule(
        "noise_floor",
        "noise floor",
        "dBFS",
        lambda survey: survey.statistics.noise_floor_dbfs,
        lambda spec: (None, spec.noise_floor_max_dbfs),
        _fix_noise,
    ),
    _Rule(
        "head",
        "head room tone",
        "s",
        lambda survey: survey.statistics.room_tone.head_s,
        lambda spec: (spec.head_min_s, spec.head_max_s),
        _fix_head,
    ),
    _Rule(
        "tail",
        "tail room tone",
        "s",
        lambda survey: survey.statistics.room_tone.tail_s,
        lambda spec: (spec.tail_min_s, spec.tail_max_s),
        _fix_tail,
    ),
    _Rule(
        "room_tone",
        "room tone level",
        "dBFS",
        lambda survey: survey.statistics.room_tone.rms_dbfs,
        lambda spec: (spec.room_tone_min_dbfs, None),
        _fix_room_tone,
        "there is digital silence, or nothing, at an end: lay room tone under the whole chapter",
    ),
    _Rule(
        "bit_rate",
        "bit rate",
        "kbit/s",
        lambda survey: float(min(survey.bit_rates or (-math.inf,))),
        lambda spec: (spec.bit_rate_min, None),
        _fix_bit_rate,
        "it is not an MP3: mixdown render --format mp3",
    ),
    _Rule(
        "constant_bit_rate",
        "bit rate change",
        "kbit/s",
        lambda survey: (
            float(survey.bit_rates[1] - survey.bit_rates[0]) if survey.bit_rates else 0.0
        ),
        lambda spec: (None, 0.0 if spec.constant_bit_rate else None),
        _fix_constant,
    ),
    _Rule(
        "sample_rate",
        "sample rate",
        "Hz",
        lambda survey: float(survey.rate),
        lambda spec: (spec.sample_rate, spec.sample_rate),
        _fix_rate,
    ),
    _Rule(
        "channels",
        "channels",
        "",
        lambda survey: float(survey.channels),
        lambda spec: (spec.channels, spec.channels),
        _fix_channels,
    ),
)
"""Every rule that a delivery spec can have, in the order in which they are reported."""
