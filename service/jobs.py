"""Jobs as records, and the rows that hold them.

The functions below belong to a transaction of the caller; `queue.py` has the transactions.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from attrs import field, frozen
from sqlalchemy import Connection, Select, delete, exists, insert, select, update

from ..render.artifacts.registry import ARTIFACTS
from .tables import EVENTS, FILES, IDEMPOTENCY, JOBS

DAY_S = 24 * 3600.0


class JobState(StrEnum):
    """What has become of a job."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Whether nothing more happens to the job by itself."""
        return self not in (JobState.QUEUED, JobState.RUNNING)


@frozen(kw_only=True)
class Submission:
    """A job as it is submitted.

    Attributes:
        digest: of all that decides its files; see `bodies.job_digest`.
        timeline_id: of its timeline.
        body: the body of the request, which the render reads again.
        format: of the body: json or yaml.
        submitted_by: the name of the key.
        length_s: of the mix.
        steps: of its plans.
        diagnostics: the warnings of its compilation, as plain data.
        webhook: the URL that is called at the end, if any.
    """

    digest: str
    timeline_id: str
    body: str
    format: str
    submitted_by: str
    length_s: float
    steps: int
    diagnostics: Sequence[Mapping[str, object]]
    webhook: str | None

    @property
    def id(self) -> str:
        """Of the job: the first 128 bits of its digest."""
        return self.digest.removeprefix("sha256:")[:32]


@frozen(kw_only=True)
class RenderJob:
    """A job as the table has it; see `Submission` and docs/service.md."""

    id: str
    digest: str
    state: JobState = field(converter=JobState)
    timeline_id: str
    body: str = field(repr=False)
    format: str
    submitted_by: str
    length_s: float
    steps: int
    created_at: float
    started_at: float | None
    ended_at: float | None
    attempts: int
    owner: str | None
    lease_until: float | None
    is_cancelled: bool
    percent: float
    eta_s: float | None
    events: int
    diagnostics: Sequence[Mapping[str, object]]
    webhook: str | None
    webhook_due: float | None
    webhook_tries: int


COLUMNS = [column for column in JOBS.c if column.name != "report"]


@frozen
class Event:
    """Something that happened to a job: its number in the job, its time, and what it was."""

    number: int
    at: float
    kind: str
    data: Mapping[str, object]


@frozen
class JobFile:
    """A file of a job: its artifact, and its name in the delivery report."""

    artifact_id: str
    name: str


class KeyReusedError(Exception):
    """An idempotency key came with another body before."""


class QueueFullError(Exception):
    """As many jobs wait as may wait."""


class LostError(Exception):
    """The job belongs to another server now."""


def known_key(connection: Connection, caller: str, idempotency: tuple[str, str]) -> str | None:
    """The id of the job that a caller's key was used for; keys are forgotten after a day."""
    key, body_digest = idempotency
    wanted = select(IDEMPOTENCY.c.body_digest, IDEMPOTENCY.c.job_id, IDEMPOTENCY.c.created_at)
    mine = (IDEMPOTENCY.c.caller == caller, IDEMPOTENCY.c.key == key)
    found = connection.execute(wanted.where(*mine)).first()
    if found is None:
        return None
    if found.created_at < time.time() - DAY_S:
        if connection.get_execution_options().get("writes"):
            connection.execute(delete(IDEMPOTENCY).where(*mine))
        return None
    if found.body_digest != body_digest:
        raise KeyReusedError
    job_id: str = found.job_id
    return job_id


def find_job(connection: Connection, job_id: str, *, lock: bool = False) -> RenderJob | None:
    """The job with an id, if there is one; `lock` keeps its row for this transaction."""
    wanted = select(*COLUMNS).where(JOBS.c.id == job_id)
    wanted = wanted.with_for_update() if lock else wanted
    row = connection.execute(wanted).mappings().first()
    return None if row is None else made(row)


def made(row: Mapping[Any, Any]) -> RenderJob:
    """The job in a row."""
    return RenderJob(**{str(key): value for key, value in row.items()})


def end_job(
    connection: Connection,
    job: RenderJob,
    state: JobState,
    diagnostics: Sequence[Mapping[str, object]],
) -> None:
    """Put a job into a final state; events of its progress are no longer of use."""
    now = time.time()
    values: dict[str, object] = {
        "state": state.value,
        "ended_at": now,
        "diagnostics": list(diagnostics),
        "owner": None,
        "lease_until": None,
        "eta_s": None,
        "webhook_due": now if job.webhook else None,
    }
    values |= {"percent": 100.0} if state is JobState.DONE else {}
    connection.execute(update(JOBS).where(JOBS.c.id == job.id).values(**values))
    of_progress = (EVENTS.c.job_id == job.id, EVENTS.c.kind == "progress")
    connection.execute(delete(EVENTS).where(*of_progress))
    add_event(connection, job.id, state.value, {})


def add_event(connection: Connection, job_id: str, kind: str, data: Mapping[str, object]) -> None:
    """Add an event; the count in the job's row, which the update locks, numbers it."""
    mine = update(JOBS).where(JOBS.c.id == job_id)
    number = connection.scalar(mine.values(events=JOBS.c.events + 1).returning(JOBS.c.events))
    event = {"number": number, "at": time.time(), "kind": kind, "data": dict(data)}
    connection.execute(insert(EVENTS).values(job_id=job_id, **event))


def removable(before: float) -> Select[Any]:
    """The id of a job that ended before a time, and of which nothing is needed any more."""
    other = JOBS.alias()
    final = [state.value for state in JobState if state.is_final]
    is_busy = exists().where(other.c.timeline_id == JOBS.c.timeline_id, other.c.state.not_in(final))
    is_over = (JOBS.c.state.in_(final), JOBS.c.webhook_due.is_(None), JOBS.c.ended_at < before)
    return select(JOBS.c.id).where(*is_over, ~is_busy).order_by(JOBS.c.ended_at).limit(1)


def remove_job(connection: Connection, job_id: str) -> None:
    """Remove a job, and the artifacts that no other job has delivered."""
    delivered = select(FILES.c.artifact_id).where(FILES.c.job_id == job_id)
    others = select(FILES.c.artifact_id).where(FILES.c.job_id != job_id)
    child = ARTIFACTS.alias()
    has_child = exists().where(
        child.c.parent_id == ARTIFACTS.c.id, child.c.id.not_in(delivered) | child.c.id.in_(others)
    )
    unused = (ARTIFACTS.c.id.in_(delivered), ARTIFACTS.c.id.not_in(others), ~has_child)
    connection.execute(delete(ARTIFACTS).where(*unused))
    for table in (EVENTS, FILES, IDEMPOTENCY):
        connection.execute(delete(table).where(table.c.job_id == job_id))
    connection.execute(delete(JOBS).where(JOBS.c.id == job_id))
