"""The client against a really running server, and through a proxy that breaks connections off."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from typing import get_args, get_type_hints
from urllib.parse import urlsplit

import mixdown
import pytest
from mixdown.client import Client, RemoteJob, ServiceError
from mixdown.client.client import _OUTSIDE
from mixdown.client.records import RemoteState, ServiceChoices
from mixdown.documents.fields import declaration
from mixdown.service.bodies import MixChoices
from mixdown.service.jobs import JobState
from running_server import RunningServer, running
from service_mixes import QUICK, mix, write_sound

WRONG = "id: x\nsample_rate: 8000\ntracks:\n  - {id: a, role: music, gain_bd: 2, clips: []}\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp("served")
    write_sound(folder / "mixdown-media" / "a.wav")
    with running(folder) as found:
        yield found


@contextmanager
def breaking(url: str, most: int, times: int) -> Iterator[str]:
    """The address of a proxy whose first connections break off after so many bytes of a side."""
    listener = socket.create_server(("127.0.0.1", 0))
    target = urlsplit(url)

    def copy(source: socket.socket, sink: socket.socket, left: int) -> None:
        with suppress(OSError):
            while left and (block := source.recv(min(left, 4096))):
                sink.sendall(block)
                left -= len(block)
        for each in (source, sink) if not left else (sink,):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR if not left else socket.SHUT_WR)

    def accept() -> None:
        for number in count():
            client = listener.accept()[0]
            most_here = most if number < times else 1 << 30
            peer = socket.create_connection((target.hostname, target.port))
            for pair in ((client, peer), (peer, client)):
                threading.Thread(target=copy, args=(*pair, most_here), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture(scope="module")
def done(server, tmp_path_factory) -> RemoteJob:
    """A job with stems, whose source was uploaded in spite of a broken connection."""
    folder = tmp_path_factory.mktemp("sent")
    digest = write_sound(folder / "long.wav", seconds=4.0, seed=5)  # 64 kB
    with breaking(server.url, 48_000, times=3) as url:
        assert Client(url).upload(folder / "long.wav") == digest
    client, path = Client(server.url), folder / "episode.json"
    assert client.upload(folder / "long.wav") == digest
    path.write_text(json.dumps(mix("episode", digest)))
    job = client.render(path, stems=True, **QUICK)
    finished = client.wait(job)
    assert finished == client.render(path, stems=True, **QUICK)
    assert client.jobs("done")[0].id == finished.id
    return finished


def test_events_go_on_after_the_last_one_received(server, done):
    events = list(Client(server.url).events(done))
    assert [event.kind for event in events] == ["queued", "running", "done"]
    with breaking(server.url, 420, times=2) as url:  # the headers, and an event
        assert list(Client(url).events(done)) == events
    assert list(Client(server.url).events(done, after=2)) == events[2:]


def test_downloads_go_on_where_they_broke_off(server, done, tmp_path):
    with breaking(server.url, 48_000, times=2) as url:
        files = [Client(url).download(artifact, tmp_path) for artifact in done.artifacts]
    assert [f.name for f in files] == ["master.wav", "bus_dialogue.wav", "bus_music.wav"]
    assert sorted(tmp_path.iterdir()) == sorted(files)
    sizes = [f.stat().st_size for f in files]
    assert sizes == [artifact.size for artifact in done.artifacts] and sizes[0] > 48_000
    before = files[0].stat()
    again = Client(server.url).download(done.artifacts[0], files[0])
    assert again.stat().st_mtime_ns == before.st_mtime_ns


def test_another_content_than_the_digest_says_is_refused(server, done, tmp_path):
    client, master = Client(server.url), done.artifacts[0]
    part = tmp_path / f".master.wav.{master.content_digest[7:23]}.part"
    part.write_bytes(b"x")
    with pytest.raises(mixdown.RenderError, match="MIX624"):
        client.download(master, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_checks_plans_and_explanations_are_those_of_the_service(server):
    client = Client(server.url)
    checked = client.check(mix("c"))
    assert (checked.timeline_id, checked.tracks, checked.clips) == ("c", 2, 2)
    assert client.plan(mix("c"), "sh", **QUICK).text.startswith("#!/bin/sh")
    assert "host" in client.explain(mix("c"), at_ms=200).text
    assert "host" in client.explain(mix("c"), at_ms=0, until_ms=400).text


def test_problems_are_the_diagnostics_of_the_server(server):
    answer = server.call("POST", "/v1/check", {"document": WRONG})
    with pytest.raises(ServiceError) as caught:
        Client(server.url).check(WRONG)
    error = caught.value
    assert (error.status, error.kind) == (422, "invalid-document")
    assert [d.to_dict(error.documents) for d in error.diagnostics] == answer.data["diagnostics"]
    assert "document:4:26" in str(error) and "^^^^^^^" in str(error)
    with pytest.raises(ServiceError, match=r"body:\d+:\d+") as caught:
        Client(server.url).check(mix("x"), presett="podcast")
    assert "presett" in str(caught.value)


def test_refusals_and_lost_jobs_have_codes_of_their_own(server):
    client = Client(server.url)
    with pytest.raises(ServiceError, match="MIX641") as caught:
        client.job("0" * 32)
    assert (caught.value.kind, caught.value.status) == ("not-found", 404)
    with pytest.raises(ServiceError, match="MIX642"):
        Client("http://127.0.0.1:1", patience_s=0).jobs()
    with pytest.raises(mixdown.MixdownError, match="MIX307"):
        Client("127.0.0.1:8080")
    job = client.render(mix("cancelled"), **QUICK, report=False)
    client.cancel(job)
    with pytest.raises(mixdown.RenderError, match="MIX643"):
        client.wait(job)


def test_the_client_is_typed_like_the_service():
    choices = set(ServiceChoices.__annotations__) - set(_OUTSIDE)
    assert choices == set(declaration(MixChoices).keys)
    assert get_args(RemoteState) == tuple(JobState)
    assert get_type_hints(Client.wait)["return"].__name__ == "RemoteJob"


def test_importing_the_client_loads_nothing_heavy():
    code = "import json, sys, mixdown.client; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    roots = {name.split(".")[0] for name in json.loads(done.stdout)}
    assert not roots & {"numpy", "yaml", "sqlalchemy", "starlette", "uvicorn", "httpx"}
