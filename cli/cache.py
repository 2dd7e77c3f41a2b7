"""`mixdown cache`: what is kept between runs, whether it is intact, and clearing it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from .options import as_json

if TYPE_CHECKING:
    from ..media.cache import Cache, Entry
    from .app import ExitCode

KINDS = ("audio", "facts", "digest", "older", "unfinished")
_DAY = 24 * 3600


@click.group("cache")
def command() -> None:
    """List, verify and clear what is kept between runs.

    Decoded sources, rendered audio, and facts about sources are kept in the user's cache, or in the
    directory that $MIXDOWN_CACHE names ('off': nowhere), up to $MIXDOWN_CACHE_SIZE (5 GiB). The
    least recently used samples are removed first. Without them a render takes longer, no more.
    """


@command.command("list")
@as_json
def list_(as_json: bool) -> None:
    """List what is kept, by kind: its size and its last use."""
    from ..ir.diagnostics import counted
    from ..media.cache import user_cache
    from .console import print_json, print_table, print_text

    cache = user_cache()
    entries = [] if cache is None else cache.entries()
    if as_json:
        print_json({"ok": True, **_place(cache), "entries": [_data(each) for each in entries]})
        return
    if cache is None:
        print_text("cache: off")
        return
    kinds = {kind: [e for e in entries if e.kind.value == kind] for kind in KINDS}
    rows = [
        (kind, f"{len(found):,}", f"{_size(found):,}", _clock(max(e.used for e in found)))
        for kind, found in kinds.items()
        if found
    ]
    if rows:
        print_table(("kind", "entries", "bytes", "last used (UTC)"), rows, numbers=3)
    of_limit = f"{_size(entries):,} of {counted(cache.limit, 'byte')}"
    print_text(f"{counted(len(entries), 'file')}, {of_limit}, in {cache.root}")


@command.command("verify")
@as_json
def verify(as_json: bool) -> ExitCode:
    """Read every entry, and remove the damaged ones.

    Exits with code 1 if there were any. (A render verifies what it uses.)
    """
    from ..ir.diagnostics import counted
    from ..media.cache import user_cache
    from .app import ExitCode
    from .console import print_json, print_text

    cache = user_cache()
    entries = [] if cache is None else cache.entries()
    damaged = [entry for entry in entries if entry.path.exists() and not entry.is_intact]
    if cache is not None:
        cache.remove(damaged)
    if as_json:
        data = [_data(entry) for entry in damaged]
        print_json({"ok": not damaged, **_place(cache), "read": len(entries), "damaged": data})
    else:
        for entry in damaged:
            print_text(f"damaged: {entry.path.name}")
        print_text(f"{counted(len(entries), 'file')}, {len(damaged)} damaged")
    return ExitCode.NO if damaged else ExitCode.OK


@command.command("clear")
@click.option(
    "--unused",
    type=click.FloatRange(min=0),
    default=0.0,
    metavar="DAYS",
    help="Only what was not used for so many days.",
)
@click.option("--kind", type=click.Choice(KINDS), help="Only entries of this kind.")
@as_json
def clear(unused: float, kind: str | None, as_json: bool) -> None:
    """Remove what is kept; a render that runs meanwhile is not disturbed."""
    from ..ir.diagnostics import counted
    from ..media.cache import user_cache
    from .console import print_json, print_text

    cache, before = user_cache(), time.time() - unused * _DAY
    entries = [] if cache is None else cache.entries()
    chosen = [e for e in entries if e.used <= before and kind in (None, e.kind.value)]
    removed = [] if cache is None else cache.remove(chosen)
    if as_json:
        print_json({"ok": True, **_place(cache), "removed": [_data(each) for each in removed]})
    else:
        size = counted(_size(removed), "byte")
        print_text(f"{counted(len(removed), 'file')}, {size} removed")


def _place(cache: Cache | None) -> dict[str, object]:
    """The directory and the limit; None if the cache is off."""
    if cache is None:
        return {"directory": None, "limit": None}
    return {"directory": str(cache.root), "limit": cache.limit}


def _data(entry: Entry) -> dict[str, object]:
    return {
        "file": entry.path.name,
        "kind": entry.kind.value,
        "bytes": entry.size,
        "used": _clock(entry.used),
    }


def _size(entries: Sequence[Entry]) -> int:
    return sum(entry.size for entry in entries)


def _clock(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
