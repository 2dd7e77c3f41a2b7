"""Answers to requests that cannot be met: problem details (RFC 9457), with diagnostics.

Promises: every refusal of the service is made here, has a type from `PROBLEMS`, and contains no
directory of the server.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from attrs import frozen
from starlette.responses import Response

from ..ir.diagnostics import Diagnostic, MixdownError
from ..ir.origin import Documents
from .settings import ServiceSettings

CONTENT_TYPE = "application/problem+json"
_URN = "urn:mixdown:problem:"


@frozen
class ProblemType:
    """A kind of refusal: its status and its title, which never vary."""

    status: int
    title: str


PROBLEMS: Mapping[str, ProblemType] = {
    "bad-request": ProblemType(400, "The request cannot be read"),
    "no-key": ProblemType(401, "A key is needed"),
    "not-allowed": ProblemType(403, "This is not allowed"),
    "not-found": ProblemType(404, "There is no such thing"),
    "wrong-method": ProblemType(405, "The resource has no such method"),
    "too-slow": ProblemType(408, "The body took too long to arrive"),
    "conflict": ProblemType(409, "The state of the resource does not allow this"),
    "too-large": ProblemType(413, "The request exceeds a limit of the server"),
    "wrong-media-type": ProblemType(415, "The body has a type that is not read here"),
    "wrong-range": ProblemType(416, "The file does not have this range"),
    "invalid-document": ProblemType(422, "The document or the request has errors"),
    "digest-differs": ProblemType(422, "The content does not have this digest"),
    "part-differs": ProblemType(422, "The body is not the part that Content-Range says"),
    "key-reused": ProblemType(422, "The idempotency key belongs to another request"),
    "queue-full": ProblemType(429, "Too many jobs are waiting"),
    "failed": ProblemType(500, "The server failed"),
    "unavailable": ProblemType(503, "The server cannot do this now"),
}


class ProblemError(Exception):
    """A refusal, raised by whatever meets it and turned into an answer in one place."""

    def __init__(
        self,
        kind: str,
        detail: str,
        *,
        retry_after_s: int | None = None,
        headers: Mapping[str, str] | None = None,
        diagnostics: Iterable[Mapping[str, object]] = (),
    ) -> None:
        super().__init__(detail)
        self.kind, self.detail = kind, detail
        self.headers = dict(headers or {})
        if retry_after_s is not None:
            self.headers["Retry-After"] = str(retry_after_s)
        self.diagnostics = list(diagnostics)


def invalid(error: MixdownError) -> ProblemError:
    """The refusal of a document or a request with errors; it has every diagnostic."""
    found = data_of(error.diagnostics, error.documents)
    message = error.diagnostics[0].message if error.diagnostics else "it has errors"
    more = f", and {len(found) - 1:,} more" if len(found) > 1 else ""
    return ProblemError("invalid-document", f"{message}{more}", diagnostics=found)


def data_of(found: Iterable[Diagnostic], documents: Documents) -> list[dict[str, object]]:
    """Diagnostics as plain data, with lines and columns."""
    return [diagnostic.to_dict(documents) for diagnostic in found]


def answer_of(problem: ProblemError, settings: ServiceSettings, request_id: str) -> Response:
    """The answer that says what is wrong."""
    kind = PROBLEMS[problem.kind]
    data: dict[str, object] = {
        "type": f"{_URN}{problem.kind}",
        "title": kind.title,
        "status": kind.status,
        "detail": settings.without_paths(problem.detail),
        "instance": f"urn:mixdown:request:{request_id}",
    }
    if problem.diagnostics:
        data["diagnostics"] = settings.without_paths(problem.diagnostics)
    text = json.dumps(data, ensure_ascii=False, allow_nan=False)
    encoded = text.encode("utf-8", "backslashreplace")
    return Response(encoded, kind.status, problem.headers, CONTENT_TYPE)
