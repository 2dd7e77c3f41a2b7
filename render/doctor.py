"""What this machine offers a render: programs, what they can do, and limits of the system.

Promises: nothing is rendered or written; what is missing is said with the way to get it.
"""

from __future__ import annotations

import os
import re
import resource
from collections.abc import Mapping

from attrs import frozen

from ..backends.registry import installed_programs
from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic, RenderError, Severity
from ..media.cache import Cache, user_cache
from ..plans.plan import File, Plan
from ..programs.program import Program, Tool
from ..programs.run import ask

_OTHER_FILES = 16


@frozen
class Examined:
    """A program that some backend runs.

    Attributes:
        name: its plain name.
        tool: what was found; None where there is none.
        abilities: what it can do, by name.
        problem: why there is none, with the way out.
    """

    name: str
    tool: Tool | None
    abilities: Mapping[str, bool]
    problem: str | None


@frozen
class Limit:
    """A limit of the system: bytes or a count; None where there is none."""

    name: str
    value: int | None


@frozen
class SystemReport:
    """What was found.

    Attributes:
        programs: that plans may run.
        limits: of the system.
        cache: what is kept from run to run; None where `MIXDOWN_CACHE` says so.
    """

    programs: tuple[Examined, ...]
    limits: tuple[Limit, ...]
    cache: Cache | None


def examine() -> SystemReport:
    """Look for every program that plans may run, and at the limits that bind them."""
    programs = tuple(map(_examined, installed_programs().values()))
    return SystemReport(programs, _limits(), user_cache())


def _examined(program: Program) -> Examined:
    try:
        tool = program.find()
    except RenderError as error:
        first = error.diagnostics[0]
        return Examined(program.name, None, {}, f"{first.message}; {first.help}")
    asked = {ability.arguments for ability in program.abilities}
    printed = {arguments: ask([tool.program, *arguments]) for arguments in asked}
    abilities = {
        ability.name: re.search(ability.pattern, printed[ability.arguments], re.MULTILINE)
        is not None
        for ability in program.abilities
    }
    return Examined(program.name, tool, abilities, None)


def crowding(plan: Plan) -> tuple[Diagnostic, ...]:
    """Warnings for the steps that open more files than this machine lets a process open.

    Plans in parts never do; one command may. What else a program keeps open counts `_OTHER_FILES`.
    """
    most = _open_files()
    if most is None:
        return ()
    opened = {step.id: sum(isinstance(arg, File) for arg in step.argv) for step in plan.steps}
    return tuple(
        Diagnostic(
            Code.TOO_MANY_FILES,
            f"step {name!r} opens {count:,} files; here a process may open {most:,}",
            help="compile it as steps, without --single; or raise the limit where it will run "
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
