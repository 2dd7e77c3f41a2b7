"""Draws the plots of docs/semantics.md from the native engine's own formulas.

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
from mixdown.backends.native.dsp.curves import CURVES
from mixdown.backends.native.dsp.pan import PAN_LAWS
from mixdown.ir.curves import FADE_CURVES

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
    """Every fade curve, as a fade-in and the fade-out that mirrors it."""
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
    """The gains of a mono source by each law, and their power."""
    figure, axes = plt.subplots(1, 4, figsize=(9, 2.7), sharex=True, sharey=True)
    p = np.linspace(-1, 1, 401)
    for axis, (name, law) in zip(axes, PAN_LAWS.items(), strict=True):
        left, right = law(p)
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
    """Two clips over their overlap: the level of the sum, correlated and not."""
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


PLOTS: Mapping[str, Callable[[], Figure]] = {"fades": fades, "pan": pan, "crossfades": crossfades}


def draw(directory: Path = HERE) -> list[Path]:
    """Writes every plot as SVG; their paths."""
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
