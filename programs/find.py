"""Finds the programs that steps run, and knows their versions.

Promises: ffmpeg is looked for in `MIXDOWN_FFMPEG`, on PATH and in the package imageio-ffmpeg, in
that order, and the first of version 5.1 or later is taken. What the variable names is taken or
refused, never passed over: who sets it means it. SoX is looked for on PATH.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping

from attrs import frozen

from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic, RenderError, did_you_mean

OLDEST = (5, 1)
VARIABLE = "MIXDOWN_FFMPEG"

# Builds from git carry no version number, but their libavutil does: 57.28 came with 5.1, and each
# major release since has raised its major number by one (ffmpeg's doc/APIchanges).
_AVUTIL_OF_5_1 = (57, 28)
_AVUTIL_OF_0 = 52

_PROBE_SECONDS = 20


@frozen
class Tool:
    """A program that can be run.

    Attributes:
        program: its path.
        version: the numbers, such as (5, 1, 9).
        version_text: as the program tells it, such as "5.1.9-0+deb12u1".
        found_by: "MIXDOWN_FFMPEG", "PATH" or "imageio-ffmpeg".
    """

    program: str
    version: tuple[int, ...]
    version_text: str
    found_by: str


def find_ffmpeg(environment: Mapping[str, str] | None = None) -> Tool:
    """The ffmpeg to use.

    Args:
        environment: where `MIXDOWN_FFMPEG` and PATH are looked up; None: this process's.

    Raises:
        RenderError: MIX601 where there is none, MIX602 where all are older than 5.1.
    """
    variables = os.environ if environment is None else environment
    named = variables.get(VARIABLE)
    if named:
        return _named(named, variables.get("PATH"))
    old: list[Tool] = []
    for program, found_by in _candidates(variables.get("PATH")):
        tool = probe(program, found_by)
        if tool is not None and tool.version >= OLDEST:
            return tool
        if tool is not None:
            old.append(tool)
    raise RenderError(_too_old(old[0]) if old else _none_found())


def find_sox(environment: Mapping[str, str] | None = None) -> Tool:
    """The SoX on PATH.

    Args:
        environment: where PATH is looked up; None: this process's.

    Raises:
        RenderError: MIX603, there is none that runs.
    """
    variables = os.environ if environment is None else environment
    program = shutil.which("sox", path=variables.get("PATH"))
    told = program and re.search(r"SoX\S*\s+v?(\d+(?:\.\d+)+\S*)", _banner(program, "--version"))
    if not program or not told:
        raise RenderError(
            Diagnostic(
                Code.STEP_FAILED,
                "the plan runs SoX, and no sox that runs was found on PATH",
                help="install SoX 14.4.2 or later (on Debian: apt-get install sox), or choose "
                "another backend",
            )
        )
    numbers = tuple(int(number) for number in re.findall(r"\d+", told[1])[:3])
    return Tool(program, numbers, told[1], "PATH")


FINDERS: Mapping[str, Callable[[], Tool]] = {"ffmpeg": find_ffmpeg, "sox": find_sox}
"""How each program that a step may name is found."""


def find_tools(programs: Iterable[str]) -> Mapping[str, Tool]:
    """The tools behind the plain names that steps use, sorted by name.

    Raises:
        RenderError: as the finders; MIX603 for a program that none of them finds.
    """
    found: dict[str, Tool] = {}
    for program in sorted(set(programs)):
        if program not in FINDERS:
            raise RenderError(
                Diagnostic(
                    Code.STEP_FAILED,
                    f"the plan runs {program!r}, and mixdown does not know where to find that",
                    help=did_you_mean(program, FINDERS),
                )
            )
        found[program] = FINDERS[program]()
    return found


def probe(program: str, found_by: str) -> Tool | None:
    """What the program tells of itself; None where it does not run or is no ffmpeg."""
    banner = _banner(program, "-version")
    told = re.match(r"ffmpeg version (\S+)", banner)
    return Tool(program, parse_version(banner), told[1], found_by) if told else None


def _banner(program: str, option: str) -> str:
    """What the program prints when asked for its version; nothing where it does not run."""
    try:
        return subprocess.run(
            [program, option],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=_PROBE_SECONDS,
            check=True,
        ).stdout
    except (OSError, ValueError, subprocess.SubprocessError):
        return ""


def parse_version(banner: str) -> tuple[int, ...]:
    """The version numbers in what `ffmpeg -version` prints; () where it tells none.

    Releases say "5.1.9-0+deb12u1" or "n9.0.2-17-g2a571b6068"; builds from git say
    "N-12345-gabcdef0" or a date, and are counted by their libavutil.
    """
    release = re.match(r"ffmpeg version n?(\d+)\.(\d+)(?:\.(\d+))?", banner)
    if release is not None:
        return tuple(int(number) for number in release.groups() if number is not None)
    library = re.search(r"^libavutil\s+(\d+)\.\s*(\d+)\.", banner, re.MULTILINE)
    if library is None:
        return ()
    major, minor = int(library[1]), int(library[2])
    if (major, minor) < _AVUTIL_OF_5_1:
        return (max(0, major - _AVUTIL_OF_0), 0)
    return OLDEST if major == _AVUTIL_OF_5_1[0] else (major - _AVUTIL_OF_0, 0)


def _named(named: str, path: str | None) -> Tool:
    """The tool that the variable names, by path or by a name on PATH."""
    program = shutil.which(named, path=path)
    tool = probe(program, VARIABLE) if program else None
    if tool is None:
        raise RenderError(
            Diagnostic(
                Code.NO_FFMPEG,
                f"{VARIABLE} is {named!r}, which is no ffmpeg that runs",
                help=f"set {VARIABLE} to the path of an ffmpeg 5.1 or later, or unset it",
            )
        )
    if tool.version < OLDEST:
        raise RenderError(_too_old(tool))
    return tool


def _candidates(path: str | None) -> Iterator[tuple[str, str]]:
    """Programs to try, lazily: the package is imported only where PATH has nothing."""
    on_path = shutil.which("ffmpeg", path=path)
    if on_path:
        yield on_path, "PATH"
    embedded = _embedded()
    if embedded:
        yield embedded, "imageio-ffmpeg"


def _embedded() -> str | None:
    try:
        import imageio_ffmpeg  # noqa: PLC0415 (wanted only where PATH has nothing)

        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except (ImportError, RuntimeError):
        return None


def _none_found() -> Diagnostic:
    return Diagnostic(
        Code.NO_FFMPEG,
        "no ffmpeg was found",
        help="pip install imageio-ffmpeg (it brings one), install ffmpeg 5.1 or later, or set "
        f"{VARIABLE} to its path",
    )


def _too_old(tool: Tool) -> Diagnostic:
    return Diagnostic(
        Code.FFMPEG_TOO_OLD,
        f"the ffmpeg found by {tool.found_by} is {tool.version_text}; mixdown needs 5.1 or later",
        help=f"install a newer one, or set {VARIABLE} to its path",
    )
