"""The connections of a server: uvicorn's protocol for h11, with limits.

Promises: a client has a time to send the head of a request, and after an answer a time to send what
is left of a body that was not read; then the connection is closed. A connection beyond the limit is
answered with a problem and closed, and one far beyond it is closed at once, so that a server does
not run out of file descriptors. What is no HTTP is answered with a problem.
"""

from __future__ import annotations

import asyncio
import secrets
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from .problems import ProblemError, answer_of
from .service import Service

_FAR_BEYOND = 64
_LINGER_S = 5.0


class LimitedProtocol(H11Protocol):
    """A connection to the application whose `state.service` has the limits."""

    def __init__(self, config: Any, *args: Any, **named: Any) -> None:  # noqa: ANN401 (uvicorn's)
        super().__init__(config, *args, **named)
        self._service: Service = config.app.state.service
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See `asyncio.Protocol`, as for all methods here."""
        super().connection_made(transport)
        beyond = len(self.connections) - self._service.settings.limits.connections
        if beyond > _FAR_BEYOND:
            transport.abort()
        elif beyond > 0:
            self.app = self._answer("unavailable", "too many connections are open")
        self._close_after(self._service.settings.limits.head_s)

    def connection_lost(self, exc: Exception | None) -> None:
        """The end."""
        self._unset_deadline()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """More of a request."""
        super().data_received(data)
        answered = self.cycle is None or self.cycle.response_complete
        if self.conn.their_state is not h11.IDLE and not answered:
            self._unset_deadline()
        elif self.conn.their_state is h11.IDLE and self._deadline is None:
            self._close_after(self._service.settings.limits.head_s)

    def on_response_complete(self) -> None:
        """The answer is sent; a body that nobody has read may still arrive."""
        super().on_response_complete()
        if self.conn.their_state is h11.SEND_BODY:
            self._close_after(_LINGER_S)

    def send_400_response(self, msg: str) -> None:
        """What is no HTTP; an answer that has begun is broken off."""
        self._end("bad-request", "this is not HTTP")

    def _end(self, kind: str, detail: str) -> None:
        """Answer with a problem, unless an answer has begun, and close the connection."""
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            answer = self._answer(kind, detail)
            head = h11.Response(status_code=answer.status_code, headers=answer.raw_headers)
            for event in (head, h11.Data(data=answer.body), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _answer(self, kind: str, detail: str) -> Any:  # noqa: ANN401 (an answer is an application)
        headers = {"Connection": "close"}
        wait_s = 5 if kind == "unavailable" else None
        problem = ProblemError(kind, detail, retry_after_s=wait_s, headers=headers)
        return answer_of(problem, self._service.settings, secrets.token_hex(8))

    def _close_after(self, seconds: float) -> None:
        self._unset_deadline()
        self._deadline = self.loop.call_later(seconds, self._give_up)

    def _unset_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        """The time is over; a client that has sent nothing gets no answer."""
        self._deadline = None
        if self.conn.our_state is h11.IDLE and self.conn.trailing_data[0]:
            self._end("too-slow", "the head of a request took too long to arrive")
        self.transport.close()
