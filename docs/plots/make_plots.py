"""Draws the plots of docs/semantics.md and docs/mastering.md with the native engine's functions.

    python docs/plots/make_plots.py            # pip install 'mixdown[docs]'

The same program and the same matplotlib give the same bytes: no dates, no random ids, text as text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from mixdown.audio.curves import CURVES
from mixdown.audio.dither import TpdfNoise, quantise
from mixdown.audio.limiter import TruePeakLimiter
from mixdown.audio.pan import PAN_LAWS
from mixdown.audio.shaping import NoiseShaper
from mixdown.ir.curves import FADE_CURVES
from scipy.signal import welch

HERE = Path(__file__).parent
STYLE = {
    "svg.hashsalt": "mixdown",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.grid": True,
    "grid.color": "#d8d8d8",
    "grid.linewidth": 0.6,
    "axes.edgecolor": "#808080",
    "figure.facecolor": "white",
    "axes.spines.top": False,
    "axes.spines.right": False,
}
LEFT, RIGHT, SUM = "#1f6fb4", "#c8501e", "#202020"


def fades() -> Figure:
    """Every fade curve, as a fade-in and a mirrored fade-out."""
    figure, axes = plt.subplots(4, 5, figsize=(9, 6.6), sharex=True, sharey=True)
    g = np.linspace(0, 1, 201)
    for axis, name in zip(axes.flat, FADE_CURVES, strict=False):
        axis.plot(g, CURVES[name](g), color=LEFT, linewidth=1.4)
        axis.plot(g, CURVES[name](1 - g), color=RIGHT, linewidth=0.9, linestyle="--")
        axis.set_title(name, fontsize=9)
        axis.set_xticks([0, 0.5, 1])
        axis.set_yticks([0, 0.5, 1])
    legend = axes.flat[-1]
    legend.axis("off")
    legend.plot([], [], color=LEFT, label="fade-in, f(g)")
    legend.plot([], [], color=RIGHT, linestyle="--", label="fade-out, f(1-g)")
    legend.legend(loc="center", frameon=False)
    figure.supxlabel("g, how far the fade is")
    figure.supylabel("gain")
    return figure


def pan() -> Figure:
    """The gains of a mono source under each law, and their power."""
    figure, axes = plt.subplots(1, 4, figsize=(9, 2.7), sharex=True, sharey=True)
    p = np.linspace(-1, 1, 401)
    for axis, (name, law) in zip(axes, PAN_LAWS.items(), strict=True):
        left, right = law(p, np)
        axis.plot(p, left, color=LEFT, label="left")
        axis.plot(p, right, color=RIGHT, label="right")
        axis.plot(
            p,
            np.sqrt(left**2 + right**2),
            color=SUM,
            linewidth=0.9,
            linestyle=":",
            label="√(l² + r²)",
        )
        axis.set_title(name, fontsize=9)
        axis.set_xticks([-1, 0, 1])
    axes[0].set_ylabel("gain")
    axes[0].legend(fontsize=7, frameon=False, loc="lower center")
    figure.supxlabel("pan position")
    return figure


def crossfades() -> Figure:
    """Two clips over their overlap: the level of the sum, correlated and uncorrelated."""
    figure, axes = plt.subplots(1, 2, figsize=(9, 3), sharex=True, sharey=True)
    g = np.linspace(0, 1, 401)
    titles = {"qsin": "qsin, equal power (default)", "tri": "tri, equal gain"}
    for axis, (name, title) in zip(axes, titles.items(), strict=True):
        after, before = CURVES[name](g), CURVES[name](1 - g)
        axis.plot(g, before, color=LEFT, label="A fades out")
        axis.plot(g, after, color=RIGHT, label="B fades in")
        power = np.sqrt(before**2 + after**2)
        axis.plot(g, power, color=SUM, linestyle=":", label="level of the sum, uncorrelated")
        axis.plot(
            g, before + after, color=SUM, linewidth=0.9, linestyle="--", label="the same, A = B"
        )
        axis.set_title(title, fontsize=9)
        axis.set_xlabel("how far the overlap is")
    axes[0].set_ylabel("gain")
    axes[0].legend(fontsize=7, frameon=False, loc="lower center")
    return figure


RATE = 48000
CEILING = -1.0


def _limited(block: np.ndarray) -> np.ndarray:
    limiter = TruePeakLimiter(RATE, len(block), CEILING)
    return np.concatenate([limiter.process(block), limiter.flush()], axis=1)


def _reduction() -> tuple[np.ndarray, np.ndarray]:
    """The gain in dB over milliseconds around one sample 6 dB over the ceiling."""
    block = np.full((1, RATE), 1e-3)
    click = RATE // 2
    block[0, click] = 10 ** ((CEILING + 6.0) / 20)
    gain = 20 * np.log10(_limited(block)[0] / block[0])
    shown = slice(click - RATE // 50, click + RATE // 10)
    return (np.arange(RATE)[shown] - click) * 1000 / RATE, gain[shown]


def limiter() -> Figure:
    """The gain over time around a click, and output peaks over input peaks."""
    figure, axes = plt.subplots(1, 2, figsize=(9, 3), width_ratios=[2, 1])
    axes[0].plot(*_reduction(), color=LEFT, label="one sample, 6 dB over")
    axes[0].set_xlabel("ms")
    axes[0].set_ylabel("gain, dB")
    axes[0].legend(fontsize=7, frameon=False, loc="lower right")
    peaks = np.arange(-7.0, 7.1, 0.5)
    tone = np.sin(2 * np.pi * 997 * np.arange(RATE) / RATE)[None]
    held = [_limited(tone * 10 ** (peak / 20))[0, RATE // 4 : -RATE // 4] for peak in peaks]
    axes[1].plot(peaks, [20 * np.log10(np.abs(part).max()) for part in held], color=LEFT)
    axes[1].axhline(CEILING, color=SUM, linewidth=0.8, linestyle=":")
    axes[1].set_xlabel("peak in, dBFS")
    axes[1].set_ylabel("peak out, dBFS")
    return figure


def dither() -> Figure:
    """The spectrum of the error with each noise, and of a sine at -90 dBFS."""
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.2))
    at = np.arange(20 * RATE) / RATE
    sine = (10 ** (-90 / 20) * np.sin(2 * np.pi * 997 * at))[None]
    noise = TpdfNoise(b"plot")
    made = {
        "none": quantise(sine, 16).samples * 2.0**-15,
        "tpdf": quantise(noise.added(16)(sine, 0), 16).samples * 2.0**-15,
        "shaped": NoiseShaper(noise, 16, RATE, 1)(sine, 0),
    }
    colours = {"none": SUM, "tpdf": LEFT, "shaped": RIGHT}
    for name, samples in made.items():
        hertz, density = welch((samples - sine)[0] * 2**15, RATE, nperseg=2048)
        if name != "none":
            white = 0.25 * 2 / RATE
            axes[0].plot(hertz / 1000, 10 * np.log10(density / white), color=colours[name])
        hertz, power = welch(samples[0], RATE, "blackman", nperseg=1 << 13, scaling="spectrum")
        below = hertz < 6000
        style = {"color": colours[name], "linewidth": 0.7, "label": name}
        axes[1].plot(hertz[below] / 1000, 10 * np.log10(2 * power[below]), **style)
    axes[0].set_ylim(-50, 30)
    axes[0].set_ylabel("dB over the white error of tpdf")
    axes[1].set_ylim(-170, -85)
    axes[1].set_ylabel("a sine of -90 dBFS, dBFS")
    axes[1].legend(fontsize=7, frameon=False, loc="upper right")
    for axis in axes:
        axis.set_xlabel("kHz")
    return figure


PLOTS: Mapping[str, Callable[[], Figure]] = {
    "fades": fades,
    "pan": pan,
    "crossfades": crossfades,
    "limiter": limiter,
    "dither": dither,
}


def draw(directory: Path = HERE) -> list[Path]:
    """Write every plot as SVG and return the paths."""
    paths = []
    with matplotlib.rc_context(STYLE):
        for name, plot in PLOTS.items():
            figure = plot()
            figure.tight_layout()
            paths.append(directory / f"{name}.svg")
            figure.savefig(paths[-1], metadata={"Date": None, "Creator": None})
            plt.close(figure)
    return paths


if __name__ == "__main__":
    matplotlib.use("svg")
    for path in draw():
        print(path.name)
