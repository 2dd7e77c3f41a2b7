"""Each job is taken by one server at a time, and ends once, in either kind of database."""

from __future__ import annotations

import os
import threading
import time

import pytest
from attrs import evolve
from mixdown.render.artifacts.artifact import Artifact
from mixdown.render.artifacts.registry import open_registry
from mixdown.render.artifacts.service import AudioRenderService
from mixdown.service.jobs import (
    JobFile,
    JobState,
    KeyReusedError,
    LostError,
    QueueFullError,
    Submission,
)
from mixdown.service.queue import Queue
from mixdown.service.retention import Retention
from mixdown.service.tables import IDEMPOTENCY, JOBS
from sqlalchemy import update

LEASE_S = 0.3


def submission(number: int, webhook: str | None = None) -> Submission:
    return Submission(
        digest=f"sha256:{number + 1:032x}{0:032x}",
        timeline_id=f"mix-{number}",
        body="{}",
        format="json",
        submitted_by="",
        length_s=1.0,
        steps=2,
        diagnostics=[{"code": "MIX606"}],
        webhook=webhook,
    )


@pytest.fixture
def queues(url):
    """Two servers' views of one queue, with leases that outlast a test."""
    return [Queue.open(open_registry(url), owner, 30.0) for owner in ("one", "two")]


def kinds(queue, job_id):
    return [event.kind for event in queue.events(job_id, 0)]


