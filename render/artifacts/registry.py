"""The registry: a table of artifacts in any database that SQLAlchemy supports, SQLite by default.

An artifact is registered once, even from several processes at the same time: its id is derived from
its properties, the database keeps ids unique, and a second registration returns the first row. The
artifacts of one render are registered together or not at all.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attrs import frozen
from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Connection,
    DateTime,
    Engine,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    event,
    insert,
    select,
)
from sqlalchemy.exc import ArgumentError, IntegrityError, OperationalError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from ...ir.codes import Code
from ...ir.diagnostics import RenderError, did_you_mean
from .artifact import Artifact
from .migrations import migrate
from .store import without_secrets

ARTIFACTS = Table(
    "artifacts",
    MetaData(),
    Column("number", BigInteger, primary_key=True),  # in the order of registration
    Column("id", String),
    Column("kind", String),
    Column("timeline_id", String),
    Column("bus_id", String),
    Column("parent_id", String),
    Column("content_digest", String),
    Column("request_digest", String),
    Column("media_key", String),
    Column("size", BigInteger),
    Column("meta_version", Integer),
    Column("meta", JSON),
    Column("registered_at", DateTime),
)
"""The table as the newest migration leaves it."""

_FIELDS = [column for column in ARTIFACTS.c if column.name not in ("number", "registered_at")]
_BUSY_S = 60
_READ_S = 5
_ATTEMPTS = 10


@frozen
class Registry:
    """A registry of artifacts; every method raises RenderError (MIX621) if the database fails."""

    engine: Engine

    def register(self, artifacts: Sequence[Artifact]) -> tuple[Artifact, ...]:
        """Register artifacts and return them; those already registered are returned unchanged."""
        with failures(self.engine):
            for attempt in range(_ATTEMPTS):
                try:
                    with self.engine.execution_options(writes=True).begin() as connection:
                        return tuple(_insert_or_get(connection, a) for a in artifacts)
                except (IntegrityError, OperationalError):
                    # Another process registered it first: read again.
                    if attempt == _ATTEMPTS - 1:
                        raise
        raise AssertionError("unreachable")

    def artifacts(
        self, *, timeline_id: str | None = None, kind: str | None = None
    ) -> tuple[Artifact, ...]:
        """The artifacts, optionally of one timeline or kind, in the order of registration."""
        wanted = select(*_FIELDS).order_by(ARTIFACTS.c.number)
        if timeline_id is not None:
            wanted = wanted.where(ARTIFACTS.c.timeline_id == timeline_id)
        if kind is not None:
            wanted = wanted.where(ARTIFACTS.c.kind == kind)
        with failures(self.engine), self.engine.connect() as connection:
            return tuple(_artifact(row) for row in connection.execute(wanted).mappings())

    def named(self, ids: Sequence[str]) -> Mapping[str, Artifact]:
        """The artifacts with these ids that there are, by id."""
        wanted = select(*_FIELDS).where(ARTIFACTS.c.id.in_(ids))
        with failures(self.engine), self.engine.connect() as connection:
            found = map(_artifact, connection.execute(wanted).mappings())
            return {artifact.id: artifact for artifact in found}

    def find(self, prefix: str) -> Artifact:
        """The artifact whose id starts with `prefix`.

        Raises:
            RenderError: MIX623, there is none, or several.
        """
        with failures(self.engine), self.engine.connect() as connection:
            matching = ARTIFACTS.c.id.startswith(prefix, autoescape=True)
            query = select(*_FIELDS).where(matching).order_by(ARTIFACTS.c.id).limit(2)
            found = [_artifact(row) for row in connection.execute(query).mappings()]
        if len(found) == 1 and prefix:
            return found[0]
        known = [artifact.id for artifact in self.artifacts()]
        several = f"several artifacts have ids that start with {prefix!r}"
        raise RenderError.of(
            Code.UNKNOWN_ARTIFACT,
            several if found else f"no artifact has an id that starts with {prefix!r}",
            help=did_you_mean(prefix, known),
        )


def open_registry(url: str, *, pooled: bool = False) -> Registry:
    """Open the registry at an SQLAlchemy URL; create or migrate it as needed.

    With `pooled`, connections are kept open for later use, as a server does.

    Raises:
        RenderError: MIX621.
    """
    try:
        kept = {"pool_pre_ping": True} if pooled else {"poolclass": NullPool}
        engine = create_engine(url, **kept)
    except ValueError as error:  # its words may be a part of the password
        raise _unusable(url, "it is not a URL of a database") from error
    except (ArgumentError, ImportError, TypeError) as error:
        raise _unusable(url, str(error)) from error
    if engine.dialect.name == "sqlite":
        _prepare_sqlite(engine)
    with failures(engine):
        migrate(engine)
    return Registry(engine)


def sqlite_url(path: Path) -> str:
    """The URL of a registry in a file."""
    return f"sqlite:///{path}"


def _prepare_sqlite(engine: Engine) -> None:
    """Make writers wait for the lock at the start of a transaction, which cannot deadlock.

    Readers need no such lock, and wait only for another process's commit.
    """
    if engine.url.database and engine.url.database != ":memory:":
        with failures(engine):
            Path(engine.url.database).parent.mkdir(parents=True, exist_ok=True)

    @event.listens_for(engine, "connect")
    def _(connection: Any, record: object) -> None:  # noqa: ANN401 (any driver's)
        connection.isolation_level = None  # the driver starts no transactions of its own
        connection.execute("PRAGMA foreign_keys = ON")

    @event.listens_for(engine, "begin")
    def _(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql(
            f"PRAGMA busy_timeout = {(_BUSY_S if writes else _READ_S) * 1000}"
        )
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _insert_or_get(connection: Connection, artifact: Artifact) -> Artifact:
    found = (
        connection.execute(select(*_FIELDS).where(ARTIFACTS.c.id == artifact.id)).mappings().first()
    )
    if found is not None:
        return _artifact(found)
    connection.execute(insert(ARTIFACTS).values(**artifact.to_dict()))
    return artifact


def _artifact(row: Mapping[Any, Any]) -> Artifact:
    wrong = [c.name for c in _FIELDS if not isinstance(row[c.name], _types(c))]
    if wrong:
        raise ValueError(f"the row of the artifact {row['id']!r} has a damaged {wrong[0]}")
    json.dumps(row["meta"], allow_nan=False)  # raises for NaN and infinity
    return Artifact(**{str(key): value for key, value in row.items()})


def _types(column: Column[Any]) -> tuple[type, ...]:
    """The types of a field; SQLite keeps values of any type in any column."""
    if column.name == "parent_id":
        return (str, type(None))
    return (dict,) if column.name == "meta" else (column.type.python_type,)


@contextmanager
def failures(engine: Engine) -> Iterator[None]:
    """Turn every error of the registry's database into MIX621."""
    try:
        yield
    except (SQLAlchemyError, OSError, ValueError, RecursionError) as error:
        if isinstance(error, RenderError):
            raise
        reason = getattr(error, "orig", None) or error
        url = engine.url.render_as_string(hide_password=True)
        raise _unusable(url, str(reason).strip().partition("\n")[0]) from error


def _unusable(url: str, reason: str) -> RenderError:
    return RenderError.of(
        Code.REGISTRY_UNUSABLE,
        f"cannot use the registry {without_secrets(url)!r}: {without_secrets(reason)}",
        help="give an SQLAlchemy URL such as sqlite:///registry.sqlite with --registry",
    )
