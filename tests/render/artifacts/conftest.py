"""Small timelines, and registries in every kind of database that is tested."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import mixdown
import numpy as np
import psycopg
import pytest
import soundfile
from mixdown.compiler.request import RenderRequest
from mixdown.render.artifacts.registry import sqlite_url
from requirements import postgresql_programs

RATE = 8000


@pytest.fixture
def request_() -> RenderRequest:
    """Quick to render: the engine in this process, and nothing measured twice."""
    return RenderRequest(export_preset="draft", stems=True, backend="native")


@pytest.fixture
def show(tmp_path: Path) -> Callable[[str], mixdown.Timeline]:
    """Timelines of a tenth of a second by id, on two buses; each sounds its own way."""
    folder = tmp_path / "media"
    folder.mkdir()
    noise = np.random.default_rng(11).uniform(-0.1, 0.1, RATE // 10)
    soundfile.write(folder / "a.wav", noise, RATE)

    def make(name: str = "show", gain_db: float = 0) -> mixdown.Timeline:
        timeline = mixdown.Timeline(id=name, root=folder, sample_rate=RATE)
        timeline = timeline.track("a", role="dialogue", gain_db=gain_db).clip("a.wav")
        return timeline.track("b", role="music").clip("a.wav", start_ms=20)

    return make


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
    folder = request.getfixturevalue("postgresql")
    name = f"test{next(_databases)}"
    with psycopg.connect(f"host={folder} user=postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return f"postgresql+psycopg://postgres@/{name}?host={folder}"
