"""A real `mixdown serve` in a process of its own, and requests to it."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import attrs

LONGEST_S = 180.0
_POLL_S = 0.2


@attrs.frozen
class Answer:
    """What a server answered; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def data(self):
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def kind(self) -> str:
        """Of a problem."""
        assert self.headers["content-type"] == "application/problem+json"
        assert self.data["status"] == self.status
        return self.data["type"].removeprefix("urn:mixdown:problem:")


@attrs.define
class RunningServer:
    """A server: its address, its process, and its log."""

    process: subprocess.Popen
    log: Path
    key: str | None = None
    url: str = ""

    def call(self, method: str, path: str, body: object = None, /, **headers: str) -> Answer:
        """Make a request; a body that is no bytes is sent as JSON."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.key is not None:
            named.setdefault("Authorization", f"Bearer {self.key}")
        if body is not None and not isinstance(body, bytes):
            named.setdefault("Content-Type", "application/json")
            body = json.dumps(body).encode()
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=LONGEST_S)
        try:
            connection.request(method, path, body, named)
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, found, answer.read())
        finally:
            connection.close()

    def wait(self, job_id: str, *states: str) -> dict:
        """The job, once it is in one of the states; by default it has ended."""
        end = time.monotonic() + LONGEST_S
        while time.monotonic() < end:
            job = self.call("GET", f"/v1/renders/{job_id}").data
            if job["state"] in (states or ("done", "failed", "cancelled")):
                return job
            time.sleep(_POLL_S)
        raise AssertionError(f"{job}\n{self.said()}")

    def said(self) -> str:
        """The end of its log, without the requests."""
        lines = self.log.read_text().splitlines()
        return "\n".join([line for line in lines if '"message": "request"' not in line][-20:])

    def events(self, job_id: str, after: int = 0) -> list[tuple[int, str, dict]]:
        """The events of a job after a number, until it ends: number, kind and data."""
        answer = self.call("GET", f"/v1/renders/{job_id}/events", Last_Event_ID=str(after))
        assert answer.headers["content-type"].startswith("text/event-stream")
        found = []
        for block in answer.body.decode().split("\n\n"):
            lines = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
            if "id" in lines:
                found.append((int(lines["id"]), lines["event"], json.loads(lines["data"])))
        return found

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end; its exit code."""
        self.process.send_signal(number)
        return self.process.wait(LONGEST_S)


@contextmanager
def running(
    folder: Path, *options: str, key: str | None = None, environment: Mapping[str, str] = {}
) -> Iterator[RunningServer]:
    """A server whose directories are in a folder; options follow those that it needs."""
    folder.mkdir(exist_ok=True)
    log = folder / f"log-{time.monotonic_ns()}.jsonl"
    command = [sys.executable, "-m", "mixdown", "serve", "--port", "0", *options]
    with log.open("wb") as file:
        env = {**os.environ, **environment}
        process = subprocess.Popen(command, cwd=folder, stderr=file, stdout=file, env=env)
    server = RunningServer(process, log, key)
    try:
        end = time.monotonic() + LONGEST_S
        while not server.url:
            assert process.poll() is None and time.monotonic() < end, server.said()
            lines = [json.loads(x) for x in log.read_text().splitlines() if x.startswith("{")]
            server.url = next((line["url"] for line in lines if "url" in line), "")
            time.sleep(0.02)
        yield server
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
