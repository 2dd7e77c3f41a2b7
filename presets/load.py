"""Reads the preset files into typed values, and finds presets by name.

Promises: files are read once a process; what is found keeps the files' order; an unknown name is a
MIX303 or MIX304 that lists the known ones.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import TypeVar

import cattrs

from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic, TimelineError, did_you_mean
from .model import ExportPreset, MixPreset

T = TypeVar("T")

_converter = cattrs.Converter(forbid_extra_keys=True)


@cache
def export_presets() -> Mapping[str, ExportPreset]:
    """All export presets, by id, in the file's order."""
    return _read("export.toml", ExportPreset)


@cache
def mix_presets() -> Mapping[str, MixPreset]:
    """All mix presets, by id, in the file's order."""
    return _read("mix.toml", MixPreset)


def export_preset(name: str) -> ExportPreset:
    """The export preset called `name`.

    Raises:
        TimelineError: MIX303.
    """
    found = export_presets()
    if name not in found:
        raise TimelineError(
            Diagnostic(
                Code.UNKNOWN_EXPORT_PRESET,
                f"Unknown export preset: {name!r}",
                help=did_you_mean(name, found),
            )
        )
    return found[name]


def _read(filename: str, cls: type[T]) -> Mapping[str, T]:
    text = files(__package__).joinpath(filename).read_text(encoding="utf-8")
    tables = tomllib.loads(text)
    return {key: _converter.structure({"id": key, **table}, cls) for key, table in tables.items()}
