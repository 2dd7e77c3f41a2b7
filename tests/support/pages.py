"""What a Markdown page shows and a machine can run: commands, programs, and the files they need.

- ```console or ```sh: a line that starts with "$ " is a command (a trailing backslash goes on in
  the next line); the lines after it, if any, are what it prints, where "..." stands for anything.
  Without a "$ " in the block every line is a command. ```console exit=2 says how its last command
  ends.
- ```python that imports mixdown is a program.
- Any block whose first line is the comment "file: NAME" is a file, written before what follows.
- <!-- requires: sox --> anywhere in the page names what it needs (see requirements.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import attrs

FENCE = re.compile(r"^```(\w+)([^\n`]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"\A(?:#|//) file: (\S+)\n")
PROMPT = re.compile(r"^\$ ((?:.*\\\n)*.*)\n?", re.MULTILINE)
REQUIRES = re.compile(r"<!-- requires: (.*?) -->")
SHELLS = {"console", "sh", "bash", "shell"}
# These make or change the environment that the tests run in; .ci/run runs them.
ENVIRONMENT = re.compile(r"-m venv |apt-get |pip install (?!.*--target)")


@attrs.frozen
class File:
    """A file to write: its name, relative to the folder in which the page is run."""

    line: int
    name: str
    text: str


@attrs.frozen
class Command:
    """A shell command, its expected exit code, and its expected output ("" where none is shown)."""

    line: int
    text: str
    output: str = ""
    exit_code: int = 0

    @property
    def is_environment(self) -> bool:
        """Whether the command sets up the environment instead of using it."""
        return bool(ENVIRONMENT.search(self.text))

    def prints(self, actual: str) -> bool:
        """Whether the actual output is the one that the page shows."""
        pattern = re.escape(tidy(self.output)).replace(r"\.\.\.", ".*")
        return not self.output or re.fullmatch(pattern, tidy(actual), re.DOTALL) is not None


@attrs.frozen
class Program:
    """A Python program."""

    line: int
    text: str


def tidy(text: str) -> str:
    """The text without trailing blanks, in its lines and at its end."""
    return "\n".join(line.rstrip() for line in text.rstrip().splitlines())


def steps(page: str) -> Iterator[File | Command | Program]:
    """What the page shows, in its order."""
    for block in FENCE.finditer(page):
        language, info, text = block.groups()
        line = page.count("\n", 0, block.start()) + 2
        if named := FILE.match(text):
            yield File(line, named[1], text)
        elif language in SHELLS:
            yield from _commands(line, info, text)
        elif language == "python" and re.search(r"^(import|from) mixdown", text, re.MULTILINE):
            yield Program(line, text)


def required(page: str) -> list[str]:
    """The names of what the page needs, as it says itself."""
    return [name for names in REQUIRES.findall(page) for name in names.replace(",", " ").split()]


def read_steps(path: Path) -> list[File | Command | Program]:
    """What a page shows, in its order."""
    return list(steps(path.read_text(encoding="utf-8")))


def _commands(first: int, info: str, text: str) -> Iterator[Command]:
    prompts = list(PROMPT.finditer(text))
    if not prompts:
        yield from (Command(first + n, line) for n, line in enumerate(text.splitlines()) if line)
        return
    ends = [match.start() for match in prompts[1:]] + [len(text)]
    ending = re.search(r"exit=(\d+)", info)
    for match, end in zip(prompts, ends, strict=True):
        code = int(ending[1]) if ending and end == len(text) else 0
        line = first + text.count("\n", 0, match.start())
        yield Command(line, match[1], text[match.end() : end], code)
