"""The OpenAPI 3.1 document of the service, made from its operations and models.

Promises: bodies are the models that requests are read into, and the documents in them have the
schemas of `mixdown schema`, so that the document cannot differ from what is read. The document of a
server without keys declares no security.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache

from ..compiler.schemas import DOCUMENTS, schema
from ..documents.schema import model_schema
from ..programs.packages import version_of
from .answer_schemas import ANSWERS, EXAMPLES, Schema, problem_example, reference
from .bodies import CheckBody, ExplainBody, ImportBody, PlanBody, RenderBody
from .keys import SCOPES
from .operations import EVENT_STREAM, FILE, FILE_TYPES, JSON, OPERATIONS, Operation, Parameter
from .problems import CONTENT_TYPE, PROBLEMS

_ALWAYS = ("bad-request", "failed")
_TIMELINE = """\
id: episode-042
sources: {host: host.wav, theme: theme.wav}
tracks:
  - {id: host, role: dialogue, clips: [{source: host, start_ms: 2000}]}
  - {id: theme, role: music, gain_db: -12, clips: [{source: theme, fade_out_ms: 3000}]}
"""
_BODY_EXAMPLES: dict[str, Schema] = {
    "render": {"document": _TIMELINE, "request": {"preset": "podcast", "stems": True}},
    "check": {"document": _TIMELINE},
    "plan": {"document": _TIMELINE, "request": {"preset": "podcast"}, "format": "sh"},
    "explain": {"document": _TIMELINE, "at_ms": 4000},
    "import_media": {"url": "s3://shows/raw/host.wav"},
}
_TEXT_EXAMPLES = {
    "text/plain": 'mixdown_jobs{state="queued"} 0\n',
    "text/html": "<!doctype html>...",
}
_MEDIA_TYPES = {"schema": "application/schema+json", "event": EVENT_STREAM}
_HEADERS: Mapping[str, Mapping[str, str]] = {
    "job": {"Location": "the path of the job"},
    "media": {"Upload-Offset": "how many bytes of the file are there"},
    FILE: {"ETag": "the digest of the file", "Accept-Ranges": "bytes"},
}
_PROBLEM_HEADERS: Mapping[str, Mapping[str, str]] = {
    "no-key": {"WWW-Authenticate": "how to send a key"},
    "queue-full": {"Retry-After": "when to try again, s"},
    "unavailable": {"Retry-After": "when to try again, s"},
    "wrong-range": {"Content-Range": "the size of the file"},
}
_LINKS = {
    "job": (
        ("get_render", {"id": "$response.body#/id"}),
        ("render_events", {"id": "$response.body#/id"}),
        ("cancel_render", {"id": "$response.body#/id"}),
        ("get_artifact", {"id": "$response.body#/artifacts/0/id"}),
    ),
    "artifact": (
        ("get_report", {"id": "$response.body#/id"}),
        ("get_file", {"id": "$response.body#/id", "file": "$response.body#/file"}),
    ),
    "media": (("get_media", {"digest": "$response.body#/digest"}),),
}
"""What an answer leads to: operations, and what of the answer their parameters are."""


@cache
def document(*, has_keys: bool) -> Schema:
    """The whole document of a server with or without keys; do not change it."""
    definitions: Schema = {}
    for cls in (CheckBody, PlanBody, ExplainBody, RenderBody):
        definitions[cls.__name__] = _envelope(model_schema(cls, definitions))
    definitions[ImportBody.__name__] = model_schema(ImportBody, definitions)
    paths: Schema = {}
    for operation in OPERATIONS:
        made = _operation(operation, has_keys=has_keys)
        paths.setdefault(operation.path, {})[operation.method.lower()] = made
    bodies = json.loads(json.dumps(definitions).replace("#/$defs/", "#/components/schemas/"))
    security = {"securitySchemes": {"key": _key()}} if has_keys else {}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "mixdown",
            "version": version_of("mixdown"),
            "summary": "Documents in, mastered mixes and stems out.",
            "description": "docs/service.md explains the service; docs/semantics.md what a "
            "document means; docs/errors.md every diagnostic.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "paths": paths,
        "components": {
            "schemas": {**ANSWERS, **dict(sorted(bodies.items())), **_documents()},
            **security,
        },
    }


def _documents() -> Schema:
    """The schemas of all kinds of documents, and of the parts of each after its name and a dot."""
    made: Schema = {}
    for kind in DOCUMENTS:
        own = f"#/components/schemas/{kind}."
        whole: Schema = json.loads(schema(kind).replace("#/$defs/", own))
        del whole["$schema"]
        made |= {f"{kind}.{name}": part for name, part in whole.pop("$defs").items()}
        made[kind] = whole
    return made


def _envelope(schema: Schema) -> Schema:
    """The schema of a body, with its document, which is no field of the model."""
    text = {"description": "the text of one of these, YAML or JSON", "type": "string"}
    properties = {
        "document": {
            "description": "a timeline, a show or an arrangement",
            "anyOf": [{**text, "minLength": 1}, *map(reference, DOCUMENTS)],
        },
        **schema["properties"],
    }
    return {**schema, "properties": properties, "required": ["document"]}


def _key() -> Schema:
    scopes = "; ".join(f"{name.value}: {doc}" for name, doc in SCOPES.items())
    described = f"A key of the server. Scopes: {scopes}"
    return {"type": "http", "scheme": "bearer", "description": described}


def _operation(operation: Operation, *, has_keys: bool) -> Schema:
    made: Schema = {
        "operationId": operation.id,
        "summary": operation.doc,
        "tags": [operation.path.split("/")[2] if operation.path.startswith("/v1") else "server"],
        "parameters": [_parameter(p) for p in operation.parameters],
        "responses": _responses(operation, has_keys=has_keys),
    }
    if has_keys:
        made["security"] = [{"key": [operation.scope.value]}] if operation.scope else []
    if operation.body is not None:
        made["requestBody"] = {"required": True, "content": _content(operation)}
    return made


def _parameter(parameter: Parameter) -> Schema:
    return {
        "name": parameter.name,
        "in": parameter.place,
        "description": parameter.doc,
        "required": parameter.is_required,
        "schema": dict(parameter.schema),
    }


def _content(operation: Operation) -> Schema:
    """The body of a request, in each type that is read."""
    if isinstance(operation.body, str):
        return {operation.body: {"schema": {"type": "string", "format": "binary"}}}
    assert operation.body is not None
    shown = {"schema": reference(operation.body.__name__), "example": _BODY_EXAMPLES[operation.id]}
    return dict.fromkeys((JSON, "application/yaml"), shown)


def _responses(operation: Operation, *, has_keys: bool) -> Schema:
    made: Schema = {}
    for status, (doc, what) in operation.answers.items():
        made[str(status)] = {"description": doc, **_answer(what)}
    guarded = ("not-allowed", "no-key") if has_keys and operation.scope else ("not-allowed",)
    for kind in dict.fromkeys((*_ALWAYS, *guarded, *operation.problems)):
        known = made.setdefault(str(PROBLEMS[kind].status), _problems())
        known["description"] += (
            f"{'; ' * bool(known['description'])}{PROBLEMS[kind].title} ({kind})"
        )
        known["content"][CONTENT_TYPE]["examples"][kind] = {"value": problem_example(kind)}
        known["headers"] |= _described(_PROBLEM_HEADERS.get(kind, {}))
    return dict(sorted(made.items()))


def _problems() -> Schema:
    """The answer of a status, to which its problems are added."""
    content = {CONTENT_TYPE: {"schema": reference("problem"), "examples": {}}}
    return {"description": "", "content": content, "headers": {}}


def _answer(what: str | None) -> Schema:
    """The content, the headers and the links of an answer."""
    if what is None:
        return {}
    made: Schema = {"headers": _described(_HEADERS.get(what, {}))}
    if what in ANSWERS:
        kind = _MEDIA_TYPES.get(what, JSON)
        content: Schema = {kind: {"schema": reference(what), "example": EXAMPLES[what]}}
    elif what == FILE:
        content = {kind: {"schema": {"type": "string"}} for kind in FILE_TYPES}
    else:
        shown = {"example": _TEXT_EXAMPLES[what]} if what in _TEXT_EXAMPLES else {}
        content = {what: {"schema": {"type": "string"}, **shown}}
    links = {n: {"operationId": n, "parameters": given} for n, given in _LINKS.get(what, ())}
    return {**made, "content": content, "links": links}


def _described(headers: Mapping[str, str]) -> Schema:
    known = {**headers, "X-Request-Id": "the request, as in the server's log"}
    return {n: {"description": doc, "schema": {"type": "string"}} for n, doc in known.items()}
