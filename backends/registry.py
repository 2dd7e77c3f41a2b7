"""Backends by name, found through the `mixdown.backends` entry points."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import cast

from ..ir.codes import Code
from ..ir.diagnostics import BackendError, Diagnostic, did_you_mean
from .protocol import Backend

GROUP = "mixdown.backends"


def backend_names() -> tuple[str, ...]:
    """The names of all installed backends, sorted."""
    return tuple(sorted({entry.name for entry in entry_points(group=GROUP)}))


def find_backend(name: str) -> Backend:
    """The backend called `name`.

    Raises:
        BackendError: MIX501, with the known ones.
    """
    for entry in entry_points(group=GROUP, name=name):
        return cast(Backend, entry.load())
    raise BackendError(
        Diagnostic(
            Code.UNKNOWN_BACKEND,
            f"no backend is called {name!r}",
            help=did_you_mean(name, backend_names()),
        )
    )
