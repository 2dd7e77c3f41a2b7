"""Artifacts: their identity, media key and metadata.

Pure functions. An artifact's id is derived from its properties (`artifact_id`), so registering the
same artifact again, from anywhere, gives the same id. Its media key is derived from its content and
is valid in any store, whatever characters the ids contain.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

from attrs import asdict, field, frozen

from ..result import Rendered, RenderResult

META_VERSION = 1
"""The version of the keys in `meta` (docs/artifacts.md); raised when one changes or is removed."""

_LONGEST = 80  # characters per part of a key; file systems allow 255 bytes


@frozen(kw_only=True)
class Artifact:
    """A registered file.

    Attributes:
        id: 32 hex digits, see `artifact_id`.
        kind: "audio_render" or "audio_bus_stem".
        timeline_id: of the timeline.
        bus_id: "master" or the id of the bus.
        parent_id: for a stem, its master's id.
        content_digest: "sha256:" and the hex digest of the file.
        request_digest: the digest of the render request.
        media_key: of its file in the store.
        size: bytes.
        meta_version: of the keys of `meta`.
        meta: its metadata; see docs/artifacts.md.
    """

    id: str
    kind: str
    timeline_id: str
    bus_id: str
    parent_id: str | None
    content_digest: str
    request_digest: str
    media_key: str
    size: int
    meta_version: int = META_VERSION
    meta: Mapping[str, object] = field(repr=False)

    def to_dict(self) -> dict[str, object]:
        """The artifact as plain data."""
        return asdict(self)


def artifacts_of(result: RenderResult) -> Iterator[tuple[Artifact, Path]]:
    """The artifacts of a render with their files, in the order of `RenderResult.files`."""
    timeline_id = result.compilation.timeline.id
    for mix in result.deliveries:
        request, master_id = mix.compilation.request.digest, None
        for file in mix.files:
            artifact = _artifact(file, timeline_id, request, master_id)
            master_id = master_id or artifact.id
            yield artifact, file.path


def _artifact(file: Rendered, timeline_id: str, request: str, parent_id: str | None) -> Artifact:
    made = artifact_id(file.kind, timeline_id, file.target, file.digest, request, parent_id)
    return Artifact(
        id=made,
        kind=file.kind,
        timeline_id=timeline_id,
        bus_id=file.target,
        parent_id=parent_id,
        content_digest=file.digest,
        request_digest=request,
        media_key=media_key(timeline_id, file.digest, file.target, file.path.suffix),
        size=file.path.stat().st_size,
        meta={**file.meta.to_dict(), "parent_id": parent_id, "request_digest": request},
    )


def artifact_id(
    kind: str,
    timeline_id: str,
    bus_id: str,
    content_digest: str,
    request_digest: str,
    parent_id: str | None,
) -> str:
    """The id: the first 128 bits of the SHA-256 of these properties, in hex."""
    parts = [kind, timeline_id, bus_id, content_digest, request_digest, parent_id]
    return hashlib.sha256(json.dumps(parts).encode("ascii")).hexdigest()[:32]


def media_key(timeline_id: str, content_digest: str, bus_id: str, suffix: str) -> str:
    """The key of a file in a store: renders/<timeline id>/<digest>/<bus id><suffix>.

    Ids are percent-encoded; long ones are truncated and end in a digest of the whole id.
    """
    digest = content_digest.removeprefix("sha256:")
    return f"renders/{_part(timeline_id)}/{digest}/{_part(bus_id)}{suffix}"


def _part(text: str) -> str:
    """A text as one part of a key: never "." or "..", without a slash, not too long."""
    part = quote(text, safe="") if text.strip(".") else text.replace(".", "%2E")
    if len(part) <= _LONGEST:
        return part
    return f"{part[: _LONGEST - 17]}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
