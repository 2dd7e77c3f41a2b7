"""A plan as a POSIX shell script: the same steps, to read, keep and run.

The script depends on the plan alone. It runs from any directory, with the directories of sources
and results in `SRC` and `OUT`. Intermediate files are in a directory below `OUT` that is removed
when the script ends or fails, and the results appear in `OUT` when all of them are complete. Every
word is quoted, so the shell does not interpret any file name or track name. A filter graph that is
too long for a command line is written to a file.

If the loudness is not known yet, a script of ffmpeg's steps measures it with ffmpeg and repeats the
finishing steps until the master meets its target (script_loop.py). If mixdown itself does the
finish, the script runs `mixdown step finish`, which does the same as a render (finish.py).
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from ..inspection.formats import json_text
from ..ir.codes import Code
from ..ir.diagnostics import BackendError
from ..ir.names import fresh, printable
from ..plans.loop import LoopSteps, loop_steps
from ..plans.own_steps import reading_option
from ..plans.plan import (
    OURSELVES,
    Arg,
    Fact,
    File,
    FilterScript,
    LoudnessGoal,
    Plan,
    Script,
    Space,
    Step,
    StepKind,
    Template,
)
from ..programs.ffmpeg import GRAPH_FILE_OPTIONS
from .script_loop import GAIN, MARGIN, loop_functions, loop_run

LONGEST_WORD = 100_000
"""Bytes of one argument; Linux allows 128 KiB."""

_WIDTH = 96
_PLAIN = re.compile(r"[A-Za-z0-9_./+-]+")
_EFFECTS = frozenset(
    ("bass", "equalizer", "fade", "highpass", "lowpass", "pad", "remix", "treble", "trim")
)
"""SoX effects; unlike options they do not start with a dash."""

_OPTION = re.compile(r"-(?!\d|m$)")  # not a number, not the -m of remix

_ACTIVE = re.compile(r"[\\$`]")  # characters that a here-document would interpret

_PROGRAM = (OURSELVES, "step")
"""The words that run a step of mixdown's own."""

_PLACES = {
    Space.SOURCE: "$SRC",
    Space.ROOT: "",
    Space.WORK: "$WORK",
    Space.OUT: "$WORK/out",
}

_HEAD = """\
#!/bin/sh
# A mix of mixdown's {backend} backend, plan {digest}.
#
# SRC   the directory that source paths are relative to [.]
# OUT   the directory for {results} [.]
#
# Needs {programs} on PATH.
#
# Names and texts are quoted literally, whatever they contain:
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


_GRAPH = """\
# From version {since} on, another option of ffmpeg reads a filter graph from a file.
if ffmpeg -hide_banner -h long 2>/dev/null | grep -q -e '{old}'; then
  GRAPH={old}
else
  GRAPH={new}
