"""Reproducers: what a failing pass was given, as a file that replays the failure.

Promises: a reproducer is the text of the graph before the pass that failed, with comments above it
that say which passes were still to run, for which backend and with which facts; so a reader of IR
reads it, and `mixdown inspect --run` replays it. The same failure always writes the same file, and
writing one never hides the failure itself.

A pass that fails before there is a graph leaves no reproducer: the timeline is one.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from pathlib import Path

from attrs import field, frozen

from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic, IRError, MixdownError
from ..ir.origin import Documents
from .facts import Facts
from .passes.base import Pass
from .unit import Unit

DIRECTORY = "MIXDOWN_REPRODUCER_DIR"
"""The environment variable that names the directory for reproducers; unset: the current one."""


class PassError(IRError):
    """A pass failed, by a fault of mixdown; `reproducer` is the file that replays it, if any."""

    def __init__(
        self, diagnostics: tuple[Diagnostic, ...], documents: Documents, reproducer: Path | None
    ) -> None:
        super().__init__(diagnostics, documents)
        self.reproducer = reproducer


@frozen
class Recipe:
    """What the head of a reproducer says.

    Attributes:
        pipeline: the names of the passes to run.
        backend: whose plan it was to become.
        facts: what was known of the finish.
    """

    pipeline: tuple[str, ...]
    backend: str
    facts: Facts = field(factory=Facts)


def failure(
    unit: Unit,
    rest: tuple[Pass, ...],
    cause: Exception | tuple[Diagnostic, ...],
    directory: Path | None,
) -> PassError:
    """The error to raise where `rest[0]` failed on `unit`, with a reproducer written.

    Args:
        unit: as it was before the pass.
        rest: the pass that failed, and those after it.
        cause: what it raised, or what the verifier found after it.
        directory: for the reproducer; None: $MIXDOWN_REPRODUCER_DIR, or the current directory.
    """
    step = rest[0]
    found = cause.diagnostics if isinstance(cause, MixdownError) else cause
    if isinstance(found, Exception):
        code, found = Code.PASS_FAILED, ()
        what = f"failed with {type(cause).__name__}: {_first_line(str(cause))}"
    else:
        code, what = found[0].code, "left a graph that breaks an invariant"
    path, advice = _write(unit, rest, what, directory)
    if step.optional:
        advice += f"; --disable {step.name} may help until it is mended"
    about = Diagnostic(
        code,
        f"the pass {step.name} {what}; this is a fault of mixdown, not of the timeline",
        help=advice,
    )
    return PassError((about, *found), unit.timeline.documents, path)


def reproducer_text(unit: Unit, rest: tuple[Pass, ...], what: str) -> str:
    """The text of a reproducer: see the module."""
    # Compilations that succeed need no printer.
    from ..ir.text.printer import print_graph  # noqa: PLC0415

    head = [
        f"// {rest[0].name} {what}. Replay it with: mixdown inspect --run FILE",
        f"// pipeline: {pipeline_text(rest)}",
        f"// backend: {unit.backend.name}",
    ]
    if unit.request.facts.finishes:
        head.append(f"// facts: {json.dumps(json.loads(unit.request.facts.to_json()))}")
    return "\n".join([*head, print_graph(unit.ir)])


def read_recipe(text: str) -> Recipe | None:
    """What the head of a reproducer says; None where the text is no reproducer.

    Raises:
        ValueError: the facts cannot be read.
    """
    head = dict(re.findall(r"^// (pipeline|backend|facts): (.+)$", text, re.MULTILINE))
    if not {"pipeline", "backend"} <= set(head):
        return None
    facts = Facts.from_json(head["facts"]) if "facts" in head else Facts()
    return Recipe(tuple(head["pipeline"].split(",")), head["backend"], facts)


def pipeline_text(passes: tuple[Pass, ...]) -> str:
    """Passes as a text: their names, with commas between them."""
    return ",".join(step.name for step in passes)


def _write(
    unit: Unit, rest: tuple[Pass, ...], what: str, directory: Path | None
) -> tuple[Path | None, str]:
    """Where the reproducer is, and how to see the failure again."""
    if unit.graph is None:
        return None, "compile the same timeline to see it again"
    folder = directory if directory is not None else Path(os.environ.get(DIRECTORY, ""))
    try:
        text = reproducer_text(unit, rest, what)
        path = folder / f"mixdown-crash-{hashlib.sha256(text.encode()).hexdigest()[:12]}.mir"
        path.write_text(text, encoding="utf-8", newline="\n")
    except Exception as error:  # the failure of the pass is what must be told
        return None, f"no reproducer could be written: {_first_line(str(error))}"
    return path, f"replay it with: mixdown inspect --run {path}"


def _first_line(text: str) -> str:
    return (text.splitlines() or [""])[0]
