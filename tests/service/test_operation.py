"""What happens when servers, renders and receivers of webhooks fail: with real processes."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import signal
import threading
import time
from collections import Counter
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from databases import new_database
from mixdown.render.artifacts.registry import open_registry, sqlite_url
from mixdown.service.answers import submission
from mixdown.service.bodies import RenderBody, read_envelope
from mixdown.service.queue import Queue
from mixdown.service.settings import Limits, ServiceSettings
from mixdown.service.workers import Worker, own_directory
from running_server import LONGEST_S, RunningServer, running
from service_mixes import body, mix, write_sound

SECRET = "a secret of the test"


def processes(word: str) -> list[int]:
    """The processes with a word in their command lines."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if word.encode() in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
    return found


def gone(word: str) -> bool:
    """Whether no process with the word is left, soon."""
    end = time.monotonic() + 10
    while processes(word) and time.monotonic() < end:
        time.sleep(0.05)
    return not processes(word)


def kill_render(server: RunningServer, job_id: str, attempt: int) -> None:
    """Kill the process of an attempt as soon as it is there."""
    end = time.monotonic() + LONGEST_S
    while not (found := processes(f"{job_id}-{attempt}")):
        assert time.monotonic() < end, server.said()
        time.sleep(0.02)
    os.kill(found[0], signal.SIGKILL)


@pytest.fixture(scope="module")
def receiver():
    """What a receiver of webhooks was sent: headers and body; the first is answered with 503."""
    sent: list[tuple[dict[str, str], bytes]] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self):
            content = self.rfile.read(int(self.headers["Content-Length"]))
            sent.append((dict(self.headers), content))
            self.send_response(503 if len(sent) == 1 else 204)
            self.end_headers()

        def log_message(self, *args):
            """Nothing is printed."""

    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port, sent
        server.shutdown()


@pytest.fixture(scope="module")
def busy(tmp_path_factory, receiver):
    """A server that may send webhooks to the receiver, gives up early, and has long sounds."""
    folder = tmp_path_factory.mktemp("busy")
    write_sound(folder / "mixdown-media" / "a.wav")
    write_sound(folder / "mixdown-media" / "long.wav", seconds=600)
    options = ["--webhook-host", f"127.0.0.1:{receiver[0]}", "--limit", "attempts=2"]
    options += ["--limit", "webhook_s=1"]
    with running(folder, *options, environment={"MIXDOWN_WEBHOOK_SECRET": SECRET}) as server:
        yield server
        assert server.stop() == 0
        assert not list((folder / "mixdown-work").iterdir())


def long_body(name: str) -> dict:
    """The body of a render that takes some seconds, by programs."""
    return {"document": mix(name, "long.wav"), "request": {"format": "mp3", "preset": "podcast"}}


def test_a_webhook_is_signed_and_tried_again(busy, receiver):
    port, sent = receiver
    url = f"http://127.0.0.1:{port}/hooks"
    for refused in (
        "https://studio.example/",
        f"http://127.0.0.1:{port + 1}/",
        "file:///etc/passwd",
    ):
        answer = busy.call("POST", "/v1/renders", body("hook", webhook=refused))
        assert (answer.status, answer.kind) == (403, "not-allowed")
    job = busy.call("POST", "/v1/renders", body("hook", webhook=url)).data
    job = busy.wait(job["id"])
    end = time.monotonic() + LONGEST_S
    while len(sent) < 2 and time.monotonic() < end:
        time.sleep(0.1)
    (first, content), (again, same) = sent
    assert content and same and json.loads(content)["id"] == job["id"]
    assert json.loads(content)["artifacts"] == job["artifacts"]
    assert first["Mixdown-Event"] == "render.done"
    assert first["Mixdown-Delivery"] == again["Mixdown-Delivery"]
    stamp, _, proof = again["Mixdown-Signature"].partition(",v1=")
    signed = stamp.removeprefix("t=").encode() + b"." + same
    assert proof == hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    assert abs(time.time() - int(stamp.removeprefix("t="))) < LONGEST_S


def test_a_cancelled_render_leaves_nothing(busy):
    job = busy.call("POST", "/v1/renders", long_body("cancelled")).data
    busy.wait(job["id"], "running")
    assert busy.call("DELETE", job["links"]["self"]).status == 202
    assert busy.wait(job["id"])["state"] == "cancelled"
    assert gone(job["id"])
    assert [kind for _, kind, _ in busy.events(job["id"])] == ["queued", "running", "cancelled"]


def test_a_render_whose_process_dies_is_begun_again_and_then_given_up(busy):
    job = busy.call("POST", "/v1/renders", long_body("dies")).data
    kill_render(busy, job["id"], 1)
    kill_render(busy, job["id"], 2)
    failed = busy.wait(job["id"])
    assert (failed["state"], failed["attempts"]) == ("failed", 2)
    assert failed["diagnostics"][0]["code"] == "MIX632"
    assert gone(job["id"])


def test_a_render_that_takes_too_long_is_ended(tmp_path):
    """The worker in this process, the render in one of its own."""
    write_sound(tmp_path / "a.wav")
    settings = ServiceSettings(
        sources=tmp_path,
        work=tmp_path,
        store=str(tmp_path / "store"),
        registry=sqlite_url(tmp_path / "registry.sqlite"),
        limits=Limits(render_s=1),
    )
    queue = Queue.open(open_registry(settings.registry), "this", 30.0)
    text = json.dumps(body("slow"))
    envelope = read_envelope(text, "json", RenderBody)
    job, _ = queue.submit(submission(envelope, text, "json", "", settings), 1)
    with own_directory(tmp_path / "work") as folder:
        worker = Worker(queue, settings, folder)
        thread = threading.Thread(target=worker.run)
        thread.start()
        end = time.monotonic() + LONGEST_S
        while not (failed := queue.get(job.id)).state.is_final and time.monotonic() < end:
            time.sleep(0.1)
        worker.stopping.set()
        thread.join()
        assert (failed.state, failed.diagnostics[0]["code"]) == ("failed", "MIX631")
        assert not list(folder.glob("*-1"))
    assert gone(job.id)


@pytest.mark.requires("postgresql")
def test_two_servers_share_a_queue_and_one_is_killed(tmp_path, postgresql):
    """Each job ends once, and each of its files is registered once."""
    url = new_database(postgresql)
    write_sound(tmp_path / "mixdown-media" / "a.wav")
    options = ["--registry", url, "--limit", "lease_s=2"]
    with running(tmp_path, *options) as one, running(tmp_path, *options) as two:
        wanted = [f"mix-{n}" for n in range(3)]
        jobs = [one.call("POST", "/v1/renders", body(name)).data for name in wanted]
        end = time.monotonic() + LONGEST_S
        while not (
            begun := [line for line in one.log.read_text().splitlines() if "attempt" in line]
        ):
            assert time.monotonic() < end
            time.sleep(0.02)
        one.stop(signal.SIGKILL)
        done = [two.wait(job["id"]) for job in jobs]
        assert [job["state"] for job in done] == ["done"] * 3
        killed = json.loads(begun[0])["message"].split()[1].rstrip(":")
        assert {job["id"]: job["attempts"] for job in done}[killed] == 2
        events = [two.events(job["id"]) for job in done]
        assert all([kind for _, kind, _ in found].count("done") == 1 for found in events)
    registered = Counter(a.timeline_id for a in open_registry(url).artifacts())
    assert registered == Counter(wanted)
    assert gone(killed)
