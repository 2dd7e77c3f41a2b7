"""A bench for the emitted plans: sources on disk, plans run by a real SoX, residuals.

Plans run through the executor, so that what mixdown's own steps do is judged with them.
"""

from __future__ import annotations

from pathlib import Path

import attrs
import numpy as np
import soundfile
from mixdown.backends.native import reference
from mixdown.backends.sox import BACKEND
from mixdown.ir.graph import Graph
from mixdown.ir.nodes import Clip, Encoding, Node, Output, OutputRole, Source
from mixdown.ir.verify import check
from mixdown.plans.plan import EmitOptions, Plan
from mixdown.programs.sox import SOX, find_sox
from mixdown.render.executor import Executor
from mixdown.render.workspace import Workspace

RATE = 48000
BUDGET = -140.0


def decibels(samples: np.ndarray) -> float:
    peak = np.max(np.abs(samples), initial=0.0)
    return float(20.0 * np.log10(peak)) if peak else -np.inf


@attrs.define
class Bench:
    folder: Path
    sources: dict[str, Source] = attrs.field(factory=dict)

    def source(
        self, name: str, audio: np.ndarray, rate: int = RATE, file: str = "", coding: str = "PCM_24"
    ) -> None:
        """Writes channels x n samples as a source."""
        path = self.folder / (file or f"{name}.wav")
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, audio.T, rate, subtype=coding)
        info = soundfile.info(path)
        self.sources[name] = Source(
            name=name,
            path=path.relative_to(self.folder).as_posix(),
            digest="sha256:" + "0" * 64,
            rate=rate,
            channels=info.channels,
            frames=info.frames,
            codec=f"{info.format}/{info.subtype}".lower(),
        )

    def noise(self, name: str, channels: int = 1, count: int = 12_000, **how) -> None:
        random = np.random.default_rng([*name.encode(), channels])
        self.source(name, random.uniform(-1, 1, (channels, count)), **how)

    def clip(self, source: str, offset: int = 0, length: int | None = None, name: str = "") -> Clip:
        rest = self.sources[source].length(RATE) - offset if length is None else length
        return Clip(name or f"{source}.clip", source, offset, rest, RATE)

    def graph(self, *nodes: Node) -> Graph:
        played = {node.source for node in nodes if isinstance(node, Clip)}
        sources = (self.sources[name] for name in played)
        return check(Graph.ordered(sources, nodes))

    def chain(self, *nodes: Node) -> Graph:
        """The nodes one after the other, then a master in float64."""
        linked = [nodes[0]]
        for node in (*nodes[1:], master()):
            linked.append(attrs.evolve(node, operands=(linked[-1].name,)))
        return self.graph(*linked)

    def render(self, graph: Graph, options: EmitOptions | None = None) -> dict[str, np.ndarray]:
        """Each delivered file, channels x n, by its target."""
        return self.run(BACKEND.emit(graph, options or EmitOptions()))

    def run(self, plan: Plan) -> dict[str, np.ndarray]:
        """The same of a plan."""
        spaces = Workspace(self.folder, self.folder / "work", self.folder / "out", self.folder)
        spaces.work.mkdir(exist_ok=True)
        spaces.staging.mkdir(exist_ok=True)
        executor = Executor(plan, {"sox": SOX}, {"sox": find_sox()}, spaces)
        for step in plan.steps:
            executor.run_step(step, {})
        return {d.target: reference.read_file(spaces.path(d.file)) for d in plan.deliveries}

    def meant(self, graph: Graph) -> dict[str, np.ndarray]:
        """What the reference makes of the outputs, by their targets."""
        values = reference.evaluate(graph, lambda s: reference.read_file(str(self.folder / s.path)))
        return {output.target: values[output.name] for output in graph.outputs}

    def residual(self, graph: Graph) -> float:
        """By how much SoX's outputs differ from the reference's: dBFS."""
        meant, made = self.meant(graph), self.render(graph)
        assert list(meant) == list(made)
        assert all(meant[t].shape == made[t].shape for t in meant)
        return max(decibels(meant[t] - made[t]) for t in meant)


def master(operand: str = "", encoding: Encoding = Encoding.F64, container: str = "wav") -> Output:
    name, operands = "master.output", (operand,) if operand else ()
    return Output(name, OutputRole.MASTER, "master", container, encoding, operands=operands)


def stem(operand: str, index: int) -> Output:
    """A stem in float64."""
    target = f"stem {operand}"
    return Output(
        f"{operand}.output",
        OutputRole.STEM,
        target,
        "wav",
        Encoding.F64,
        index,
        operands=(operand,),
    )


def programs(plan: Plan) -> list[str]:
    """What the plan runs: "sox", and mixdown's commands by name."""
    return [s.program if s.program == "sox" else str(s.argv[0]) for s in plan.steps]
