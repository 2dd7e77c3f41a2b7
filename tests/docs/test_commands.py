"""Every command and program in README.md and docs/ does what the page says that it does."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import pytest
from forked import SECONDS, ForkServer
from house import ROOT, name_of
from pages import Command, File, Program, read_steps, required, steps

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
RUN_BY_CI = "README.md"
PLAIN = re.compile(r"""mixdown ([^'"$&|;<>()*?`\\#~{}\[\]\n]|'[^'\n]*'|"[^"$`\\\n]*")+""")
"""A command line that a shell only splits into words."""


def case(page: Path):
    names = required(page.read_text(encoding="utf-8"))
    return pytest.param(page, id=name_of(page), marks=pytest.mark.requires(*names))


def terminal(cache: Path) -> dict[str, str]:
    """The environment of a plain terminal of 100 columns that finds the programs of this Python."""
    programs = Path(sys.executable).parent
    return os.environ | {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "COLUMNS": "100",
        "MIXDOWN_CACHE": str(cache),
        "NO_COLOR": "1",
        "TERM": "dumb",
    }


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """With a user's cache, empty when the run begins: pages render the same examples repeatedly.

    The processes of pytest-xdist share it.
    """
    folder = tmp_path_factory.getbasetemp()
    is_shared = "PYTEST_XDIST_WORKER" in os.environ
    return terminal((folder.parent if is_shared else folder) / "cache-of-pages")


@pytest.fixture(autouse=True)
def _no_servers_left(tmp_path: Path) -> Iterator[None]:
    """A page that fails does not reach the command that stops its server, which keeps its port."""
    yield
    for file in tmp_path.glob("*.pid"):
        number = int(file.read_text())
        with suppress(OSError):  # it has ended
            if Path(f"/proc/{number}/cwd").readlink() == tmp_path:
                os.kill(number, signal.SIGTERM)


@pytest.mark.parametrize("page", [case(page) for page in PAGES if read_steps(page)])
def test_what_the_page_shows_works(
    page: Path, tmp_path: Path, fork_server: ForkServer, environment: dict[str, str]
):
    """All of a page runs in one folder that holds what a clone has under examples/, in order."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    for step in read_steps(page):
        where = f"{name_of(page)}:{step.line}"
        match step:
            case File(name=name, text=text):
                (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
                (tmp_path / name).write_text(text, encoding="utf-8")
            case Command() if not step.is_environment:
                code, output = run(step.text, tmp_path, environment, fork_server)
                assert code == step.exit_code, f"{where}: {step.text}\nexit code {code}\n{output}"
                assert step.prints(output), f"{where}: {step.text}\nprinted\n{output}"
            case Program(text=text):
                code, output = fork_server.run(text, ["-c"], tmp_path, environment)
                assert code == 0, f"{where}: exit code {code}\n{output}"


def run(
    line: str, folder: Path, environment: Mapping[str, str], server: ForkServer
) -> tuple[int, str]:
    """Exit code of a command line, and what it printed on both streams."""
    plain = line.replace("\\\n", " ")
    if not PLAIN.fullmatch(plain):
        return run_in_shell(line, folder, environment)
    return server.mixdown(shlex.split(plain)[1:], folder, environment)


def run_in_shell(line: str, folder: Path, environment: Mapping[str, str]) -> tuple[int, str]:
    """The same, started by a shell."""
    done = subprocess.run(
        ["bash", "-c", line],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize(
    "line",
    [
        "mixdown --version",
        "mixdown inspect examples/podcast/podcast.yaml --stats",
        "mixdown check examples/nothing.yaml",
    ],
)
def test_a_plain_command_line_does_what_a_shell_makes_it_do(
    line: str, tmp_path: Path, fork_server: ForkServer, environment: dict[str, str]
):
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    assert PLAIN.fullmatch(line)
    forked = run(line, tmp_path, environment, fork_server)
    assert forked == run_in_shell(line, tmp_path, environment)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_only_the_readme_sets_up_an_environment(page: Path):
    """Such commands are left out above; .ci/run runs the README's."""
    shown = [step for step in read_steps(page) if isinstance(step, Command) and step.is_environment]
    assert not shown or name_of(page) == RUN_BY_CI


PAGE = """
# A page

<!-- requires: sox, espeak -->

```yaml
# file: show/a.yaml
id: a
```

```console
$ echo one \\
    two
one ...
$ cat show/a.yaml
```

```console exit=3
$ true
$ exit 3
```

```sh
python3 -m venv .venv && .venv/bin/pip install .
```

```python
import mixdown
```

```python
a + b
```

```text
$ not a command
```
"""


def test_the_reader_of_pages_sees_all_that_can_be_run():
    assert list(steps(PAGE)) == [
        File(7, "show/a.yaml", "# file: show/a.yaml\nid: a\n"),
        Command(12, "echo one \\\n    two", "one ...\n"),
        Command(15, "cat show/a.yaml"),
        Command(19, "true"),
        Command(20, "exit 3", exit_code=3),
        Command(24, "python3 -m venv .venv && .venv/bin/pip install ."),
        Program(28, "import mixdown\n"),
    ]
    assert required(PAGE) == ["sox", "espeak"]


@pytest.mark.parametrize(
    ("shown", "actual", "fits"),
    [
        ("", "anything", True),
        ("one two\n", "one two  \n\n", True),
        ("one ...\n", "one two\n", True),
        ("first\n...\nlast\n", "first\n2\n3\nlast\n", True),
        ("one\n", "one\ntwo\n", False),
        ("a.c\n", "abc\n", False),
    ],
)
def test_shown_output_is_compared_line_by_line(shown: str, actual: str, fits: bool):
    assert Command(1, "x", shown).prints(actual) is fits
