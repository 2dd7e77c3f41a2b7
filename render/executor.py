"""Runs the steps of a plan.

Promises: `run_step` turns one typed step into one run of its program, tells how far it is, gives
back what a measuring step measured, and makes of a failure a MIX603 that points to the line of
the timeline whose filter failed. It touches nothing but the step's own files and keeps no state,
so steps that do not wait for each other (`Step.after`) may run at the same time.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from attrs import field, frozen

from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic, RenderError
from ..ir.origin import Documents, Origin
from ..media.cache import Cache
from ..plans.plan import OURSELVES, FilterScript, Plan, Step, StepKind, bind
from ..programs.ffmpeg import GRAPH_OPTION, graph_file_option
from ..programs.find import Tool
from ..programs.run import Completed, Stop, StoppedError, run_process
from .parallel import run_steps
from .workspace import Workspace

INLINE_BYTES = 100_000
"""A filter graph of this many bytes or more goes into a file: Linux takes 128 KiB an argument."""

Readings = Mapping[str, float]
"""What a measuring step printed last under each metadata key, such as lavfi.r128.I."""


@frozen
class Progress:
    """How far a step is.

    Attributes:
        step: its id.
        purpose: what it does, a short phrase.
        done: from 0 to 1.
    """

    step: str
    purpose: str
    done: float


Listener = Callable[[Progress], None]


def ignore(progress: Progress) -> None:
    """The listener of those who do not want to know."""


@frozen
class Executor:
    """What every step of one render needs.

    Attributes:
        plan: whose steps are run.
        tool: finds a program by its plain name.
        spaces: where files are.
        listener: is told of progress.
        origins: the origin of an IR value, by its name.
        documents: what origins speak of.
        cache: where the outputs of steps that have a key are kept; None: nowhere.
        keys: what those outputs are made of, by the step's id (`keeping.keys`).
        jobs: how many steps may run at once.
    """

    plan: Plan
    tool: Callable[[str], Tool]
    spaces: Workspace
    listener: Listener = ignore
    origins: Mapping[str, Origin | None] = field(factory=dict)
    documents: Documents = field(factory=dict)
    cache: Cache | None = None
    keys: Mapping[str, str] = field(factory=dict)
    jobs: int = 1
    _telling: threading.Lock = field(factory=threading.Lock, init=False, eq=False, repr=False)

    def run_steps(
        self, steps: Sequence[Step], facts: Mapping[str, float]
    ) -> Mapping[str, Readings]:
        """Run some of the plan's steps, as many at once as may be, in the way of `run_steps`.

        What the other steps leave must be there. Gives the readings of each by its id.

        Raises:
            RenderError: as `run_step`, of the first step in their order that failed.
        """
        return run_steps(steps, lambda step, stop: self.run_step(step, facts, stop), self.jobs)

    def run_step(
        self, step: Step, facts: Mapping[str, float], stop: Stop | None = None
    ) -> Readings:
        """Run one step; its inputs must be there and its facts known.

        Raises:
            RenderError: MIX603, the program failed; or as finding the program.
            StoppedError: `stop` was asked for.
        """
        stop = stop or Stop()
        self._tell(step, 0.0)
        try:
            self._lay_out(step)
            readings = self._kept_or_run(step, facts, stop)
        except OSError as error:
            reason = self.spaces.relative(error.strerror or str(error))
            raise self._failed(step, f"stopped: {reason}", ()) from error
        self._tell(step, 1.0)
        return readings

    def _tell(self, step: Step, done: float) -> None:
        with self._telling:
            self.listener(Progress(step.id, step.purpose, done))

    def _tell_unless(self, stop: Stop, step: Step, done: float) -> None:
        """What runs in this process ends where it tells how far it is."""
        if stop.asked:
            raise StoppedError
        self._tell(step, done)

    def _lay_out(self, step: Step) -> None:
        """Make the directories of what the step writes, and the files of its scripts."""
        for file in (*step.outputs, *(script.file for script in step.scripts)):
            Path(self.spaces.path(file)).parent.mkdir(parents=True, exist_ok=True)
        for script in step.scripts:
            Path(self.spaces.path(script.file)).write_text(script.text, "utf-8", newline="\n")

    def _kept_or_run(self, step: Step, facts: Mapping[str, float], stop: Stop) -> Readings:
        """Take what an earlier run kept of a step, or run it, and keep that."""
        run = self._run_here if step.program == OURSELVES else self._run_program
        key = self.keys.get(step.id)
        if self.cache is None or key is None:
            return run(step, facts, stop)
        places = (Path(self.spaces.path(file)) for file in step.outputs)
        files = {f"{key}/{number}": place for number, place in enumerate(places)}
        if all(self.cache.take(*each) for each in files.items()):
            return {}
        readings = run(step, facts, stop)
        for each in files.items():
            self.cache.keep(*each)
        return readings

    def _run_program(self, step: Step, facts: Mapping[str, float], stop: Stop) -> Readings:
        """Run a step whose program is another's."""
        output = _Output(step, partial(self._tell, step))
        argv = command(step, self.tool(step.program), self.spaces, facts)
        completed = run_process(argv, self.spaces.work, output.take, stop)
        if completed.status != 0:
            raise self._failed(step, _how_it_ended(completed), completed.errors)
        return output.readings

    def _run_here(self, step: Step, facts: Mapping[str, float], stop: Stop) -> Readings:
        """Run a step of the native engine, which is imported only where a plan has one."""
        from ..backends.native.run import run_step  # noqa: PLC0415

        return run_step(step, self.spaces.path, facts, partial(self._tell_unless, stop, step))

    def _failed(self, step: Step, reason: str, errors: tuple[str, ...]) -> RenderError:
        lines = [_tidy(self.spaces.relative(line)) for line in errors]
        said = [line for line in lines if not _GENERIC.fullmatch(line)] or lines
        labels = self.plan.labels
        value = _value_at_fault(errors, labels) or labels.get(step.id)
        origin = self.origins.get(value) if value else None
        served = f" in %{value}" if value else ""
        last = "".join(f"\n      {line}" for line in said[-_LINES_SHOWN:])
        return RenderError(
            Diagnostic(
                Code.STEP_FAILED,
                f"step {step.id!r} failed{served}: {step.program} {reason}",
                origin=origin,
                help=f"the last that {step.program} said:{last}" if last else None,
            ),
            self.documents,
        )


