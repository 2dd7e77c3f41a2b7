"""Old documents into the format of today: one function from each version to the next.

Promises: a document says which version it is written in (absent: 1); `migrate` applies the table's
functions one after the other, and refuses versions that it does not know. A field that was added
since needs no migration: it has a default. Only a change of meaning or of a name does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ...documents.values import shown
from ...ir.codes import Code
from ...ir.diagnostics import Diagnostic
from ...ir.origin import Origin
from .model import SCHEMA_VERSION

Migration = Callable[[dict[str, Any]], dict[str, Any]]

# Version -> what makes the next one of it. Version 1 is the first, so there is none yet.
MIGRATIONS: Mapping[int, Migration] = {}


def migrate(
    data: object,
    origin: Origin,
    migrations: Mapping[int, Migration] = MIGRATIONS,
    current: int = SCHEMA_VERSION,
    key: str = "schema_version",
) -> tuple[object, Diagnostic | None]:
    """The document in the current version, and what is wrong with the version that it names.

    The version stands under `key`. A document that is no mapping comes back as it is: it has a
    graver problem than its version.
    """
    if not isinstance(data, dict) or key not in data:
        return data, None
    version = data[key]
    oldest = min(migrations, default=current)
    if type(version) is not int or not oldest <= version <= current:
        known = str(current) if oldest == current else f"{oldest} to {current}"
        return {**data, key: current}, Diagnostic(
            Code.SCHEMA_VERSION,
            f"{key} {shown(version)} is not known here",
            origin.child(key),
            f"this mixdown reads version {known}",
        )
    for step in range(version, current):
        data = {**migrations[step](data), key: step + 1}
    return data, None
