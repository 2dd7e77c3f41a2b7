"""The JSON Schemas that `mixdown schema` prints and docs/ holds, one for each kind of document.

Promises: a schema has a name, by which users ask for it; preset files have that of their file.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..documents.schema import schema_text
from ..presets.load import KINDS
from .arrangement.model import ARRANGEMENT_VERSION, Arrangement
from .arrangement.show import SHOW_VERSION, Show
from .deliveries import DeliveryDocument
from .timeline.model import SCHEMA_VERSION, Timeline

_SCHEMAS: Mapping[str, tuple[Any, str, str]] = {
    "timeline": (
        Timeline,
        "mixdown timeline",
        f"A timeline of mixdown, schema version {SCHEMA_VERSION}.",
    ),
    "arrangement": (
        Arrangement,
        "mixdown arrangement",
        f"An arrangement of mixdown, version {ARRANGEMENT_VERSION}.",
    ),
    "show": (Show, "mixdown show", f"A show of mixdown, version {SHOW_VERSION}."),
    "deliver": (
        DeliveryDocument,
        "mixdown deliveries",
        "The files that a render of mixdown makes of one mix, by name.",
    ),
    "export": (
        KINDS["export.toml"],
        "mixdown export presets",
        "An export.toml of mixdown: export presets by id.",
    ),
    "mix": (
        KINDS["mix.toml"],
        "mixdown mix presets",
        "A mix.toml of mixdown: mix presets by id.",
    ),
    "spec": (
        KINDS["spec.toml"],
        "mixdown delivery specs",
        "A spec.toml of mixdown: delivery specs by id.",
    ),
}
NAMES = tuple(_SCHEMAS)
DOCUMENTS = ("timeline", "arrangement", "show")
"""The kinds that may have variables."""


def schema(name: str) -> str:
    """The schema called `name`, as JSON."""
    return schema_text(*_SCHEMAS[name], variables=name in DOCUMENTS)
