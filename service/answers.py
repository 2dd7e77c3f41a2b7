"""What the service answers: checks, plans, explanations, jobs and artifacts as plain data.

The first three compile a document, so they run in threads and may take a while.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import PurePosixPath
from urllib.parse import quote

from attrs import frozen

from ..compiler.driver import Compilation, compile
from ..compiler.timeline.hints import hints
from ..compiler.timeline.model import Timeline
from ..inspection.explain import explain
from ..inspection.explain_text import explanation_data, explanation_text
from ..inspection.owners import Level
from ..inspection.passages import explain_part, explain_range
from ..inspection.passages_text import range_data, range_text
from ..inspection.trace import trace
from ..ir.codes import Code
from ..ir.containers import CONTAINERS
from ..ir.diagnostics import TimelineError
from ..ir.origin import Origin
from ..ir.text.printer import print_graph
from ..ir.units import samples
from ..render.artifacts.artifact import Artifact
from ..render.shell import PLAN_FORMATS
from .bodies import BODY, MIR, Envelope, ExplainBody, PlanBody, RenderBody, job_digest
from .jobs import JobFile, JobState, RenderJob, Submission
from .operations import ANY
from .problems import ProblemError, data_of
from .settings import ServiceSettings


@frozen
class Checked:
    """A document that can be rendered: its timeline and its compilations, of each file one."""

    timeline: Timeline
    compilations: Sequence[Compilation]

    @property
    def seconds(self) -> float:
        """The length of the mix."""
        first = self.compilations[0]
        return first.length / first.timeline.sample_rate


def checked(envelope: Envelope, settings: ServiceSettings) -> Checked:
    """Compile the document of an envelope, within the limits.

    Raises:
        MixdownError: everything that is wrong with the document or the request.
        ProblemError: the document exceeds a limit.
    """
    timeline = _timeline(envelope, settings)
    request, options = envelope.request, envelope.options
    found = Checked(timeline, [compile(timeline, f.request, options) for f in request.files])
    longest = settings.limits.length_min
    if found.seconds > 60 * longest:
        raise ProblemError("too-large", f"the mix is longer than {longest:,} minutes")
    return found


def _timeline(envelope: Envelope, settings: ServiceSettings) -> Timeline:
    """The timeline of an envelope which has not too many parts.

    Raises:
        MixdownError: what is wrong with the document.
        ProblemError: it has, or the request has too many deliveries.
    """
    limits = settings.limits
    _limit("the request", "deliveries", len(envelope.body.request.deliver), limits.deliveries)
    timeline = envelope.timeline(settings.sources, limits.clips)
    _limit("the mix", "tracks", len(timeline.tracks), limits.tracks)
    _limit("the mix", "clips", sum(len(track.clips) for track in timeline.tracks), limits.clips)
    return timeline


def _limit(what: str, noun: str, count: int, most: int) -> None:
    if count > most:
        raise ProblemError("too-large", f"{what} has {count:,} {noun}, more than {most:,}")


def check_answer(envelope: Envelope, settings: ServiceSettings) -> dict[str, object]:
    """Whether a document can be rendered, and the warnings about it."""
    found = checked(envelope, settings)
    first = found.compilations[0]
    timeline = first.timeline
    said = (*first.diagnostics, *hints(timeline, first.media))
    return {
        "ok": True,
        "timeline_id": timeline.id,
        "length_s": found.seconds,
        "tracks": len(timeline.tracks),
        "clips": sum(len(track.clips) for track in timeline.tracks),
        "diagnostics": data_of(said, timeline.documents),
    }


def plan_answer(envelope: Envelope, settings: ServiceSettings) -> dict[str, object]:
    """The plan of a document as text in the wanted format.

    Raises:
        MixdownError: MIX307, there are several deliveries, of which each has a plan.
    """
    body = envelope.body
    assert isinstance(body, PlanBody)
    compilation = _only(checked(envelope, settings))
    graph, plan = compilation.graph, compilation.plan
    text = print_graph(graph) if body.format == MIR else PLAN_FORMATS[body.format](plan)
    return {
        "format": body.format,
        "text": text,
        "digest": f"sha256:{plan.digest}",
        "backend": plan.backend,
        "diagnostics": data_of(compilation.diagnostics, compilation.timeline.documents),
    }


def _only(found: Checked) -> Compilation:
    if len(found.compilations) > 1:
        raise TimelineError.of(
            Code.BAD_REQUEST,
            f"a plan is of one delivery, and this request has {len(found.compilations)}",
            Origin(BODY).child("request", "deliver"),
            help="ask for the plan of one preset and one format",
        )
    return found.compilations[0]


def explain_answer(envelope: Envelope, settings: ServiceSettings) -> dict[str, object]:
    """What sounds at a moment, in a range, or of a clip or a track: text and data.

    Raises:
        MixdownError: MIX307, not exactly one of them is asked for.
    """
    body = envelope.body
    assert isinstance(body, ExplainBody)
    if sum(v is not None for v in (body.at_ms, body.clip, body.track)) != 1 or (
        body.to_ms is not None and body.at_ms is None
    ):
        message = "choose one of at_ms (with to_ms: a range), clip and track"
        raise TimelineError.of(Code.BAD_REQUEST, message, Origin(BODY))
    timeline = _timeline(envelope, settings)
    done = trace(timeline, envelope.request, envelope.options)
    unit, documents = done.lowered, done.start.timeline.documents
    rate = unit.timeline.sample_rate
    if body.at_ms is not None and body.to_ms is None:
        moment = explain(unit, samples(body.at_ms, rate))
        text, data = explanation_text(moment, documents), explanation_data(moment, documents)
        return {"text": text, "data": data}
    if body.at_ms is not None and body.to_ms is not None:
        found = explain_range(unit, samples(body.at_ms, rate), samples(body.to_ms, rate))
    elif body.clip is not None:
        found = explain_part(unit, Level.CLIP, body.clip)
    else:
        found = explain_part(unit, Level.TRACK, body.track or "")
    return {"text": range_text(found, documents), "data": range_data(found, documents)}


def submission(
    envelope: Envelope, text: str, format: str, caller: str, settings: ServiceSettings
) -> Submission:
    """The job of a body that can be rendered.

    Raises:
        MixdownError: everything that is wrong with the document or the request.
        ProblemError: the document exceeds a limit.
    """
    body = envelope.body
    assert isinstance(body, RenderBody)
    found = checked(envelope, settings)
    first = found.compilations[0]
    return Submission(
        digest=job_digest(found.compilations, body),
        timeline_id=first.timeline.id,
        body=text,
        format=format,
        submitted_by=caller,
        length_s=found.seconds,
        steps=sum(len(c.plan.steps) for c in found.compilations),
        diagnostics=data_of(first.diagnostics, first.timeline.documents),
        webhook=body.webhook,
    )


def job_answer(
    job: RenderJob, outputs: Sequence[JobFile], artifacts: Mapping[str, Artifact]
) -> dict[str, object]:
    """A job, with its artifacts when it is done."""
    here = f"/v1/renders/{job.id}"
    links = {"self": here, "events": f"{here}/events"}
    made = [o for o in outputs if o.artifact_id in artifacts]
    if job.state is JobState.DONE and made:
        links["report"] = f"/v1/artifacts/{made[0].artifact_id}/report"
    return {
        "id": job.id,
        "state": job.state.value,
        "timeline_id": job.timeline_id,
        "length_s": job.length_s,
        "percent": round(job.percent, 1),
        "eta_s": job.eta_s,
        "attempts": job.attempts,
        "created_at": _time(job.created_at),
        "started_at": _time(job.started_at),
        "ended_at": _time(job.ended_at),
        "diagnostics": list(job.diagnostics),
        "artifacts": [artifact_answer(artifacts[o.artifact_id], o.name) for o in made],
        "links": links,
    }


def artifact_answer(artifact: Artifact, name: str | None = None) -> dict[str, object]:
    """An artifact, with the name of its file in the render that made it."""
    name = name or PurePosixPath(artifact.media_key).name
    here = f"/v1/artifacts/{artifact.id}"
    return {
        "id": artifact.id,
        "kind": artifact.kind,
        "timeline_id": artifact.timeline_id,
        "bus_id": artifact.bus_id,
        "parent_id": artifact.parent_id,
        "file": name,
        "media_type": media_type(artifact),
        "size": artifact.size,
        "content_digest": artifact.content_digest,
        "meta_version": artifact.meta_version,
        "meta": artifact.meta,
        "links": {"self": here, "content": f"{here}/{quote(name, safe='')}"},
    }


def media_type(artifact: Artifact) -> str:
    """The type of an artifact's file."""
    container = CONTAINERS.get(str(artifact.meta.get("container")))
    return ANY if container is None else container.media_type


def _time(at: float | None) -> str | None:
    """A time in the form of RFC 3339."""
    return (
        None if at is None else datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    )
