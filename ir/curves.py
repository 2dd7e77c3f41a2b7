"""The names of fade curves, keyframe shapes, pan laws and filters.

docs/semantics.md gives the formula of each. The names of fade curves are those of ffmpeg's `afade`.
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
    """The shape of an automation from one keyframe to the next."""

    LINEAR = "linear"
    HOLD = "hold"
    SMOOTH = "smooth"


class PanLaw(StrEnum):
    """The gains of a panned mono signal; stereo is always balanced."""

    CONSTANT_POWER = "constant_power"
    LINEAR = "linear"
    COMPROMISE = "compromise"
    UNITY = "unity"


class FilterKind(StrEnum):
    """The RBJ cookbook biquads of a mix."""

    HIGHPASS = "highpass"
    LOWPASS = "lowpass"
    PEAKING = "peaking"
    LOWSHELF = "lowshelf"
    HIGHSHELF = "highshelf"

    @property
    def has_gain(self) -> bool:
        """Whether it has a gain; at 0 dB it changes nothing."""
        return self in (FilterKind.PEAKING, FilterKind.LOWSHELF, FilterKind.HIGHSHELF)


def canonical_curve(name: str) -> str:
    """The canonical name of a curve, given by its name or an alias.

    Raises:
        KeyError: there is no such curve.
    """
    if name in FADE_CURVES:
        return name
    return CURVE_ALIASES[name]
