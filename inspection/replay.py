"""Replays a reproducer: the passes that it names, on the graph that it holds.

Promises: what failed fails again in the same way, or the trace shows that it no longer does. A
failure writes the same reproducer again, beside the one that was given.
"""

from __future__ import annotations

from pathlib import Path

from ..compiler.graph_input import graph_unit, load_graph
from ..compiler.pipeline import PIPELINE, run_pipeline
from ..compiler.reproducer import read_recipe
from ..compiler.request import RenderRequest
from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic, MixdownError, did_you_mean
from .trace import Trace


def replay(path: str | Path) -> Trace:
    """The passes that a reproducer names, run on its graph.

    Raises:
        PassError: the failure that it reproduces.
        MixdownError: the file is no reproducer, or names a pass or backend that does not exist.
    """
    file = load_graph(path)
    try:
        recipe = read_recipe(file.parsed.document.text)
    except ValueError:
        recipe = None
    if recipe is None:
        raise MixdownError(
            Diagnostic(
                Code.BAD_REQUEST,
                f"{str(path)!r} does not say which passes to run",
                help="a reproducer has comments on top: // pipeline: ... and // backend: ...",
            )
        )
    known = {step.name: step for step in PIPELINE}
    unknown = [name for name in recipe.pipeline if name not in known]
    if unknown:
        raise MixdownError(
            Diagnostic(
                Code.BAD_REQUEST,
                f"{str(path)!r} names the unknown pass {unknown[0]!r}",
                help=did_you_mean(unknown[0], known),
            )
        )
    unit = graph_unit(file, RenderRequest(backend=recipe.backend, facts=recipe.facts))
    passes = tuple(known[name] for name in recipe.pipeline)
    return Trace(unit, tuple(run_pipeline(unit, passes, Path(path).parent)))
