"""The JSON Schemas of answers, and an example of each, for the OpenAPI document.

Promises: tests validate real answers, and the examples, against them.
"""

from __future__ import annotations

from typing import Any

from ..compiler.meta import FILE_KINDS
from .jobs import JobState
from .problems import PROBLEMS

Schema = dict[str, Any]

JOB_ID, ARTIFACT_ID = "4f1c9f0b6a2d4e5f8a9b0c1d2e3f4a5b", "0d9f8e7c6b5a49382716f5e4d3c2b1a0"
DIGEST = "sha256:6b1f" + "0" * 60


def reference(name: str) -> Schema:
    """A reference to a schema of the OpenAPI document."""
    return {"$ref": f"#/components/schemas/{name}"}


def _text(doc: str, **more: object) -> Schema:
    return {"type": "string", "description": doc, **more}


def _number(doc: str, **more: object) -> Schema:
    return {"type": "number", "description": doc, **more}


def _maybe(schema: Schema) -> Schema:
    return {**schema, "type": [schema["type"], "null"]}


def _list(of: Schema, doc: str) -> Schema:
    return {"type": "array", "items": of, "description": doc}


def _record(doc: str, optional: tuple[str, ...] = (), **properties: Schema) -> Schema:
    required = [name for name in properties if name not in optional]
    made = {"type": "object", "description": doc, "properties": properties, "required": required}
    return {**made, "additionalProperties": False}


_PLACE = {
    "document": _text("the name of the document"),
    "pointer": _text("a JSON Pointer to the value"),
    "line": {"type": "integer", "description": "from 1"},
    "column": {"type": "integer", "description": "from 1"},
    "cause": _text("what mixdown decided there"),
    "via": {"type": "object", "description": "the place that this was made from"},
}
_LINKS: Schema = {"type": "object", "additionalProperties": {"type": "string"}}
_TIME = _text("a time (RFC 3339)", format="date-time")

_STATES = [state.value for state in JobState]

ANSWERS: dict[str, Schema] = {
    "job": _record(
        "a job",
        id=_text("of the job; the same content has the same id", examples=[JOB_ID]),
        state=_text("what has become of it", enum=_STATES),
        timeline_id=_text("of the document", examples=["episode-042"]),
        length_s=_number("of the mix, s"),
        percent=_number("how much is done", minimum=0, maximum=100),
        eta_s=_maybe(_number("how long it will take, s")),
        attempts={"type": "integer", "description": "how often it was begun"},
        created_at=_TIME,
        started_at=_maybe(_TIME),
        ended_at=_maybe(_TIME),
        diagnostics=_list(
            reference("diagnostic"), "warnings; of a job that has failed, its errors"
        ),
        artifacts=_list(
            reference("artifact"), "of a job that is done: the master, then stems and parts"
        ),
        links=_LINKS,
    ),
    "jobs": _record("jobs", jobs=_list(reference("job"), "without their artifacts")),
    "artifact": _record(
        "a file that a render made",
        id=_text("of the artifact", examples=[ARTIFACT_ID]),
        kind=_text("what it is", enum=list(FILE_KINDS.values())),
        timeline_id=_text("of the document"),
        bus_id=_text("master, or the id of a bus"),
        parent_id=_maybe(_text("of a stem, the id of its master")),
        file=_text("its name", examples=["master.wav"]),
        media_type=_text("its type", examples=["audio/wav"]),
        size={"type": "integer", "description": "bytes"},
        content_digest=_text("its SHA-256", examples=[DIGEST]),
        meta_version={"type": "integer", "description": "of the keys of meta"},
        meta={"type": "object", "description": "its metadata; see docs/metadata.md"},
        links=_LINKS,
    ),
    "artifacts": _record("artifacts", artifacts=_list(reference("artifact"), "in order")),
    "check": _record(
        "a document that can be rendered",
        ok={"const": True},
        timeline_id=_text("of the document"),
        length_s=_number("of the mix, s"),
        tracks={"type": "integer", "description": "how many"},
        clips={"type": "integer", "description": "how many"},
        diagnostics=_list(reference("diagnostic"), "warnings and notes"),
    ),
    "plan": _record(
        "a plan",
        format=_text("of the text"),
        text=_text("the plan"),
        digest=_text("of the plan"),
        backend=_text("that made it"),
        diagnostics=_list(reference("diagnostic"), "warnings and notes"),
    ),
    "explanation": _record(
        "an explanation",
        text=_text("for people"),
        data={"type": "object", "description": "the same as data; see docs/inspecting.md"},
    ),
    "media": _record(
        "a media file",
        digest=_text("what documents call it", examples=[DIGEST]),
        complete={"type": "boolean", "description": "whether all of it is there"},
        size={"type": "integer", "description": "the bytes that are there"},
    ),
    "presets": _record(
        "presets",
        export=_list({"type": "object"}, "export presets"),
        bus=_list({"type": "object"}, "mix presets"),
        spec=_list({"type": "object"}, "delivery specs"),
    ),
    "event": _record(
        "a server-sent event",
        ("id", "event", "data", "retry"),
        id=_text("its number", examples=["1"]),
        event=_text("its kind", enum=[*_STATES, "progress", "webhook"]),
        data=_text("its job, its time, and more, as JSON", contentMediaType="application/json"),
        retry=_text("how long a client waits before it connects again, ms"),
    ),
    "health": _record("the health of a server", ok={"const": True}),
    "schema": {"type": "object", "description": "a JSON document"},
    "diagnostic": _record(
        "an error, a warning or a note",
        ("document", "pointer", "line", "column", "cause", "via", "related"),
        code=_text("see docs/errors.md", examples=["MIX103"]),
        severity=_text("how bad it is", enum=["error", "warning", "note"]),
        message=_text("what is wrong"),
        help=_maybe(_text("what to do")),
        related=_list({"type": "object"}, "other places"),
        **_PLACE,
    ),
    "problem": _record(
        "a problem (RFC 9457)",
        ("diagnostics",),
        type=_text("its kind", enum=[f"urn:mixdown:problem:{kind}" for kind in PROBLEMS]),
        title=_text("its kind in words"),
        status={"type": "integer", "description": "of the answer"},
        detail=_text("what is wrong"),
        instance=_text("the request, as in the server's log"),
        diagnostics=_list(reference("diagnostic"), "of a document or request with errors"),
    ),
}
"""The schemas of answers and of what is in them, by name."""

