"""Examines this machine: programs for rendering and their abilities, kernels, and limits.

Nothing is rendered or written. For a missing program, the result says how to install it.
"""

from __future__ import annotations

import os
import re
import resource
from collections.abc import Mapping
from typing import TYPE_CHECKING

from attrs import frozen

from ..backends.registry import installed_programs
from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic, RenderError, Severity
from ..media.cache import Cache, user_cache
from ..plans.plan import File, Plan
from ..programs.program import Program, Tool
from ..programs.run import ask

if TYPE_CHECKING:  # numpy and scipy, or numba, which `mixdown compile` does without
    from ..audio.kernels import KernelChoice

_OTHER_FILES = 16


@frozen
class ProgramStatus:
    """A program that a backend runs.

    Attributes:
        name: its plain name.
        tool: the program found, or None.
        abilities: whether it has each optional ability, by name.
        problem: why it was not found, and what to do.
    """

    name: str
    tool: Tool | None
    abilities: Mapping[str, bool]
    problem: str | None


@frozen
class Limit:
    """A limit of the system: bytes or a count; None if unlimited."""

    name: str
    value: int | None


@frozen
class SystemReport:
    """The result of an examination.

    Attributes:
        programs: that plans may run.
        kernels: the inner loops that this process uses.
        limits: of the system.
        cache: of the user; None if `MIXDOWN_CACHE` switches it off.
    """

    programs: tuple[ProgramStatus, ...]
    kernels: KernelChoice
    limits: tuple[Limit, ...]
    cache: Cache | None


def examine() -> SystemReport:
    """Find the programs that plans may run, the kernels, and the limits of the system."""
    from ..audio.kernels import chosen  # noqa: PLC0415

    programs = tuple(map(_status, installed_programs().values()))
    return SystemReport(programs, chosen(), _limits(), user_cache())


def _status(program: Program) -> ProgramStatus:
    try:
        tool = program.find()
    except RenderError as error:
        first = error.diagnostics[0]
        return ProgramStatus(program.name, None, {}, f"{first.message}; {first.help}")
    asked = {ability.arguments for ability in program.abilities}
    printed = {arguments: ask([tool.program, *arguments]) for arguments in asked}
    abilities = {
        ability.name: re.search(ability.pattern, printed[ability.arguments], re.MULTILINE)
        is not None
        for ability in program.abilities
    }
    return ProgramStatus(program.name, tool, abilities, None)


def open_file_warnings(plan: Plan) -> tuple[Diagnostic, ...]:
    """Warnings for the steps that open more files than this machine allows a process to open.

    A plan in parts never does, but a single command may. Other files of a program count as
    `_OTHER_FILES`.
    """
    most = _open_files()
    if most is None:
        return ()
    opened = {step.id: sum(isinstance(arg, File) for arg in step.argv) for step in plan.steps}
    return tuple(
        Diagnostic(
            Code.TOO_MANY_FILES,
            f"step {name!r} opens {count:,} files; the limit of this machine is {most:,}",
            help="compile without --single, or raise the limit on the machine that will run it "
            f"(ulimit -n {count + _OTHER_FILES})",
            severity=Severity.WARNING,
        )
        for name, count in opened.items()
        if count + _OTHER_FILES > most
    )


def _open_files() -> int | None:
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if files == resource.RLIM_INFINITY else files


def _limits() -> tuple[Limit, ...]:
    return (
        Limit("open files", _open_files()),
        Limit("bytes of all arguments", os.sysconf("SC_ARG_MAX")),
        Limit("bytes of one argument", 32 * os.sysconf("SC_PAGE_SIZE")),  # MAX_ARG_STRLEN, Linux
        Limit("processors", os.cpu_count()),
    )
