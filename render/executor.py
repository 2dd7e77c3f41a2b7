"""Runs the steps of a plan.

Promises: `run_step` makes one run of a program of one typed step, reports its progress and returns
the readings of a measuring step. A failure is MIX603 and a program that makes no progress is
MIX610, with the line of the timeline that it concerns. It touches only the step's own files and
keeps no state, so steps that do not wait for each other (`Step.after`) may run at the same time. It
knows a program by its `Program` alone. A step that reads a source fails with MIX611 if the file has
changed since the mix was compiled, and one that decodes a source fails if the length differs; their
files are not kept.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from attrs import Factory, define, field, frozen

from ..backends.protocol import programs_of
from ..backends.registry import find_backend, find_tools
from ..compiler.driver import Compilation
from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic, RenderError
from ..ir.origin import Documents, Origin
from ..media.cache import user_cache
from ..media.headers import read_header
from ..media.samples import LIBSNDFILE
from ..plans.cache_keys import ENGINE, engine_version, keys
from ..plans.loop import level_key
from ..plans.own_steps import partial_step
from ..plans.plan import OURSELVES, File, FilterScript, Plan, Step, StepKind, bind
from ..programs.program import Program, Tool
from ..programs.run import (
    VARIABLE,
    Completed,
    Stop,
    StoppedError,
    Watch,
    by_line,
    patience,
    run_process,
    size_of,
)
from ..programs.timings import timed
from .kept import KeptFiles
from .parallel import processors, run_steps
from .progress import Listener, Progress, ignore
from .recording import Tap, feed_file
from .sources import content_problem, other_source, shape, source_problems
from .workspace import Workspace

if TYPE_CHECKING:
    from .spans import CachedSpans

INLINE_BYTES = 100_000
"""A filter graph of this many bytes or more goes into a file: Linux takes 128 KiB an argument."""

SLOWEST = 10.0
"""The least seconds of sound that a working program renders per second..."""

PARSED = 5_000.0
"""...characters of its arguments that it parses (ffmpeg: about 60 for a filter, and 21,000 filters
take over a minute)..."""

READ = 10e6
"""...and bytes of its inputs that it reads before its first sample. A tenth of what is measured."""

_LINES_SHOWN = 4

Readings = Mapping[str, float]
"""What a measuring step printed last under each metadata key, such as lavfi.r128.I."""


@frozen
class Executor:
    """What every step of one render needs; see `executor_for`.

    Attributes:
        plan: whose steps are run.
        programs: those that its steps run, by their plain names.
        tools: where each of them was found.
        spaces: where files are.
        listener: receives the progress.
        origins: the origin of an IR value, by its name.
        documents: those that origins point into.
        kept: what is kept of the files of its steps.
        jobs: how many steps may run at once.
        taps: meters of files as this process writes them, by their paths.
    """

    plan: Plan
    programs: Mapping[str, Program]
    tools: Mapping[str, Tool]
    spaces: Workspace
    listener: Listener = ignore
    origins: Mapping[str, Origin | None] = field(factory=dict)
    documents: Documents = field(factory=dict)
    kept: KeptFiles = field(
        default=Factory(lambda self: KeptFiles(None, self.spaces), takes_self=True)
    )
    jobs: int = 1
    taps: Mapping[Path, Tap[Any]] = field(factory=dict)
    _reporting: threading.Lock = field(factory=threading.Lock, init=False, eq=False, repr=False)

    def run_steps(
        self, steps: Sequence[Step], facts: Mapping[str, float]
    ) -> Mapping[str, Readings]:
        """Run some of the plan's steps, several at once, as `run_steps` does.

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
            RenderError: MIX603, the program failed; MIX610, it was stuck; MIX611, a source is not
                what it was.
            StoppedError: `stop` was asked for.
        """
        stop = stop or Stop()
        self._report(step, 0.0)
        try:
            with timed("step", step.id):
                self._check_contents(step)
                self._write_scripts(step)
                readings = self._kept_or_run(step, facts, stop)
        except OSError as error:
            reason = self.spaces.relative(error.strerror or str(error))
            raise self._failed(step, f"stopped: {reason}") from error
        self._report(step, 1.0)
        return readings

    def _report(self, step: Step, done: float) -> None:
        with self._reporting:
            self.listener(Progress(step.id, step.purpose, done))

    def _report_unless(self, stop: Stop, step: Step, done: float) -> None:
        """A step that runs in this process is stopped where it reports its progress."""
        if stop.asked:
            raise StoppedError
        self._report(step, done)

    def _write_scripts(self, step: Step) -> None:
        """Make the directories of what the step writes, and the files of its scripts."""
        for file in (*step.outputs, *(script.file for script in step.scripts)):
            Path(self.spaces.path(file)).parent.mkdir(parents=True, exist_ok=True)
        for script in step.scripts:
            Path(self.spaces.path(script.file)).write_text(script.text, "utf-8", newline="\n")

    def _kept_or_run(self, step: Step, facts: Mapping[str, float], stop: Stop) -> Readings:
        """Take what an earlier run kept of a step, or run it, and keep that.

        Of a step that can make each output alone, only those that are not kept are made; of a long
        one, the spans of all outputs that are not.
        """
        keyed = self.kept.of(step)
        spans = self.kept.spans(step, keyed)
        kept: set[File] = set()
        if spans is None:
            kept.update(file for file, key in keyed.items() if self.kept.take(key, file))
        if not (step.values or kept == set(step.outputs)):
            kept = set()
        if kept and kept == set(step.outputs):
            self._check_shape(step)
            self.kept.note(step, keyed, kept, spans)
            return {}
        part = partial_step(step, set(step.outputs) - kept) if step.values else step
        for file in part.outputs:
            Path(self.spaces.path(file)).unlink(missing_ok=True)  # or it names a kept file too
        if step.program == OURSELVES:
            readings = self._run_here(part, facts, stop, spans)
        else:
            readings = self._run_program(part, facts, stop)
        self.kept.note(step, keyed, kept, spans)
        self._check_shape(step)
        self._check_contents(step)
        for file in part.outputs:
            if file in keyed:
                self.kept.keep(keyed[file], file)
        return readings

    def check_sources(self) -> None:
        """Check every file that the plan reads.

        Raises:
            RenderError: MIX611, everything that is not what it was.
        """
        found = [
            problem
            for source in self.plan.sources
            for problem in source_problems(source, Path(self.spaces.path(source.file)))
        ]
        if found:
            raise RenderError(found, self.documents)

    def _check_contents(self, step: Step) -> None:
        read = set(step.inputs)
        for source in self.plan.sources:
            if source.file in read:
                problem = content_problem(source, Path(self.spaces.path(source.file)))
                if problem is not None:
                    raise RenderError(problem, self.documents)

    def _check_shape(self, step: Step) -> None:
        """Of a step that decodes a source: it must give what the mix was compiled for."""
        if step.is_exact:
            header = read_header(Path(self.spaces.path(step.outputs[0])))
            wanted = shape(step.samples, step.rate, step.channels)
            found = shape(header.frames, header.rate, header.channels) if header else "nothing"
            if found != wanted:
                problem = other_source(step.inputs[0].path, wanted, f"{found}, decoded")
                raise RenderError(problem, self.documents)

    def _run_program(self, step: Step, facts: Mapping[str, float], stop: Stop) -> Readings:
        """Run a step whose program is another's."""
        program, tool = self.programs[step.program], self.tools[step.program]
        files = [Path(self.spaces.path(file)) for file in step.outputs]
        output = _StepOutput(step, program, files, partial(self._report, step))
        argv = command(step, program, tool, self.spaces, facts)
        watch = Watch(self._patience(step, argv), output.sign)
        done = run_process(argv, self.spaces.work, by_line(output.take), stop, watch)
        if done.failure is not None:
            raise self._failed(step, done.failure, done)
        return output.readings

    def _patience(self, step: Step, argv: Sequence[str]) -> float:
        """How long a step may go without progress, seconds; see `patience`.

        Before its first sample a program parses its arguments and may read its inputs from their
        start; after that, what it has made so far grows in pieces.
        """
        rate, text = max(step.rate, 1), sum(map(len, argv))
        read = size_of(Path(self.spaces.path(file)) for file in step.inputs)
        estimate = step.samples / rate / SLOWEST + text / PARSED + read / READ
        return patience() + estimate

    def _run_here(
        self, step: Step, facts: Mapping[str, float], stop: Stop, spans: CachedSpans | None
    ) -> Readings:
        """Run a step of the native engine, which is imported only where a plan has one.

        What was measured as it was written is not measured again.
        """
        from ..backends.native.run import run_step  # noqa: PLC0415

        progress = partial(self._report_unless, stop, step)
        if step.kind is StepKind.MEASURE:
            path = Path(self.spaces.path(step.inputs[0]))
            tap, goal = self.taps.get(path), self.plan.loudness
            if tap is not None and goal is not None:
                if not tap.has_begun:
                    feed_file(path, tap, progress)
                try:
                    return {level_key(goal.reading): tap.result().lufs}
                except ValueError as error:
                    raise OSError(None, f"{path}: {error}") from error
        return run_step(step, self.spaces.path, facts, progress, self.taps, spans)

    def _failed(self, step: Step, reason: str, done: Completed | None = None) -> RenderError:
        errors = () if done is None else done.errors
        program = self.programs.get(step.program)
        value = self._value_at_fault(program, errors) or self.plan.labels.get(step.id)
        concerned = f" in %{value}" if value else ""
        said = self._said(program, errors)
        advice = [f"the last lines of {step.program}:{said}"] if said else []
        is_stuck = done is not None and done.stuck is not None
        if is_stuck:
            advice.insert(0, f"if it is only slow, set {VARIABLE} to more than {patience():g}")
        return RenderError(
            Diagnostic(
                Code.STEP_STUCK if is_stuck else Code.STEP_FAILED,
                f"step {step.id!r} failed{concerned}: {step.program} {reason}",
                origin=self.origins.get(value) if value else None,
                help="; ".join(advice) or None,
            ),
            self.documents,
        )

    def _value_at_fault(self, program: Program | None, errors: Sequence[str]) -> str | None:
        """The IR value of the first label of the plan that the program complains about."""
        if program is None:
            return None
        named = (name for line in errors for name in program.labels(line))
        return next((self.plan.labels[n] for n in named if n in self.plan.labels), None)

    def _said(self, program: Program | None, errors: Sequence[str]) -> str:
        """The last lines that say something, each on a line of its own."""
        if program is None:
            return ""
        lines = [program.tidy(self.spaces.relative(line)) for line in errors]
        generic = program.generic
        specific = [line for line in lines if generic is None or not generic.fullmatch(line)]
        return "".join(f"\n      {line}" for line in (specific or lines)[-_LINES_SHOWN:])


