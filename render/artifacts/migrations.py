"""Schema migrations of the registry: numbered steps, each run once.

A registry is migrated to the newest version when it is opened, in one transaction; several
processes may do so at once. A registry written by a newer mixdown raises MIX621.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from attrs import frozen
from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Connection,
    DateTime,
    Engine,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    func,
    insert,
    inspect,
    select,
)
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError

from ...ir.codes import Code
from ...ir.diagnostics import RenderError

VERSIONS = "mixdown_schema"
"""The table with one row per migration of the registry that was run."""

_ATTEMPTS = 20
_PAUSE_S = 0.1


@frozen
class Migration:
    """A migration: its description and its function."""

    doc: str
    run: Callable[[Connection], None]


def _create_artifacts(connection: Connection) -> None:
    """Version 1. Do not edit it: a later version changes the table in a migration of its own."""
    tables = MetaData()
    Table(
        "artifacts",
        tables,
        Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
        Column("id", String(32), nullable=False, unique=True),
        Column("kind", String(32), nullable=False),
        Column("timeline_id", String(4096), nullable=False),
        Column("bus_id", String(4096), nullable=False),
        Column("parent_id", String(32), ForeignKey("artifacts.id"), index=True),
        Column("content_digest", String(71), nullable=False, index=True),
        Column("request_digest", String(71), nullable=False),
        Column("media_key", String(512), nullable=False, index=True),
        Column("size", BigInteger, nullable=False),
        Column("meta_version", Integer, nullable=False),
        Column("meta", JSON, nullable=False),
        Column("registered_at", DateTime, nullable=False, server_default=func.now()),
    )
    tables.create_all(connection)


MIGRATIONS: tuple[Migration, ...] = (Migration("artifacts, by identity", _create_artifacts),)
"""Migration n, counted from 1, leads from version n-1 to n."""


def migrate(
    engine: Engine, migrations: Sequence[Migration] = MIGRATIONS, versions: str = VERSIONS
) -> None:
    """Migrate tables to the newest version, which the table called `versions` records.

    Raises:
        RenderError: MIX621, it has a newer version.
        DBAPIError: the database refuses.
    """
    with engine.connect() as connection:  # fails at once if the database does not answer
        if version(connection, versions) == len(migrations):
            return
    for attempt in range(_ATTEMPTS):
        try:
            with engine.execution_options(writes=True).begin() as connection:
                _migrate(connection, migrations, versions)
                return
        except (IntegrityError, OperationalError, ProgrammingError):
            # Another process may be migrating at the same time.
            if attempt == _ATTEMPTS - 1:
                raise
            time.sleep(_PAUSE_S)


def version(connection: Connection, versions: str = VERSIONS) -> int:
    """The version of the tables that `versions` records; 0 if there are none."""
    if not inspect(connection).has_table(versions):
        return 0
    return connection.scalar(select(func.max(_versions(versions).c.version))) or 0


def _versions(name: str) -> Table:
    column = Column("version", Integer, primary_key=True, autoincrement=False)
    return Table(name, MetaData(), column)


def _migrate(connection: Connection, migrations: Sequence[Migration], versions: str) -> None:
    current = version(connection, versions)
    if current > len(migrations):
        raise RenderError.of(
            Code.REGISTRY_UNUSABLE,
            f"the registry has version {current}; this mixdown supports {len(migrations)}",
            help="use the newer mixdown that wrote it, or another registry",
        )
    if current == len(migrations):
        return
    table = _versions(versions)
    table.create(connection, checkfirst=True)
    for number in range(current + 1, len(migrations) + 1):
        migrations[number - 1].run(connection)
        connection.execute(insert(table).values(version=number))