def command(
    step: Step, tool: Tool, spaces: Workspace, facts: Mapping[str, float]
) -> tuple[str, ...]:
    """The step's command line, with its big filter graphs written to files in the work space."""
    argv = [tool.program]
    if step.kind is StepKind.RENDER and step.program == "ffmpeg":
        argv += ["-progress", "pipe:1", "-nostats"]
    for number, arg in enumerate(step.argv):
        text = bind(arg, spaces.path, facts)
        if isinstance(arg, FilterScript) and len(text.encode()) >= INLINE_BYTES:
            script = spaces.work / f"{step.id}-{number}.filtergraph"
            script.write_text(text, encoding="utf-8", newline="\n")
            assert argv[-1] == GRAPH_OPTION
            argv[-1] = graph_file_option(tool.version)
            text = str(script)
        argv.append(text)
    return tuple(argv)


class _Output:
    """Makes sense of a step's standard output, a line at a time.

    A rendering step prints ffmpeg's `-progress` report, a measuring step what `ametadata=print`
    finds in each frame: "frame:3 pts:... pts_time:1.5", then "key=number" lines. Only the last
    number of each key is kept, however long the step.
    """

    def __init__(self, step: Step, tell: Callable[[float], None]) -> None:
        self.readings: dict[str, float] = {}
        self._is_measuring = step.kind is StepKind.MEASURE
        self._tell = tell
        self._seconds = step.samples / step.rate if step.rate else 0.0

    def take(self, line: str) -> None:
        """Take the next line."""
        key, separator, value = line.partition("=")
        if key == "out_time_us":
            self._at(value, 1e-6)
        elif separator and self._is_measuring:
            number = _number(value)
            if number is not None:
                self.readings[key] = number
        elif line.startswith("frame:"):
            self._at(line.rpartition("pts_time:")[2], 1.0)

    def _at(self, value: str, unit: float) -> None:
        time = _number(value)
        if time is not None and self._seconds > 0.0:
            self._tell(min(1.0, max(0.0, time * unit / self._seconds)))


_LINES_SHOWN = 4

# "[afade@host_c1 @ 0x55c91f101bc0] text": the address differs from run to run.
_ADDRESS = re.compile(r" @ 0x[0-9a-f]+")
_INSTANCE = re.compile(r"[A-Za-z0-9_]+@[^\s\]',]+")
# What ffmpeg says after it has said what is wrong.
_GENERIC = re.compile(
    r"Conversion failed!|Exiting with exit code .*|Error : .*|Invalid argument|"
    r"Error (re)?initializing (complex )?filters[.!]?|Error opening (input|output) files: .*|"
    r"Failed to inject frame into filter network: .*|Nothing was written into output file .*|"
    r"\[AVFilterGraph\] Error initializing filters|\[fc#\d+\] Error .*|"
    r"Error while processing the decoded data .*"
)


def _tidy(line: str) -> str:
    return _ADDRESS.sub("", line)


def _value_at_fault(errors: tuple[str, ...], labels: Mapping[str, str]) -> str | None:
    """The IR value of the first filter instance that the program complains about."""
    for line in errors:
        for found in _INSTANCE.findall(_ADDRESS.sub("", line)):
            for label in (found, found.partition("@")[2]):
                if label in labels:
                    return labels[label]
    return None


def _how_it_ended(completed: Completed) -> str:
    if completed.status < 0:
        return f"was killed by signal {-completed.status}"
    return f"ended with status {completed.status}"


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
