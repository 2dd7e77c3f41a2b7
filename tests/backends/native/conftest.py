"""Media for the native engine's tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from sounds import Media


@pytest.fixture
def media(tmp_path: Path) -> Media:
    """A place for media."""
    return Media(tmp_path)