def executor_for(
    compilation: Compilation,
    plan: Plan,
    spaces: Workspace,
    *,
    tools: Mapping[str, Tool] | None = None,
    listener: Listener = ignore,
    jobs: int | None = None,
    taps: Mapping[Path, Tap[Any]] = MappingProxyType({}),
) -> Executor:
    """What runs a plan of a compilation's mix.

    Args:
        compilation: whose sources and documents it is about.
        plan: its own plan, or another one of a part of its graph.
        spaces: where files are.
        tools: programs to use instead of those that are found, by their plain names.
        listener: receives the progress.
        jobs: how many steps may run at once; None: as many as there are processors.
        taps: see `Executor`.

    Raises:
        RenderError: MIX601 to MIX603, a program is not there.
    """
    found = find_tools(plan, tools or {})
    return Executor(
        plan=plan,
        programs=programs_of(find_backend(plan.backend)),
        tools=found,
        spaces=spaces,
        listener=listener,
        origins={node.name: node.origin for node in compilation.graph},
        documents=compilation.timeline.documents,
        kept=KeptFiles(user_cache(), spaces, taps, keys(plan, partial(_version, found))),
        jobs=jobs or processors(),
        taps=taps,
    )


def _version(tools: Mapping[str, Tool], name: str) -> str:
    if name == ENGINE:
        return engine_version()
    return LIBSNDFILE if name == OURSELVES else tools[name].version_text


