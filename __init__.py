"""A compiler for audio timelines: `load` one, `compile` it to a plan, `render` it to a master.

This is the public API. It is thin and lazy: importing `mixdown` imports nothing heavy, and each
name is found where it lives when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .backends.registry import register_backend
    from .compiler.arrangement.load import load, loads
    from .compiler.driver import Compilation, compile
    from .compiler.facts import Facts
    from .compiler.graph_input import load_graph
    from .compiler.request import RenderRequest, StemMode
    from .compiler.timeline.model import Timeline
    from .ir.diagnostics import (
        BackendError,
        Diagnostic,
        IRError,
        MixdownError,
        RenderError,
        TimelineError,
    )
    from .render.result import Rendered, RenderResult
    from .render.service import render

_HOME = {
    "BackendError": ".ir.diagnostics",
    "Compilation": ".compiler.driver",
    "Diagnostic": ".ir.diagnostics",
    "Facts": ".compiler.facts",
    "IRError": ".ir.diagnostics",
    "MixdownError": ".ir.diagnostics",
    "RenderError": ".ir.diagnostics",
    "RenderRequest": ".compiler.request",
    "RenderResult": ".render.result",
    "Rendered": ".render.result",
    "StemMode": ".compiler.request",
    "Timeline": ".compiler.timeline.model",
    "TimelineError": ".ir.diagnostics",
    "compile": ".compiler.driver",
    "load": ".compiler.arrangement.load",
    "load_graph": ".compiler.graph_input",
    "loads": ".compiler.arrangement.load",
    "register_backend": ".backends.registry",
    "render": ".render.service",
}

__all__ = [
    "BackendError",
    "Compilation",
    "Diagnostic",
    "Facts",
    "IRError",
    "MixdownError",
    "RenderError",
    "RenderRequest",
    "RenderResult",
    "Rendered",
    "StemMode",
    "Timeline",
    "TimelineError",
    "compile",
    "load",
    "load_graph",
    "loads",
    "register_backend",
    "render",
]


def __getattr__(name: str) -> object:
    if name in _HOME:
        value: object = getattr(import_module(_HOME[name], __name__), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
