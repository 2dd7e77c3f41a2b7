"""What .ci/run runs is what the README shows and what the tests ask for."""

from __future__ import annotations

import re
import subprocess

import pytest
from house import ROOT
from pages import Command, read_steps
from requirements import REQUIREMENTS

SCRIPTS = [ROOT / ".ci" / "run", ROOT / ".ci" / "typecheck"]


def test_ci_installs_what_the_tests_require():
    listed = re.search(r"^packages=\((.*?)\)", SCRIPTS[0].read_text(), re.MULTILINE | re.DOTALL)
    wanted = {package for need in REQUIREMENTS.values() for package in need.packages}
    assert set(listed[1].split()) == wanted | {"python3-venv"}


def test_ci_finds_each_of_the_readmes_two_commands_by_its_pattern():
    commands = [step.text for step in read_steps(ROOT / "README.md") if is_environment(step)]
    patterns = re.findall(r"readme_line '(.*)'", SCRIPTS[0].read_text())
    readme = (ROOT / "README.md").read_text().splitlines()
    found = [[line for line in readme if re.search(pattern, line)] for pattern in patterns]
    assert found == [[command] for command in commands]
    assert len(commands) == 2


def is_environment(step: object) -> bool:
    return isinstance(step, Command) and step.is_environment


@pytest.mark.requires("shellcheck")
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_the_scripts_are_sound(script):
    done = subprocess.run(["shellcheck", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
