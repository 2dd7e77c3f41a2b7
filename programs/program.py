"""What a program is: how it is found, how a step runs it, and how what it prints is read.

Promises: the executor knows every program through a `Program` alone. Those of this package are in
ffmpeg.py and sox.py; a backend brings its own (`Backend.programs`).
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterable

from attrs import field, frozen

from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic, RenderError
from .run import ask


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


@frozen
class Ability:
    """Something that a build of a program may lack, for `mixdown doctor`.

    Attributes:
        name: for people.
        arguments: what makes the program print what it can do.
        pattern: a regular expression that is found in that, in one of its lines.
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
        name: its plain name, which steps call it by.
        find: finds it on this machine; a RenderError says that it is not there, and the way out.
        progress: arguments that come first in a step that renders, and make the program print on
            standard output how far it is.
        file_option: the option that stands for another where that one's argument, a text, is passed
            in a file; for the tool that was found. None: the program has none.
        position: how many seconds of a step's output are done, where a line of standard output
            says that.
        reading: name and number, where a line of a measuring step's standard output has one.
        tidy: an error line without what differs from run to run.
        generic: matches error lines that follow from others, and say nothing of their own.
        labels: the names in an error line that may be labels of the plan, so that a failure leads
            to a value of the graph and from there to a line of the timeline; likeliest first.
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


def find_on_path(
    name: str, version: tuple[str, ...], pattern: str, help: str, path: str | None = None
) -> Tool:
    """The program of this name on PATH.

    Args:
        name: its file's name.
        version: the arguments that make it print its version.
        pattern: a regular expression for what it then prints; its first group is the version.
        help: how to get the program.
        path: directories to look in; None: this process's PATH.

    Raises:
        RenderError: MIX603, there is none that runs and prints its version.
    """
    program = shutil.which(name, path=path)
    found = program and re.search(pattern, ask([program, *version]))
    if not program or not found:
        raise RenderError(
            Diagnostic(
                Code.STEP_FAILED,
                f"the plan runs {name}, and no {name} that runs was found on PATH",
                help=help,
            )
        )
    numbers = tuple(int(number) for number in re.findall(r"\d+", found[1])[:3])
    return Tool(program, numbers, found[1], "PATH")


def number(text: str) -> float | None:
    """The number that a text is, if it is one."""
    try:
        return float(text)
    except ValueError:
        return None
