"""The registry: migrations, what it refuses, and looking things up."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing

import attrs
import pytest
import sqlalchemy as sa
from mixdown.ir.codes import Code
from mixdown.ir.diagnostics import RenderError
from mixdown.render.artifacts.artifact import Artifact, artifact_id, media_key
from mixdown.render.artifacts.migrations import MIGRATIONS, Migration, migrate, version
from mixdown.render.artifacts.registry import ARTIFACTS, open_registry, sqlite_url


def artifact(bus_id: str = "master", parent: str | None = None, **changes: object) -> Artifact:
    digest, request = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"
    kind = "audio_bus_stem" if parent else "audio_render"
    fields = {
        "id": artifact_id(kind, "show", bus_id, digest, request, parent),
        "kind": kind,
        "timeline_id": "show",
        "bus_id": bus_id,
        "parent_id": parent,
        "content_digest": digest,
        "request_digest": request,
        "media_key": media_key("show", digest, bus_id, ".wav"),
        "size": 3 << 30,
        "meta": {"integrated_lufs": -16.02, "true_peak_dbtp": None, "tags": {"title": "Größe"}},
    }
    return Artifact(**{**fields, **changes})


def code_of(caught: pytest.ExceptionInfo[RenderError]) -> str:
    (diagnostic,) = caught.value.diagnostics
    return diagnostic.code.value


def test_the_table_is_what_the_migrations_leave(url):
    registry = open_registry(url)
    with registry.engine.connect() as connection:
        assert version(connection) == len(MIGRATIONS)
        found = sa.inspect(connection).get_columns("artifacts")
    assert [column["name"] for column in found] == [column.name for column in ARTIFACTS.c]


def test_registered_artifacts_are_found_again(url):
    registry = open_registry(url)
    master = artifact()
    stem = artifact("bus_music", master.id)
    assert registry.register([master, stem]) == (master, stem)
    assert open_registry(url).artifacts() == (master, stem)


def test_what_is_there_stays_as_it_is(url):
    registry = open_registry(url)
    registry.register([artifact()])
    assert registry.register([artifact(meta={"other": 1})]) == (artifact(),)


def test_a_render_is_registered_as_one_or_not_at_all(url):
    registry = open_registry(url)
    with pytest.raises(RenderError) as caught:
        registry.register([artifact(), artifact("bus_music", "0" * 32)])  # no such parent
    assert code_of(caught) == "MIX621"
    assert registry.artifacts() == ()


def test_later_migrations_run_once_over_what_is_there(url):
    registry = open_registry(url)
    registry.register([artifact()])

    def add_rating(connection: sa.Connection) -> None:
        connection.execute(sa.text("ALTER TABLE artifacts ADD COLUMN rating INTEGER"))

    later = (*MIGRATIONS, Migration("a rating", add_rating))
    for _ in range(2):
        migrate(registry.engine, later)
    with registry.engine.connect() as connection:
        assert version(connection) == len(later)
    assert registry.artifacts() == (artifact(),)
    with pytest.raises(RenderError, match="has version 2; this mixdown supports 1") as caught:
        open_registry(url)
    assert code_of(caught) == "MIX621"


def test_a_migration_that_fails_leaves_the_version_before(url):
    registry = open_registry(url)

    def fail(connection: sa.Connection) -> None:
        connection.execute(sa.text("CREATE TABLE half (id INTEGER)"))
        raise RuntimeError

    with pytest.raises(RuntimeError):
        migrate(registry.engine, (*MIGRATIONS, Migration("fails", fail)))
    with registry.engine.connect() as connection:
        assert version(connection) == len(MIGRATIONS)
        assert not sa.inspect(connection).has_table("half")


@pytest.mark.parametrize(
    "bad",
    ["nonsense", "nosuch://x", "sqlite:////proc/no/registry.sqlite", "sqlite:////etc/hostname"],
)
def test_invalid_registries(bad):
    with pytest.raises(RenderError) as caught:
        open_registry(bad)
    assert code_of(caught) == "MIX621"


def test_passwords_are_not_shown():
    with pytest.raises(RenderError) as caught:
        open_registry("postgresql+psycopg://me:secret@/x?host=/nowhere")
    assert "secret" not in str(caught.value)


def test_finding_by_the_beginning_of_an_id(url):
    registry = open_registry(url)
    one, two = artifact(id="ab" * 16), artifact(id="ac" * 16)
    registry.register([one, two])
    assert registry.find("ab") == one
    assert registry.find(two.id) == two
    for prefix in ("a", "", "x", "a%", two.id + "a"):
        with pytest.raises(RenderError) as caught:
            registry.find(prefix)
        assert code_of(caught) == "MIX623"


DIGEST = f"sha256:{'0' * 64}"


@pytest.mark.parametrize(
    ("timeline_id", "part"),
    [
        ("episode-042", "episode-042"),
        ("a/b c", "a%2Fb%20c"),
        ("..", "%2E%2E"),
        (".", "%2E"),
        ("../../etc", "..%2F..%2Fetc"),
        ("größe", "gr%C3%B6%C3%9Fe"),
    ],
)
def test_keys_are_safe_in_any_store(timeline_id, part):
    assert media_key(timeline_id, DIGEST, "master", ".wav") == (
        f"renders/{part}/{'0' * 64}/master.wav"
    )


def test_long_ids_make_short_keys_that_differ():
    one, two = (media_key("x" * 4000 + end, DIGEST, "y" * 4000, ".flac") for end in "ab")
    assert one != two
    assert max(len(part) for part in one.split("/")) <= 85


@pytest.mark.parametrize("mode", ["IMMEDIATE", "EXCLUSIVE"])
def test_reading_waits_for_no_writer_for_long(tmp_path, mode):
    url = sqlite_url(tmp_path / "registry.sqlite")
    open_registry(url).register([artifact()])
    with closing(sqlite3.connect(tmp_path / "registry.sqlite", isolation_level=None)) as writer:
        writer.execute(f"BEGIN {mode}")
        started = time.monotonic()
        if mode == "IMMEDIATE":
            assert open_registry(url).artifacts() == (artifact(),)
        else:
            with pytest.raises(RenderError, match=r"MIX621.*locked"):
                open_registry(url)
        assert time.monotonic() - started < 20


@pytest.mark.parametrize(
    "meta", ["", "{", "[1]", "null", '{"a": NaN}', '{"a": 1e999}', "[" * 5000, '"text"']
)
def test_damaged_metadata_are_an_error(tmp_path, meta):
    with pytest.raises(RenderError, match="MIX621"):
        damaged(tmp_path, "meta", meta).artifacts()


@pytest.mark.parametrize(
    "value", [b"\xff\x00", float("inf"), "1" * 400], ids=["blob", "inf", "big"]
)
@pytest.mark.parametrize("column", [f.name for f in attrs.fields(Artifact)])
def test_a_value_of_another_type_is_an_error_or_is_json(tmp_path, column, value):
    """SQLite keeps any type in any column; a number in one of text becomes text."""
    registry = damaged(tmp_path, column, value)
    try:
        (found,) = registry.artifacts()
    except RenderError as error:
        (diagnostic,) = error.diagnostics
        assert diagnostic.code is Code.REGISTRY_UNUSABLE
        assert column in diagnostic.message or column == "meta"
    else:
        json.dumps(found.to_dict(), allow_nan=False)


def damaged(folder, column, value):
    """A registry with a wrong value in a row."""
    registry = open_registry(sqlite_url(folder / "registry.sqlite"))
    registry.register([artifact()])
    with closing(sqlite3.connect(folder / "registry.sqlite")) as database, database:
        database.execute(f"UPDATE artifacts SET {column} = ?", (value,))
    return registry


@pytest.mark.parametrize(
    "url",
    [
        "nosuch://me:s3cr3t@host/x",
        "postgresql+nosuch://me:s3cr3t@host/x",
        "postgresql://me:12/s3cr3t@host:port/x",
        "mysql+nosuch://host/x?password=s3cr3t",
    ],
)
def test_a_password_is_not_printed(url):
    with pytest.raises(RenderError) as caught:
        open_registry(url)
    assert "s3cr3t" not in str(caught.value)
