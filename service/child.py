"""The process that renders one job: started by `workers.py`, one process for each attempt.

It reads task.json in the directory that its argument names, prints its progress as lines of JSON,
puts the files into the store and the registry, and leaves outcome.json. Its end in any other way is
that of the attempt. All that it writes besides is below that directory, which the server removes.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from attrs import asdict, frozen

from ..documents.load import Format
from ..documents.writer import write_file
from ..ir.codes import Code
from ..ir.diagnostics import MixdownError, RenderError
from ..render.artifacts.service import AudioRenderService
from ..render.progress import Progress
from ..render.service import render
from .bodies import RenderBody, job_digest, read_envelope
from .problems import data_of

TASK, OUTCOME, OUT = "task.json", "outcome.json", "out"
_LONGEST_PURPOSE = 200


@frozen
class Task:
    """What the process needs to know; see `Submission` and `ServiceSettings`."""

    body: str
    format: Format
    digest: str
    steps: int
    sources: str
    store: str
    registry: str


def main(directory: Path) -> None:
    """Render the job in a directory."""
    tempfile.tempdir = str(directory)
    task = Task(**json.loads((directory / TASK).read_text(encoding="utf-8")))
    try:
        outcome = _rendered(task, directory)
    except MixdownError as error:
        outcome = {"errors": data_of(error.diagnostics, error.documents)}
    write_file(directory / OUTCOME, json.dumps(outcome))


def _rendered(task: Task, directory: Path) -> dict[str, object]:
    """Render, store and register; the outcome of a job that is done."""
    envelope = read_envelope(task.body, task.format, RenderBody)
    body = envelope.body
    assert isinstance(body, RenderBody)
    result = render(
        envelope.timeline(Path(task.sources)),
        envelope.request,
        envelope.options,
        out=directory / OUT,
        report=body.report,
        progress=_reporter(task.steps),
    )
    if job_digest([mix.compilation for mix in result.deliveries], body) != task.digest:
        raise RenderError.of(
            Code.MEDIA_CHANGED,
            "the sources are not those for which the job was submitted",
            help="submit it again; upload media by digest, and they cannot change",
        )
    kept = AudioRenderService.open(task.store, task.registry).keep(result)
    return {
        "outputs": [
            {"artifact_id": artifact.id, "name": file.path.name}
            for artifact, file in zip(kept.artifacts, result.files, strict=True)
        ],
        "diagnostics": data_of(result.diagnostics, result.compilation.timeline.documents),
        "report": result.report_page.name if result.report_page else None,
    }


def _reporter(steps: int) -> Callable[[Progress], None]:
    """A listener that prints how much of all steps is done; a step that is repeated counts once."""
    done: dict[str, float] = {}

    def report(progress: Progress) -> None:
        done[progress.step] = max(progress.done, done.get(progress.step, 0.0))
        share = sum(done.values()) / max(steps + 1, len(done))
        line = {"done": share, "step": progress.purpose[:_LONGEST_PURPOSE]}
        print(json.dumps(line), flush=True)

    return report


def task_text(task: Task) -> str:
    """A task as the file that the process reads."""
    return json.dumps(asdict(task))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
