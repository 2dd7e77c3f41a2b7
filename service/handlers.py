"""What each operation does: a function with the name of the operation.

They read requests and write answers; compiling, the database and the disk are left to threads, so
that the event loop always answers.
"""

from __future__ import annotations

import asyncio
import json
import re
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from functools import partial
from itertools import chain
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from ..compiler import schemas
from ..documents.load import Format
from ..ir.diagnostics import RenderError
from ..presets.load import library, preset_data
from ..render.artifacts.artifact import Artifact
from . import answers
from .bodies import (
    CheckBody,
    Envelope,
    ExplainBody,
    PlanBody,
    RenderBody,
    read_envelope,
    read_import,
)
from .jobs import Event, JobState, KeyReusedError, QueueFullError, RenderJob
from .keys import Caller
from .media import OFFSET, media_name, part_of
from .openapi import document
from .operations import EVENT_STREAM, ID
from .page import page, viewer
from .problems import ProblemError
from .ranges import asked_range, is_current
from .reading import computed, fetched, idempotency_of, in_time, text_of, without_pause
from .service import Service
from .telemetry import CONTENT_TYPE
from .webhooks import check_webhook

Handler = Callable[[Service, Request, Caller], Awaitable[Response]]

_ID = re.compile(ID)
_POLL_S = 0.5
_SIGN_S = 15.0
_MANY_STREAMS = 100
_MOST_LISTED = 200
_FOREVER = {"Cache-Control": "private, max-age=31536000, immutable"}


async def render(service: Service, request: Request, caller: Caller) -> Response:
    """See `OPERATIONS`, as for all functions here."""
    text, form = await text_of(service, request)
    reuse = idempotency_of(request, text)
    try:
        if reuse is not None:
            known = await asyncio.to_thread(service.queue.known, caller.name, reuse)
            if known is not None:
                return await _job(service, known, 200)
        new = await computed(service, lambda: _submission(service, text, form, caller))
        if not await asyncio.to_thread(service.settings.has_room):
            raise ProblemError("unavailable", "the disk is nearly full", retry_after_s=300)
        waiting = service.settings.limits.queue
        submit = partial(service.queue.submit, new, waiting, reuse)
        job, is_new = await asyncio.to_thread(submit)
    except KeyReusedError:
        raise ProblemError("key-reused", "send another key with this body") from None
    except QueueFullError:
        raise ProblemError(
            "queue-full", f"{service.settings.limits.queue:,} jobs wait", retry_after_s=30
        ) from None
    return await _job(service, job, 202 if is_new else 200)


def _submission(service: Service, text: bytes, form: Format, caller: Caller) -> Any:  # noqa: ANN401
    envelope = read_envelope(text, form, RenderBody)
    body = envelope.body
    assert isinstance(body, RenderBody)
    if body.webhook is not None:
        check_webhook(body.webhook, service.settings)
    whole = text.decode("utf-8-sig")
    return answers.submission(envelope, whole, form, caller.name, service.settings)


async def list_renders(service: Service, request: Request, caller: Caller) -> Response:
    """A list."""
    state, limit = request.query_params.get("state"), request.query_params.get("limit", "50")
    if state is not None and state not in tuple(JobState):
        raise ProblemError("bad-request", f"state is one of {', '.join(JobState)}")
    if not (limit.isascii() and limit.isdecimal() and 1 <= int(limit[:9]) <= _MOST_LISTED):
        raise ProblemError("bad-request", f"limit is a number from 1 to {_MOST_LISTED}")
    find = partial(
        service.queue.jobs, state=None if state is None else JobState(state), limit=int(limit)
    )
    found = await asyncio.to_thread(find)
    return _answer(service, {"jobs": [answers.job_answer(job, (), {}) for job in found]})


async def get_render(service: Service, request: Request, caller: Caller) -> Response:
    """A job."""
    return await _job(service, await _known_job(service, request), 200)


async def cancel_render(service: Service, request: Request, caller: Caller) -> Response:
    """A job, cancelled."""
    await _known_job(service, request)
    job = await asyncio.to_thread(service.queue.cancel, request.path_params["id"])
    assert job is not None  # jobs are not deleted
    return await _job(service, job, 200 if job.state.is_final else 202)


async def render_events(service: Service, request: Request, caller: Caller) -> Response:
    """A stream."""
    last = request.headers.get("last-event-id", "0")
    if not (last.isascii() and last.isdecimal() and len(last) < 19):
        raise ProblemError("bad-request", "Last-Event-ID is the number of an event")
    job = await _known_job(service, request)
    if service.streams >= service.settings.limits.streams:
        raise ProblemError("unavailable", "too many event streams are open", retry_after_s=10)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    if request.method == "HEAD":
        return Response(None, 200, headers, EVENT_STREAM)
    service.streams += 1
    return _EventStream(service, _events(service, job.id, int(last)), headers)


class _EventStream(StreamingResponse):
    """Events, and their place among the streams of the service until the answer has ended."""

    def __init__(
        self, service: Service, events: AsyncIterator[str], headers: Mapping[str, str]
    ) -> None:
        super().__init__(events, 200, headers, EVENT_STREAM)
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._service.streams -= 1


