"""Draws how CPU time grows: docs/plots/growth-*.svg."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

PLOTS = Path(__file__).parents[1] / "docs" / "plots"


def draw(cases: Mapping[str, Any]) -> None:
    """A plot for each case that has an axis and at least two sizes."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "mixdown"
    from matplotlib import pyplot

    for name, case in cases.items():
        axis = case["axis"]
        lines: dict[str, list[tuple[float, float]]] = {}
        for row in case["rows"]:
            if axis and not row["ending"]:
                lines.setdefault(row["peer"], []).append((row["size"][axis], row["cpu"]))
        if not any(len(points) > 1 for points in lines.values()):
            continue
        figure, axes = pyplot.subplots(figsize=(7, 4))
        for peer, points in lines.items():
            axes.plot(*zip(*points, strict=True), marker="o", label=peer)
        axes.set(xscale="log", yscale="log", xlabel=axis, ylabel="CPU seconds")
        axes.grid(visible=True, which="both", alpha=0.3)
        axes.legend()
        figure.tight_layout()
        figure.savefig(PLOTS / f"growth-{name}.svg", metadata={"Date": None})
        pyplot.close(figure)
