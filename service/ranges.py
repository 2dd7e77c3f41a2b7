"""Ranges and validators of a file whose ETag is its digest (RFC 9110, sections 13 and 14)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from .problems import ProblemError

_ONE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


def is_current(headers: Mapping[str, str], tag: str) -> bool:
    """Whether the copy that a request has is the file with this ETag."""
    known = headers.get("if-none-match", "")
    return known.strip() == "*" or tag in (t.strip().removeprefix("W/") for t in known.split(","))


def asked_range(headers: Mapping[str, str], tag: str, size: int) -> tuple[int, int]:
    """The first byte that a request asks for, and the one after the last.

    Several ranges, and a range for another version of the file, count as the whole of it.

    Raises:
        ProblemError: the file has none of these bytes.
    """
    found = _ONE.fullmatch(headers.get("range", ""))
    if found is None or headers.get("if-range", tag).strip() != tag or found.groups() == ("", ""):
        return 0, size
    first, last = found.groups()
    if first and last and int(last) < int(first):
        return 0, size
    start = int(first) if first else max(0, size - int(last))
    stop = min(size, int(last) + 1) if first and last else size
    if start >= size or stop <= start:
        raise ProblemError(
            "wrong-range",
            f"the file has {size:,} bytes",
            headers={"Content-Range": f"bytes */{size}"},
        )
    return start, stop
