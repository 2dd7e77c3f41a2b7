"""What the operator of a server chooses: addresses, directories, keys and limits.

Promises: `ServiceSettings` that exist can be served. A server without keys listens on loopback
addresses only. A limit has its name, range and default in one place.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Mapping
from functools import cached_property
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from attrs import field, frozen

from ..documents.fields import key
from ..documents.limits import Range
from ..documents.models import exceeded, model
from ..ir.codes import Code
from ..ir.diagnostics import RenderError, TimelineError
from ..ir.origin import Origin

SECRET = "MIXDOWN_WEBHOOK_SECRET"
"""The variable with the secret that signs webhooks; a command line is visible to other users."""

HIDDEN = "..."
"""What an answer has in place of a directory of the server."""


@model("the limits")
class Limits:
    """What one server accepts and does at once."""

    body_mb: int = key(
        "the largest document, or other body but for media, MB", Range(1, 64), default=8
    )
    head_s: int = key(
        "how long the head of a request may take to arrive, s", Range(1, 600), default=10
    )
    body_s: int = key("how long a body may take to arrive, s", Range(1, 3600), default=30)
    tracks: int = key("the most tracks of a document", Range(1, 100_000), default=500)
    clips: int = key("the most clips of a document", Range(1, 1_000_000), default=20_000)
    deliveries: int = key("the most deliveries of a request", Range(1, 1000), default=20)
    length_min: int = key("the longest mix, minutes", Range(1, 100_000), default=600)
    queue: int = key("the most jobs that wait", Range(1, 1_000_000), default=1000)
    renders: int = key("renders at once; 0: this server only takes jobs", Range(0, 64), default=1)
    render_s: int = key("the longest time of a render, s", Range(1, 1_000_000), default=7200)
    attempts: int = key("how often a render is begun whose process dies", Range(1, 20), default=3)
    lease_s: int = key(
        "after how long without a sign another server takes a job, s", Range(2, 3600), default=30
    )
    webhook_s: int = key(
        "after how long a webhook is sent again, s; each time after twice as long",
        Range(1, 3600),
        default=5,
    )
    answers: int = key("checks, plans and explanations at once", Range(1, 64), default=4)
    waiting: int = key("the most requests that wait for that", Range(0, 10_000), default=64)
    answer_s: int = key("how long such an answer may take, s", Range(1, 3600), default=120)
    streams: int = key("event streams at once", Range(1, 100_000), default=500)
    connections: int = key("connections at once", Range(1, 100_000), default=800)
    media_mb: int = key("the largest media file, MB", Range(1, 1_000_000), default=4096)
    media_s: int = key(
        "how long an upload or an import may take, s", Range(1, 100_000), default=3600
    )
    idle_s: int = key("how long an upload may pause, s", Range(1, 3600), default=60)
    imports: int = key("imports at once", Range(1, 64), default=2)
    free_mb: int = key("the disk space that must stay free, MB", Range(0, 10_000_000), default=1024)

    def __attrs_post_init__(self) -> None:
        found = tuple(exceeded(self, Origin("limits").child))
        if found:
            raise TimelineError(found)


def limits_of(texts: Mapping[str, str]) -> Limits:
    """Limits from a command line: names and numbers.

    Raises:
        TimelineError: MIX103 to MIX105, a name is unknown or a number is not allowed.
    """
    return Limits(**{name: _number(text) for name, text in texts.items()})


def _number(text: str) -> Any:  # noqa: ANN401 (a number, or what the constructor refuses)
    """The number in a text; any other text is left for the check of its type."""
    return int(text) if text.isdecimal() and len(text) < 20 else text


@frozen(kw_only=True)
class ServiceSettings:
    """How a server is run.

    Attributes:
        host: the address to listen on.
        port: the port; 0: any free one.
        sources: the directory that paths in documents count from; uploads are kept there too.
        work: the directory for renders in progress.
        store: of artifacts: a directory or an fsspec URL.
        registry: an SQLAlchemy URL of the registry, which holds the jobs too.
        keys: the file with the hashes of keys; None: anybody on this machine may do anything.
        limits: of this server.
        keep_days: how long after its end a job and its artifacts are kept; None: for ever.
        prefixes: URLs from which media may be imported begin with one of these.
        webhook_hosts: the hosts that webhooks may be sent to, with a port unless it is 443.
        webhook_secret: signs webhooks.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    sources: Path
    work: Path
    store: str
    registry: str
    keys: Path | None = None
    limits: Limits = field(factory=Limits)
    keep_days: int | None = None
    prefixes: tuple[str, ...] = ()
    webhook_hosts: tuple[str, ...] = ()
    webhook_secret: str = field(default="", repr=False)

    def __attrs_post_init__(self) -> None:
        if self.keys is None and not is_loopback(self.host):
            raise RenderError.of(
                Code.BAD_REQUEST,
                f"a server that listens on {self.host!r} needs keys",
                help="make a key with `mixdown serve --new-key NAME`, put it into a file, and name "
                "the file with --keys; or listen on 127.0.0.1",
            )
        if self.webhook_hosts and not self.webhook_secret:
            raise RenderError.of(
                Code.BAD_REQUEST,
                "webhooks need a secret, which signs them",
                help=f"set {SECRET} to a long random text, and give it to the receivers",
            )
        for prefix in self.prefixes:
            if "://" not in prefix or not prefix.endswith("/"):
                raise RenderError.of(
                    Code.BAD_REQUEST,
                    f"{prefix!r} is not a prefix of URLs",
                    help="write one that ends in a slash, such as s3://shows/raw/",
                )

    @cached_property
    def hidden(self) -> tuple[str, ...]:
        """The directories that no answer may contain, the longest first."""
        ffmpeg = shutil.which("ffmpeg")
        places: list[Path] = [
            self.sources,
            self.work,
            Path(sys.prefix),
            Path(tempfile.gettempdir()),
            Path.home(),
        ]
        places += [Path(self.store)] if "://" not in self.store else []
        places += [Path(ffmpeg).parent] if ffmpeg else []
        places += [Path(__file__).parents[1], Path.cwd()]
        paths = {str(form) for place in places for form in (place.absolute(), place.resolve())}
        return tuple(sorted(paths - {"/"}, key=len, reverse=True))

    def without_paths(self, value: object) -> object:
        """Plain data without the directories of the server in any text."""
        if isinstance(value, str):
            for path in self.hidden:
                value = value.replace(path, HIDDEN)
            return value
        if isinstance(value, Mapping):
            return {key: self.without_paths(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.without_paths(item) for item in value]
        return value

    def has_room(self) -> bool:
        """Whether enough disk space is free for another render or upload."""
        wanted = self.limits.free_mb << 20
        return all(shutil.disk_usage(p).free >= wanted for p in (self.sources, self.work))


def is_loopback(host: str) -> bool:
    """Whether an address can be reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