async def _events(service: Service, job_id: str, after: int) -> AsyncIterator[str]:
    """The events of a job after a number, as they happen, and signs of life between them."""
    yield "retry: 1000\n\n"
    quiet = 0.0
    while not service.stopping.is_set():
        state, last = await asyncio.to_thread(service.queue.position, job_id)
        if last > after:
            for event in await asyncio.to_thread(service.queue.events, job_id, after):
                after, quiet = event.number, 0.0
                yield _event_text(job_id, event)
        if state.is_final and after >= last:
            return
        if quiet >= _SIGN_S:
            quiet = 0.0
            yield ":\n\n"
        pause = _POLL_S * (1 + service.streams / _MANY_STREAMS)
        quiet += pause
        await asyncio.sleep(pause)


def _event_text(job_id: str, event: Event) -> str:
    data = json.dumps({"job": job_id, "at": event.at, **event.data})
    return f"id: {event.number}\nevent: {event.kind}\ndata: {data}\n\n"


async def check(service: Service, request: Request, caller: Caller) -> Response:
    """A check."""
    return await _compiled(service, request, CheckBody, answers.check_answer)


async def plan(service: Service, request: Request, caller: Caller) -> Response:
    """A plan."""
    return await _compiled(service, request, PlanBody, answers.plan_answer)


async def explain(service: Service, request: Request, caller: Caller) -> Response:
    """An explanation."""
    return await _compiled(service, request, ExplainBody, answers.explain_answer)


async def _compiled(
    service: Service,
    request: Request,
    kind: type[CheckBody],
    answer: Callable[[Envelope, Any], dict[str, object]],
) -> Response:
    """The answer to a document."""
    text, form = await text_of(service, request)
    work = lambda: answer(read_envelope(text, form, kind), service.settings)  # noqa: E731
    return _answer(service, await computed(service, work))


async def list_artifacts(service: Service, request: Request, caller: Caller) -> Response:
    """A list."""
    timeline_id = request.query_params.get("timeline_id", "")
    if not timeline_id or "\0" in timeline_id:
        raise ProblemError("bad-request", "name a timeline: ?timeline_id=ID")
    find = partial(service.artifacts.registry.artifacts, timeline_id=timeline_id)
    found = await asyncio.to_thread(find)
    return _answer(service, {"artifacts": [answers.artifact_answer(a) for a in found]})


async def get_artifact(service: Service, request: Request, caller: Caller) -> Response:
    """An artifact."""
    artifact = await _known_artifact(service, request)
    names = await asyncio.to_thread(_files_beside, service, artifact)
    name = next((n for n, a in names.items() if a.id == artifact.id), None)
    return _answer(service, answers.artifact_answer(artifact, name))


async def get_report(service: Service, request: Request, caller: Caller) -> Response:
    """A page."""
    artifact = await _known_artifact(service, request)

    def latest() -> bytes | None:
        pages = map(service.queue.report, service.queue.jobs_of(artifact.id))
        return next((page for page in pages if page is not None), None)

    page = await asyncio.to_thread(latest)
    if page is None:
        raise ProblemError("not-found", "no render of this service with a report has this artifact")
    return Response(zlib.decompress(page), 200, {"Cache-Control": "no-cache"}, "text/html")


async def get_file(service: Service, request: Request, caller: Caller) -> Response:
    """A file, or a range of it."""
    artifact = await _known_artifact(service, request)
    names = await asyncio.to_thread(_files_beside, service, artifact)
    name = request.path_params["file"]
    if name not in names:
        raise ProblemError("not-found", "the render of this artifact has no such file")
    file = names[name]
    tag = f'"{file.content_digest}"'
    headers = {"ETag": tag, "Accept-Ranges": "bytes", **_FOREVER}
    if is_current(request.headers, tag):
        return Response(None, 304, headers)
    headers["Content-Disposition"] = f"inline; filename*=UTF-8''{quote(name, safe='')}"
    start, stop = asked_range(request.headers, tag, file.size)
    headers["Content-Length"] = str(stop - start)
    is_part = stop - start < file.size
    if is_part:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{file.size}"
    kind, status = answers.media_type(file), 206 if is_part else 200
    if request.method == "HEAD":
        return Response(None, status, headers, kind)
    blocks = service.artifacts.store.read(file.media_key, start, stop)
    try:
        first = await asyncio.to_thread(next, blocks, b"")
    except RenderError as error:
        raise ProblemError("not-found", "the file of this artifact is gone") from error
    whole: Iterator[bytes] = chain((first,), blocks)
    return StreamingResponse(whole, status, headers, kind)


def _files_beside(service: Service, artifact: Artifact) -> Mapping[str, Artifact]:
    """The files of the latest render with an artifact, by their names there.

    An artifact that no job of the service made is alone, with its name in the store.
    """
    for job_id in service.queue.jobs_of(artifact.id):
        outputs = service.queue.outputs(job_id)
        known = service.artifacts.registry.named([o.artifact_id for o in outputs])
        return {o.name: known[o.artifact_id] for o in outputs if o.artifact_id in known}
    return {artifact.media_key.rpartition("/")[2]: artifact}


