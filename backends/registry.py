"""Backends by name: those of installed packages, and those that a program registers.

Promises: a backend is loaded when it is used and no earlier, so that a broken one does not affect
the others. What is wrong with it is a coded error that names its package.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from ..ir.codes import Code
from ..ir.diagnostics import BackendError, Diagnostic, RenderError, did_you_mean
from ..ir.nodes import KINDS
from ..plans.plan import OURSELVES, Plan
from ..programs.packages import additions
from ..programs.program import Program, Tool
from .protocol import Backend, failure, programs_of, unusable

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "mixdown.backends"

_MEMBERS = ("name", "capabilities", "programs", "reads", "emit")
_registered: dict[str, Backend] = {}


def register_backend(backend: Backend) -> None:
    """Make a backend available in this process, like one of an installed package.

    Raises:
        BackendError: MIX505, it lacks something; MIX506, another one has its name.
    """
    name = getattr(backend, "name", type(backend).__name__)
    _check(backend, name)
    installed = [_package(entry) for entry in additions(GROUP, name)]
    if installed or _registered.get(name, backend) is not backend:
        raise _clash(name, [*(installed or ["this program"]), "this program"])
    _registered[name] = backend


def backend_names() -> tuple[str, ...]:
    """The names of all backends, sorted."""
    return tuple(sorted({*_registered, *(entry.name for entry in additions(GROUP))}))


def find_backend(name: str) -> Backend:
    """The backend called `name`.

    Raises:
        BackendError: MIX501, there is none; MIX505, it cannot be loaded or lacks something;
            MIX506, several packages bring one of this name.
    """
    if name in _registered:
        return _registered[name]
    entries = additions(GROUP, name)
    if not entries:
        raise BackendError(unknown_backend(name))
    if len(entries) > 1:
        raise _clash(name, [_package(entry) for entry in entries])
    return _loaded(entries[0])


def unknown_backend(name: str) -> Diagnostic:
    """The error for a name that no backend has."""
    return Diagnostic(
        Code.UNKNOWN_BACKEND,
        f"no backend is called {name!r}",
        help=did_you_mean(name, backend_names()),
    )


def installed_programs() -> Mapping[str, Program]:
    """The programs of all backends that can be loaded, by their plain names; the first counts."""
    found: dict[str, Program] = {}
    for name in backend_names():
        try:
            found = {**programs_of(find_backend(name)), **found}
        except BackendError:
            continue
    return found


def find_program(name: str) -> Program:
    """The program that the plans of some backend run by this name.

    Raises:
        RenderError: MIX603, there is none.
    """
    known = installed_programs()
    if name not in known:
        raise RenderError.of(
            Code.STEP_FAILED,
            f"the plan runs {name!r}, which no backend provides",
            help=did_you_mean(name, known),
        )
    return known[name]


def find_tools(plan: Plan, given: Mapping[str, Tool] = MappingProxyType({})) -> Mapping[str, Tool]:
    """Each program of a plan's steps besides mixdown, by its plain name, sorted.

    Args:
        plan: any.
        given: programs to use instead of those that are found.

    Raises:
        RenderError: MIX601 to MIX603, a program is not there.
    """
    programs = programs_of(find_backend(plan.backend))
    names = sorted({step.program for step in plan.steps} - {OURSELVES})
    return {name: given[name] if name in given else programs[name].find() for name in names}


def _loaded(entry: EntryPoint) -> Backend:
    try:
        backend: Backend = entry.load()
    except Exception as error:  # a module of another package can raise anything
        raise unusable(entry.name, failure(error), _package(entry)) from error
    _check(backend, entry.name, _package(entry))
    return backend


def _check(backend: Backend, name: str, package: str | None = None) -> None:
    """Refuse what is no backend, or is called something else."""
    for member in _MEMBERS:
        if not hasattr(backend, member):
            raise unusable(name, f"it has no {member!r}", package)
    if backend.name != name:
        raise unusable(name, f"it calls itself {backend.name!r}", package)
    lacking = [kind for kind in KINDS if kind not in backend.capabilities]
    if lacking:
        raise unusable(name, f"its capabilities lack {lacking[0]!r}", package)


def _package(entry: EntryPoint) -> str:
    return f"the package {entry.dist.name}" if entry.dist is not None else entry.value


def _clash(name: str, packages: list[str]) -> BackendError:
    return BackendError.of(
        Code.BACKEND_CLASH,
        f"the backend {name!r} exists twice: in {' and in '.join(packages)}",
        help="uninstall one of them, or register yours under another name",
    )
