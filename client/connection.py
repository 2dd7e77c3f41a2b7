"""Requests to a server, and what it answers if it cannot meet them.

Promises: every failure is a `ServiceError`. Redirects are not followed, so a key is sent to one
server only. A request that the server cannot meet now, or that does not arrive, is repeated for a
while; callers see to it that this changes nothing: all operations are idempotent, and a render has
an idempotency key.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.client import HTTPException, HTTPResponse, IncompleteRead
from ssl import SSLCertVerificationError
from typing import Any
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import HTTPHandler, HTTPSHandler, OpenerDirector, ProxyHandler, Request

from attrs import define, field, frozen

from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic, MixdownError
from ..ir.origin import Documents
from .records import diagnostics_in, documents_in

_URN = "urn:mixdown:problem:"
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.2, 5.0
_LONGEST_PROBLEM = 1 << 24
_UNTRUSTED = -1
"""The status of a server whose certificate is not valid: trying again is of no use."""


class ServiceError(MixdownError):
    """A request that a server did not meet, with the server's diagnostics.

    Attributes:
        status: of HTTP; 0 or less if there was no answer.
        kind: of the problem, such as "invalid-document"; "" if the answer was none of mixdown's.
        headers: of the answer.
        retry_after_s: after how long the server may meet it; None if it does not say.
    """

    def __init__(
        self,
        diagnostics: tuple[Diagnostic, ...],
        documents: Documents | None = None,
        *,
        status: int = 0,
        kind: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(diagnostics, documents)
        self.status, self.kind, self.headers = status, kind, headers or {}
        after = self.headers.get("Retry-After", "")
        self.retry_after_s = int(after) if after.isdecimal() else None

    @property
    def is_passing(self) -> bool:
        """Whether the server may meet it later."""
        return self.status in (0, 409, 429, 502, 503, 504)


@define
class Patience:
    """Pauses between tries, until a time has passed without success."""

    limit_s: float
    _end: float = field(init=False)
    _pause: float = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """Begin again: something has succeeded."""
        self._end, self._pause = time.monotonic() + self.limit_s, _FIRST_PAUSE_S

    def wait(self, error: ServiceError) -> None:
        """Pause before the next try.

        Raises:
            ServiceError: the given one; trying again is of no use, or not for so long.
        """
        pause = self._pause if error.retry_after_s is None else error.retry_after_s
        if not error.is_passing or time.monotonic() + pause > self._end:
            raise error
        time.sleep(pause)
        self._pause = min(2 * self._pause, _LONGEST_PAUSE_S)


@frozen
class Answer:
    """An answer of a server, whose body is read as it arrives."""

    _url: str
    _found: HTTPResponse

    @property
    def status(self) -> int:
        """Of HTTP."""
        return self._found.status

    def read(self, most: int | None = None) -> bytes:
        """Up to so many bytes, or all; none at the end.

        Raises:
            ServiceError: the connection breaks off.
        """
        with _reaching(self._url):
            block = self._found.read(most)
            if not block and self._found.length:  # with a limit http.client does not say so
                raise IncompleteRead(block, self._found.length)
        return block

    def lines(self) -> Iterator[bytes]:
        """The lines, each with its end, as they arrive.

        Raises:
            ServiceError: the connection breaks off.
        """
        while True:
            with _reaching(self._url):
                line = self._found.readline()
            if not line:
                return
            yield line


def _opener() -> OpenerDirector:
    """HTTP and HTTPS with the proxies of the environment, and no more: answers of any status."""
    made = OpenerDirector()
    for handler in (ProxyHandler(), HTTPHandler(), HTTPSHandler()):
        made.add_handler(handler)
    return made


@frozen
class Connection:
    """How a server is reached; threads may share it.

    Attributes:
        url: of the server.
        key: sent with each request, if there is one.
        timeout_s: how long the server may be silent.
        patience_s: how long a request is repeated.
    """

    url: str
    key: str | None = field(repr=False)
    timeout_s: float
    patience_s: float
    _opener: OpenerDirector = field(factory=_opener, init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise MixdownError.of(
                Code.BAD_REQUEST,
                f"{self.url!r} is not the address of a server",
                help="write one such as https://mixdown.studio.example",
            )

    @contextmanager
    def answer(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] = {},
        texts: Mapping[str, str] = {},
    ) -> Iterator[Answer]:
        """The answer to one request, to be read in the context.

        Raises:
            ServiceError: the server does not meet it, or the connection breaks off.
        """
        named = {"User-Agent": "mixdown", **headers}
        named |= {} if self.key is None else {"Authorization": f"Bearer {self.key}"}
        request = Request(self.url.rstrip("/") + path, body, named, method=method)
        with _reaching(self.url):
            found = self._opener.open(request, timeout=self.timeout_s)
        with found:
            if not 200 <= found.status < 300:
                with _reaching(self.url):
                    raise _refusal(found, texts)
            yield Answer(self.url, found)

    def call(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] = {},
        texts: Mapping[str, str] = {},
    ) -> Any:  # noqa: ANN401 (JSON)
        """The JSON that the server answers; `texts` are those of documents, for diagnostics.

        Raises:
            ServiceError: the server does not meet the request.
        """
        patience = Patience(self.patience_s)
        while True:
            try:
                return self.call_once(method, path, body, headers, texts)
            except ServiceError as error:
                patience.wait(error)

    def call_once(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] = {},
        texts: Mapping[str, str] = {},
    ) -> Any:  # noqa: ANN401 (JSON)
        """As `call`, for a request that is not to be repeated as it is."""
        with self.answer(method, path, body, headers, texts) as found:
            text = found.read()
        try:
            return json.loads(text)
        except ValueError:
            raise _refused(found.status, {}, "the answer is not JSON") from None


def _refusal(found: HTTPResponse, texts: Mapping[str, str]) -> ServiceError:
    """The error that an answer describes."""
    status, headers = found.status, dict(found.headers)
    problem: Any = None
    if found.headers.get_content_type() == "application/problem+json":
        with suppress(ValueError):
            problem = json.loads(found.read(_LONGEST_PROBLEM))
    if not isinstance(problem, dict):
        return _refused(status, headers, "this is no service of mixdown, or a proxy answers for it")
    kind = str(problem.get("type", "")).removeprefix(_URN)
    listed = problem.get("diagnostics", [])
    if not listed:
        said = f"{problem.get('title')}: {problem.get('detail')}"
        return _refused(status, headers, said, kind)
    documents = documents_in(listed, texts)
    found_here = diagnostics_in(listed)
    return ServiceError(found_here, documents, status=status, kind=kind, headers=headers)


def _refused(status: int, headers: Mapping[str, str], message: str, kind: str = "") -> ServiceError:
    problem = Diagnostic(Code.SERVICE_REFUSED, f"{message} (status {status})")
    return ServiceError((problem,), status=status, kind=kind, headers=headers)


@contextmanager
def _reaching(url: str) -> Iterator[None]:
    """Turn a failure of the network into an error with a diagnostic."""
    try:
        yield
    except (OSError, HTTPException) as error:
        reason = error.reason if isinstance(error, URLError) else error
        problem = Diagnostic(
            Code.SERVICE_UNREACHABLE,
            f"no answer from {url}: {str(reason) or type(reason).__name__}",
            help="check the address, and that the server runs: GET /health/ready",
        )
        lasting = isinstance(reason, SSLCertVerificationError)
        raise ServiceError((problem,), status=_UNTRUSTED if lasting else 0) from error
