"""API keys: what a caller may do.

A key is 256 random bits, so its SHA-256 needs no salt and no slow hash. The keys file holds hashes
only. It is read again when it changes, so that a key is revoked without a restart.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path

from attrs import define, field, frozen

from ..documents.fields import aside, key
from ..documents.limits import Rule
from ..documents.load import parse_file, read_model
from ..documents.models import exceeded, model
from ..ir.diagnostics import Diagnostic, MixdownError
from ..ir.origin import Document, Origin

_LOG = logging.getLogger(__name__)
_PREFIX = "mixdown_"
_HASH = "sha256:[0-9a-f]{64}"


class Scope(StrEnum):
    """What a key allows."""

    READ = "read"
    RENDER = "render"
    MEDIA = "media"
    METRICS = "metrics"


SCOPES: Mapping[Scope, str] = {
    Scope.READ: "see jobs, artifacts, schemas and presets",
    Scope.RENDER: "check, plan, explain, render and cancel",
    Scope.MEDIA: "upload and import media",
    Scope.METRICS: "read the metrics",
}


def _is_hash(value: str) -> bool:
    digits = value.removeprefix("sha256:")
    return value != digits and len(digits) == 64 and not digits.strip("0123456789abcdef")


def _are_scopes(value: tuple[str, ...]) -> bool:
    return bool(value) and set(value) <= set(Scope)


@model("a key")
class KeyEntry:
    """A key of the file: its hash, and what it allows."""

    hash: str = key(
        "the SHA-256 of the key", Rule(_is_hash, f"text like {_HASH}", {"pattern": f"^{_HASH}$"})
    )
    scopes: tuple[str, ...] = key(
        "what it allows", Rule(_are_scopes, f"a list of {', '.join(Scope)}", {})
    )


@model("a keys file")
class KeysFile:
    """The keys of a server, by the names of their holders."""

    keys: Mapping[str, KeyEntry] = key("the keys, by the names of their holders")
    document: Document | None = aside(default=None)


@frozen
class Caller:
    """Who makes a request: the name of the key, and what it allows."""

    name: str
    scopes: frozenset[str]


ANYBODY = Caller("", frozenset(Scope))
"""The caller of a server without keys."""


@define
class Keys:
    """The keys in a file, as it is now.

    Raises:
        TimelineError: the file cannot be read, when the server starts. Later the keys that were
            read last remain in use.
    """

    path: Path
    _stamp: tuple[int, int] = (0, 0)
    _callers: Mapping[str, Caller] = field(factory=dict)

    def __attrs_post_init__(self) -> None:
        self._callers = _read(self.path)
        self._stamp = self._now()

    def caller(self, given: str) -> Caller | None:
        """The holder of a key; None if nobody holds it."""
        now = self._now()
        if now != self._stamp:
            try:
                self._callers = _read(self.path)
            except MixdownError:
                _LOG.exception("the keys file cannot be read; the keys of before remain in use")
            self._stamp = now
        return self._callers.get(_hash(given))

    def _now(self) -> tuple[int, int]:
        try:
            status = self.path.stat()
        except OSError:
            return (0, 0)
        return status.st_mtime_ns, status.st_size


def _read(path: Path) -> Mapping[str, Caller]:
    found: KeysFile = read_model(parse_file(path), KeysFile, _check)
    problems = tuple(_check(found))
    if problems:
        documents = {found.document.name: found.document} if found.document else {}
        raise MixdownError(problems, documents)
    return {e.hash: Caller(name, frozenset(e.scopes)) for name, e in found.keys.items()}


def _check(file: KeysFile) -> Iterator[Diagnostic]:
    name = file.document.name if file.document else "keys"
    yield from exceeded(file, Origin(name).child)


def _hash(given: str) -> str:
    return f"sha256:{hashlib.sha256(given.encode()).hexdigest()}"


def new_key(name: str, scopes: Iterable[Scope]) -> tuple[str, str]:
    """A new key, and its entry for a keys file."""
    made = _PREFIX + secrets.token_urlsafe(32)
    listed = ", ".join(f'"{scope}"' for scope in scopes)
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    return made, f'[keys."{quoted}"]\nhash = "{_hash(made)}"\nscopes = [{listed}]\n'
