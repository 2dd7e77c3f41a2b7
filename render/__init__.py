"""Runs plans: executor, loudness loop, artifacts.

`mixdown.render` is a function to users and this package to Python, whichever is imported first, so
the package can be called: `mixdown.render(timeline, out=...)` is `render.service.render`.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .result import RenderResult


class _Render(ModuleType):
    """A package that can be called."""

    def __call__(self, *args: Any, **kwargs: Any) -> RenderResult:  # noqa: ANN401 (as given on)
        from .service import render

        return render(*args, **kwargs)


sys.modules[__name__].__class__ = _Render
