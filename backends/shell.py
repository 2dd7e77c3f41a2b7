"""A plan as a POSIX shell script: the same steps, to read, to keep and to run by hand.

Promises: the script depends on the plan alone. It runs from any directory, with the directories of
sources and results in `SRC` and `OUT`; what lies between is in a directory below `OUT` that is
removed however the script ends, and results appear there when all of them are complete. Every word
is quoted, so that no file name and no name of a track can mean anything to the shell.

Where a loudness is still to be measured, `mixdown finish` measures it and repeats the finishing
command until the master is right, as a render does (render/finish.py).
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Sequence

from attrs import evolve

from ..ir.codes import Code
from ..ir.diagnostics import BackendError, Diagnostic
from .protocol import Arg, Fact, File, Plan, Script, Space, Step, StepKind, Template, bind

LONGEST_WORD = 100_000
"""Bytes of an argument: Linux takes 128 KiB."""

_WIDTH = 96
_PLAIN = re.compile(r"[A-Za-z0-9_./+-]+")
_EFFECTS = frozenset(
    ("bass", "equalizer", "fade", "highpass", "lowpass", "pad", "remix", "treble", "trim")
)
"""SoX's, that begin without a dash."""

_OPTION = re.compile(r"-(?!\d|m$)")  # no number, and not remix's own

_PLACES = {
    Space.SOURCE: "$SRC",
    Space.WORK: "$WORK",
    Space.OUT: "$WORK/out",
}

_HEAD = """\
#!/bin/sh
# A mix of mixdown's {backend} backend, plan {digest}.
#
# SRC   the directory that the names of sources count from [.]
# OUT   the directory for {results} [.]
#
# Needs {programs} on PATH.
#
# Names and texts are quoted as they are, whatever they look like:
# shellcheck disable=SC1003,SC2016
set -eu
LC_ALL=C
export LC_ALL
SRC=${{SRC:-.}}
OUT=${{OUT:-.}}
case $SRC in /*) ;; *) SRC=./$SRC ;; esac
case $OUT in /*) ;; *) OUT=./$OUT ;; esac
mkdir -p "$OUT"
WORK=$(mktemp -d "$OUT/.mixdown-work-XXXXXX")
trap 'rm -rf "$WORK"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
mkdir "$WORK/out"
"""


def to_shell(plan: Plan) -> str:
    """The script.

    Raises:
        BackendError: MIX502, an argument is too long for a command line, or the loudness is reached
            by more than one step.
    """
    programs = dict.fromkeys(step.program for step in plan.steps)
    if plan.loudness is not None:
        programs["mixdown"] = None
    parts = [
        _HEAD.format(
            backend=plan.backend,
            digest=plan.digest[:16],
            results=", ".join(_comment(delivery.file.path) for delivery in plan.deliveries),
            programs=" and ".join(sorted(programs)),
        )
    ]
    looped = _looped(plan)
    for step in plan.steps:
        if step.kind is StepKind.MEASURE:
            continue  # `mixdown finish` measures
        words = _finishing(plan, step) if step in looped else _command(step)
        parts.append(_commented(step, words))
    parts.append("# Deliver.\n" + "".join(_delivered(d.file) for d in plan.deliveries))
    return "\n".join(parts)


def _looped(plan: Plan) -> list[Step]:
    """The steps that wait for facts: none, or the one that finishes."""
    waiting = [step for step in plan.steps if step.facts()]
    goal = plan.loudness
    if waiting and (goal is None or [step.id for step in waiting] != [goal.finish]):
        raise _refused(
            "a script cannot repeat several steps until the loudness is reached",
            "give the measured gain with --facts, or render the plan",
        )
    return waiting


def _commented(step: Step, words: Sequence[str]) -> str:
    files = "".join(_here_document(script) for script in step.scripts)
    purpose = _comment(step.purpose)
    return f"# {purpose[:1].upper()}{purpose[1:]}.\n{files}{_wrapped(words)}\n"


def _command(step: Step) -> list[str]:
    return [step.program, *(_word(arg) for arg in step.argv)]


def _finishing(plan: Plan, step: Step) -> list[str]:
    """`mixdown finish` around the step, with stand-ins for what it finds."""
    goal = plan.loudness
    assert goal is not None
    texts = [str(arg) for arg in step.argv]
    gain, margin = _stand_in("@gain_db@", texts), _stand_in("@margin_db@", texts)
    facts = {goal.gain_fact: gain, goal.margin_fact: margin}
    master = next(d.file for d in plan.deliveries)
    (measured,) = plan[goal.measure].inputs
    return [
        *("mixdown", "finish"),
        *("--target-lufs", f"{goal.target_lufs!r}", "--ceiling-db", f"{goal.ceiling_db!r}"),
        *("--measure", _word(measured), "--master", _word(master)),
        *("--gain", gain, "--margin", margin, "--"),
        *_command(evolve(step, argv=tuple(_filled(arg, facts) for arg in step.argv))),
    ]


def _stand_in(wanted: str, texts: Iterable[str]) -> str:
    """A text like the one wanted that occurs nowhere else."""
    while any(wanted in text for text in texts):
        wanted = f"@{wanted}@"
    return wanted


def _filled(arg: Arg, facts: dict[str, str]) -> Arg:
    if isinstance(arg, Fact):
        return facts[arg.name]
    if isinstance(arg, Template):
        return _fill(arg, facts)
    if isinstance(arg, (str, File)):
        return arg
    return ";\n".join(_fill(line, facts) for line in arg.lines)


def _fill(template: Template, facts: dict[str, str]) -> str:
    return "".join(facts[p.name] if isinstance(p, Fact) else p for p in template.parts)


def _word(arg: Arg) -> str:
    """An argument as a word of the shell."""
    if isinstance(arg, File):
        place = _PLACES[arg.space]
        plain = _PLAIN.fullmatch(arg.path)
        return f'"{place}/{arg.path}"' if plain else f'"{place}/"{shlex.quote(arg.path)}'
    text = bind(arg, str, {})
    if len(text.encode()) > LONGEST_WORD:
        raise _refused(
            f"an argument of {len(text.encode())} bytes is too long for a command line",
            "render the plan, which passes such arguments in files",
        )
    return shlex.quote(text)


def _wrapped(words: Sequence[str]) -> str:
    """The words, some a line; an option and its values, or an effect and its own, stay together."""
    groups: list[str] = []
    for word in words:
        if not groups or word in _EFFECTS or _OPTION.match(word):
            groups.append(word)
        else:
            groups[-1] += f" {word}"
    lines = groups[:1]
    for group in groups[1:]:
        if len(lines[-1]) + len(group) + 3 > _WIDTH:
            lines[-1] += " \\"
            lines.append(f"    {group}")
        else:
            lines[-1] += f" {group}"
    return "\n".join(lines)


def _here_document(script: Script) -> str:
    """The command that writes the text, up to a line that the text does not hold."""
    end = "END"
    while end in script.text.splitlines():
        end += "_"
    return f"cat >{_word(script.file)} <<'{end}'\n{script.text}{end}\n"


def _delivered(file: File) -> str:
    target = _word(file).replace("$WORK/out", "$OUT", 1)
    return f"mv -f {_word(file)} {target}\n"


def _comment(text: str) -> str:
    """On one line, whatever it holds."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def _refused(message: str, help_text: str) -> BackendError:
    return BackendError(Diagnostic(Code.UNSUPPORTED_NODE, message, help=help_text))