def test_many_workers_take_each_job_once(queues):
    wanted = {queues[0].submit(submission(n), 100)[0].id for n in range(20)}
    taken, lock = [], threading.Lock()

    def work(queue):
        while (job := queue.claim()) is not None:
            with lock:
                taken.append(job.id)
            queue.finish(job, JobState.DONE, [])

    threads = [threading.Thread(target=work, args=(queues[n % 2],)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == sorted(wanted)
    assert queues[1].counts()[JobState.DONE] == 20


def test_a_lease_that_is_not_renewed_is_lost(queues):
    one, two = (evolve(queue, lease_s=LEASE_S) for queue in queues)
    job_id = one.submit(submission(1), 9)[0].id
    first = one.claim()
    assert two.claim() is None
    assert one.renew(first) is False
    time.sleep(LEASE_S)
    second = two.claim()
    assert (second.id, second.attempts) == (job_id, 2)
    for lost in (
        lambda: one.renew(first),
        lambda: one.progress(first, 5.0, None, "mix"),
        lambda: one.finish(first, JobState.DONE, []),
        lambda: one.release(first, counts=True),
    ):
        with pytest.raises(LostError):
            lost()
    two.progress(second, 50.0, 1.0, "mix")
    two.finish(second, JobState.DONE, [], [JobFile("a" * 32, "master.wav")], b"page")
    assert one.outputs(job_id) == [JobFile("a" * 32, "master.wav")]
    assert (one.jobs_of("a" * 32), one.report(job_id)) == ([job_id], b"page")
    assert kinds(one, job_id) == ["queued", "running", "running", "done"]
    assert [e.number for e in one.events(job_id, 2)] == [3, 5]  # 4 was progress


def test_a_job_that_is_given_back_is_no_attempt(queues):
    one, two = queues
    one.submit(submission(1), 9)
    one.release(one.claim(), counts=False)
    job = two.claim()
    assert job.attempts == 1
    two.release(job, counts=True)
    assert one.claim().attempts == 2


def test_what_waits_is_cancelled_at_once_and_what_runs_soon(queues):
    one, two = queues
    ids = [one.submit(submission(n), 9)[0].id for n in range(2)]
    running = one.claim()
    waiting = next(i for i in ids if i != running.id)
    assert two.cancel(waiting).state is JobState.CANCELLED
    assert two.cancel(running.id).state is JobState.RUNNING
    assert one.renew(running) is True
    one.finish(running, JobState.CANCELLED, [])
    assert two.cancel(running.id).state is JobState.CANCELLED
    assert two.cancel("0" * 32) is None
    assert two.claim() is None


def test_the_same_content_is_queued_once_and_again_after_it_failed(queues):
    one, two = queues
    first, is_new = one.submit(submission(1), 9)
    assert is_new and two.submit(submission(1), 9) == (first, False)
    one.finish(one.claim(), JobState.FAILED, [{"code": "MIX603"}])
    again, is_new = two.submit(submission(1), 9)
    assert is_new and (again.id, again.state, again.attempts) == (first.id, JobState.QUEUED, 0)
    assert again.diagnostics == [{"code": "MIX606"}]
    assert kinds(two, first.id) == ["queued", "running", "failed", "queued"]


def test_a_full_queue_refuses_what_is_new(queues):
    one, two = queues
    one.submit(submission(1), 2)
    one.submit(submission(2), 2)
    with pytest.raises(QueueFullError):
        two.submit(submission(3), 2)
    assert two.submit(submission(2), 2)[1] is False


def test_an_idempotency_key_is_of_one_caller_and_one_body(queues):
    one, two = queues
    job, _ = one.submit(submission(1), 9, ("k", "body"))
    assert two.known("", ("k", "body")).id == job.id
    assert two.submit(submission(2), 9, ("k", "body"))[0].id == job.id
    assert two.known("other", ("k", "body")) is None
    with pytest.raises(KeyReusedError):
        two.known("", ("k", "another body"))


def test_many_submit_the_same_at_once(queues):
    found, lock = [], threading.Lock()

    def submit(queue):
        answer = queue.submit(submission(7), 9, ("k", "body"))
        with lock:
            found.append(answer)

    threads = [threading.Thread(target=submit, args=(queues[n % 2],)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [is_new for _, is_new in found].count(True) == 1
    assert len({job.id for job, _ in found}) == 1


def test_a_webhook_is_due_once_for_all_servers(queues):
    one, two = queues
    one.submit(submission(1, "https://studio.example/"), 9)
    assert one.due_webhook(9.0) is None
    one.finish(one.claim(), JobState.DONE, [])
    job = two.due_webhook(9.0)
    assert job.webhook_tries == 1 and one.due_webhook(9.0) is None
    two.settle_webhook(job, time.time() - 1, {"delivered": False})
    assert one.due_webhook(9.0).webhook_tries == 2
    one.settle_webhook(job, None, {"delivered": True})
    assert two.due_webhook(9.0) is None
    assert kinds(one, job.id)[-2:] == ["webhook", "webhook"]


def artifact(number: int, **more) -> Artifact:
    digest = f"sha256:{number:064x}"
    values = {"kind": "audio_render", "timeline_id": "mix", "bus_id": "master", "parent_id": None}
    values |= {"content_digest": digest, "request_digest": digest, "meta": {}, "meta_version": 1}
    values |= {"media_key": f"renders/mix/{number}/master.wav", "size": 3}
    return Artifact(id=f"{number:032x}", **{**values, **more})


def test_old_jobs_are_removed_with_what_only_they_delivered(url, tmp_path):
    """Kept: what is younger, waits, runs, has a webhook to send, or shares a timeline with that."""
    artifacts = AudioRenderService.open(tmp_path / "store", url)
    queue = Queue.open(artifacts.registry, "one", 30.0)
    sweep = Retention(queue, artifacts, 1, threading.Event()).sweep
    shared, alone = artifact(1), artifact(2)
    stem = artifact(3, kind="audio_bus_stem", parent_id=alone.id, bus_id="b")
    artifacts.registry.register([shared, alone, stem])
    (tmp_path / "made").write_text("wav")
    for made in (shared, alone, stem):
        artifacts.store.put(made.media_key, tmp_path / "made")
    hooked = "https://studio.example/"
    jobs = [queue.submit(submission(n), 9, (f"k{n}", "body"))[0].id for n in range(4)]
    jobs.append(queue.submit(submission(4, hooked), 9)[0].id)
    delivered = {jobs[0]: [alone, stem, shared], jobs[1]: [shared]}
    for _ in range(5):
        job = queue.claim()
        files = [JobFile(a.id, f"{a.bus_id}.wav") for a in delivered.get(job.id, ())]
        queue.finish(job, JobState.DONE, [], files)
    ages_d = {jobs[0]: 3.0, jobs[1]: 0.5, jobs[2]: 3.0, jobs[3]: 3.0, jobs[4]: 3.0}
    with queue.registry.engine.execution_options(writes=True).begin() as connection:
        for job_id, age in ages_d.items():
            ended = update(JOBS).values(ended_at=time.time() - 86400 * age)
            connection.execute(ended.where(JOBS.c.id == job_id))
        also = evolve(submission(9), timeline_id="mix-2")  # the timeline of jobs[2]
        same = update(IDEMPOTENCY).values(created_at=0.0).where(IDEMPOTENCY.c.key == "k1")
        connection.execute(same)
    queue.submit(also, 9)
    assert set(sweep()) == {jobs[0], jobs[3]}
    assert [queue.get(job_id) is None for job_id in jobs] == [True, False, False, True, False]
    assert [a.id for a in artifacts.registry.artifacts()] == [shared.id]
    assert queue.outputs(jobs[0]) == queue.events(jobs[0], 0) == []
    assert len(list(artifacts.store.files())) == 3  # they are younger than a day
    for file in (tmp_path / "store").rglob("*.wav"):
        os.utime(file, (0, time.time() - 2 * 86400))
    assert sweep() == [] and [f.key for f in artifacts.store.files()] == [shared.media_key]
    again, is_new = queue.submit(submission(0), 9, ("k0", "another body"))
    assert (again.id, is_new) == (jobs[0], True)
    assert queue.known("", ("k1", "body")) is None and queue.known("", ("k2", "body")) is not None