def command(
    step: Step, program: Program, tool: Tool, spaces: Workspace, facts: Mapping[str, float]
) -> tuple[str, ...]:
    """The step's command line, with its big filter graphs written to files in the work space."""
    argv = [tool.program]
    if step.kind is StepKind.RENDER:
        argv += program.progress
    for number, arg in enumerate(step.argv):
        text = bind(arg, spaces.path, facts)
        is_big = isinstance(arg, FilterScript) and len(text.encode()) >= INLINE_BYTES
        if is_big and program.file_option is not None:
            script = spaces.work / f"{step.id}-{number}.filtergraph"
            script.write_text(text, encoding="utf-8", newline="\n")
            argv[-1] = program.file_option(argv[-1], tool)
            text = str(script)
        argv.append(text)
    return tuple(argv)


@define
class _StepOutput:
    """Reads a step's standard output, a line at a time, as its program says.

    Only the last number of each reading is kept, however long the step.
    """

    _step: Step
    _program: Program
    _files: Sequence[Path]
    _report: Callable[[float], None]
    readings: dict[str, float] = field(factory=dict)
    _position: float = 0.0

    def take(self, line: str) -> None:
        """Take the next line."""
        position = self._program.position(line)
        if position is not None:
            self._position = position
            seconds = self._step.samples / self._step.rate if self._step.rate else 0.0
            if seconds > 0.0:
                self._report(min(1.0, max(0.0, position / seconds)))
        elif self._step.kind is StepKind.MEASURE:
            reading = self._program.reading(line)
            if reading is not None:
                self.readings[reading[0]] = reading[1]

    def sign(self) -> tuple[float, int]:
        """What changes as long as the step goes on: its position, the bytes of what it writes."""
        return self._position, size_of(self._files)
