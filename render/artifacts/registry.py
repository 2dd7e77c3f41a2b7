"""What was rendered: a table of artifacts in any database that SQLAlchemy reaches.

Promises: an artifact is registered once, however often and from however many processes at once: the
id follows from what it is, the database keeps ids unique, and whoever comes second gets the row of
the first. The artifacts of one render are registered together or not at all. SQLite by default.
"""

from __future__ import annotations

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
from ...ir.diagnostics import Diagnostic, RenderError, did_you_mean
from .artifact import Artifact
from .migrations import migrate

ARTIFACTS = Table(
    "artifacts",
    MetaData(),
    Column("number", BigInteger, primary_key=True),  # in the order of registering
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
_ATTEMPTS = 10


@frozen
class Registry:
    """A registry of artifacts; every method raises RenderError (MIX621) where it cannot be used."""

    engine: Engine

    def register(self, artifacts: Sequence[Artifact]) -> tuple[Artifact, ...]:
        """The artifacts as registered: those that were there stay as they are."""
        with _failures(self.engine):
            for attempt in range(_ATTEMPTS):
                try:
                    with self.engine.begin() as connection:
                        return tuple(_inserted_or_got(connection, a) for a in artifacts)
                except (IntegrityError, OperationalError):
                    # Another process was quicker by a moment: look again.
                    if attempt == _ATTEMPTS - 1:
                        raise
        raise AssertionError("unreachable")

    def artifacts(
        self, *, timeline_id: str | None = None, kind: str | None = None
    ) -> tuple[Artifact, ...]:
        """The artifacts, of one timeline or kind if that is asked, in the order of registering."""
        wanted = select(*_FIELDS).order_by(ARTIFACTS.c.number)
        if timeline_id is not None:
            wanted = wanted.where(ARTIFACTS.c.timeline_id == timeline_id)
        if kind is not None:
            wanted = wanted.where(ARTIFACTS.c.kind == kind)
        with _failures(self.engine), self.engine.connect() as connection:
            return tuple(_artifact(row) for row in connection.execute(wanted).mappings())

    def find(self, prefix: str) -> Artifact:
        """The artifact whose id begins so.

        Raises:
            RenderError: MIX623, none does, or several do.
        """
        with _failures(self.engine), self.engine.connect() as connection:
            matching = ARTIFACTS.c.id.startswith(prefix, autoescape=True)
            query = select(*_FIELDS).where(matching).order_by(ARTIFACTS.c.id).limit(2)
            found = [_artifact(row) for row in connection.execute(query).mappings()]
        if len(found) == 1 and prefix:
            return found[0]
        known = [artifact.id for artifact in self.artifacts()]
        several = f"several artifacts have ids that begin with {prefix!r}"
        raise RenderError(
            Diagnostic(
                Code.UNKNOWN_ARTIFACT,
                several if found else f"no artifact has an id that begins with {prefix!r}",
                help=did_you_mean(prefix, known),
            )
        )


def open_registry(url: str) -> Registry:
    """The registry at an SQLAlchemy URL, made and brought up to date as needed.

    Raises:
        RenderError: MIX621.
    """
    try:
        engine = create_engine(url, poolclass=NullPool)
    except (ArgumentError, ImportError, ValueError) as error:
        raise _unusable(url, str(error)) from error
    if engine.dialect.name == "sqlite":
        _prepare_sqlite(engine)
    with _failures(engine):
        migrate(engine)
    return Registry(engine)


def sqlite_url(path: Path) -> str:
    """The URL of a registry in a file."""
    return f"sqlite:///{path}"


def _prepare_sqlite(engine: Engine) -> None:
    """Writers queue for the lock at the start of a transaction, where waiting cannot deadlock."""
    if engine.url.database and engine.url.database != ":memory:":
        with _failures(engine):
            Path(engine.url.database).parent.mkdir(parents=True, exist_ok=True)

    @event.listens_for(engine, "connect")
    def _(connection: Any, record: object) -> None:  # noqa: ANN401 (any driver's)
        connection.isolation_level = None  # the driver begins no transactions of its own
        connection.execute(f"PRAGMA busy_timeout = {_BUSY_S * 1000}")
        connection.execute("PRAGMA foreign_keys = ON")

    @event.listens_for(engine, "begin")
    def _(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _inserted_or_got(connection: Connection, artifact: Artifact) -> Artifact:
    found = (
        connection.execute(select(*_FIELDS).where(ARTIFACTS.c.id == artifact.id)).mappings().first()
    )
    if found is not None:
        return _artifact(found)
    connection.execute(insert(ARTIFACTS).values(**artifact.to_dict()))
    return artifact


def _artifact(row: Mapping[Any, Any]) -> Artifact:
    return Artifact(**{str(key): value for key, value in row.items()})


@contextmanager
def _failures(engine: Engine) -> Iterator[None]:
    """Whatever a database raises, as MIX621."""
    try:
        yield
    except (SQLAlchemyError, OSError) as error:
        reason = getattr(error, "orig", None) or error
        url = engine.url.render_as_string(hide_password=True)
        raise _unusable(url, str(reason).strip().partition("\n")[0]) from error


def _unusable(url: str, reason: str) -> RenderError:
    return RenderError(
        Diagnostic(
            Code.REGISTRY_UNUSABLE,
            f"cannot use the registry {url!r}: {reason}",
            help="give an SQLAlchemy URL such as sqlite:///registry.sqlite with --registry",
        )
    )
