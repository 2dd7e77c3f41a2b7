"""Many renders from many clients while a server is killed: each is delivered once."""

from __future__ import annotations

import hashlib
import http.client
import json
import signal
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from databases import new_database
from mixdown.render.artifacts.service import AudioRenderService
from mixdown.render.artifacts.upkeep import verify
from mixdown.service.tables import FILES, JOBS
from running_server import RunningServer, running
from service_mixes import QUICK, mix, write_sound
from soak import rounds
from sqlalchemy import select

CLIENTS, RENDERS = 8, rounds(50)
LONGEST_S = 60.0 * RENDERS
FILES_EACH = 3  # the master and two stems


@pytest.mark.soak
@pytest.mark.requires("postgresql")
def test_renders_are_delivered_once_though_a_server_is_killed(tmp_path, postgresql):
    """The clients post each mix twice, to any server, and go to the other when one is gone."""
    url, began = new_database(postgresql), time.monotonic()
    write_sound(tmp_path / "mixdown-media" / "a.wav")
    options = ["--registry", url, "--limit", "lease_s=5"]
    ended, lock = [], threading.Lock()

    with running(tmp_path, *options) as one, running(tmp_path, *options) as two:

        def call(number: int, *request, **headers):
            """To one of the servers; a client tries the other if it cannot be reached."""
            for server in (one, two) if number % 2 else (two, one):
                try:
                    return server.call(*request, **headers)
                except (OSError, http.client.HTTPException):
                    assert server is one
            raise AssertionError("no server answers")

        def client(number: int) -> dict:
            wanted = {"document": mix(f"mix-{number}"), "request": {**QUICK, "stems": True}}
            post = ("POST", "/v1/renders", wanted)
            posted = [call(number + n, *post, Idempotency_Key=f"k{number}") for n in range(2)]
            assert {answer.status for answer in posted} <= {200, 202}
            (job_id,) = {answer.data["id"] for answer in posted}
            end = time.monotonic() + LONGEST_S
            while (job := call(number, "GET", f"/v1/renders/{job_id}").data)["state"] != "done":
                assert job["state"] in ("queued", "running") and time.monotonic() < end, job
                time.sleep(0.5)
            with lock:
                ended.append(job_id)
            return job

        with ThreadPoolExecutor(CLIENTS) as clients:
            jobs = clients.map(client, range(RENDERS))
            while len(ended) < RENDERS // 3 or not is_rendering(one):
                time.sleep(0.02)
            one.stop(signal.SIGKILL)
            killed_after = len(ended)
            done = list(jobs)
        for job in done:
            events = [kind for _, kind, _ in two.events(job["id"])]
            assert (events.count("done"), events.count("queued")) == (1, 1)
            for artifact in job["artifacts"]:
                content = two.call("GET", artifact["links"]["content"]).body
                digest = hashlib.sha256(content).hexdigest()
                assert artifact["content_digest"] == f"sha256:{digest}"
        assert two.stop() == 0

    counts = counted_once(AudioRenderService.open(tmp_path / "mixdown-artifacts", url))
    seconds = time.monotonic() - began
    print(f"{CLIENTS} clients, a server killed after {killed_after}: {counts}, {seconds:.0f} s")


def counted_once(artifacts: AudioRenderService) -> str:
    """What is in the database and in the store, where everything is once."""
    with artifacts.registry.engine.connect() as connection:
        rows = connection.execute(select(JOBS.c.state, JOBS.c.attempts)).all()
        files = connection.execute(select(FILES.c.job_id, FILES.c.artifact_id)).all()
    registered = artifacts.registry.artifacts()
    assert Counter(row.state for row in rows) == {"done": RENDERS}
    assert set(Counter(row.job_id for row in files).values()) == {FILES_EACH}
    assert sorted(row.artifact_id for row in files) == sorted(a.id for a in registered)
    assert set(Counter(a.timeline_id for a in registered).values()) == {FILES_EACH}
    assert {f.key for f in artifacts.store.files()} == {a.media_key for a in registered}
    assert not list(verify(artifacts.store, artifacts.registry))
    assert sum(row.attempts for row in rows) == RENDERS + 1
    return f"{len(rows)} jobs, {len(files)} deliveries, {len(registered)} artifacts"


def is_rendering(server: RunningServer) -> bool:
    """Whether the render that a server has begun last runs."""
    begun = [line for line in server.log.read_text().splitlines() if ": attempt " in line]
    if not begun:
        return False
    job_id = json.loads(begun[-1])["message"].split()[1].rstrip(":")
    return server.call("GET", f"/v1/renders/{job_id}").data["state"] == "running"
