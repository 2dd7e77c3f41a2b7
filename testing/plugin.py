"""The pytest plugin, found through the entry point `pytest11`: the fixture `mix_snapshot`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .mix_snapshot import MixSnapshot


@pytest.fixture
def mix_snapshot(request: pytest.FixtureRequest) -> MixSnapshot:
    """Compares the mix of a timeline with the one that was stored before.

    `mix_snapshot("episode.yaml")` fails where the mix is another one, and says in words which clip,
    gain or route changed; `pytest --snapshot-update` stores it anew.
    """
    if not request.config.pluginmanager.hasplugin("syrupy"):
        pytest.fail("mix_snapshot needs syrupy: pip install 'mixdown[testing]'", pytrace=False)
    from .mix_snapshot import MixSnapshot  # noqa: PLC0415 (only where it is used)

    return MixSnapshot(request.getfixturevalue("snapshot"))
