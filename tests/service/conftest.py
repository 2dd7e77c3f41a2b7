"""A server for the tests that need no other."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest
from databases import postgresql, url
from mixdown.media.gate import UPLOADS
from mixdown.service.keys import Scope, new_key
from running_server import RunningServer, running
from service_mixes import write_sound

__all__ = ["postgresql", "url"]

LIMITS = {
    "renders": 0,
    "queue": 2,
    "body_mb": 1,
    "head_s": 1,
    "body_s": 1,
    "tracks": 2,
    "clips": 3,
    "deliveries": 2,
    "length_min": 1,
    "media_mb": 1,
    "media_s": 4,
    "idle_s": 2,
    "imports": 1,
    "streams": 1,
    "connections": 30,
    "free_mb": 0,
}


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server without keys, with SQLite."""
    folder = tmp_path_factory.mktemp("server")
    write_sound(folder / "mixdown-media" / "a.wav")
    with running(folder) as found:
        yield found


@pytest.fixture(scope="session")
def strict(tmp_path_factory):
    """The server, the caller's keys by scope, and its folder."""
    folder = tmp_path_factory.mktemp("strict")
    keys, entries = {}, []
    for scope in (*Scope, "all"):
        scopes = tuple(Scope) if scope == "all" else (scope,)
        keys[scope], entry = new_key(f"the {scope}", scopes)
        entries.append(entry)
    (folder / "keys.toml").write_text("\n".join(entries))
    write_sound(folder / "mixdown-media" / "a.wav")
    write_sound(folder / "raw" / "b.wav", seed=3)
    write_sound(folder / "secret.wav", seed=4)
    for name, age_s in (("old", 8 * 86400), ("new", 0)):
        write_sound(folder / "mixdown-media" / UPLOADS / name)
        os.utime(folder / "mixdown-media" / UPLOADS / name, (0, time.time() - age_s))
    options = ["--keys", "keys.toml", "--import-from", f"file://{folder}/raw/"]
    options += [word for item in LIMITS.items() for word in ("--limit", "{}={}".format(*item))]
    with running(folder, *options, key=keys["all"]) as server:
        yield server, keys, folder
        assert str(folder) not in server.call("GET", "/metrics").body.decode()
