"""Fixtures with empty registries in every kind of database that is tested."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest
from mixdown.render.artifacts.registry import sqlite_url
from requirements import postgresql_programs


def _run(user: int | None, *command: str | Path) -> None:
    name = [] if user is None else ["runuser", "-u", pwd.getpwuid(user).pw_name, "--"]
    subprocess.run([*name, *map(str, command)], check=True, capture_output=True, cwd="/")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Path]:
    """A server of its own, on a socket in a directory; it does not run as root."""
    programs = postgresql_programs()
    user = pwd.getpwnam("postgres").pw_uid if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="mixdown-pg-"))
    if user is not None:
        os.chown(folder, user, -1)
    data = folder / "data"
    settings = f"-k {folder} -c listen_addresses= -c fsync=off"
    try:
        _run(user, programs / "initdb", "-D", data, "-A", "trust", "-U", "postgres", "-N")
        log = ("-l", folder / "log", "-w")
        _run(user, programs / "pg_ctl", "-D", data, "-o", settings, *log, "start")
        try:
            yield folder
        finally:
            _run(user, programs / "pg_ctl", "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


_databases = count()


@pytest.fixture(
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.requires("postgresql"))]
)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty registry; the test runs once with each database."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path / "registry.sqlite")
    return new_database(request.getfixturevalue("postgresql"))


def new_database(folder: Path) -> str:
    """The URL of an empty database of a PostgreSQL server."""
    name = f"test{next(_databases)}"
    with psycopg.connect(f"host={folder} user=postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return f"postgresql+psycopg://postgres@/{name}?host={folder}"