fi
"""


_CHECK = """\
# The sources must be those that the plan was made for.
sha256() {
  if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi
}
check() {
  found=$(sha256 <"$2")
  if [ "${found%% *}" != "$1" ]; then
    printf '%s has changed: expected sha256:%s, found sha256:%s\\n' "$2" "$1" "${found%% *}" >&2
    exit 1
  fi
}
"""


def to_shell(plan: Plan) -> str:
    """The script.

    Raises:
        BackendError: MIX502, an argument is too long for a command line, or the plan needs facts
            that the script cannot measure.
    """
    programs = {step.program for step in plan.steps}
    body = list(_body(plan))
    if any(_is_long(arg) for step in plan.steps for arg in step.argv):
        body.insert(0, _graph_option())
    body[:0] = _checks(plan)
    head = _HEAD.format(
        backend=plan.backend,
        digest=plan.digest[:16],
        results=", ".join(printable(delivery.file.path) for delivery in plan.deliveries),
        programs=" and ".join(sorted(programs)),
    )
    delivering = "# Deliver.\n" + "".join(_delivered(d.file) for d in plan.deliveries)
    return "\n".join((head, *body, delivering))


def _checks(plan: Plan) -> Iterator[str]:
    """The comparison of every source with its digest."""
    if plan.sources:
        lines = (f"check {s.digest.removeprefix('sha256:')} {_word(s.file)}" for s in plan.sources)
        yield _CHECK + "\n".join(dict.fromkeys(lines)) + "\n"


def _graph_option() -> str:
    (_, old), (since, new) = GRAPH_FILE_OPTIONS.items()
    return _GRAPH.format(since=".".join(map(str, since)), old=old, new=new)


def _body(plan: Plan) -> Iterator[str]:
    """The steps, in the order they run."""
    goal = plan.loudness
    if goal is None:
        _check_known(plan.steps)
        yield from map(_run, plan.steps)
        return
    loop = loop_steps(plan, goal)
    if OURSELVES in {step.program for step in loop.looped}:
        yield from _by_mixdown(plan, goal, loop)
    else:
        yield from _by_ffmpeg(plan, goal, loop)


def _by_mixdown(plan: Plan, goal: LoudnessGoal, loop: LoopSteps) -> Iterator[str]:
    """The loop by `mixdown step finish`, which also measures."""
    _check_known(loop.before)
    _check_known(loop.after)
    yield from (_run(step) for step in loop.before if step.kind is not StepKind.MEASURE)
    yield _finishing(plan, goal, loop.looped)
    yield from map(_run, loop.after)


def _by_ffmpeg(plan: Plan, goal: LoudnessGoal, loop: LoopSteps) -> Iterator[str]:
    """The loop in shell: measure, then finish until the master meets its target."""
    _check_known(loop.before)
    for step in loop.before:
        if step.id == goal.measure:
            yield _run(step, rest=('>"$WORK/premaster.levels"',))
        elif step.kind is not StepKind.MEASURE:
            yield _run(step)
    facts = {goal.gain_fact: GAIN, goal.margin_fact: MARGIN}
    yield loop_functions(goal, plan[goal.finish].rate)
    commands = "".join(_run(step, facts) for step in loop.looped)
    yield f"finish() {{\n{commands}}}\n"
    yield loop_run(goal, _word(plan.deliveries[0].file))
    yield from (_run(step, facts) for step in loop.after)


def _check_known(steps: Iterable[Step]) -> None:
    if any(step.facts() for step in steps):
        raise _refused(
            "a script cannot measure the facts that the plan needs",
            "pass them with --facts, or render the plan",
        )


def _run(step: Step, facts: Mapping[str, str] | None = None, rest: Sequence[str] = ()) -> str:
    """The step: its files, and its command followed by `rest`. Facts are shell variables."""
    known = facts or {}
    words = _program(step)
    files = [_here_document(script) for script in step.scripts]
    for arg in step.argv:
        if _is_long(arg) and isinstance(arg, FilterScript):
            file = File(Space.WORK, f"{step.id}.graph")
            files.append(_graph_document(file, arg, known))
            words[-1:] = ['"$GRAPH"', _word(file)]
        else:
            words.append(_word(arg, known))
    return _commented(step, "".join(files), [*words, *rest])


def _program(step: Step) -> list[str]:
    """The words that run the step's program."""
    return [*_PROGRAM] if step.program == OURSELVES else [step.program]


def _commented(step: Step, files: str, words: Sequence[str]) -> str:
    purpose = printable(step.purpose)
    return f"# {purpose[:1].upper()}{purpose[1:]}.\n{files}{_wrapped(words)}\n"


def _finishing(plan: Plan, goal: LoudnessGoal, steps: Sequence[Step]) -> str:
    """`mixdown step finish` around the steps, with placeholders for the values that it finds."""
    texts = [str(arg) for step in steps for arg in step.argv]
    gain, margin = _placeholder("@gain_db@", texts), _placeholder("@margin_db@", texts)
    then = _placeholder("@then@", texts)
    facts = {goal.gain_fact: gain, goal.margin_fact: margin}
    master = next(d.file for d in plan.deliveries)
    (measured,) = plan[goal.measure].inputs
    words = [
        *(*_PROGRAM, "finish"),
        *("--target-lufs", f"{goal.target_lufs!r}", "--ceiling-db", f"{goal.ceiling_db!r}"),
        *reading_option(goal),
        *(("--encoder-gain-db", f"{goal.encoder_gain_db!r}") if goal.encoder_gain_db else ()),
        *("--measure", _word(measured), "--master", _word(master)),
        *("--gain", gain, "--margin", margin),
        *(("--then", then) if len(steps) > 1 else ()),
    ]
    for word, step in zip(("--", *[then] * len(steps)), steps, strict=False):
        words += [word, *_program(step), *(_word(_filled(arg, facts)) for arg in step.argv)]
    files = "".join(_here_document(script) for step in steps for script in step.scripts)
    return _commented(steps[0], files, words)


