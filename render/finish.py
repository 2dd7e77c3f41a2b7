"""The loudness loop around one command: what `mixdown step finish` does in the scripts of plans.

Promises: the command runs with the gains that a render would give it (render/loudness.py), so the
files that it leaves are a render's, to the bit. Nothing else is read or written.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from attrs import frozen

from ..backends.native.run import COMMANDS, INTEGRATED, run_measure
from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic, RenderError
from ..plans.plan import OURSELVES, LoudnessLoop
from ..programs.find import find_tools
from ..programs.run import run_process
from .delivery import measured
from .loudness import Levels, Outcome, Setting, reach


@frozen
class Finish:
    """What to finish, and how.

    Attributes:
        target_lufs, ceiling_db: what the master is to reach, and may not pass.
        premaster: the file whose loudness the gain makes up for.
        master: the file that the command leaves, which is measured.
        gain, margin: the texts in the command that stand for the gain and the limiter's margin, dB.
        command: program and arguments.
        then: the word in the command after which another one begins; None: it is one.
    """

    target_lufs: float
    ceiling_db: float
    premaster: Path
    master: Path
    gain: str
    margin: str
    command: tuple[str, ...]
    then: str | None = None

    @property
    def commands(self) -> tuple[tuple[str, ...], ...]:
        """What runs, one after the other."""
        ends = [i for i, word in enumerate(self.command) if word == self.then]
        starts = [0, *(end + 1 for end in ends)]
        return tuple(
            self.command[start:end]
            for start, end in zip(starts, (*ends, len(self.command)), strict=True)
        )


def run_finish(finish: Finish) -> Outcome:
    """Run the command until the master is right.

    Raises:
        RenderError: MIX603, a file cannot be read or the command fails; MIX607, the ceiling could
            not be held.
    """

    def attempt(setting: Setting) -> Levels:
        stand_ins = {finish.gain: setting.gain_db, finish.margin: setting.margin_db}
        for command in finish.commands:
            _run([_filled(word, stand_ins) for word in command])
        levels = measured(finish.master, "master")
        return Levels(levels.integrated, levels.true_peak_dbtp)

    try:
        readings = run_measure([str(finish.premaster)], lambda done: None)
    except OSError as error:
        raise failed(error) from error
    goal = LoudnessLoop(
        "measure", "finish", finish.target_lufs, finish.ceiling_db, finish.gain, finish.margin
    )
    return reach(goal, readings[INTEGRATED], attempt)


def failed(error: OSError) -> RenderError:
    """The coded error of a step that was run by hand."""
    place = f"{error.filename}: " if error.filename else ""
    return RenderError(Diagnostic(Code.STEP_FAILED, f"{place}{error.strerror or error}"))


def _filled(word: str, stand_ins: dict[str, float]) -> str:
    for text, value in stand_ins.items():
        word = word.replace(text, repr(value))
    return word


def _run(command: Sequence[str]) -> None:
    """The command, in this process where it is one of ours."""
    program, *arguments = command
    try:
        if program == OURSELVES:
            _run_step(arguments)
            return
        tool = find_tools([program])[program]
        completed = run_process((tool.program, *arguments), Path.cwd(), lambda line: None)
    except OSError as error:
        raise failed(error) from error
    if completed.status != 0:
        raise RenderError(
            Diagnostic(
                Code.STEP_FAILED,
                f"{program} ended with status {completed.status}",
                help="\n      ".join(completed.errors[-4:]) or None,
            )
        )


def _run_step(arguments: Sequence[str]) -> None:
    """Run `mixdown step KIND ...` in this process."""
    match arguments:
        case ["step", kind, *words] if kind in COMMANDS:
            COMMANDS[kind](words, lambda done: None)
        case _:
            raise OSError(None, f"not a step of a plan: mixdown {' '.join(arguments)}")
