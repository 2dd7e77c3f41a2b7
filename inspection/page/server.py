"""Serves the inspector on loopback, and compiles the mix again when its files change.

The page asks every second whether it is still current. That request compares the files, so nothing
runs while no page is open. A mix that no longer compiles leaves the last page that did, with the
error above it. Only names of this machine are answered, so that no other site can read the page.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from mimetypes import guess_type
from pathlib import Path
from threading import Lock

from attrs import define, field, frozen

from ...ir.diagnostics import MixdownError
from ...media.identity import Identity, identify

BLOCK = 1 << 16

State = tuple[Identity | None, ...]


@frozen
class ServedPage:
    """A page, the files that it was made from, and those that it plays as /sound/0 and so on."""

    text: str
    files: tuple[Path, ...]
    sounds: tuple[Path, ...] = ()


@define
class LivePage:
    """A page that is made again when one of its files changes.

    Attributes:
        make: compiles the mix; called again after a change.
        version: how often the files have changed.
        error: why the last change does not compile, or "".
    """

    make: Callable[[], ServedPage]
    version: int = 0
    error: str = ""
    page: ServedPage = field(init=False)
    _seen: State = field(init=False)
    _lock: Lock = field(factory=Lock)

    def __attrs_post_init__(self) -> None:
        self.page = self.make()
        self._seen = _state(self.page.files)

    def refresh(self) -> None:
        """Make the page again if a file has changed."""
        with self._lock:
            now = _state(self.page.files)
            if now == self._seen:
                return
            self._seen, self.error = now, ""
            try:
                self.page = self.make()
                self._seen = _state(self.page.files)
                self.version += 1
            except MixdownError as error:
                self.error = str(error)


def _state(files: Iterable[Path]) -> State:
    """What changes with the content of the files."""
    return tuple(map(_identity, files))


def _identity(file: Path) -> Identity | None:
    try:
        return identify(file)
    except (OSError, ValueError):
        return None


class _Handler(BaseHTTPRequestHandler):
    """Answers with the page, and with its state."""

    def __init__(self, live: LivePage, *given: object) -> None:
        self._live = live
        super().__init__(*given)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        host = self.headers.get("Host", "").rpartition(":")[0]
        if host not in ("127.0.0.1", "localhost"):
            self.send_error(HTTPStatus.FORBIDDEN)
        elif self.path == "/":
            self._live.refresh()
            self._send("text/html", self._live.page.text)
        elif self.path == "/state":
            self._live.refresh()
            state = {"version": self._live.version, "error": self._live.error}
            self._send("application/json", json.dumps(state))
        elif (sound := self._sound()) is not None:
            self._send_file(sound)
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    def _sound(self) -> Path | None:
        """The file that the address names."""
        found = re.fullmatch(r"/sound/(\d{1,4})", self.path)
        sounds = self._live.page.sounds
        return sounds[int(found[1])] if found and int(found[1]) < len(sounds) else None

    def _send_file(self, path: Path) -> None:
        """A file, or the part that a player asks for, without which it cannot seek."""
        try:
            size = path.stat().st_size
            asked = re.fullmatch(r"bytes=(\d{1,15})-(\d{0,15})", self.headers.get("Range", ""))
            start = min(int(asked[1]), size) if asked else 0
            end = min(int(asked[2]) + 1, size) if asked and asked[2] else size
            with path.open("rb") as file:
                file.seek(start)
                self.send_response(HTTPStatus.PARTIAL_CONTENT if asked else HTTPStatus.OK)
                self.send_header("Content-Type", guess_type(path.name)[0] or "audio/wav")
                self.send_header("Accept-Ranges", "bytes")
                self.send_header("Content-Length", str(max(end - start, 0)))
                if asked:
                    self.send_header("Content-Range", f"bytes {start}-{end - 1}/{size}")
                self.end_headers()
                while start < end and (block := file.read(min(BLOCK, end - start))):
                    self.wfile.write(block)
                    start += len(block)
        except OSError:
            self.close_connection = True  # the player has gone, or the file

    def _send(self, kind: str, text: str) -> None:
        content = text.encode("utf-8")
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *values: object) -> None:
        """Print nothing."""


def server(live: LivePage) -> ThreadingHTTPServer:
    """A server of the page on a free port of loopback; it runs with `serve_forever`."""
    return ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, live))