def _placeholder(wanted: str, texts: Iterable[str]) -> str:
    """The wanted text, changed until it does not occur in `texts`."""
    while any(wanted in text for text in texts):
        wanted = f"@{wanted}@"
    return wanted


def _filled(arg: Arg, facts: Mapping[str, str]) -> Arg:
    """The argument with texts in place of facts."""
    if isinstance(arg, (str, File)):
        return arg
    return "".join(facts[p.name] if isinstance(p, Fact) else p for p in _parts(arg))


def _parts(arg: str | Fact | Template | FilterScript) -> Iterator[str | Fact]:
    """The parts of an argument's text, with adjacent texts joined."""
    text = ""
    for part in _pieces(arg):
        if isinstance(part, Fact):
            yield text
            yield part
            text = ""
        else:
            text += part
    yield text


def _pieces(arg: str | Fact | Template | FilterScript) -> Iterator[str | Fact]:
    if isinstance(arg, FilterScript):
        for number, line in enumerate(arg.lines):
            yield from (*((";\n",) if number else ()), *line.parts)
    elif isinstance(arg, Template):
        yield from arg.parts
    else:
        yield arg


def _is_long(arg: Arg) -> bool:
    return isinstance(arg, FilterScript) and len(str(arg).encode()) > LONGEST_WORD


def _word(arg: Arg, facts: Mapping[str, str] | None = None) -> str:
    """An argument as a shell word; facts are shell variables."""
    if isinstance(arg, File):
        place = _PLACES[arg.space]
        plain = _PLAIN.fullmatch(arg.path)
        return f'"{place}/{arg.path}"' if plain else f'"{place}/"{shlex.quote(arg.path)}'
    size = len(str(arg).encode())
    if size > LONGEST_WORD:
        raise _refused(
            f"an argument of {size} bytes is too long for a command line",
            "render the plan instead: a render passes such arguments in files",
        )
    known = facts or {}
    parts = [part for part in _parts(arg) if part]
    words = (f'"{known[p.name]}"' if isinstance(p, Fact) else shlex.quote(p) for p in parts)
    return "".join(words) or "''"


def _wrapped(words: Sequence[str]) -> str:
    """The words, wrapped so that an option or effect stays on one line with its values."""
    groups: list[str] = []
    for word in words:
        if not groups or word in _EFFECTS or word == '"$GRAPH"' or _OPTION.match(word):
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
    """The command that writes the text, ended by a line that the text does not contain."""
    end = fresh("END", script.text.splitlines(), "_")
    return f"cat >{_word(script.file)} <<'{end}'\n{script.text}{end}\n"


def _graph_document(file: File, graph: FilterScript, facts: Mapping[str, str]) -> str:
    """The command that writes a filter graph, in which the shell expands the variables."""
    text = "".join(
        facts[part.name] if isinstance(part, Fact) else _ACTIVE.sub(r"\\\g<0>", part)
        for part in _parts(graph)
    )
    end = fresh("END", text.splitlines(), "_")
    return f"cat >{_word(file)} <<{end}\n{text}\n{end}\n"


def _delivered(file: File) -> str:
    target = _word(file).replace("$WORK/out", "$OUT", 1)
    return f"mv -f {_word(file)} {target}\n"


def _refused(message: str, help_text: str) -> BackendError:
    return BackendError.of(Code.UNSUPPORTED_NODE, message, help=help_text)


PLAN_FORMATS: Mapping[str, Callable[[Plan], str]] = {
    "text": Plan.to_text,
    "sh": to_shell,
    "json": lambda plan: json_text(plan.to_dict()),
}
"""Format -> function from a plan to text with a final line feed."""

DEFAULT_PLAN_FORMATS: Mapping[str, str] = {"sox": "sh"}
"""Backend -> default format of its plans; "text" for the others."""
