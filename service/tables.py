"""The tables of jobs, in the database of the registry, and their migrations.

Times are seconds since 1970 by the clocks of the servers, which must agree to within some seconds.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Connection,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

from ..render.artifacts.migrations import Migration

VERSIONS = "mixdown_service_schema"
"""The table with the version of the others."""


def _jobs(tables: MetaData) -> tuple[Table, ...]:
    """Version 1. Do not edit it: a later version changes the tables in a migration of its own."""
    return (
        Table(
            "jobs",
            tables,
            Column("id", String(32), primary_key=True),
            Column("digest", String(71), nullable=False),
            Column("state", String(16), nullable=False, index=True),
            Column("timeline_id", String(4096), nullable=False),
            Column("body", Text, nullable=False),
            Column("format", String(8), nullable=False),
            Column("submitted_by", String(4096), nullable=False),
            Column("length_s", Float, nullable=False),
            Column("steps", Integer, nullable=False),
            Column("created_at", Float, nullable=False, index=True),
            Column("started_at", Float),
            Column("ended_at", Float),
            Column("attempts", Integer, nullable=False),
            Column("owner", String(64)),
            Column("lease_until", Float),
            Column("is_cancelled", Boolean, nullable=False),
            Column("percent", Float, nullable=False),
            Column("eta_s", Float),
            Column("events", BigInteger, nullable=False),
            Column("diagnostics", JSON, nullable=False),
            Column("report", LargeBinary),
            Column("webhook", String(4096)),
            Column("webhook_due", Float, index=True),
            Column("webhook_tries", Integer, nullable=False),
        ),
        Table(
            "job_events",
            tables,
            Column("job_id", String(32), primary_key=True),
            Column("number", BigInteger, primary_key=True, autoincrement=False),
            Column("at", Float, nullable=False),
            Column("kind", String(16), nullable=False),
            Column("data", JSON, nullable=False),
        ),
        Table(
            "job_files",
            tables,
            Column("job_id", String(32), primary_key=True),
            Column("number", Integer, primary_key=True, autoincrement=False),
            Column("artifact_id", String(32), nullable=False, index=True),
            Column("name", String(4096), nullable=False),
        ),
        Table(
            "idempotency_keys",
            tables,
            Column("caller", String(4096), primary_key=True),
            Column("key", String(255), primary_key=True),
            Column("body_digest", String(64), nullable=False),
            Column("job_id", String(32), nullable=False),
            Column("created_at", Float, nullable=False),
        ),
    )


JOBS, EVENTS, FILES, IDEMPOTENCY = _jobs(MetaData())
"""The tables as the newest migration leaves them."""


def _create(connection: Connection) -> None:
    tables = MetaData()
    _jobs(tables)
    tables.create_all(connection)


MIGRATIONS: tuple[Migration, ...] = (Migration("jobs, events, files, idempotency keys", _create),)
