"""The typed plan that a backend makes of a graph.

Promises: a plan is data. The arguments of its steps name files by space (source, work, out) and not
by path, so that a plan is the same on every machine; they name measured facts until these are
known. Only `bind` and the printers write strings for a shell or an operating system.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from functools import cached_property

from attrs import asdict, evolve, field, frozen

from ..ir.diagnostics import counted
from ..ir.graph import Graph
from ..ir.nodes import OutputRole, Reading


class Space(StrEnum):
    """Where a file of a plan is; `bind` gives each space a directory.

    ROOT is that of the file system, for sources outside the directory of the document.
    """

    SOURCE = "SRC"
    ROOT = "ROOT"
    WORK = "WORK"
    OUT = "OUT"


@frozen
class File:
    """A file by space and relative path (forward slashes)."""

    space: Space
    path: str

    def __str__(self) -> str:
        return f"${{{self.space.value}}}/{self.path}"


def source_file(path: str) -> File:
    """The file that a document or a graph names by this path: relative to it, or absolute."""
    is_absolute = path.startswith("/")
    return File(Space.ROOT if is_absolute else Space.SOURCE, path.lstrip("/"))


@frozen
class PlannedSource:
    """A file that steps read and none makes, as it was when the mix was compiled.

    Attributes:
        file: where it is.
        digest: "sha256:" and the hex digest of its content.
        codec, rate, channels, frames: what is played, as of a `Source`; of a picture "" and 0.
        is_plain: whether that is all of it, which steps read in place.
    """

    file: File
    digest: str
    codec: str = ""
    rate: int = 0
    channels: int = 0
    frames: int = 0
    is_plain: bool = False


@frozen
class Fact:
    """A number that must be measured before the step can run, such as master.loudnorm.gain_db."""

    name: str

    def __str__(self) -> str:
        return f"${{{self.name}}}"


@frozen
class Template:
    """Text with facts in it."""

    parts: tuple[str | Fact, ...]

    def __str__(self) -> str:
        return "".join(str(part) for part in self.parts)

    def facts(self) -> tuple[str, ...]:
        """The names of the facts in it, in order."""
        return tuple(part.name for part in self.parts if isinstance(part, Fact))


@frozen
class FilterScript:
    """A filter graph as an argument: passed inline, or in a file where it is too long for that.

    `lines` are its chains: one a line in a printed plan, joined by ";" for ffmpeg.
    """

    lines: tuple[Template, ...]

    def __str__(self) -> str:
        return ";\n".join(str(line) for line in self.lines)


@frozen
class Script:
    """A text that a step reads from a file.

    Attributes:
        file: the file, in the work space.
        text: its content.
        graph: what the text is of, for steps that run in this process and need not parse it.
    """

    file: File
    text: str
    graph: Graph | None = field(default=None, eq=False, repr=False)


Arg = str | File | Fact | Template | FilterScript

OURSELVES = "mixdown"
"""The program of steps that mixdown runs itself, in the process of the executor."""


class StepKind(StrEnum):
    """What a step is for: files, or measurements that the executor reads from its output."""

    RENDER = "render"
    MEASURE = "measure"


@frozen(kw_only=True)
class Step:
    """One run of one program.

    Attributes:
        id: unique in the plan, such as "mix", "measure" or "finish".
        purpose: a short phrase for progress bars and comments.
        kind: render files, or measure facts.
        program: the plain name of a program, which the executor finds.
        argv: its arguments.
        inputs: every file that it reads.
        outputs: every file that it writes.
        after: ids of the steps that must run before.
        samples: the length of its output in samples, for progress.
        rate: of those samples, Hz.
        scripts: texts to write to files first.
        channels: of its first output, a WAV, which must have `samples` samples at `rate`, or it
            fails; 0: there is no such rule.
        values: what determines the content of each output besides the step's facts and the version
            of mixdown, if the step can make each of them alone; no part of the plan's text.
    """

    id: str
    purpose: str
    kind: StepKind = StepKind.RENDER
    program: str
    argv: tuple[Arg, ...]
    inputs: tuple[File, ...]
    outputs: tuple[File, ...] = ()
    after: tuple[str, ...] = ()
    samples: int
    rate: int
    scripts: tuple[Script, ...] = ()
    channels: int = 0
    values: tuple[str, ...] = ()

    @property
    def is_exact(self) -> bool:
        """Whether the shape of its first output is checked."""
        return self.channels > 0

    @property
    def digest(self) -> str:
        """SHA-256 of what the step does: kind, program, arguments, scripts and names of files."""
        parts = [self.kind.value, self.program, *map(_tagged, self.argv)]
        parts += [part for s in self.scripts for part in (str(s.file), s.text)]
        parts += [str(f) for f in (*self.inputs, *self.outputs)]
        return hashlib.sha256(json.dumps(parts).encode("ascii")).hexdigest()

    def facts(self) -> tuple[str, ...]:
        """The names of the facts that the step needs, each once, in order."""
        found: dict[str, None] = {}
        for arg in self.argv:
            if isinstance(arg, Fact):
                found[arg.name] = None
            for template in _templates(arg):
                found.update(dict.fromkeys(template.facts()))
        return tuple(found)


@frozen
class Delivery:
    """A file that the plan leaves in the out space."""

    role: OutputRole
    target: str
    file: File


@frozen
class LoudnessGoal:
    """The loudness that the master must reach, and the facts that the loudness loop sets.

    Attributes:
        measure: id of the step that measures what enters the loudness gain.
        finish: id of the step that masters it.
        target_lufs: the level to reach, in the unit of the reading.
        ceiling_db: dBTP that the delivered file may not exceed.
        gain_fact: the name of the static gain, dB.
        margin_fact: the name of the limiter's margin under the ceiling, dB.
        reading: what is measured for it.
        encoder_gain_db: by how much the master's encoder changes the level.
    """

    measure: str
    finish: str
    target_lufs: float
    ceiling_db: float
    gain_fact: str
    margin_fact: str
    reading: Reading = Reading.INTEGRATED
    encoder_gain_db: float = 0.0

    @property
    def stated(self) -> dict[str, object]:
        """Its attributes; the gain only of an encoder that has one."""
        return asdict(self, filter=lambda a, value: a.name != "encoder_gain_db" or bool(value))


@frozen
class Plan:
    """Steps, in an order in which they can run, and the files that they deliver.

    Attributes:
        backend: the name of the backend that emitted it.
        steps: in a valid order.
        deliveries: the master first.
        labels: name of a filter instance, or id of a step for one value alone -> name of the value
            of the IR that it is for.
        loudness: the goal of the loop around the finish; None where every gain is known.
        sources: the files that it reads, by path; a backend leaves them to the compiler.
        surveys: the digest of each survey that gains were computed from, by name of its source.
    """

    backend: str
    steps: tuple[Step, ...]
    deliveries: tuple[Delivery, ...]
    labels: Mapping[str, str] = field(factory=dict)
    loudness: LoudnessGoal | None = None
    sources: tuple[PlannedSource, ...] = ()
    surveys: Mapping[str, str] = field(factory=dict)

    def __repr__(self) -> str:
        parts = f"{counted(len(self.steps), 'step')}, {counted(len(self.deliveries), 'file')}"
        return f"<Plan for {self.backend}, {self.digest[:16]}: {parts}>"

    def __getitem__(self, step_id: str) -> Step:
        return next(step for step in self.steps if step.id == step_id)

    @cached_property
    def filter_complex(self) -> str:
        """The filter graphs of all steps that have one, in order, one chain a line."""
        graphs = (a for s in self.steps for a in s.argv if isinstance(a, FilterScript))
        return ";\n".join(str(graph) for graph in graphs)

    @cached_property
    def argv(self) -> tuple[tuple[str, ...], ...]:
        """The command of each step, program first, with spaces and facts by name."""
        return tuple((step.program, *map(str, step.argv)) for step in self.steps)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the steps, the deliveries, the loudness goal and the contents of sources."""
        parts = [step.digest for step in self.steps]
        parts += [f"{d.role.value} {d.target} {d.file}" for d in self.deliveries]
        parts += [f"{source.digest} {source.file}" for source in self.sources]
        parts += [json.dumps(self.loudness.stated)] if self.loudness is not None else []
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def to_text(self) -> str:
        """The plan as text, for people and for snapshots: one option or filter chain a line."""
        lines = [f"plan {self.backend} {self.digest[:16]}"]
        for step in self.steps:
            after = f" after {', '.join(step.after)}" if step.after else ""
            lines += ["", f"step {step.id}{after}  # {step.purpose}", f"  {step.program}"]
            lines += [f"    {line}" for line in _argument_lines(step.argv)]
            for script in step.scripts:
                lines.append(f"  script {script.file}")
                lines += [f"    {line}" for line in script.text.splitlines()]
        delivered = (f"deliver {d.role.value} {d.target} {d.file}" for d in self.deliveries)
        lines += ["", *delivered]
        if (goal := self.loudness) is not None:
            noted = ", momentary if short" if goal.reading is Reading.MOMENTARY else ""
            noted += f", encoder {goal.encoder_gain_db:+g} dB" if goal.encoder_gain_db else ""
            lines.append(
                f"until {goal.target_lufs:g} {goal.reading.unit}{noted}, "
                f"at most {goal.ceiling_db:g} dBTP: {goal.measure} sets {goal.gain_fact}; "
                f"{goal.margin_fact} is 0 or more"
            )
        lines += [f"survey of {name}: {digest}" for name, digest in sorted(self.surveys.items())]
        return "\n".join(lines) + "\n"

    def to_dict(self) -> dict[str, object]:
        """The plan as plain data.

        An argument is a text, {"file": "${WORK}/mix.wav"} with a space to bind, {"fact": name},
        {"text": parts} or {"graph": chains of parts}, where parts are texts and facts. The chains
        of a graph are joined by ";".
        """
        return {
            "backend": self.backend,
            "digest": self.digest,
            "steps": [
                {
                    "id": s.id,
                    "purpose": s.purpose,
                    "kind": s.kind.value,
                    "program": s.program,
                    "argv": [_plain(a) for a in s.argv],
                    "inputs": [str(f) for f in s.inputs],
                    "outputs": [str(f) for f in s.outputs],
                    "after": list(s.after),
                    "facts": list(s.facts()),
                    "scripts": [{"file": str(t.file), "text": t.text} for t in s.scripts],
                    "digest": s.digest,
                }
                for s in self.steps
            ],
            "deliveries": [
                {"role": d.role.value, "target": d.target, "file": str(d.file)}
                for d in self.deliveries
            ],
            "sources": [{**asdict(s), "file": str(s.file)} for s in self.sources],
            "labels": dict(self.labels),
            "surveys": dict(self.surveys),
            "loudness": None if self.loudness is None else self.loudness.stated,
        }


