"""A mix with something of everything, and its page."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile
from inspected import DOCUMENT
from mixdown.compiler.graph_input import open_mix
from mixdown.inspection.page.build import inspection
from mixdown.inspection.page.emit import page
from mixdown.inspection.trace import trace


@pytest.fixture(scope="session")
def everything(tmp_path_factory):
    """The document, in a directory with its sources."""
    folder = tmp_path_factory.mktemp("everything")
    noise = np.random.default_rng(5)
    for name, channels, rate in (("tone", 1, 8000), ("voice", 1, 16000), ("wide", 2, 48000)):
        sound = noise.normal(0.0, 0.1, (5 * rate, channels))
        sound[rate : 2 * rate] *= 0.01
        soundfile.write(folder / f"{name}.wav", sound, rate, subtype="PCM_16")
    path = folder / "everything.yaml"
    path.write_text(DOCUMENT)
    return path


@pytest.fixture(scope="session")
def done(everything):
    """Its passes."""
    return trace(open_mix(everything))


@pytest.fixture(scope="session")
def address(done, everything):
    """The address of its page."""
    path = everything.with_suffix(".html")
    path.write_text(page(inspection(done)))
    return path.as_uri()
