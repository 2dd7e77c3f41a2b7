"""The client: what a program asks a server for.

Promises: a request that breaks off goes on where it was: events after the last one received,
uploads and downloads at the first byte that is missing. A downloaded file has the artifact's
digest. Nothing is kept between calls, so threads may share a client.
"""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from io import BufferedIOBase
from pathlib import Path, PurePosixPath
from typing import Any, Literal, Unpack
from urllib.parse import quote, urlencode

from attrs import field, frozen

from ..compiler.timeline.entry import document_suffix
from ..ir.codes import Code
from ..ir.diagnostics import RenderError
from .connection import Connection, Patience, ServiceError
from .records import (
    JobEvent,
    RemoteArtifact,
    RemoteCheck,
    RemoteExplanation,
    RemoteJob,
    RemotePlan,
    RemoteState,
    ServiceChoices,
    record,
)

_BLOCK = 1 << 20
_PART = 8 << 20
_FIRST_LOOK_S, _LAST_LOOK_S = 0.1, 2.0
_AGAIN_S = 1.0
_OUTSIDE = ("name", "variables", "media")
"""The choices that are beside the request in a body."""


@frozen
class Client:
    """A server, for a program.

    Documents are a path to one, its text (YAML or JSON), or a mapping. Paths in them are those of
    the server; `upload` gives the name of a file that the server does not have.

    Args:
        url: of the server, such as http://127.0.0.1:8080.
        key: an API key, if the server needs one.
        timeout_s: how long the server may be silent, s.
        patience_s: how long to try again while the server cannot be reached or is busy, s.
    """

    url: str
    key: str | None = field(default=None, repr=False)
    timeout_s: float = field(default=60.0, kw_only=True)
    patience_s: float = field(default=30.0, kw_only=True)
    _connection: Connection = field(init=False, repr=False)

    @_connection.default
    def _connected(self) -> Connection:
        return Connection(self.url, self.key, self.timeout_s, self.patience_s)

    def check(
        self, document: str | Path | Mapping[str, object], **choices: Unpack[ServiceChoices]
    ) -> RemoteCheck:
        """Check a document as the server would render it.

        Raises:
            ServiceError: every error in the document, or why the server did not check it.
        """
        return record(RemoteCheck, self._post("/v1/check", document, choices))

    def plan(
        self,
        document: str | Path | Mapping[str, object],
        form: Literal["text", "sh", "json", "mir"] = "text",
        **choices: Unpack[ServiceChoices],
    ) -> RemotePlan:
        """The plan of a document, as text in one of the formats.

        Raises:
            ServiceError: as of `check`.
        """
        return record(RemotePlan, self._post("/v1/plans", document, choices, {"format": form}))

    def explain(
        self,
        document: str | Path | Mapping[str, object],
        *,
        at_ms: float | str | None = None,
        until_ms: float | str | None = None,
        clip: str | None = None,
        track: str | None = None,
        **choices: Unpack[ServiceChoices],
    ) -> RemoteExplanation:
        """What sounds at a moment, in a range from at_ms on, or of a clip or a track.

        Raises:
            ServiceError: as of `check`.
        """
        asked = {"at_ms": at_ms, "to_ms": until_ms, "clip": clip, "track": track}
        more = {name: value for name, value in asked.items() if value is not None}
        return record(RemoteExplanation, self._post("/v1/explain", document, choices, more))

    def render(
        self,
        document: str | Path | Mapping[str, object],
        *,
        report: bool = True,
        webhook: str | None = None,
        **choices: Unpack[ServiceChoices],
    ) -> RemoteJob:
        """Submit a render; the same content is the same job, which may have ended already.

        Raises:
            ServiceError: every error in the document, or why the server did not accept it.
        """
        more = {"report": report, **({} if webhook is None else {"webhook": webhook})}
        once = {"Idempotency-Key": str(uuid.uuid4())}
        return record(RemoteJob, self._post("/v1/renders", document, choices, more, once))

    def job(self, job: RemoteJob | str) -> RemoteJob:
        """A job as it is now, by its id or an earlier record of it.

        Raises:
            ServiceError: the server does not show it.
        """
        return record(RemoteJob, self._connection.call("GET", _path(job)))

    def jobs(self, state: RemoteState | None = None, limit: int = 50) -> tuple[RemoteJob, ...]:
        """The latest jobs, the newest first, without their artifacts.

        Raises:
            ServiceError: the server does not show them.
        """
        asked = {"limit": str(limit), **({} if state is None else {"state": state})}
        found = self._connection.call("GET", f"/v1/renders?{urlencode(asked)}")
        return tuple(record(RemoteJob, each) for each in found["jobs"])

    def events(self, job: RemoteJob | str, after: int = 0) -> Iterator[JobEvent]:
        """The events of a job after one's number, as they happen, until the job has ended.

        Raises:
            ServiceError: the server does not show them, or is away for too long.
        """
        patience = Patience(self.patience_s)
        while True:
            try:
                last = {"Last-Event-ID": str(after)}
                with self._connection.answer("GET", f"{_path(job)}/events", None, last) as stream:
                    for event in _events(stream.lines()):
                        patience.renew()
                        after = event.number
                        yield event
                if self.job(job).is_final:
                    return
                time.sleep(_AGAIN_S)
            except ServiceError as error:
                patience.wait(error)

    def wait(self, job: RemoteJob | str, timeout_s: float | None = None) -> RemoteJob:
        """The job when it is done.

        Raises:
            RenderError: it has failed, with its diagnostics, or was cancelled.
            ServiceError: the server is away for too long.
            TimeoutError: it has not ended by then; it goes on.
        """
        end = None if timeout_s is None else time.monotonic() + timeout_s
        pause = _FIRST_LOOK_S
        while not (found := self.job(job)).is_final:
            if end is not None and time.monotonic() + pause > end:
                raise TimeoutError(f"the job {found.id} has not ended after {timeout_s:g} s")
            time.sleep(pause)
            pause = min(1.5 * pause, _LAST_LOOK_S)
        if found.state == "failed":
            raise RenderError(found.diagnostics)
        if found.state == "cancelled":
            raise RenderError.of(Code.JOB_CANCELLED, f"the job {found.id} was cancelled")
        return found

    def cancel(self, job: RemoteJob | str) -> RemoteJob:
        """Cancel a job; one that runs ends soon.

        Raises:
            ServiceError: the server does not cancel it.
        """
        return record(RemoteJob, self._connection.call("DELETE", _path(job)))

    def upload(self, path: str | Path) -> str:
        """Send what the server lacks of a file; the path by which documents name it.

        That is its digest, and after it the ending of a timeline that another plays.

        Raises:
            OSError: the file cannot be read.
            ServiceError: the server does not accept it.
        """
        with Path(path).open("rb") as file:
            name = f"{_digest(file)}{document_suffix(path)}"
            size = file.tell()
            there, is_complete = self._uploaded(name)
            patience = Patience(self.patience_s)
            while not is_complete:
                try:
                    there, is_complete = self._send_part(name, file, there, size)
                    patience.renew()
                except ServiceError as error:
                    patience.wait(error)
                    there, is_complete = self._uploaded(name)
        return name

    def _uploaded(self, name: str) -> tuple[int, bool]:
        """How many bytes of a file the server has, and whether that is all of it."""
        try:
            found = self._connection.call("GET", f"/v1/media/{name}")
        except ServiceError as error:
            if error.kind != "not-found":
                raise
            return 0, False
        return found["size"], found["complete"]

    def _send_part(
        self, name: str, file: BufferedIOBase, start: int, size: int
    ) -> tuple[int, bool]:
        """Send the part from a byte on; as `_uploaded`."""
        file.seek(start)
        part = file.read(_PART)
        headers = {"Content-Type": "application/octet-stream"}
        if size:
            headers["Content-Range"] = f"bytes {start}-{start + len(part) - 1}/{size}"
        found = self._connection.call_once("PUT", f"/v1/media/{name}", part, headers)
        return found["size"], found["complete"]

    def download(self, artifact: RemoteArtifact, to: str | Path) -> Path:
        """Download an artifact to a path, or into a directory that exists; where it is.

        What an earlier download has left is completed, and a file that is there already is kept.

        Raises:
            OSError: the file cannot be written.
            RenderError: MIX624, the file has another digest.
            ServiceError: the server does not send it, or is away for too long.
        """
        target = Path(to)
        if target.is_dir():
            target /= PurePosixPath(artifact.file).name
        if target.is_file() and target.stat().st_size == artifact.size:
            with target.open("rb") as file:
                if _digest(file) == artifact.content_digest:
                    return target
        short = artifact.content_digest.removeprefix("sha256:")[:16]
        part = target.with_name(f".{target.name}.{short}.part")
        with part.open("ab+") as file:
            self._fill(artifact, file)
            found = _digest(file)
        if found != artifact.content_digest:
            part.unlink()
            raise RenderError.of(
                Code.ARTIFACT_DAMAGED,
                f"{artifact.file} has arrived with another content than its digest says",
                help="download it again",
            )
        part.replace(target)
        return target

    def _fill(self, artifact: RemoteArtifact, file: BufferedIOBase) -> None:
        """Append what is missing of an artifact's file."""
        patience = Patience(self.patience_s)
        while (there := file.seek(0, 2)) < artifact.size:
            rest = {"Range": f"bytes={there}-", "If-Range": f'"{artifact.content_digest}"'}
            try:
                content = artifact.links["content"]
                with self._connection.answer("GET", content, None, rest) as answer:
                    if answer.status != 206 and there:
                        file.truncate(0)  # a server or a proxy that sends all of it
                    while block := answer.read(_BLOCK):
                        file.write(block)
                        patience.renew()
            except ServiceError as error:
                patience.wait(error)

    def _post(
        self,
        path: str,
        document: str | Path | Mapping[str, object],
        choices: Mapping[str, object],
        more: Mapping[str, object] = {},
        headers: Mapping[str, str] = {},
    ) -> Any:  # noqa: ANN401 (JSON)
        """The answer to a document with choices, and what the operation has more."""
        body: dict[str, object] = {**more}
        if isinstance(document, Path):
            body["name"] = document.name
            document = document.read_text(encoding="utf-8-sig")
        body |= {name: choices[name] for name in _OUTSIDE if name in choices}
        body["request"] = {k: v for k, v in choices.items() if k not in _OUTSIDE}
        body["document"] = document
        text = json.dumps(body, indent=1, ensure_ascii=False)
        texts = {"body": text}
        if isinstance(document, str):
            texts[str(body.get("name", "document"))] = document
        named = {"Content-Type": "application/json", **headers}
        return self._connection.call("POST", path, text.encode(), named, texts)


def _path(job: RemoteJob | str) -> str:
    return f"/v1/renders/{quote(job if isinstance(job, str) else job.id, safe='')}"


def _digest(file: BufferedIOBase) -> str:
    """The digest of a whole file; its position is at its end afterwards."""
    file.seek(0)
    return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"


def _events(lines: Iterable[bytes]) -> Iterator[JobEvent]:
    """The events in a stream (WHATWG HTML, section 9.2); those that are incomplete are dropped."""
    fields: dict[str, str] = {}
    for line in lines:
        name, _, value = line.decode().rstrip("\r\n").partition(":")
        if name:
            fields[name] = value.removeprefix(" ")
            continue
        if not value and "id" in fields and "data" in fields:
            number, kind = int(fields["id"]), fields.get("event", "message")
            yield JobEvent(number, kind, json.loads(fields["data"]))
        fields = {}
