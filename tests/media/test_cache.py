from __future__ import annotations

import os
import resource
from pathlib import Path

import pytest
from mixdown.media.cache import Cache, EntryKind, run_key, scratch, user_cache


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache", limit=100)


def kept(cache: Cache, tmp_path: Path, key: str) -> bytes | None:
    target = tmp_path / "taken"
    target.unlink(missing_ok=True)
    return target.read_bytes() if cache.take(key, target) else None


def keep(cache: Cache, tmp_path: Path, key: str, content: bytes, used: int = 0) -> None:
    source = tmp_path / f"source-{key}"
    source.write_bytes(content)
    os.utime(source, (used, used))
    cache.keep(key, source)


def test_a_kept_file_is_found(cache, tmp_path):
    keep(cache, tmp_path, "a", b"one")
    assert kept(cache, tmp_path, "a") == b"one"
    assert kept(cache, tmp_path, "b") is None
    assert cache.size() == 3


def test_a_key_may_be_kept_again(cache, tmp_path):
    keep(cache, tmp_path, "a", b"one")
    keep(cache, tmp_path, "a", b"two!")
    assert kept(cache, tmp_path, "a") == b"two!"
    assert cache.size() == 4


def test_a_full_cache_removes_the_least_recently_used_entry(cache, tmp_path):
    for number, key in enumerate("abc", 1):
        keep(cache, tmp_path, key, bytes(40), used=number)
    assert kept(cache, tmp_path, "a") is None
    assert kept(cache, tmp_path, "b") is not None  # and is the last used now
    keep(cache, tmp_path, "d", bytes(40), used=9)
    assert kept(cache, tmp_path, "c") is None
    assert kept(cache, tmp_path, "b") is not None


def test_records_outlive_samples_up_to_a_fifth_of_a_cache(tmp_path):
    cache = Cache(tmp_path / "cache", limit=100)
    for name in "abc":
        cache.keep_content(name, b"10 letters", EntryKind.FACTS)
    assert [cache.content(name) is None for name in "abc"] == [True, False, False]
    (tmp_path / "file").write_bytes(bytes(50))
    cache.keep("x", tmp_path / "file")
    cache.keep("y", tmp_path / "file")
    assert [cache.content(name) is None for name in "bc"] == [False, False]
    assert [cache.file(name) is None for name in "xy"] == [True, False]


def test_a_file_larger_than_the_cache_is_not_kept(cache, tmp_path):
    keep(cache, tmp_path, "a", bytes(40))
    keep(cache, tmp_path, "b", bytes(101))
    assert kept(cache, tmp_path, "b") is None
    assert kept(cache, tmp_path, "a") is not None


def test_an_existing_target_is_not_overwritten(cache, tmp_path):
    keep(cache, tmp_path, "a", b"one")
    (tmp_path / "mine").write_bytes(b"mine")
    assert not cache.take("a", tmp_path / "mine")
    assert not cache.take("a", tmp_path / "nowhere" / "file")
    assert (tmp_path / "mine").read_bytes() == b"mine"
    assert kept(cache, tmp_path, "a") == b"one"


def test_a_linked_file_takes_no_space_and_is_checked_all_the_same(cache, tmp_path):
    made, taken = tmp_path / "made", tmp_path / "taken"
    made.write_bytes(b"one")
    cache.keep("a", made, link=True)
    assert cache.take("a", taken, link=True)
    assert taken.samefile(made)
    assert not cache.take("a", made, link=True)  # it exists
    assert kept(cache, tmp_path, "a") == b"one"
    assert not (tmp_path / "taken").samefile(made)  # without `link`, a copy
    made.write_bytes(b"two")  # which nobody may do
    assert kept(cache, tmp_path, "a") is None
    assert made.read_bytes() == b"two"


def test_where_links_are_refused_files_are_copied(cache, tmp_path, monkeypatch):
    def refused(source, target):
        raise PermissionError(source)

    monkeypatch.setattr(os, "link", refused)
    made, taken = tmp_path / "made", tmp_path / "taken"
    made.write_bytes(b"one")
    cache.keep("a", made, link=True)
    assert cache.take("a", taken, link=True)
    assert taken.read_bytes() == b"one"
    assert not taken.samefile(made)


