"""The ASGI application: routes of the operations, and what is the same for all of them.

Promises: every answer is the operation's or a problem; each is counted and logged, with the id that
it carries as X-Request-Id. Without keys only requests from this machine's own programs and pages
are answered: the host that they name is a loopback one, and no page of another site sent them.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from ..ir.codes import Code
from ..ir.diagnostics import MixdownError
from .handlers import HANDLERS
from .keys import ANYBODY, Caller
from .operations import OPERATIONS, Operation
from .problems import PROBLEMS, ProblemError, answer_of, invalid
from .service import Service
from .settings import is_loopback

_LOG = logging.getLogger(__name__)
_OURS = {
    Code.NO_FFMPEG,
    Code.FFMPEG_TOO_OLD,
    Code.NOT_WRITABLE,
    Code.BACKEND_UNUSABLE,
    Code.REGISTRY_UNUSABLE,
    Code.STORE_UNUSABLE,
    Code.EXTRA_MISSING,
}
"""Errors that the operator can mend, not the caller."""

_METHODS = {"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"}
_SAFE = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}


def application(service: Service) -> Starlette:
    """The application of a service."""
    by_path: dict[str, list[Operation]] = {}
    for operation in OPERATIONS:
        by_path.setdefault(operation.path, []).append(operation)
    routes = [
        Route(path, _endpoint(service, operations), methods=[o.method for o in operations])
        for path, operations in by_path.items()
    ]

    async def unknown(request: Request, error: Exception) -> Response:
        kind = "not-found"
        headers: Mapping[str, str] = {}
        if isinstance(error, HTTPException):
            known = (name for name, p in PROBLEMS.items() if p.status == error.status_code)
            kind, headers = next(known, "bad-request"), error.headers or {}

        async def refuse() -> Response:
            raise ProblemError(kind, "see /v1/openapi.json", headers=headers)

        return await _answered(service, request, "unknown", refuse)

    made = Starlette(routes=routes, exception_handlers={HTTPException: unknown})
    made.state.service = service
    return made


def _endpoint(
    service: Service, operations: Sequence[Operation]
) -> Callable[[Request], Awaitable[Response]]:
    """What answers the requests of a path."""
    by_method = {o.method: o for o in operations}

    async def endpoint(request: Request) -> Response:
        operation = by_method["GET" if request.method == "HEAD" else request.method]

        async def work() -> Response:
            caller = await _caller(service, request, operation)
            return await HANDLERS[operation.id](service, request, caller)

        return await _answered(service, request, operation.id, work)

    return endpoint


async def _answered(
    service: Service,
    request: Request,
    operation: str,
    work: Callable[[], Awaitable[Response]],
) -> Response:
    """The answer of an operation, or the problem that ends it; counted and logged."""
    began, request_id = time.perf_counter(), secrets.token_hex(8)
    try:
        _check_framing(request)
        answer = await work()
    except ProblemError as problem:
        answer = answer_of(problem, service.settings, request_id)
    except ClientDisconnect:
        gone = ProblemError("bad-request", "the body broke off")
        answer = answer_of(gone, service.settings, request_id)
    except MixdownError as error:
        ours = [d for d in error.diagnostics if d.code in _OURS]
        for diagnostic in ours:
            _LOG.error("request %s: %s: %s", request_id, diagnostic.code, diagnostic.message)
        detail = "a part of the server does not work; its log says which"
        away = ProblemError("unavailable", detail, retry_after_s=30)
        answer = answer_of(away if ours else invalid(error), service.settings, request_id)
    except Exception:
        _LOG.exception("request %s failed", request_id)
        bug = ProblemError("failed", "this is a bug of mixdown; the server's log has more")
        answer = answer_of(bug, service.settings, request_id)
    answer.headers.update({**_SAFE, "X-Request-Id": request_id})
    seconds = time.perf_counter() - began
    method = request.method if request.method in _METHODS else "other"
    service.metrics.note(operation, method, answer.status_code, seconds)
    line = {
        "request": request_id,
        "operation": operation,
        "method": request.method,
        "path": request.url.path[:200],
        "status": answer.status_code,
        "ms": round(1000 * seconds, 1),
        "caller": getattr(request.state, "caller", ""),
        "client": request.client.host if request.client else "",
    }
    _LOG.info("request", extra={"data": line})
    return answer


async def _caller(service: Service, request: Request, operation: Operation) -> Caller:
    """Who makes a request, if that allows the operation.

    Raises:
        ProblemError: nobody known, or the key does not allow it.
    """
    if service.keys is None:
        _check_local(request)
        return ANYBODY
    if operation.scope is None:
        return Caller("", frozenset())
    word, _, given = request.headers.get("authorization", "").partition(" ")
    caller = service.keys.caller(given.strip()) if word.lower() == "bearer" else None
    if caller is None:
        raise ProblemError(
            "no-key",
            "send a key of this server: Authorization: Bearer KEY",
            headers={"WWW-Authenticate": 'Bearer realm="mixdown"'},
        )
    request.state.caller = caller.name
    if operation.scope not in caller.scopes:
        raise ProblemError("not-allowed", f"this needs a key with the scope {operation.scope}")
    return caller


def _check_framing(request: Request) -> None:
    """Refuse a request that gives the length of its body twice: a proxy may read it in another way.

    Raises:
        ProblemError: it does.
    """
    if {"content-length", "transfer-encoding"} <= set(request.headers):
        headers = {"Connection": "close"}
        detail = "the body has a Content-Length and a Transfer-Encoding"
        raise ProblemError("bad-request", detail, headers=headers)


def _check_local(request: Request) -> None:
    """Refuse what a page of another site may have sent to a server without keys.

    A site whose name is made to lead to this machine is recognised by that name.

    Raises:
        ProblemError: it may.
    """
    host = request.headers.get("host", "")
    origin = request.headers.get("origin")
    named = urlsplit(f"//{host}").hostname or "" if host.isascii() and host.isprintable() else ""
    foreign = origin is not None and origin.partition("://")[2] != host
    other_site = request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin")
    if not is_loopback(named) or foreign or other_site:
        raise ProblemError("not-allowed", "a server without keys answers this machine only")
