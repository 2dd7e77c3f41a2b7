"""Calls the webhooks of jobs that have ended.

Promises: a URL on a host that the operator allows is sent the job as JSON, signed with the
operator's secret, until it answers with a status of 200 to 299 or has been tried `TRIES` times.
Redirects are not followed. A receiver may be called twice, and can tell by the delivery's id.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from attrs import frozen

from .jobs import RenderJob
from .problems import ProblemError
from .queue import Queue
from .settings import ServiceSettings, is_loopback

_LOG = logging.getLogger(__name__)
TRIES = 8
_TIMEOUT_S = 10.0
_IDLE_S = 0.5
_PORTS = {"https": 443, "http": 80}


def check_webhook(url: str, settings: ServiceSettings) -> None:
    """Refuse a URL that this server may not call.

    Raises:
        ProblemError: its host is not allowed, or it is not encrypted.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        raise ProblemError("bad-request", "the webhook is not a URL") from None
    named = host if port == _PORTS["https"] else f"{host}:{port}"
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
    plain = url.isascii() and url.isprintable() and " " not in url and not parts.username
    if not (is_safe and plain) or named not in settings.webhook_hosts:
        raise ProblemError("not-allowed", "this server sends no webhooks to this URL")


def signature(secret: str, at: int, body: bytes) -> str:
    """The header that proves who sent a body, and when: t=TIME,v1=HMAC of TIME, a dot and BODY."""
    signed = f"{at}.".encode() + body
    return f"t={at},v1={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}"


@frozen
class WebhookSender:
    """Sends the webhooks that are due.

    Attributes:
        queue: where jobs are.
        settings: of the server.
        answer: a job as plain data.
        stopping: set when the server stops.
    """

    queue: Queue
    settings: ServiceSettings
    answer: Callable[[RenderJob], Mapping[str, object]]
    stopping: threading.Event

    def run(self) -> None:
        """Send what is due, for a thread."""
        while not self.stopping.is_set():
            try:
                job = self.queue.due_webhook(2 * _TIMEOUT_S)
                if job is not None:
                    self._send(job)
                    continue
            except Exception:
                _LOG.exception("webhooks go on after an error")
            self.stopping.wait(_IDLE_S)

    def _send(self, job: RenderJob) -> None:
        said = self._post(job)
        delivered = isinstance(said, int) and 200 <= said < 300
        pause = self.settings.limits.webhook_s * 2 ** (job.webhook_tries - 1)
        due = None if delivered or job.webhook_tries >= TRIES else time.time() + pause
        outcome = {"delivered": delivered, "attempt": job.webhook_tries, "answer": said}
        self.queue.settle_webhook(job, due, outcome)

    def _post(self, job: RenderJob) -> int | str:
        """The status of the answer, or why there is none."""
        url, now = job.webhook or "", int(time.time())
        try:
            check_webhook(url, self.settings)  # the operator may allow other hosts by now
        except ProblemError as problem:
            return problem.detail
        body = json.dumps(self.answer(job), ensure_ascii=True).encode("ascii")
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "mixdown",
            "Mixdown-Event": f"render.{job.state}",
            "Mixdown-Delivery": f"{job.id}-{job.ended_at or 0:.0f}",
            "Mixdown-Signature": signature(self.settings.webhook_secret, now, body),
        }
        request = urllib.request.Request(url, body, headers, method="POST")
        try:
            with _OPENER.open(request, timeout=_TIMEOUT_S) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except (OSError, ValueError) as error:
            return type(error).__name__


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect could lead to a host that is not allowed."""

    def redirect_request(self, *args: object) -> None:
        """None: the redirect is the answer."""


_OPENER = urllib.request.build_opener(_NoRedirects)
