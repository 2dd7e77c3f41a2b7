"""The OpenAPI 3.1 document of the service, made from its operations and models.

Promises: bodies are the models that requests are read into, so that the document cannot differ from
what is read; answers are described here, and a test validates real ones against it.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.metadata import version
from typing import Any

from ..compiler.meta import FILE_KINDS
from ..documents.schema import model_schema
from .bodies import CheckBody, ExplainBody, PlanBody, RenderBody
from .jobs import JobState
from .keys import SCOPES
from .operations import JSON, OPERATIONS, Operation
from .problems import CONTENT_TYPE, PROBLEMS

Schema = dict[str, Any]

_ALWAYS = ("bad-request", "failed")
_WITH_KEY = ("no-key", "not-allowed")
_DIGEST = "sha256:6b1f" + "0" * 60
_JOB_ID, _ARTIFACT_ID = "4f1c9f0b6a2d4e5f8a9b0c1d2e3f4a5b", "0d9f8e7c6b5a49382716f5e4d3c2b1a0"
_TIMELINE = """\
id: episode-042
sources: {host: host.wav, theme: theme.wav}
tracks:
  - {id: host, role: dialogue, clips: [{source: host, start_ms: 2000}]}
  - {id: theme, role: music, gain_db: -12, clips: [{source: theme, fade_out_ms: 3000}]}
