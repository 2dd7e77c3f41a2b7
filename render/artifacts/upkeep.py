"""Whether store and registry agree, and clearing away what neither needs.

Promises: `verify` reads every registered file in full and changes nothing. `collect` removes only
files that no row names and that have lain there for a while, so that a render under way, which
stores a file before it registers it, loses nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...ir.codes import Code
from ...ir.diagnostics import Diagnostic
from .registry import Registry
from .store import Store, Stored

GRACE_S = 24 * 3600.0
"""How long a file that no row names is left alone, seconds."""


def verify(store: Store, registry: Registry) -> Iterator[Diagnostic]:
    """What is wrong with registered files: MIX624, in the order of registering.

    Raises:
        RenderError: MIX621, MIX622.
    """
    digests: dict[str, str | None] = {}
    for artifact in registry.artifacts():
        if artifact.media_key not in digests:
            digests[artifact.media_key] = store.digest(artifact.media_key)
        found = digests[artifact.media_key]
        if found != artifact.content_digest:
            state = "is not in the store" if found is None else "is not what was registered"
            yield Diagnostic(
                Code.ARTIFACT_DAMAGED,
                f"artifact {artifact.id}: {artifact.media_key} {state}",
                help="render its timeline again with the same request",
            )


def orphans(store: Store, registry: Registry, older_than_s: float = GRACE_S) -> list[Stored]:
    """Files that no row names, written at least so many seconds ago; half-written ones too.

    Raises:
        RenderError: MIX621, MIX622.
    """
    # Files first: one that is registered between the two looks is then known.
    old = [file for file in store.files() if file.age_s >= older_than_s]
    known = {artifact.media_key for artifact in registry.artifacts()}
    return [file for file in old if file.key not in known]


def collect(store: Store, registry: Registry, older_than_s: float = GRACE_S) -> list[Stored]:
    """Remove them, and say which they were; raises as `orphans`."""
    found = orphans(store, registry, older_than_s)
    for file in found:
        store.delete(file.key)
    return found
