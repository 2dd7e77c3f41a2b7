"""The gate: what no document may name."""

from __future__ import annotations

from pathlib import Path

import pytest
from mixdown.ir.codes import Code
from mixdown.media.gate import UPLOADS, normal, refused

REFUSED = [
    ("", Code.UNKNOWN_SOURCE),
    ("a" * 4097, Code.OUT_OF_RANGE),
    ("a\0b", Code.OUT_OF_RANGE),
    ("http://example.org/a.wav", Code.SOURCE_IS_URL),
    ("concat:a.wav|b.wav", Code.SOURCE_IS_URL),
    ("HLS+http://x", Code.SOURCE_IS_URL),
    ("subfile,,start,0,end,9,,:a.wav", Code.SOURCE_IS_URL),
    ("../secret.flac", Code.SOURCE_OUTSIDE),
    ("a/../../secret.flac", Code.SOURCE_OUTSIDE),
    ("/etc/passwd", Code.SOURCE_OUTSIDE),
    ("link/secret.flac", Code.SOURCE_OUTSIDE),
    (f"link/root/{UPLOADS}/a.wav", Code.SOURCE_OUTSIDE),
]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "secret.flac").write_bytes(b"secret")
    (root / "link").symlink_to(tmp_path)
    return root


@pytest.mark.parametrize(("path", "code"), REFUSED, ids=lambda each: str(each)[:30])
def test_what_may_not_be_opened(root: Path, path: str, code: Code):
    found = refused(root, path, allow_outside=False)
    assert found is not None
    assert found.code is code
    assert len(found.message) < 200


@pytest.mark.parametrize("path", ["a.wav", "a/b.wav", "./http:", "a/../b.wav", "12:30 talk.wav"])
def test_what_may(root: Path, path: str):
    assert refused(root, path, allow_outside=False) is None
    assert refused(root, str(root / path), allow_outside=False) is None


def test_outside_by_choice_but_no_protocol(root: Path):
    assert refused(root, "../secret.flac", allow_outside=True) is None
    assert refused(root, "concat:a|b", allow_outside=True) is not None


def test_a_refusal_does_not_say_whether_the_file_is_there(root: Path):
    there = refused(root, "../secret.flac", allow_outside=False)
    (root.parent / "secret.flac").unlink()
    assert refused(root, "../secret.flac", allow_outside=False) == there


def test_a_path_is_absolute_only_outside(root: Path):
    (root.parent / "alias").symlink_to(root)
    assert normal(root, "./a/b.wav") == "a/b.wav"
    assert normal(root, str(root / "a/b.wav")) == "a/b.wav"
    assert normal(root, str(root.parent / "alias/b.wav")) == "b.wav"
    assert normal(root, "../b.wav") == "../b.wav"
    assert normal(root, str(root.parent / "b.wav")) == str(root.parent / "b.wav")
