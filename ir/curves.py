"""The names of fade curves, automation shapes, pan laws and filters: the vocabulary of a mix.

What each name means as a formula stands in docs/semantics.md; the native engine computes it. The
curve names are ffmpeg's (`afade`), so that a user finds one set of words everywhere.
"""

from __future__ import annotations

from enum import StrEnum

FADE_CURVES: tuple[str, ...] = (
    "tri",
    "qsin",
    "hsin",
    "esin",
    "iqsin",
    "ihsin",
    "qua",
    "cub",
    "squ",
    "cbr",
    "par",
    "ipar",
    "exp",
    "log",
    "dese",
    "desi",
    "losi",
    "sinc",
    "isinc",
)

CURVE_ALIASES: dict[str, str] = {
    "linear": "tri",
    "equal_gain": "tri",
    "equal_power": "qsin",
    "s_curve": "hsin",
}


class Shape(StrEnum):
    """How an automation runs from one keyframe to the next."""

    LINEAR = "linear"
    HOLD = "hold"
    SMOOTH = "smooth"


class PanLaw(StrEnum):
    """What a mono signal's pan costs at the centre; stereo is always balance."""

    CONSTANT_POWER = "constant_power"
    LINEAR = "linear"
    COMPROMISE = "compromise"
    UNITY = "unity"


class FilterKind(StrEnum):
    """The RBJ cookbook biquads that a mix may use."""

    HIGHPASS = "highpass"
    LOWPASS = "lowpass"
    PEAKING = "peaking"
    LOWSHELF = "lowshelf"
    HIGHSHELF = "highshelf"


def canonical_curve(name: str) -> str:
    """The curve that `name` (a curve or an alias of one) stands for.

    Raises:
        KeyError: no such curve.
    """
    if name in FADE_CURVES:
        return name
    return CURVE_ALIASES[name]
