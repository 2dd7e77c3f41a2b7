"""Stores: local directories, and what fsspec reaches; what is in them, and what is cleared away."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from mixdown.ir.diagnostics import RenderError
from mixdown.render.artifacts.registry import open_registry, sqlite_url
from mixdown.render.artifacts.service import AudioRenderService
from mixdown.render.artifacts.store import INCOMING, Store, open_store
from mixdown.render.artifacts.upkeep import collect, orphans, verify

KEY = "renders/show/0a/master.wav"
EMPTY = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.fixture(params=["local", "file", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    places = {
        "local": str(tmp_path / "store"),
        "file": f"file://{tmp_path}/store",
        "memory": f"memory://{tmp_path.name}/store",
    }
    return open_store(places[request.param])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.wav"
    path.write_bytes(b"")
    return path


def test_a_store_keeps_files_by_key(store, file):
    assert store.digest(KEY) is None
    assert list(store.files()) == []
    file.write_bytes(b"before")
    store.put(KEY, file)
    assert store.digest(KEY) != EMPTY
    file.write_bytes(b"")
    store.put(KEY, file)
    assert store.digest(KEY) == EMPTY
    (found,) = store.files()
    assert (found.key, found.size) == (KEY, 0)
    assert 0 <= found.age_s < 60
    store.delete(KEY)
    store.delete(KEY)
    assert store.digest(KEY) is None
    assert list(store.files()) == []


def test_rendering_into_any_of_them(show, request_, store, tmp_path):
    registry = open_registry(sqlite_url(tmp_path / "r.sqlite"))
    service = AudioRenderService(store, registry)
    first = service.render(show(), request_)
    assert service.render(show(), request_).artifacts == first.artifacts
    assert list(verify(store, registry)) == []
    assert collect(store, registry, 0) == []
    store.delete(first.master.media_key)
    (problem,) = verify(store, registry)
    assert problem.code.value == "MIX624"
    service.render(show(), request_)
    assert list(verify(store, registry)) == []


def test_a_changed_file_is_found_out(show, request_, tmp_path):
    service = AudioRenderService.open(tmp_path / "store")
    done = service.render(show(), request_)
    path = tmp_path / "store" / done.stems[0].media_key
    path.write_bytes(path.read_bytes()[:-1] + b"\1")
    (problem,) = verify(service.store, service.registry)
    assert done.stems[0].id in problem.message
    assert "has other content" in problem.message


def test_only_old_files_that_no_row_names_are_collected(show, request_, tmp_path, file):
    service = AudioRenderService.open(tmp_path / "store")
    done = service.render(show(), request_)
    service.store.put(KEY, file)
    half = tmp_path / "store" / INCOMING / "half"
    half.write_bytes(b"RIFF")
    assert orphans(service.store, service.registry) == []
    for path in (half, tmp_path / "store" / KEY, tmp_path / "store" / done.master.media_key):
        os.utime(path, (0, 0))
    found = collect(service.store, service.registry)
    assert [orphan.key for orphan in found] == [f"{INCOMING}/half", KEY]
    assert not (tmp_path / "store" / KEY).parent.parent.joinpath("0a").exists()
    assert list(verify(service.store, service.registry)) == []


def test_files_may_be_kept_beside_the_store(show, request_, tmp_path):
    service = AudioRenderService.open(tmp_path / "store")
    done = service.render(show(), request_, out=tmp_path / "out")
    assert (tmp_path / "out" / "manifest.json").is_file()
    assert all(file.path.is_file() for file in done.result.files)
    assert (tmp_path / "store" / "registry.sqlite").is_file()


@pytest.mark.parametrize("place", ["nosuch://bucket/x", "/proc/store", "/etc/hostname"])
def test_a_store_that_cannot_be_used(place, file):
    with pytest.raises(RenderError) as caught:
        open_store(place).put(KEY, file)
    assert [d.code.value for d in caught.value.diagnostics] == ["MIX622"]
    assert "--store" in str(caught.value)


@pytest.mark.parametrize(
    "url", ["nosuch://me:s3/c:r@e@t@host/x", "nosuch://host/x?token=s3/c:r@e", "reference://x"]
)
def test_what_fsspec_raises_is_an_error_without_passwords(url):
    with pytest.raises(RenderError, match="MIX622") as caught:
        open_store(url)
    assert "s3" not in str(caught.value)
