"""Tests of your own mixes: snapshots, null tests, loudness.

`pip install 'mixdown[testing]'` adds the fixture `mix_snapshot` to pytest; the assertions are
functions. docs/testing-your-mixes.md walks through all of it. Importing this package is quick,
because pytest imports it in every run.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .audio import assert_loudness, assert_null, assert_report
    from .mix_snapshot import MixSnapshot

_HOME = {
    "MixSnapshot": ".mix_snapshot",
    "assert_loudness": ".audio",
    "assert_null": ".audio",
    "assert_report": ".audio",
}

__all__ = ["MixSnapshot", "assert_loudness", "assert_null", "assert_report"]


def __getattr__(name: str) -> object:
    if name in _HOME:
        value: object = getattr(import_module(_HOME[name], __name__), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
