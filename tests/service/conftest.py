"""A server for the tests that need no other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from databases import postgresql, url
from running_server import RunningServer, running
from service_mixes import write_sound

__all__ = ["postgresql", "url"]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server without keys, with SQLite."""
    folder = tmp_path_factory.mktemp("server")
    write_sound(folder / "mixdown-media" / "a.wav")
    with running(folder) as found:
        yield found
