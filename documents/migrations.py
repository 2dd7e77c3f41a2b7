"""Old documents into the format of today: one function from each version to the next.

Promises: a document says which version it is written in (absent: 1); `migrate` applies the table's
functions one after the other, and refuses versions that it does not know. A field that was added
since needs no migration: it has a default. Only a change of meaning or of a name does.
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
    """The document in the current version, and what is wrong with the version that it names.

    A document that is no mapping comes back as it is: it has a graver problem than its version.

    Args:
        data: the document's values.
        origin: its place.
        version: the field that names the version; its default is the current one.
        migrations: version -> what makes the next one of it.
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
            f"{name} {shown(found)} is not known here",
            origin.child(name),
            f"this mixdown reads version {known}",
        )
    for step in range(found, current):
        data = {**migrations[step](data), name: step + 1}
    return data, None
