"""The rules of a run: what is missing is skipped and named; where all is required, it fails."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]

MODULE = """
import pytest

@pytest.mark.requires("sox", "shellcheck")
def test_with_programs():
    pass

@pytest.mark.parametrize("x", [pytest.param(1, marks=pytest.mark.requires("sox")), 2])
def test_one_case(x):
    pass

def test_with_ffmpeg(ffmpegs):
    assert ffmpegs
"""


def run(folder: Path, *modules: str, strict: bool, path: str = "") -> tuple[int, str]:
    """Exit code and output of pytest over the modules, under this project's conftest."""
    shutil.copy(TESTS / "conftest.py", folder)
    shutil.copytree(TESTS / "support", folder / "support")
    for number, module in enumerate(modules):
        (folder / f"test_{number}.py").write_text(module)
    (folder / "pytest.ini").write_text(
        "[pytest]\npythonpath = support\naddopts = --import-mode=importlib --strict-markers\n"
        "markers =\n    requires(*names): as in pyproject.toml\n"
    )
    env = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    env |= {"PATH": path, "MIXDOWN_REQUIRE_ALL": "1" if strict else ""}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def test_what_is_missing_is_skipped_and_named_with_the_line_that_installs_it(tmp_path: Path):
    code, output = run(tmp_path, MODULE, strict=False)
    assert code == 0
    assert "2 passed, 3 skipped" in output
    assert "sox: 2 tests" in output
    assert "ffmpeg_debian: 1 test\n" in output
    packages = "ffmpeg libsox-fmt-all shellcheck sox"
    assert f"apt-get install --no-install-recommends {packages}\n" in output


def test_a_skip_is_a_failure_where_all_is_required(tmp_path: Path):
    code, output = run(tmp_path, MODULE, strict=True)
    assert code == 1
    assert "2 passed" in output
    assert "needs sox, shellcheck; MIXDOWN_REQUIRE_ALL=1 makes a skip a failure" in output
    assert "skipped" not in output.splitlines()[-1]


@pytest.mark.parametrize(
    "modules",
    [
        {
            "by call": "import pytest\n\ndef test_a():\n    pytest.skip('by call')\n",
            "by mark": "import pytest\n\n@pytest.mark.skip('by mark')\ndef test_a():\n    pass\n",
        },
        {
            "by line": "import pytest\n\npytest.skip('by line', allow_module_level=True)\n",
            "by_import": "import pytest\n\npytest.importorskip('by_import')\n",
        },
    ],
    ids=["tests", "modules"],
)
def test_no_way_of_skipping_is_let_through(tmp_path: Path, modules: dict[str, str]):
    code, output = run(tmp_path, *modules.values(), strict=True)
    assert code != 0
    for reason in modules:
        assert re.search(f"{reason}.*; MIXDOWN_REQUIRE_ALL=1 makes a skip a failure", output)


def test_a_misspelt_requirement_stops_the_run(tmp_path: Path):
    module = "import pytest\n\n@pytest.mark.requires('socks')\ndef test_a():\n    pass\n"
    code, output = run(tmp_path, module, strict=False)
    assert code == pytest.ExitCode.USAGE_ERROR
    assert "socks" in output


def test_an_old_ffmpeg_does_not_count(tmp_path: Path):
    programs = tmp_path / "bin"
    programs.mkdir()
    old = programs / "ffmpeg"
    old.write_text("#!/bin/sh\necho 'ffmpeg version 4.4.2 Copyright'\n")
    old.chmod(0o755)
    module = "def test_a(ffmpegs):\n    pass\n"
    code, output = run(tmp_path, module, strict=False, path=str(programs))
    assert code == 0
    assert "1 passed, 1 skipped" in output