@frozen
class EmitOptions:
    """What a backend takes besides the graph.

    Attributes:
        single: emit one command, for which every fact must be known.
        one_pass: with `single`, let the program normalise an unknown loudness in one pass by its
            own means. That is not the static gain that defines a mix, and not exact.
        tags: metadata to write into the delivered files, in order.
    """

    single: bool = False
    one_pass: bool = False
    tags: tuple[tuple[str, str], ...] = ()


Emit = Callable[[Graph, EmitOptions], Plan]
"""A backend's `emit`: from a graph to a plan."""


def chained(steps: Iterable[Step]) -> tuple[Step, ...]:
    """The steps, each `after` those whose files it reads, then those that it names itself."""
    makers: dict[File, str] = {}
    found: list[Step] = []
    for step in steps:
        read = (makers[file] for file in step.inputs if file in makers)
        found.append(evolve(step, after=tuple(dict.fromkeys((*read, *step.after)))))
        makers.update(dict.fromkeys(step.outputs, step.id))
    return tuple(found)


def bind(arg: Arg, directories: Callable[[File], str], facts: Mapping[str, float]) -> str:
    """An argument as a string for the operating system.

    Raises:
        KeyError: a fact is not known.
    """
    if isinstance(arg, File):
        return directories(arg)
    if isinstance(arg, Fact):
        return repr(facts[arg.name])
    if isinstance(arg, Template):
        return _fill(arg, facts)
    if isinstance(arg, FilterScript):
        return ";\n".join(_fill(line, facts) for line in arg.lines)
    return arg