def test_a_cache_that_cannot_be_written_keeps_nothing(tmp_path):
    (tmp_path / "file").write_text("in the way")
    cache = Cache(tmp_path / "file")
    keep(cache, tmp_path, "a", b"one")
    assert kept(cache, tmp_path, "a") is None
    assert cache.size() == 0


def test_the_variable_is_a_directory_or_off(tmp_path):
    assert user_cache({"MIXDOWN_CACHE": "off"}) is None
    assert user_cache({"MIXDOWN_CACHE": str(tmp_path)}) == Cache(tmp_path)
    assert user_cache({}).root.name == "mixdown"


def test_a_damaged_entry_is_not_kept(cache, tmp_path):
    keep(cache, tmp_path, "a", b"one")
    (entry,) = (tmp_path / "cache").iterdir()
    entry.unlink()
    entry.write_bytes(b"onx")
    assert kept(cache, tmp_path, "a") is None
    assert not entry.exists()
    keep(cache, tmp_path, "a", b"one")
    (entry,) = (tmp_path / "cache").iterdir()
    entry.write_bytes(b"on")
    assert kept(cache, tmp_path, "a") is None


def test_an_entry_is_not_changed_through_the_files_it_was_copied_from_and_to(cache, tmp_path):
    keep(cache, tmp_path, "a", b"one")
    for name in ("source-a", "taken"):
        assert kept(cache, tmp_path, "a") == b"one"
        with (tmp_path / name).open("rb+") as file:  # in place, as ffmpeg -y does
            file.write(b"two")
    assert kept(cache, tmp_path, "a") == b"one"


def test_a_full_disk_is_a_miss(cache, tmp_path):
    keep(cache, tmp_path, "a", b"much")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2, limits[1]))  # no file may be longer
    try:
        assert not cache.take("a", tmp_path / "taken")
        cache.keep("b", tmp_path / "source-a")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not (tmp_path / "taken").exists()
    assert kept(cache, tmp_path, "a") == b"much"
    assert len(list(cache.root.iterdir())) == 1


@pytest.mark.parametrize("name", ["precious.wav", "0" * 64, f".{'0' * 64}", f"{'0' * 64}.wav"])
def test_files_of_others_are_not_touched(cache, tmp_path, name):
    other = tmp_path / "cache" / name
    other.parent.mkdir()
    other.write_bytes(bytes(1000))
    os.utime(other, (0, 0))
    keep(cache, tmp_path, "a", bytes(80), used=1)
    keep(cache, tmp_path, "b", bytes(80), used=2)
    assert other.exists()
    assert cache.size() == 80


@pytest.mark.parametrize("where", ["cache", "nowhere", "file"])
def test_a_scratch_file_is_removed_afterwards(tmp_path, where):
    (tmp_path / "file").write_text("in the way")
    cache = {"cache": Cache(tmp_path / "cache"), "nowhere": None, "file": Cache(tmp_path / "file")}
    with scratch(cache[where]) as path:
        path.write_bytes(b"much")
        assert (path.parent == tmp_path / "cache") == (where == "cache")
    assert not path.exists()


def test_files_of_killed_processes_are_removed_with_the_oldest(cache, tmp_path):
    with scratch(cache) as path:
        left = path.with_name(f".{'0' * 64}.mixdown")
        left.write_bytes(bytes(60))
        keep(cache, tmp_path, "a", bytes(60), used=1)
        assert cache.remove(cache.entries()) == []
        assert left.exists(), "somebody may be at work"
        assert path.exists()
        os.utime(left, (0, 0))
        keep(cache, tmp_path, "a", bytes(60), used=1)
        assert not left.exists()


def test_a_key_depends_on_arguments_version_and_contents():
    assert run_key(["a", "b"], "1", ["c"]) == run_key(iter(["a", "b"]), "1", ["c"])
    keys = {
        run_key(words, version, contents)
        for words in (["a", "b"], ["ab"], ["b", "a"])
        for version in ("1", "2")
        for contents in (["c"], ["d"])
    }
    assert len(keys) == 12
