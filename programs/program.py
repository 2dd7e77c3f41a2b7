"""What a program is: how it is found, how a step runs it, and how its output is read.

Promises: the executor knows a program only by its `Program`. ffmpeg.py and sox.py declare those of
this package; a backend from another package brings its own (`Backend.programs`).
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from attrs import field, frozen

from ..ir.codes import Code
from ..ir.diagnostics import RenderError


@frozen
class Tool:
    """A program that was found.

    Attributes:
        program: its path.
        version: the numbers, such as (5, 1, 9).
        version_text: as the program prints it, such as "5.1.9-0+deb12u1".
        found_by: "MIXDOWN_FFMPEG", "PATH" or "imageio-ffmpeg".
    """

    program: str
    version: tuple[int, ...]
    version_text: str
    found_by: str


class Ability(NamedTuple):
    """Something that a build of a program may lack, for `mixdown doctor`.

    Attributes:
        name: for people.
        arguments: make the program print what it can do.
        pattern: a regular expression that matches in one of the lines, if it has the ability.
    """

    name: str
    arguments: tuple[str, ...]
    pattern: str


def _nothing(line: str) -> None:
    return None


def _no_labels(line: str) -> tuple[str, ...]:
    return ()


@frozen(kw_only=True)
class Program:
    """A program that steps run.

    Attributes:
        name: its plain name, which steps use.
        find: finds it on this machine, or raises a RenderError that says how to get it.
        progress: the first arguments of a step that renders: they make the program print its
            progress on standard output.
        file_option: option, tool -> the option that reads the same argument from a file. None: the
            program has no such options.
        position: a line of standard output -> how many seconds of the step's output are done, if
            the line says so.
        reading: a line of a measuring step's standard output -> name and number, if it has them.
        tidy: an error line -> the same without what differs from run to run.
        generic: matches error lines that only follow from others.
        labels: an error line -> the names in it that may be labels of the plan, the most specific
            first. A label leads to a value of the graph, and that to a line of the timeline.
        abilities: what a build of it may lack.
    """

    name: str
    find: Callable[[], Tool]
    progress: tuple[str, ...] = ()
    file_option: Callable[[str, Tool], str] | None = None
    position: Callable[[str], float | None] = _nothing
    reading: Callable[[str], tuple[str, float] | None] = _nothing
    tidy: Callable[[str], str] = str
    generic: re.Pattern[str] | None = None
    labels: Callable[[str], Iterable[str]] = _no_labels
    abilities: tuple[Ability, ...] = field(default=())


_banners: dict[tuple[object, ...], str] = {}


def banner(program: str, version: tuple[str, ...]) -> str:
    """What a program prints about its version; "" if it does not run.

    A process asks a program once, and again if the file at its path has changed.

    Args:
        program: its path.
        version: the arguments that make it print its version.
    """
    try:
        file = Path(program).stat()
    except (OSError, ValueError):
        return ""
    key = (program, version, file.st_ino, file.st_size, file.st_mtime_ns)
    if not _banners.get(key):
        from .run import ask  # noqa: PLC0415 (a check of known sources runs no program)

        _banners[key] = ask([program, *version])
    return _banners[key]


def find_on_path(
    name: str, version: tuple[str, ...], pattern: str, help: str, path: str | None = None
) -> Tool:
    """The program of this name on PATH.

    Args:
        name: its file's name.
        version: the arguments that make it print its version.
        pattern: a regular expression that finds the version, its first group, in the output.
        help: how to get the program.
        path: directories to look in; None: this process's PATH.

    Raises:
        RenderError: MIX603, there is none, or it does not print its version.
    """
    program = shutil.which(name, path=path)
    found = program and re.search(pattern, banner(program, version))
    if not program or not found:
        raise RenderError.of(
            Code.STEP_FAILED,
            f"the plan runs {name}, and no {name} that runs was found on PATH",
            help=help,
        )
    numbers = tuple(int(number) for number in re.findall(r"\d+", found[1])[:3])
    return Tool(program, numbers, found[1], "PATH")


def number(text: str) -> float | None:
    """The text as a number; None if it is not one."""
    try:
        return float(text)
    except ValueError:
        return None
