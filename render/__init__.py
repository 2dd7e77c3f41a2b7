"""Runs plans: executor, loudness loop, delivery, reports, artifacts.

To users `mixdown.render` is a function, to Python it is this package, so the package is callable:
`mixdown.render(timeline, out=...)` is `render.service.render`.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .result import RenderResult


class _Render(ModuleType):
    """A callable package."""

    def __call__(self, *args: Any, **kwargs: Any) -> RenderResult:  # noqa: ANN401 (as given on)
        from .service import render

        return render(*args, **kwargs)


sys.modules[__name__].__class__ = _Render
