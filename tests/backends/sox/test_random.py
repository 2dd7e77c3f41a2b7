"""Random mixes: premaster and buses by SoX against the reference, within -140 dBFS."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from differential import kept, make_media, mixes
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mixdown.render.verify import Performer, perform, residual
from sox_bench import BUDGET

pytestmark = pytest.mark.requires("sox")

CHECKS = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]
REFERENCE = Performer("reference", "reference")
SOX = Performer("sox", "sox")


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_media(tmp_path_factory.mktemp("media"))


def agree(media: Path, data: st.DataObject) -> None:
    timeline = data.draw(mixes(media))
    with kept(timeline, "sox"), TemporaryDirectory() as directory:
        meant = perform(timeline, REFERENCE, Path(directory) / "reference")
        made = perform(timeline, SOX, Path(directory) / "sox")
        for what in meant.files:
            found = residual(what, meant, made)
            assert found.dbfs <= BUDGET, found


@settings(max_examples=12, suppress_health_check=CHECKS)
@given(data=st.data())
def test_sox_plays_what_the_reference_means(media, data):
    agree(media, data)


@pytest.mark.soak
@settings(max_examples=300, suppress_health_check=CHECKS, derandomize=False)
@given(data=st.data())
def test_sox_plays_hundreds_of_mixes(media, data):
    agree(media, data)
