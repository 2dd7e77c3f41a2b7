"""Reproducers: the graph that a faulty pass received, in a file that replays the failure.

Promises: a reproducer is the text of the graph before the pass that failed, below the command line
that replays the failure: `mixdown inspect` with the backend, the optimisations that were still to
run, and the facts, which are in a file beside it. The same failure always writes the same file, and
a failure to write it never hides the failure of the pass.

A pass that fails before there is a graph leaves no reproducer: the timeline is one. A caller's own
pass is unknown to the command line; `compile` replays it, with the pass in its `pipeline`.
"""

from __future__ import annotations

import hashlib
import os
import shlex
from pathlib import Path

from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic, IRError, MixdownError
from ..ir.origin import Documents
from .passes.base import Pass
from .pipeline_text import pipeline_text
from .unit import Unit

DIRECTORY = "MIXDOWN_REPRODUCER_DIR"
"""The environment variable that names the directory for reproducers; unset: the current one."""


class PassError(IRError):
    """A pass failed by its own fault (MIX416); `reproducer` is the file that replays it, if any."""

    def __init__(
        self, diagnostics: tuple[Diagnostic, ...], documents: Documents, reproducer: Path | None
    ) -> None:
        super().__init__(diagnostics, documents)
        self.reproducer = reproducer


def failure(
    unit: Unit, rest: tuple[Pass, ...], cause: Exception | tuple[Diagnostic, ...]
) -> PassError:
    """The error to raise where `rest[0]` failed on `unit`, with a reproducer written.

    Args:
        unit: as it was before the pass.
        rest: the pass that failed, and those after it.
        cause: what it raised, or what the verifier found after it.
    """
    step = rest[0]
    found = cause.diagnostics if isinstance(cause, MixdownError) else cause
    what = "left a graph that breaks an invariant"
    if isinstance(found, Exception):
        what, found = f"failed with {type(cause).__name__}: {_first_line(str(cause))}", ()
    path, advice = _write(unit, rest, what)
    if step.optional:
        advice += f"; --disable {step.name} may help until it is fixed"
    owner = "mixdown" if _is_ours(step) else "the pass"
    about = Diagnostic(
        Code.PASS_FAILED,
        f"the pass {step.name} {what}; this is a fault of {owner}, not of the timeline",
        help=advice,
    )
    return PassError((about, *found), unit.timeline.documents, path)


def _write(unit: Unit, rest: tuple[Pass, ...], what: str) -> tuple[Path | None, str]:
    """The reproducer's path, and how to replay it."""
    if unit.graph is None:
        return None, "compile the same timeline to see it again"
    # Compilations that succeed need no printer.
    from ..ir.text.printer import print_graph  # noqa: PLC0415
    from .notes import notes  # noqa: PLC0415

    facts = unit.request.facts.to_json() if unit.request.facts.finishes else ""
    try:
        graph = print_graph(unit.ir, notes=notes(unit))
        key = hashlib.sha256(f"{what}\n{_command('', unit, rest)}\n{facts}{graph}".encode())
        name = f"mixdown-crash-{key.hexdigest()[:12]}.mir"
        path = Path(os.environ.get(DIRECTORY, ""), name)
        head = f"// {rest[0].name} {what}. Replay it with:\n// {_command(name, unit, rest)}\n"
        path.write_text(head + graph, encoding="utf-8", newline="\n")
        if facts:
            Path(_facts_beside(str(path))).write_text(facts, encoding="utf-8", newline="\n")
    except Exception as error:  # the failure of the pass must be shown
        return None, f"no reproducer could be written: {_first_line(str(error))}"
    return path, f"replay it with: {_command(str(path), unit, rest)}"


def _command(path: str, unit: Unit, rest: tuple[Pass, ...]) -> str:
    """What replays a reproducer: a command, or a line of Python where a pass is a caller's own."""
    backend, facts = unit.backend.name, unit.request.facts.finishes and _facts_beside(path)
    passes = [step for step in rest if step.optional]
    if all(_is_ours(step) for step in passes):
        words = ["mixdown", "inspect", path, "--to", backend, "--pipeline", pipeline_text(passes)]
        return shlex.join([*words, *(("--facts", facts) if facts else ())])
    arguments = [f"{path!r}", f"backend={backend!r}", f"pipeline={passes}"]
    return f"mixdown.compile({', '.join([*arguments, *([f'facts={facts!r}'] if facts else [])])})"


def _facts_beside(path: str) -> str:
    return path.removesuffix(".mir") + ".facts.json"


def _is_ours(step: Pass) -> bool:
    return type(step).__module__.startswith(f"{__package__}.")


def _first_line(text: str) -> str:
    return (text.splitlines() or [""])[0]
