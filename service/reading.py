"""Reads requests within the limits: bodies in time, and threads that compile or fetch."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import Future
from contextlib import asynccontextmanager
from typing import TypeVar

from starlette.requests import Request

from ..documents.load import Format
from .problems import ProblemError
from .service import Service

_Result = TypeVar("_Result")

_FORMATS: Mapping[str, Format] = {
    "application/json": "json",
    "application/yaml": "yaml",
    "application/x-yaml": "yaml",
    "text/yaml": "yaml",
}
_LONGEST_KEY = 255


@asynccontextmanager
async def in_time(seconds: float) -> AsyncIterator[None]:
    """Refuse a body that takes longer than this to arrive."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise ProblemError("too-slow", f"a body has {seconds:g} s to arrive") from None


async def without_pause(request: Request, seconds: float) -> AsyncIterator[bytes]:
    """The blocks of a body, refused when none has come for this long: its sender may be gone."""
    blocks = request.stream()
    while True:
        try:
            async with asyncio.timeout(seconds):
                block = await anext(blocks, None)
        except TimeoutError:
            raise ProblemError("too-slow", f"nothing came for {seconds:g} s") from None
        if block is None:
            return
        yield block


async def text_of(service: Service, request: Request) -> tuple[bytes, Format]:
    """The body of a request, and the format that its type names.

    Raises:
        ProblemError: the type is another, or the body is too large or too slow.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in _FORMATS:
        names = ", ".join(_FORMATS)
        raise ProblemError("wrong-media-type", f"send a body of one of these types: {names}")
    most = service.settings.limits.body_mb << 20
    too_large = ProblemError("too-large", f"a body has at most {most:,} bytes")
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length[:18]) > most:
        raise too_large
    body = bytearray()
    async with in_time(service.settings.limits.body_s):
        async for block in request.stream():
            body += block
            if len(body) > most:
                raise too_large
    return bytes(body), _FORMATS[kind]


def idempotency_of(request: Request, body: bytes) -> tuple[str, str] | None:
    """The idempotency key of a request with the digest of its body, if it has one.

    Raises:
        ProblemError: the key is too long, or has other characters than ASCII shows.
    """
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    if not key or len(key) > _LONGEST_KEY or not (key.isascii() and key.isprintable()):
        raise ProblemError("bad-request", f"an idempotency key has 1 to {_LONGEST_KEY} characters")
    return key, hashlib.sha256(body).hexdigest()


async def computed(service: Service, work: Callable[[], _Result]) -> _Result:
    """The result of something that compiles, from the threads for that.

    Raises:
        ProblemError: too many requests wait for them, or the result takes too long; then its thread
            goes on, and counts as busy until it has ended.
    """
    limits = service.settings.limits
    if service.answering >= limits.answers + limits.waiting:
        raise ProblemError("unavailable", "too many documents wait", retry_after_s=1)
    service.answering += 1
    try:
        async with asyncio.timeout(limits.answer_s):
            return await asyncio.get_running_loop().run_in_executor(service.pool, work)
    except TimeoutError:
        raise ProblemError(
            "unavailable", f"this takes longer than {limits.answer_s} s", retry_after_s=60
        ) from None
    finally:
        service.answering -= 1


async def fetched(service: Service, work: Callable[[], _Result]) -> _Result:
    """The result of something that waits for another server, from a thread of its own.

    Raises:
        ProblemError: too many of them run, or the result takes too long; then its thread goes on,
            and counts until it has ended. The server does not wait for it when it stops.
    """
    slots, seconds = service.imports, service.settings.limits.media_s
    if not slots.acquire(blocking=False):
        raise ProblemError("unavailable", "too many imports run", retry_after_s=30)
    result: Future[_Result] = Future()
    result.set_running_or_notify_cancel()

    def run() -> None:
        try:
            result.set_result(work())
        except BaseException as error:
            result.set_exception(error)
        finally:
            slots.release()

    threading.Thread(target=run, daemon=True).start()
    try:
        async with asyncio.timeout(seconds):
            return await asyncio.wrap_future(result)
    except TimeoutError:
        message = f"the file takes longer than {seconds} s to arrive"
        raise ProblemError("unavailable", message, retry_after_s=60) from None