"""
_EXAMPLES: dict[str, Schema] = {
    "render": {"document": _TIMELINE, "request": {"preset": "podcast", "stems": True}},
    "check": {"document": _TIMELINE},
    "plan": {"document": _TIMELINE, "request": {"preset": "podcast"}, "format": "sh"},
    "explain": {"document": _TIMELINE, "at_ms": 4000},
    "import_media": {"url": "s3://shows/raw/host.wav"},
}


@cache
def document() -> Schema:
    """The whole document; do not change it."""
    definitions: Schema = {}
    for cls in (CheckBody, PlanBody, ExplainBody, RenderBody):
        definitions[cls.__name__] = _envelope(model_schema(cls, definitions))
    paths: Schema = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    made = {
        "openapi": "3.1.0",
        "info": {
            "title": "mixdown",
            "version": version("mixdown"),
            "summary": "Documents in, mastered mixes and stems out.",
            "description": "docs/service.md explains the service; docs/semantics.md what a "
            "document means; docs/errors.md every diagnostic.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "paths": paths,
        "components": {
            "schemas": {**_ANSWERS, **dict(sorted(definitions.items()))},
            "securitySchemes": {
                "key": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A key of the server. Scopes: "
                    + "; ".join(f"{name.value}: {doc}" for name, doc in SCOPES.items()),
                }
            },
        },
    }
    whole: Schema = json.loads(json.dumps(made).replace("#/$defs/", "#/components/schemas/"))
    return whole


def _envelope(schema: Schema) -> Schema:
    """The schema of a body, with its document, which is no field of the model."""
    properties = {
        "document": {
            "description": "a timeline, a show or an arrangement: its text (YAML or JSON), or a "
            "mapping; /v1/schema/{kind} has the schemas",
            "type": ["string", "object"],
        },
        **schema["properties"],
    }
    return {**schema, "properties": properties, "required": ["document"]}


def _operation(operation: Operation) -> Schema:
    made: Schema = {
        "operationId": operation.id,
        "summary": operation.doc,
        "tags": [operation.path.split("/")[2] if operation.path.startswith("/v1") else "server"],
        "parameters": [
            {
                "name": p.name,
                "in": p.place,
                "description": p.doc,
                "required": p.is_required,
                "schema": dict(p.schema),
            }
            for p in operation.parameters
        ],
        "responses": _responses(operation),
        "security": [{"key": [operation.scope.value]}] if operation.scope else [],
    }
    if operation.body is not None:
        made["requestBody"] = {"required": True, "content": _content(operation)}
    return made


def _content(operation: Operation) -> Schema:
    """The body of a request, in each type that is read."""
    example = _EXAMPLES.get(operation.id)
    shown = {"example": example} if example else {}
    if operation.body == JSON:
        return {JSON: {"schema": _reference("import"), **shown}}
    if isinstance(operation.body, str):
        return {operation.body: {"schema": {"type": "string", "format": "binary"}}}
    assert operation.body is not None
    schema = _reference(operation.body.__name__)
    return {kind: {"schema": schema, **shown} for kind in (JSON, "application/yaml")}


def _responses(operation: Operation) -> Schema:
    made: Schema = {}
    for status, (doc, what) in operation.answers.items():
        made[str(status)] = {"description": doc}
        if what is not None:
            made[str(status)]["content"] = _answer(what)
    kinds = (*_ALWAYS, *(_WITH_KEY if operation.scope else ("not-allowed",)), *operation.problems)
    for kind in dict.fromkeys(kinds):
        refused = str(PROBLEMS[kind].status)
        before = made[refused]["description"] + "; " if refused in made else ""
        made[refused] = {
            "description": f"{before}{PROBLEMS[kind].title} ({kind})",
            "content": {CONTENT_TYPE: {"schema": _reference("problem")}},
        }
    return dict(sorted(made.items()))


def _answer(what: str) -> Schema:
    if what in _ANSWERS:
        kind = "application/schema+json" if what == "schema" else JSON
        return {kind: {"schema": _reference(what)}}
    return {what: {"schema": {"type": "string"}}}


def _reference(name: str) -> Schema:
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

_ANSWERS: dict[str, Schema] = {
    "job": _record(
        "a job",
        id=_text("of the job; the same content has the same id", examples=[_JOB_ID]),
        state=_text("what has become of it", enum=[state.value for state in JobState]),
        timeline_id=_text("of the document", examples=["episode-042"]),
        length_s=_number("of the mix, s"),
        percent=_number("how much is done", minimum=0, maximum=100),
        eta_s=_maybe(_number("how long it will take, s")),
        attempts={"type": "integer", "description": "how often it was begun"},
        created_at=_TIME,
        started_at=_maybe(_TIME),
        ended_at=_maybe(_TIME),
        diagnostics=_list(
            _reference("diagnostic"), "warnings; of a job that has failed, its errors"
        ),
        artifacts=_list(
            _reference("artifact"), "of a job that is done: the master, then stems and parts"
        ),
        links=_LINKS,
    ),
    "jobs": _record("jobs", jobs=_list(_reference("job"), "without their artifacts")),
    "artifact": _record(
        "a file that a render made",
        id=_text("of the artifact", examples=[_ARTIFACT_ID]),
        kind=_text("what it is", enum=list(FILE_KINDS.values())),
        timeline_id=_text("of the document"),
        bus_id=_text("master, or the id of a bus"),
        parent_id=_maybe(_text("of a stem, the id of its master")),
        file=_text("its name", examples=["master.wav"]),
        media_type=_text("its type", examples=["audio/wav"]),
        size={"type": "integer", "description": "bytes"},
        content_digest=_text("its SHA-256", examples=[_DIGEST]),
        meta_version={"type": "integer", "description": "of the keys of meta"},
        meta={"type": "object", "description": "its metadata; see docs/metadata.md"},
        links=_LINKS,
    ),
    "artifacts": _record("artifacts", artifacts=_list(_reference("artifact"), "in order")),
    "check": _record(
        "a document that can be rendered",
        ok={"const": True},
        timeline_id=_text("of the document"),
        length_s=_number("of the mix, s"),
        tracks={"type": "integer", "description": "how many"},
        clips={"type": "integer", "description": "how many"},
        diagnostics=_list(_reference("diagnostic"), "warnings and notes"),
    ),
    "plan": _record(
        "a plan",
        format=_text("of the text"),
        text=_text("the plan"),
        digest=_text("of the plan"),
        backend=_text("that made it"),
        diagnostics=_list(_reference("diagnostic"), "warnings and notes"),
    ),
    "explanation": _record(
        "an explanation",
        text=_text("for people"),
        data={"type": "object", "description": "the same as data; see docs/inspecting.md"},
    ),
    "media": _record(
        "a media file",
        digest=_text("what documents call it", examples=[_DIGEST]),
        complete={"type": "boolean", "description": "whether all of it is there"},
        size={"type": "integer", "description": "the bytes that are there"},
    ),
    "import": _record("where a media file is", url=_text("on an allowed prefix")),
    "presets": _record(
        "presets",
        export=_list({"type": "object"}, "export presets"),
        bus=_list({"type": "object"}, "mix presets"),
        spec=_list({"type": "object"}, "delivery specs"),
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
        diagnostics=_list(_reference("diagnostic"), "of a document or request with errors"),
    ),
}
