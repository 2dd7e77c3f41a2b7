"""The pytest plugin behind the entry point `pytest11`: the fixture `mix_snapshot`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .mix_snapshot import MixSnapshot


@pytest.fixture
def mix_snapshot(request: pytest.FixtureRequest) -> MixSnapshot:
    """Compare the mix of a timeline with the stored one.

    `mix_snapshot("episode.yaml")` fails if the mix has changed and says in words which clip, gain
    or route differs; `pytest --snapshot-update` stores the new mix.
    """
    if not request.config.pluginmanager.hasplugin("syrupy"):
        pytest.fail("mix_snapshot needs syrupy: pip install 'mixdown[testing]'", pytrace=False)
    from .mix_snapshot import MixSnapshot  # noqa: PLC0415 (only when it is used)

    return MixSnapshot(request.getfixturevalue("snapshot"))
