"""SoX is found on PATH, and its version is understood."""

from __future__ import annotations

import pytest
from mixdown.ir.diagnostics import RenderError
from mixdown.programs.sox import find_sox


def test_without_sox_the_error_says_how_to_get_one(tmp_path):
    with pytest.raises(RenderError, match=r"MIX603.*no sox that runs") as caught:
        find_sox({"PATH": str(tmp_path)})
    assert "apt-get install sox" in str(caught.value)
    (tmp_path / "sox").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "sox").chmod(0o755)
    with pytest.raises(RenderError, match="MIX603"):
        find_sox({"PATH": str(tmp_path)})


@pytest.mark.parametrize(
    ("banner", "version"),
    [("sox:      SoX v14.4.2", (14, 4, 2)), ("sox:      SoX_ng v14.6.0.2", (14, 6, 0))],
)
def test_the_version_is_read_from_the_banner(tmp_path, banner, version):
    (tmp_path / "sox").write_text(f"#!/bin/sh\necho '{banner}'\n")
    (tmp_path / "sox").chmod(0o755)
    assert find_sox({"PATH": str(tmp_path)}).version == version
