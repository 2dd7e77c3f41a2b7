"""Converts old documents to the current format: one function from each version to the next.

Promises: a document states its version (absent: 1); `migrate` applies the functions of the table in
order, and refuses unknown versions. A new field needs no migration, as it has a default; a change
of meaning or of a name does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic
from ..ir.origin import Origin
from .fields import Key
from .values import shown

Migration = Callable[[dict[str, Any]], dict[str, Any]]


def migrate(
    data: object, origin: Origin, version: Key, migrations: Mapping[int, Migration]
) -> tuple[object, Diagnostic | None]:
    """The document in the current version, and the problems of the version that it states.

    A document that is not a mapping is returned unchanged; `structure` reports it.

    Args:
        data: the document's values.
        origin: its place.
        version: the field that names the version; its default is the current one.
        migrations: version -> the function that converts it to the next.
    """
    name, current = version.name, version.default
    if not isinstance(data, dict) or name not in data:
        return data, None
    found = data[name]
    oldest = min(migrations, default=current)
    if type(found) is not int or not oldest <= found <= current:
        known = str(current) if oldest == current else f"{oldest} to {current}"
        return {**data, name: current}, Diagnostic(
            Code.SCHEMA_VERSION,
            f"{name} {shown(found)} is not supported",
            origin.child(name),
            f"this mixdown reads version {known}",
        )
    for step in range(found, current):
        data = {**migrations[step](data), name: step + 1}
    return data, None