_JOB_LINK, _ARTIFACT_LINK = f"/v1/renders/{JOB_ID}", f"/v1/artifacts/{ARTIFACT_ID}"
_ARTIFACT: Schema = {
    "id": ARTIFACT_ID,
    "kind": "audio_render",
    "timeline_id": "episode-042",
    "bus_id": "master",
    "parent_id": None,
    "file": "master.wav",
    "media_type": "audio/wav",
    "size": 3456044,
    "content_digest": DIGEST,
    "meta_version": 1,
    "meta": {
        "container": "wav",
        "sample_rate": 48000,
        "duration_s": 12.0,
        "integrated_lufs": -16.0,
    },
    "links": {"self": _ARTIFACT_LINK, "content": f"{_ARTIFACT_LINK}/master.wav"},
}
_JOB: Schema = {
    "id": JOB_ID,
    "state": "done",
    "timeline_id": "episode-042",
    "length_s": 12.0,
    "percent": 100.0,
    "eta_s": None,
    "attempts": 1,
    "created_at": "2026-11-30T09:00:00.000+00:00",
    "started_at": "2026-11-30T09:00:00.500+00:00",
    "ended_at": "2026-11-30T09:00:04.250+00:00",
    "diagnostics": [],
    "artifacts": [_ARTIFACT],
    "links": {
        "self": _JOB_LINK,
        "events": f"{_JOB_LINK}/events",
        "report": f"{_ARTIFACT_LINK}/report",
    },
}
_WARNING: Schema = {
    "code": "MIX307",
    "severity": "warning",
    "message": "wav has no bit rate to choose",
    "help": None,
    "pointer": "/request",
}
EXAMPLES: dict[str, Schema] = {
    "job": _JOB,
    "jobs": {"jobs": [{**_JOB, "artifacts": []}]},
    "artifact": _ARTIFACT,
    "artifacts": {"artifacts": [_ARTIFACT]},
    "check": {
        "ok": True,
        "timeline_id": "episode-042",
        "length_s": 12.0,
        "tracks": 2,
        "clips": 2,
        "diagnostics": [_WARNING],
    },
    "plan": {
        "format": "text",
        "text": "plan ...",
        "digest": DIGEST,
        "backend": "ffmpeg",
        "diagnostics": [],
    },
    "explanation": {
        "text": "At 0:04.000 ...",
        "data": {"sample": 192000, "ms": 4000.0, "rate": 48000},
    },
    "media": {"digest": DIGEST, "complete": True, "size": 3456044},
    "presets": {"export": [{"id": "podcast"}], "bus": [{"id": "podcast"}], "spec": []},
    "event": {"id": "1", "event": "queued", "data": f'{{"job": "{JOB_ID}", "at": 1796032800.0}}'},
    "health": {"ok": True},
    "schema": {"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object"},
}
"""An example of each answer."""


def problem_example(kind: str) -> Schema:
    """A problem of a kind."""
    known = PROBLEMS[kind]
    made = {"type": f"urn:mixdown:problem:{kind}", "title": known.title, "status": known.status}
    return {**made, "detail": known.title, "instance": "urn:mixdown:request:9f3c2a1b0d4e5f60"}
