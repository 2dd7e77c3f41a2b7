"""The loudness loop around a command: what `mixdown step finish` does in the scripts of plans.

Promises: the command runs with the settings that a render would use (render/loudness.py), so its
files are equal to those of a render, to the bit. Nothing else is read or written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from attrs import frozen

from ..backends.native.run import COMMANDS
from ..backends.registry import find_program
from ..ir.codes import Code
from ..ir.diagnostics import RenderError
from ..ir.nodes import Reading
from ..plans.phases import FINISH, MEASURE
from ..plans.plan import OURSELVES, LoudnessGoal
from ..programs.run import Watch, patience, run_process, size_of
from .delivery import loop_levels
from .executor import READ
from .loudness import Levels, Outcome, Setting, run_loop
from .mastering import prediction
from .recording import feed_file, premaster_tap, record_file


@frozen
class FinishCommand:
    """A command to repeat until the master meets its target.

    Attributes:
        target_lufs: the level that the master must reach, in the unit of the reading.
        ceiling_db: dBTP that it may not exceed.
        premaster: the file whose loudness determines the gain.
        master: the file that the command writes, which is measured.
        gain: the placeholder in the command for the gain, dB.
        margin: the placeholder in the command for the limiter's margin, dB.
        command: program and arguments.
        reading: what is measured of both files.
        then: the word in the command after which another one begins; None: there is only one.
        encoder_gain_db: by how much an encoder in it changes the level.
    """

    target_lufs: float
    ceiling_db: float
    premaster: Path
    master: Path
    gain: str
    margin: str
    command: tuple[str, ...]
    reading: Reading = Reading.INTEGRATED
    then: str | None = None
    encoder_gain_db: float = 0.0

    @property
    def commands(self) -> tuple[tuple[str, ...], ...]:
        """The commands to run, one after the other."""
        ends = [i for i, word in enumerate(self.command) if word == self.then]
        starts = [0, *(end + 1 for end in ends)]
        return tuple(
            self.command[start:end]
            for start, end in zip(starts, (*ends, len(self.command)), strict=True)
        )


def run_finish(wanted: FinishCommand) -> Outcome:
    """Run the command until the master meets its target.

    Raises:
        RenderError: MIX603, a file cannot be read or the command fails; MIX607, the ceiling could
            not be held.
    """
    goal = LoudnessGoal(
        MEASURE,
        FINISH,
        wanted.target_lufs,
        wanted.ceiling_db,
        wanted.gain,
        wanted.margin,
        wanted.reading,
        wanted.encoder_gain_db,
    )

    def finish(setting: Setting) -> Levels:
        values = {wanted.gain: setting.gain_db, wanted.margin: setting.margin_db}
        for command in wanted.commands:
            _run([_filled(word, values) for word in command])
        return loop_levels(record_file(wanted.master, "master").levels, goal.reading)

    tap = premaster_tap(goal.reading)
    try:
        feed_file(wanted.premaster, tap, lambda done: None)
        levels = tap.result()
    except OSError as error:
        raise failed(error) from error
    except ValueError as error:
        raise failed(OSError(None, f"{wanted.premaster}: {error}")) from error
    limiters = [words[0] for words in wanted.commands if any(wanted.margin in w for w in words)]
    return run_loop(goal, levels.lufs, finish, prediction(levels, goal.reading, limiters))


def failed(error: OSError) -> RenderError:
    """The error, with its code, of a command that was run outside of a plan."""
    place = f"{error.filename}: " if error.filename else ""
    return RenderError.of(Code.STEP_FAILED, f"{place}{error.strerror or error}")


def _filled(word: str, values: Mapping[str, float]) -> str:
    for text, value in values.items():
        word = word.replace(text, repr(value))
    return word


def _run(command: Sequence[str]) -> None:
    """Run a command; mixdown's own in this process."""
    program, *arguments = command
    try:
        if program == OURSELVES:
            _run_step(arguments)
            return
        tool = find_program(program).find()
        done = run_process((tool.program, *arguments), watch=_watch(arguments))
    except OSError as error:
        raise failed(error) from error
    if done.failure is not None:
        raise RenderError.of(
            Code.STEP_FAILED if done.stuck is None else Code.STEP_STUCK,
            f"{program} {done.failure}",
            help="\n      ".join(done.errors[-4:]) or None,
        )


def _run_step(arguments: Sequence[str]) -> None:
    """Run `mixdown step KIND ...` in this process."""
    match arguments:
        case ["step", kind, *words] if kind in COMMANDS:
            COMMANDS[kind](words, lambda done: None)
        case _:
            raise OSError(None, f"not a step of a plan: mixdown {' '.join(arguments)}")


def _watch(arguments: Sequence[str]) -> Watch:
    """Watches the sizes of the files that a command names; reading them takes its time too."""
    named = [Path(word) for word in arguments]
    return Watch(patience() + size_of(named) / READ, lambda: size_of(named))
