"""The queue of jobs: a table that any number of servers share.

Promises: a job with the same content has the same id, so it is in the queue once. A server that
takes a job leases it, and renews the lease while it renders; when a lease ends without renewal, the
next server takes the job. Only the holder of the lease can change a job that is rendering, so each
job ends once. PostgreSQL skips the rows that another server has locked; SQLite has one writer at a
time.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from attrs import frozen
from sqlalchemy import Connection, Select, and_, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError, OperationalError

from ..ir.diagnostics import RenderError
from ..render.artifacts.migrations import migrate
from ..render.artifacts.registry import Registry, failures
from .jobs import (
    COLUMNS,
    DAY_S,
    Event,
    JobFile,
    JobState,
    LostError,
    QueueFullError,
    RenderJob,
    Submission,
    add_event,
    end_job,
    find_job,
    known_key,
    made,
    removable,
    remove_job,
)
from .tables import EVENTS, FILES, IDEMPOTENCY, JOBS, MIGRATIONS, VERSIONS

_ATTEMPTS = 10


@frozen
class Queue:
    """The jobs in the database of a registry; every method raises RenderError (MIX621) if it fails.

    Attributes:
        registry: whose database it is.
        owner: the name of this server, in leases.
        lease_s: how long a lease lasts.
    """

    registry: Registry
    owner: str
    lease_s: float

    @classmethod
    def open(cls, registry: Registry, owner: str, lease_s: float) -> Queue:
        """The queue, its tables created or migrated as needed.

        Raises:
            RenderError: MIX621.
        """
        with failures(registry.engine):
            migrate(registry.engine, MIGRATIONS, VERSIONS)
        return cls(registry, owner, lease_s)

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with failures(self.registry.engine), self.registry.engine.connect() as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        engine = self.registry.engine.execution_options(writes=True)
        with failures(self.registry.engine), engine.begin() as connection:
            yield connection

    # For callers.

    def submit(
        self, new: Submission, waiting: int, idempotency: tuple[str, str] | None = None
    ) -> tuple[RenderJob, bool]:
        """Put a job into the queue; the job, and whether it was not there or is begun again.

        A job that has failed or was cancelled is begun again; any other is left as it is.

        Args:
            new: the job.
            waiting: the most jobs that may wait.
            idempotency: the key of the caller, and the digest of the body it came with.

        Raises:
            KeyReusedError: the key came with another body.
            QueueFullError: too many jobs wait.
        """
        for attempt in range(_ATTEMPTS):
            try:
                with self._writing() as connection:
                    return self._submit(connection, new, waiting, idempotency)
            except RenderError as error:
                # Another server may have put it there at the same time.
                clashed = isinstance(error.__cause__, IntegrityError | OperationalError)
                if not clashed or attempt == _ATTEMPTS - 1:
                    raise
        raise AssertionError("unreachable")

    def _submit(
        self,
        connection: Connection,
        new: Submission,
        waiting: int,
        idempotency: tuple[str, str] | None,
    ) -> tuple[RenderJob, bool]:
        if idempotency is not None:
            known = known_key(connection, new.submitted_by, idempotency)
            if known is not None and (job := find_job(connection, known)) is not None:
                return job, False
        job = find_job(connection, new.id, lock=True)
        is_new = job is None or job.state in (JobState.FAILED, JobState.CANCELLED)
        if is_new:
            queued = select(func.count()).where(JOBS.c.state == JobState.QUEUED.value)
            if (connection.scalar(queued) or 0) >= waiting:
                raise QueueFullError
            now = time.time()
            values = {
                "state": JobState.QUEUED.value,
                "submitted_by": new.submitted_by,
                "created_at": now,
                "started_at": None,
                "ended_at": None,
                "attempts": 0,
                "owner": None,
                "lease_until": None,
                "is_cancelled": False,
                "percent": 0.0,
                "eta_s": None,
                "diagnostics": list(new.diagnostics),
                "webhook": new.webhook,
                "webhook_due": None,
                "webhook_tries": 0,
                "body": new.body,
                "format": new.format,
            }
            if job is None:
                values |= {"id": new.id, "digest": new.digest, "timeline_id": new.timeline_id}
                values |= {"length_s": new.length_s, "steps": new.steps, "events": 0}
                connection.execute(insert(JOBS).values(**values))
            else:
                connection.execute(update(JOBS).where(JOBS.c.id == new.id).values(**values))
            add_event(connection, new.id, "queued", {})
        if idempotency is not None:
            connection.execute(
                insert(IDEMPOTENCY).values(
                    caller=new.submitted_by,
                    key=idempotency[0],
                    body_digest=idempotency[1],
                    job_id=new.id,
                    created_at=time.time(),
                )
            )
        found = find_job(connection, new.id)
        assert found is not None
        return found, is_new

    def known(self, caller: str, idempotency: tuple[str, str]) -> RenderJob | None:
        """The job that a request with this idempotency key made before.

        Raises:
            KeyReusedError: the key came with another body.
        """
        with self._reading() as connection:
            job_id = known_key(connection, caller, idempotency)
            return None if job_id is None else find_job(connection, job_id)

    def get(self, job_id: str) -> RenderJob | None:
        """A job, if there is one with this id."""
        with self._reading() as connection:
            return find_job(connection, job_id)

    def jobs(self, *, state: JobState | None, limit: int) -> list[RenderJob]:
        """The latest jobs, the newest first."""
        wanted = select(*COLUMNS).order_by(JOBS.c.created_at.desc(), JOBS.c.id).limit(limit)
        if state is not None:
            wanted = wanted.where(JOBS.c.state == state.value)
        with self._reading() as connection:
            return [made(row) for row in connection.execute(wanted).mappings()]

    def counts(self) -> Mapping[JobState, int]:
        """How many jobs are in each state."""
        wanted = select(JOBS.c.state, func.count()).group_by(JOBS.c.state)
        with self._reading() as connection:
            found = {JobState(state): count for state, count in connection.execute(wanted)}
        return {state: found.get(state, 0) for state in JobState}

    def cancel(self, job_id: str) -> RenderJob | None:
        """Cancel a job: at once if it waits, else as soon as its server sees it."""
        with self._writing() as connection:
            job = find_job(connection, job_id, lock=True)
            if job is not None and job.state is JobState.QUEUED:
                end_job(connection, job, JobState.CANCELLED, job.diagnostics)
            elif job is not None and job.state is JobState.RUNNING:
                mine = update(JOBS).where(JOBS.c.id == job_id)
                connection.execute(mine.values(is_cancelled=True))
            return find_job(connection, job_id)

    def events(self, job_id: str, after: int) -> list[Event]:
        """What happened to a job after the event of this number."""
        wanted = (
            select(EVENTS.c.number, EVENTS.c.at, EVENTS.c.kind, EVENTS.c.data)
            .where(EVENTS.c.job_id == job_id, EVENTS.c.number > after)
            .order_by(EVENTS.c.number)
        )
        with self._reading() as connection:
            return [Event(*row) for row in connection.execute(wanted)]

    def position(self, job_id: str) -> tuple[JobState, int]:
        """The state of a job, and the number of its last event; a job that is gone has none."""
        wanted = select(JOBS.c.state, JOBS.c.events).where(JOBS.c.id == job_id)
        with self._reading() as connection:
            found = connection.execute(wanted).first()
            return (JobState.CANCELLED, 0) if found is None else (JobState(found[0]), found[1])

    def outputs(self, job_id: str) -> list[JobFile]:
        """The files of a job, in the order of its delivery."""
        wanted = select(FILES.c.artifact_id, FILES.c.name).where(FILES.c.job_id == job_id)
        with self._reading() as connection:
            return [JobFile(*row) for row in connection.execute(wanted.order_by(FILES.c.number))]

    def jobs_of(self, artifact_id: str) -> list[str]:
        """The ids of the jobs that delivered an artifact, the latest first."""
        wanted = (
            select(JOBS.c.id)
            .join(FILES, FILES.c.job_id == JOBS.c.id)
            .where(FILES.c.artifact_id == artifact_id)
            .order_by(JOBS.c.ended_at.desc())
        )
        with self._reading() as connection:
            return list(connection.scalars(wanted))

    def report(self, job_id: str) -> bytes | None:
        """The delivery report of a job, a page compressed by zlib; None if it has none."""
        with self._reading() as connection:
            return connection.scalar(select(JOBS.c.report).where(JOBS.c.id == job_id))

    # For workers.

    def claim(self) -> RenderJob | None:
        """Take the oldest job that waits, or whose server is gone; None if there is none."""
        with self._reading() as connection:
            if connection.scalar(_oldest()) is None:
                return None
        with self._writing() as connection:
            job_id = connection.scalar(_oldest().with_for_update(skip_locked=True))
            if job_id is None:
                return None
            now = time.time()
            mine = {
                "state": JobState.RUNNING.value,
                "owner": self.owner,
                "lease_until": now + self.lease_s,
                "started_at": now,
                "attempts": JOBS.c.attempts + 1,
                "percent": 0.0,
                "eta_s": None,
            }
            connection.execute(update(JOBS).where(JOBS.c.id == job_id).values(**mine))
            job = find_job(connection, job_id)
            assert job is not None
            add_event(connection, job_id, "running", {"attempt": job.attempts})
            return job

    def renew(self, job: RenderJob) -> bool:
        """Renew the lease of a job; whether it has been cancelled.

        Raises:
            LostError: another server has it.
        """
        with self._writing() as connection:
            self._change(connection, job, lease_until=time.time() + self.lease_s)
            wanted = select(JOBS.c.is_cancelled).where(JOBS.c.id == job.id)
            return bool(connection.scalar(wanted))

    def progress(self, job: RenderJob, percent: float, eta_s: float | None, step: str) -> None:
        """Note how far a job is.

        Raises:
            LostError: another server has it.
        """
        with self._writing() as connection:
            self._change(connection, job, percent=percent, eta_s=eta_s)
            data = {"percent": percent, "eta_s": eta_s, "step": step}
            add_event(connection, job.id, "progress", data)

    def finish(
        self,
        job: RenderJob,
        state: JobState,
        diagnostics: Sequence[Mapping[str, object]],
        outputs: Sequence[JobFile] = (),
        report: bytes | None = None,
    ) -> None:
        """End a job that this server has.

        Raises:
            LostError: another server has it.
        """
        with self._writing() as connection:
            self._change(connection, job, report=report)
            connection.execute(delete(FILES).where(FILES.c.job_id == job.id))
            for number, output in enumerate(outputs):
                row = {"artifact_id": output.artifact_id, "name": output.name}
                connection.execute(insert(FILES).values(job_id=job.id, number=number, **row))
            end_job(connection, job, state, diagnostics)

    def release(self, job: RenderJob, *, counts: bool) -> None:
        """Give a job back, to be begun again; `counts` says whether this was an attempt."""
        with self._writing() as connection:
            attempts = job.attempts if counts else job.attempts - 1
            state = JobState.QUEUED.value
            self._change(connection, job, state=state, attempts=attempts, owner=None)
            add_event(connection, job.id, "queued", {})

    def _change(self, connection: Connection, job: RenderJob, **values: object) -> None:
        """Change a job that this server has; the same server may have lost and retaken it."""
        mine = (
            JOBS.c.id == job.id,
            JOBS.c.owner == self.owner,
            JOBS.c.attempts == job.attempts,
            JOBS.c.state == JobState.RUNNING.value,
        )
        if connection.execute(update(JOBS).where(*mine).values(**values)).rowcount != 1:
            raise LostError

    # For what is kept.

    def remove_old(self, before: float) -> str | None:
        """Remove a job that ended before a time, with its artifacts; its id, None if there is none.

        Kept are jobs that wait, run, have a webhook to send, or have the timeline of a job that
        waits or runs; and artifacts that another job has delivered.
        """
        with self._writing() as connection:
            wanted = removable(before).with_for_update(skip_locked=True, of=JOBS)
            job_id: str | None = connection.scalar(wanted)
            if job_id is not None:
                remove_job(connection, job_id)
            return job_id

    def forget_keys(self) -> None:
        """Remove the idempotency keys that no longer count."""
        with self._writing() as connection:
            old = IDEMPOTENCY.c.created_at < time.time() - DAY_S
            connection.execute(delete(IDEMPOTENCY).where(old))

    # For webhooks.

    def due_webhook(self, again_s: float) -> RenderJob | None:
        """Take a job whose webhook is due; it is due again after `again_s` unless it is settled."""
        now = time.time()
        due = select(JOBS.c.id).where(JOBS.c.webhook_due <= now).limit(1)
        with self._reading() as connection:
            if connection.scalar(due) is None:
                return None
        with self._writing() as connection:
            job_id = connection.scalar(due.with_for_update(skip_locked=True))
            if job_id is None:
                return None
            tries = JOBS.c.webhook_tries + 1
            changes = {"webhook_due": now + again_s, "webhook_tries": tries}
            connection.execute(update(JOBS).where(JOBS.c.id == job_id).values(**changes))
            return find_job(connection, job_id)

    def settle_webhook(self, job: RenderJob, due: float | None, said: Mapping[str, object]) -> None:
        """Note how a webhook went; `due` is when it is sent again, None: never."""
        with self._writing() as connection:
            mine = update(JOBS).where(JOBS.c.id == job.id)
            connection.execute(mine.values(webhook_due=due))
            add_event(connection, job.id, "webhook", said)


def _oldest() -> Select[Any]:
    """The oldest job that waits, or whose lease has ended by now."""
    waits = JOBS.c.state == JobState.QUEUED.value
    left = and_(JOBS.c.state == JobState.RUNNING.value, JOBS.c.lease_until < time.time())
    wanted = select(JOBS.c.id).where(or_(waits, left))
    return wanted.order_by(JOBS.c.created_at, JOBS.c.id).limit(1)
