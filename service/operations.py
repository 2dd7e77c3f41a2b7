"""The operations of the service: what each answers, as data that routes and OpenAPI are made of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from attrs import frozen

from ..compiler.schemas import NAMES as SCHEMA_NAMES
from ..compiler.timeline.entry import DOCUMENT_SUFFIXES
from ..ir.containers import CONTAINERS
from .answer_schemas import ARTIFACT_ID, DIGEST, JOB_ID
from .bodies import CheckBody, ExplainBody, ImportBody, PlanBody, RenderBody
from .jobs import JobState
from .keys import Scope

JSON = "application/json"
EVENT_STREAM = "text/event-stream"
ANY = "application/octet-stream"
FILE = "file"
FILE_TYPES = (*sorted({c.media_type for c in CONTAINERS.values()}), ANY)
"""The media types of the files of artifacts; the last is that of one with an unknown container."""


@frozen(kw_only=True)
class Parameter:
    """A parameter of an operation.

    Attributes:
        name: of it.
        place: path, query or header.
        doc: what it is.
        schema: its JSON Schema.
        is_required: whether a request must have it.
    """

    name: str
    place: str
    doc: str
    schema: Mapping[str, Any]
    is_required: bool = False


@frozen(kw_only=True)
class Operation:
    """An operation.

    Attributes:
        id: its name, also that of its function in `handlers.py`.
        method: of HTTP.
        path: a template.
        doc: what it does, in a sentence.
        scope: what a key needs for it; None: no key.
        parameters: besides the body.
        body: its model, or the media type of a body that is a file.
        answers: status -> what it means, and the schema's name, the media type, or `FILE`.
        problems: the other kinds of refusals.
    """

    id: str
    method: str
    path: str
    doc: str
    scope: Scope | None
    parameters: tuple[Parameter, ...] = ()
    body: type[CheckBody | ImportBody] | str | None = None
    answers: Mapping[int, tuple[str, str | None]]
    problems: tuple[str, ...] = ()


def _path(name: str, doc: str, **schema: object) -> Parameter:
    whole = {"type": "string", **schema}
    return Parameter(name=name, place="path", doc=doc, schema=whole, is_required=True)


def _query(name: str, doc: str, **schema: object) -> Parameter:
    return Parameter(name=name, place="query", doc=doc, schema={"type": "string", **schema})


def _header(name: str, doc: str, **schema: object) -> Parameter:
    return Parameter(name=name, place="header", doc=doc, schema={"type": "string", **schema})


ID = "^[0-9a-f]{32}$"
"""The pattern of the ids of jobs and artifacts."""

CONTENT_RANGE = r"^bytes [0-9]{1,19}-[0-9]{1,19}/[0-9]{1,19}$"
"""The pattern of the header of a part."""

MEDIA_NAME = rf"^sha256:[0-9a-f]{{64}}({'|'.join(map(re.escape, DOCUMENT_SUFFIXES))})?$"
"""The pattern of the name of an uploaded file: its digest, and the ending of a document."""

_JOB = _path("id", "the id of a job", pattern=ID, examples=[JOB_ID])
_ARTIFACT = _path("id", "the id of an artifact", pattern=ID, examples=[ARTIFACT_ID])
_MEDIA = _path(
    "digest",
    "the digest of the file; of a document, followed by its ending",
    pattern=MEDIA_NAME,
    examples=[DIGEST, f"{DIGEST}.yaml"],
)
_UPLOADS = ("too-large", "too-slow", "unavailable")
_COMPILES = ("invalid-document", "wrong-media-type", *_UPLOADS)
_TAG = f'"{DIGEST}"'
_FILE_HEADERS = (
    _header("Range", "one range of bytes; the whole file otherwise", examples=["bytes=0-65535"]),
    _header("If-None-Match", "the ETag of a copy", examples=[_TAG]),
    _header("If-Range", "the ETag for which the range is meant", examples=[_TAG]),
)
_FILE = {
    200: ("the file; its ETag is its digest", FILE),
    206: ("the range of the file", FILE),
    304: ("the copy is current", None),
}

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        id="render",
        method="POST",
        path="/v1/renders",
        doc="Render a document: check it, and put a job into the queue.",
        scope=Scope.RENDER,
        parameters=(
            _header(
                "Idempotency-Key",
                "the same key with the same body answers with the same job, for a day",
                pattern="^[!-~]([ -~]*[!-~])?$",
                maxLength=255,
                examples=["episode-042-take-3"],
            ),
        ),
        body=RenderBody,
        answers={
            202: ("the job, which waits or has been begun again", "job"),
            200: ("the job with the same content that there is already", "job"),
        },
        problems=(*_COMPILES, "not-allowed", "key-reused", "queue-full"),
    ),
    Operation(
        id="list_renders",
        method="GET",
        path="/v1/renders",
        doc="List the latest jobs, the newest first.",
        scope=Scope.READ,
        parameters=(
            _query("state", "only jobs in this state", enum=[state.value for state in JobState]),
            _query("limit", "how many", type="integer", minimum=1, maximum=200, default=50),
        ),
        answers={200: ("the jobs", "jobs")},
    ),
    Operation(
        id="get_render",
        method="GET",
        path="/v1/renders/{id}",
        doc="Show a job.",
        scope=Scope.READ,
        parameters=(_JOB,),
        answers={200: ("the job", "job")},
        problems=("not-found",),
    ),
    Operation(
        id="render_events",
        method="GET",
        path="/v1/renders/{id}/events",
        doc="Follow a job: server-sent events, which end with the job.",
        scope=Scope.READ,
        parameters=(
            _JOB,
            _header(
                "Last-Event-ID",
                "the number of the last event received",
                pattern="^[0-9]{1,18}$",
                examples=["2"],
            ),
        ),
        answers={200: ("the events of the job", "event")},
        problems=("not-found", "unavailable"),
    ),
    Operation(
        id="cancel_render",
        method="DELETE",
        path="/v1/renders/{id}",
        doc="Cancel a job: its processes end, and nothing of it is left.",
        scope=Scope.RENDER,
        parameters=(_JOB,),
        answers={
            202: ("the job, which ends soon", "job"),
            200: ("the job, which has ended", "job"),
        },
        problems=("not-found",),
    ),
    Operation(
        id="check",
        method="POST",
        path="/v1/check",
        doc="Check a document and every file that it names, without rendering it.",
        scope=Scope.RENDER,
        body=CheckBody,
        answers={200: ("the document can be rendered", "check")},
        problems=_COMPILES,
    ),
    Operation(
        id="plan",
        method="POST",
        path="/v1/plans",
        doc="Compile a document to its plan: as text, a script, JSON, or as the graph (.mir).",
        scope=Scope.RENDER,
        body=PlanBody,
        answers={200: ("the plan", "plan")},
        problems=_COMPILES,
    ),
    Operation(
        id="explain",
        method="POST",
        path="/v1/explain",
        doc="Explain what sounds at a moment, in a range, or of a clip or a track.",
        scope=Scope.RENDER,
        body=ExplainBody,
        answers={200: ("the explanation", "explanation")},
        problems=_COMPILES,
    ),
    Operation(
        id="list_artifacts",
        method="GET",
        path="/v1/artifacts",
        doc="List the artifacts of a timeline, in the order of their registration.",
        scope=Scope.READ,
        parameters=(
            Parameter(
                name="timeline_id",
                place="query",
                doc="the id of the timeline",
                schema={"type": "string", "pattern": "^[^\\x00]+$", "examples": ["episode-042"]},
                is_required=True,
            ),
        ),
        answers={200: ("the artifacts", "artifacts")},
    ),
    Operation(
        id="get_artifact",
        method="GET",
        path="/v1/artifacts/{id}",
        doc="Show an artifact and its metadata.",
        scope=Scope.READ,
        parameters=(_ARTIFACT,),
        answers={200: ("the artifact", "artifact")},
        problems=("not-found",),
    ),
    Operation(
        id="get_report",
        method="GET",
        path="/v1/artifacts/{id}/report",
        doc="Open the delivery report of the latest render with this artifact.",
        scope=Scope.READ,
        parameters=(_ARTIFACT,),
        answers={200: ("the report, a page", "text/html")},
        problems=("not-found",),
    ),
    Operation(
        id="get_file",
        method="GET",
        path="/v1/artifacts/{id}/{file}",
        doc="Read the file of an artifact, or another file of its render by its name there.",
        scope=Scope.READ,
        parameters=(
            _ARTIFACT,
            _path("file", "the name of the file", examples=["master.wav"]),
            *_FILE_HEADERS,
        ),
        answers=_FILE,
        problems=("not-found", "wrong-range"),
    ),
    Operation(
        id="upload",
        method="PUT",
        path="/v1/media/{digest}",
        doc="Upload a file that documents name, at once or in parts.",
        scope=Scope.MEDIA,
        parameters=(
            _MEDIA,
            _header(
                "Content-Range",
                "the part that the body is; parts are sent in order",
                pattern=CONTENT_RANGE,
                examples=["bytes 0-1048575/5242880"],
            ),
        ),
        body=ANY,
        answers={
            201: ("the file is complete", "media"),
            202: ("the part has been added; Upload-Offset says where the next begins", "media"),
        },
        problems=("conflict", "digest-differs", "part-differs", *_UPLOADS),
    ),
    Operation(
        id="get_media",
        method="GET",
        path="/v1/media/{digest}",
        doc="Show how much of a media file is there.",
        scope=Scope.MEDIA,
        parameters=(_MEDIA,),
        answers={200: ("the file, or the part of it that is there", "media")},
        problems=("not-found",),
    ),
    Operation(
        id="import_media",
        method="POST",
        path="/v1/media",
        doc="Fetch a media file from a URL that the operator allows.",
        scope=Scope.MEDIA,
        body=ImportBody,
        answers={201: ("the file is complete", "media")},
        problems=(*_COMPILES, "not-found"),
    ),
    Operation(
        id="get_schema",
        method="GET",
        path="/v1/schema/{kind}",
        doc="Show the JSON Schema of a kind of document.",
        scope=Scope.READ,
        parameters=(_path("kind", "the kind of document", enum=list(SCHEMA_NAMES)),),
        answers={200: ("the schema", "schema")},
        problems=("not-found",),
    ),
    Operation(
        id="list_presets",
        method="GET",
        path="/v1/presets",
        doc="List export presets, mix presets and delivery specs.",
        scope=Scope.READ,
        answers={200: ("the presets", "presets")},
    ),
    Operation(
        id="get_page",
        method="GET",
        path="/",
        doc="Open the page that submits, follows and plays renders in a browser.",
        scope=None,
        answers={200: ("the page, which asks for a key if the server has keys", "text/html")},
    ),
    Operation(
        id="get_viewer",
        method="GET",
        path="/viewer",
        doc="Open the frame in which the page shows a report that it has fetched with a key.",
        scope=None,
        answers={200: ("an empty frame in an origin of its own", "text/html")},
    ),
    Operation(
        id="get_openapi",
        method="GET",
        path="/v1/openapi.json",
        doc="Show this description of the service.",
        scope=None,
        answers={200: ("an OpenAPI document", "schema")},
    ),
    Operation(
        id="live",
        method="GET",
        path="/health/live",
        doc="Whether the server answers.",
        scope=None,
        answers={200: ("it does", "health")},
    ),
    Operation(
        id="ready",
        method="GET",
        path="/health/ready",
        doc="Whether the server can take jobs: its database answers, and the disk has room.",
        scope=None,
        answers={200: ("it can", "health")},
        problems=("unavailable",),
    ),
    Operation(
        id="metrics",
        method="GET",
        path="/metrics",
        doc="Show the metrics, in the text format of Prometheus.",
        scope=Scope.METRICS,
        answers={200: ("the metrics", "text/plain")},
    ),
)