def _fill(template: Template, facts: Mapping[str, float]) -> str:
    parts = template.parts
    return "".join(repr(facts[p.name]) if isinstance(p, Fact) else p for p in parts)


def _templates(arg: Arg) -> Iterable[Template]:
    if isinstance(arg, Template):
        return (arg,)
    return arg.lines if isinstance(arg, FilterScript) else ()


def _plain(arg: Arg) -> object:
    """An argument as plain data."""
    if isinstance(arg, File):
        return {"file": str(arg)}
    if isinstance(arg, Fact):
        return {"fact": arg.name}
    if isinstance(arg, Template):
        return {"text": [_plain(part) for part in arg.parts]}
    if isinstance(arg, FilterScript):
        return {"graph": [[_plain(part) for part in line.parts] for line in arg.lines]}
    return arg


def _tagged(arg: Arg) -> str:
    """An argument with its type, so that a file and a text that looks like it differ."""
    return f"{type(arg).__name__}:{arg}"


def _argument_lines(argv: tuple[Arg, ...]) -> list[str]:
    """One option with its value a line, and one chain of a filter graph a line."""
    lines: list[str] = []
    index = 0
    while index < len(argv):
        text = _shown(argv[index])
        following = argv[index + 1] if index + 1 < len(argv) else None
        takes_value = text.startswith("-") and following is not None
        if takes_value and isinstance(following, FilterScript):
            lines.append(text)
            lines += [f"  {line}" for line in str(following).split("\n")]
            index += 2
        elif takes_value and not _is_option(following):
            lines.append(f"{text} {_shown(following)}")
            index += 2
        else:
            lines.append(text)
            index += 1
    return lines


def _is_option(arg: Arg | None) -> bool:
    return isinstance(arg, str) and len(arg) > 1 and arg[0] == "-" and not arg[1].isdigit()


def _shown(arg: Arg | None) -> str:
    text = str(arg)
    return text if text and text.isprintable() and " " not in text else json.dumps(text)
