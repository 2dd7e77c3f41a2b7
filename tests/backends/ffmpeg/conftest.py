"""A bench for the emitted plans: sources written to disk, plans run by a real ffmpeg, files read.

It stands in for the executor of render/, so that what is judged here is the plan alone.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

import attrs
import numpy as np
import pytest
import soundfile
from mixdown.backends.ffmpeg import BACKEND
from mixdown.ir.graph import Graph
from mixdown.ir.nodes import Clip, Encoding, Node, Output, OutputRole, Source
from mixdown.ir.verify import check
from mixdown.plans.plan import EmitOptions, File, FilterScript, Plan, Step, bind

RATE = 48000
DEFAULT = EmitOptions()


@attrs.define
class Bench:
    folder: Path
    ffmpeg: str
    sources: dict[str, Source] = attrs.field(factory=dict)

    def source(
        self, name: str, audio: np.ndarray, rate: int = RATE, file: str = "", coding: str = "DOUBLE"
    ) -> np.ndarray:
        """Writes channels x n samples as a source; gives them as the file holds them."""
        file = file or f"{name}.wav"
        path = self.folder / "src" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, audio.T, rate, subtype=coding)
        info = soundfile.info(path)
        codec = f"{info.format}/{info.subtype}".lower()
        self.sources[name] = Source(
            name, file, "sha256:" + "0" * 64, rate, info.channels, info.frames, codec
        )
        return soundfile.read(path, always_2d=True)[0].T

    def noise(self, name: str, channels: int = 1, seconds: float = 2.0, **how) -> np.ndarray:
        rate = how.get("rate", RATE)
        random = np.random.default_rng([len(name), channels])
        return self.source(name, random.uniform(-1, 1, (channels, round(seconds * rate))), **how)

    def graph(self, *nodes: Node) -> Graph:
        return check(Graph.ordered(self.sources.values(), nodes))

    def clip(self, source: str, offset: int = 0, length: int | None = None, name: str = "") -> Clip:
        whole = self.sources[source].frames - offset if length is None else length
        return Clip(name or f"{source}.clip", source, offset, whole, RATE)

    def chain(self, first: Node, *rest: Node) -> Graph:
        """The nodes one after the other, then a master in float64."""
        nodes = [first]
        for node in (*rest, master()):
            nodes.append(attrs.evolve(node, operands=(nodes[-1].name,)))
        return self.graph(*nodes)

    def render(self, graph: Graph, options: EmitOptions = DEFAULT) -> np.ndarray:
        """The master, channels x n."""
        plan = BACKEND.emit(graph, options)
        self.run(plan)
        return self.read(plan.deliveries[0].file)

    def run(self, plan: Plan, facts: Mapping[str, float] | None = None) -> dict[str, str]:
        """What each step printed."""
        return {step.id: self.run_step(step, facts or {}) for step in plan.steps}

    def run_step(self, step: Step, facts: Mapping[str, float]) -> str:
        (self.folder / "work").mkdir(exist_ok=True)
        (self.folder / "out").mkdir(exist_ok=True)
        done = subprocess.run(
            [self.ffmpeg, *self._bound(step, facts)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    def _bound(self, step: Step, facts: Mapping[str, float]) -> Iterable[str]:
        for arg in step.argv:
            text = bind(arg, lambda file: str(self.path(file)), facts)
            if isinstance(arg, FilterScript) and len(text) > 100_000:
                script = self.folder / f"{step.id}.filtergraph"
                script.write_text(text)
                yield str(script)
            elif text == "-filter_complex" and self.is_long(step):
                yield "-filter_complex_script" if self.is_old else "-/filter_complex"
            else:
                yield text

    @staticmethod
    def is_long(step: Step) -> bool:
        return any(len(str(a)) > 100_000 for a in step.argv if isinstance(a, FilterScript))

    @property
    def is_old(self) -> bool:
        banner = subprocess.run([self.ffmpeg, "-version"], capture_output=True, text=True)
        return banner.stdout.startswith("ffmpeg version 5")

    def path(self, file: File) -> Path:
        return self.folder.resolve() / file.space.name.lower().replace("source", "src") / file.path

    def read(self, file: File) -> np.ndarray:
        return soundfile.read(self.path(file), always_2d=True)[0].T


def master(encoding: Encoding = Encoding.F64, container: str = "wav") -> Output:
    return Output("master.output", OutputRole.MASTER, "master", container, encoding)


@pytest.fixture
def bench(tmp_path: Path, ffmpegs: str) -> Bench:
    """With each ffmpeg in turn."""
    return Bench(tmp_path, ffmpegs)
