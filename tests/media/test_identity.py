"""A digest describes the current content of a file."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from mixdown.media import identity
from mixdown.media.identity import digest_of


def of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def test_a_file_is_read_once_for_each_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "a"
    path.write_bytes(b"one")
    monkeypatch.setattr(identity, "_TICK_NS", 0)
    assert digest_of(path) == of(b"one")
    monkeypatch.setattr(Path, "open", None)
    assert digest_of(path) == of(b"one")


def test_the_digest_of_a_large_file_is_in_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "a"
    path.write_bytes(b"one")
    monkeypatch.setenv("MIXDOWN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(identity, "_TICK_NS", 0)
    monkeypatch.setattr(identity, "_LARGE", 3)
    assert digest_of(path) == of(b"one")
    identity._known.clear()
    with monkeypatch.context() as patch:
        patch.setattr(identity, "_read", None)
        assert digest_of(path) == of(b"one")
    identity._known.clear()
    path.write_bytes(b"new")
    assert digest_of(path) == of(b"new")


def test_new_content_of_the_same_size_and_time_is_noticed(tmp_path: Path):
    path, other = tmp_path / "a", tmp_path / "b"
    path.write_bytes(b"one")
    times = path.stat().st_atime_ns, path.stat().st_mtime_ns
    assert digest_of(path) == of(b"one")
    other.write_bytes(b"two")
    other.replace(path)
    os.utime(path, ns=times)
    assert digest_of(path) == of(b"two")
    path.write_bytes(b"six")
    os.utime(path, ns=times)
    assert digest_of(path) == of(b"six")


def test_two_files_of_the_same_size_and_time_are_distinct(tmp_path: Path):
    for name, content in (("a", b"one"), ("b", b"two")):
        (tmp_path / name).write_bytes(content)
        os.utime(tmp_path / name, ns=(0, 0))
    assert digest_of(tmp_path / "a") == of(b"one")
    assert digest_of(tmp_path / "b") == of(b"two")


def test_a_missing_file_raises(tmp_path: Path):
    with pytest.raises(OSError, match="No such file"):
        digest_of(tmp_path / "a")
