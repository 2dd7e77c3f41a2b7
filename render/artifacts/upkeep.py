"""Verifies the store against the registry, and removes unregistered files.

`verify` reads every registered file in full and changes nothing. `collect` removes only
unregistered files above a minimum age, so a concurrent render, which stores a file before it
registers it, loses nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...ir.codes import Code
from ...ir.diagnostics import Diagnostic
from .registry import Registry
from .store import Store, StoredFile

GRACE_S = 24 * 3600.0
"""The age from which an unregistered file is removed, seconds."""


def verify(store: Store, registry: Registry) -> Iterator[Diagnostic]:
    """The registered files that are missing or damaged: MIX624, in the order of registration.

    Raises:
        RenderError: MIX621, MIX622.
    """
    digests: dict[str, str | None] = {}
    for artifact in registry.artifacts():
        if artifact.media_key not in digests:
            digests[artifact.media_key] = store.digest(artifact.media_key)
        found = digests[artifact.media_key]
        if found != artifact.content_digest:
            state = "is missing from the store" if found is None else "has other content"
            yield Diagnostic(
                Code.ARTIFACT_DAMAGED,
                f"artifact {artifact.id}: {artifact.media_key} {state}",
                help="render its timeline again with the same request",
            )


def orphans(store: Store, registry: Registry, older_than_s: float = GRACE_S) -> list[StoredFile]:
    """Unregistered files of at least this age, including incomplete ones.

    Raises:
        RenderError: MIX621, MIX622.
    """
    # List files first: one that is registered between the two queries is then known.
    old = [file for file in store.files() if file.age_s >= older_than_s]
    known = {artifact.media_key for artifact in registry.artifacts()}
    return [file for file in old if file.key not in known]


def collect(store: Store, registry: Registry, older_than_s: float = GRACE_S) -> list[StoredFile]:
    """Remove the orphans and return them; raises like `orphans`."""
    found = orphans(store, registry, older_than_s)
    for file in found:
        store.delete(file.key)
    return found