async def upload(service: Service, request: Request, caller: Caller) -> Response:
    """A file or a part of one."""
    name = media_name(request.path_params["digest"])
    part = part_of(request.headers.get("content-range"))
    limits = service.settings.limits
    async with in_time(limits.media_s):
        done = await service.media.receive(name, part, without_pause(request, limits.idle_s))
    return _media(service, name, 201 if done else 202)


async def get_media(service: Service, request: Request, caller: Caller) -> Response:
    """How much of a file is there."""
    return _media(service, media_name(request.path_params["digest"]), 200)


def _media(service: Service, name: str, status: int) -> Response:
    size = service.media.size(name)
    offset = service.media.offset(name) if size is None else size
    if size is None and not offset and status == 200:
        raise ProblemError("not-found", "nothing of this file is here")
    data = {"digest": name, "complete": size is not None, "size": offset}
    return _answer(service, data, status, {OFFSET: str(offset)})


async def import_media(service: Service, request: Request, caller: Caller) -> Response:
    """A file from elsewhere."""
    text, form = await text_of(service, request)
    url = (await computed(service, lambda: read_import(text, form))).url
    name = await fetched(service, lambda: service.media.import_file(url))
    return _media(service, name, 201)


async def get_schema(service: Service, request: Request, caller: Caller) -> Response:
    """A schema."""
    kind = request.path_params["kind"]
    if kind not in schemas.NAMES:
        raise ProblemError("not-found", f"the kinds are {', '.join(schemas.NAMES)}")
    return Response(schemas.schema(kind), 200, None, "application/schema+json")


async def list_presets(service: Service, request: Request, caller: Caller) -> Response:
    """All presets."""
    known = library()
    tables: dict[str, Mapping[str, Any]] = {
        "export": known.export,
        "bus": known.mix,
        "spec": known.specs,
    }
    return _answer(service, {n: [preset_data(p) for p in t.values()] for n, t in tables.items()})


async def get_page(service: Service, request: Request, caller: Caller) -> Response:
    """The page."""
    text, headers = page()
    return Response(text, 200, headers, "text/html")


async def get_viewer(service: Service, request: Request, caller: Caller) -> Response:
    """Its frame for reports."""
    text, headers = viewer()
    return Response(text, 200, headers, "text/html")


async def get_openapi(service: Service, request: Request, caller: Caller) -> Response:
    """The description."""
    return JSONResponse(document(has_keys=service.keys is not None))


async def live(service: Service, request: Request, caller: Caller) -> Response:
    """Yes."""
    return JSONResponse({"ok": True})


async def ready(service: Service, request: Request, caller: Caller) -> Response:
    """Yes, or what is missing."""
    await asyncio.to_thread(service.queue.get, "")
    if service.stopping.is_set() or not service.settings.has_room():
        raise ProblemError("unavailable", "the server stops, or its disk is full", retry_after_s=30)
    return JSONResponse({"ok": True})


async def metrics(service: Service, request: Request, caller: Caller) -> Response:
    """Text."""
    counts = await asyncio.to_thread(service.queue.counts)
    text = service.metrics.text({s.value: n for s, n in counts.items()}, service.streams)
    return Response(text, 200, None, CONTENT_TYPE)


def _answer(
    service: Service,
    data: object,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Plain data as JSON, without the directories of the server."""
    text = json.dumps(service.settings.without_paths(data), ensure_ascii=False, allow_nan=False)
    encoded = text.encode("utf-8", "backslashreplace")
    return Response(encoded, status, headers, "application/json")


async def _job(service: Service, job: RenderJob, status: int) -> Response:
    data = await asyncio.to_thread(service.job_data, job)
    return _answer(service, data, status, {"Location": f"/v1/renders/{job.id}"})


async def _known_job(service: Service, request: Request) -> RenderJob:
    job_id = request.path_params["id"]
    job = await asyncio.to_thread(service.queue.get, job_id) if _ID.fullmatch(job_id) else None
    if job is None:
        raise ProblemError("not-found", "no job has this id")
    return job


async def _known_artifact(service: Service, request: Request) -> Artifact:
    wanted = request.path_params["id"]
    ids = [wanted] if _ID.fullmatch(wanted) else []
    found = await asyncio.to_thread(service.artifacts.registry.named, ids)
    if wanted not in found:
        raise ProblemError("not-found", "no artifact has this id")
    return found[wanted]


HANDLERS: Mapping[str, Handler] = {
    function.__name__: function
    for function in (
        render,
        list_renders,
        get_render,
        render_events,
        cancel_render,
        check,
        plan,
        explain,
        list_artifacts,
        get_artifact,
        get_report,
        get_file,
        upload,
        get_media,
        import_media,
        get_schema,
        list_presets,
        get_page,
        get_viewer,
        get_openapi,
        live,
        ready,
        metrics,
    )
}
"""Operation -> its function."""
