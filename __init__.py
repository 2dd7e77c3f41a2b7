"""A compiler for audio timelines: `load` one, `compile` it to a plan, `render` it to a master.

`__all__` is the public API; every other module and name is internal and may change. Importing
`mixdown` is quick: each name is imported from its module when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .backends.protocol import Backend
    from .backends.registry import register_backend
    from .compiler.driver import Compilation, compile
    from .compiler.facts import Facts
    from .compiler.graph_input import load_graph
    from .compiler.load import load, loads
    from .compiler.options import CompileOptions
    from .compiler.request import RenderRequest, StemMode
    from .compiler.timeline.model import Timeline
    from .documents.models import replace
    from .ir.diagnostics import (
        BackendError,
        Diagnostic,
        IRError,
        MixdownError,
        RenderError,
        TimelineError,
    )
    from .plans.plan import Plan
    from .render.artifacts.service import AudioRenderService
    from .render.result import Rendered, RenderResult
    from .render.service import render

    __version__: str

_HOME = {
    "AudioRenderService": ".render.artifacts.service",
    "Backend": ".backends.protocol",
    "BackendError": ".ir.diagnostics",
    "Compilation": ".compiler.driver",
    "CompileOptions": ".compiler.options",
    "Diagnostic": ".ir.diagnostics",
    "Facts": ".compiler.facts",
    "IRError": ".ir.diagnostics",
    "MixdownError": ".ir.diagnostics",
    "Plan": ".plans.plan",
    "RenderError": ".ir.diagnostics",
    "RenderRequest": ".compiler.request",
    "RenderResult": ".render.result",
    "Rendered": ".render.result",
    "StemMode": ".compiler.request",
    "Timeline": ".compiler.timeline.model",
    "TimelineError": ".ir.diagnostics",
    "compile": ".compiler.driver",
    "load": ".compiler.load",
    "load_graph": ".compiler.graph_input",
    "loads": ".compiler.load",
    "register_backend": ".backends.registry",
    "render": ".render.service",
    "replace": ".documents.models",
}

__all__ = [
    "AudioRenderService",
    "Backend",
    "BackendError",
    "Compilation",
    "CompileOptions",
    "Diagnostic",
    "Facts",
    "IRError",
    "MixdownError",
    "Plan",
    "RenderError",
    "RenderRequest",
    "RenderResult",
    "Rendered",
    "StemMode",
    "Timeline",
    "TimelineError",
    "__version__",
    "compile",
    "load",
    "load_graph",
    "loads",
    "register_backend",
    "render",
    "replace",
]


def __getattr__(name: str) -> object:
    value: object
    if name == "__version__":
        from importlib.metadata import version

        value = version("mixdown")
    elif name in _HOME:
        value = getattr(import_module(_HOME[name], __name__), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
