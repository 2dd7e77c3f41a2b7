"""A running server: its parts, their start and their end.

Promises: a server that is asked to stop takes no more requests and no more jobs, ends its event
streams, gives back the jobs that it renders, and leaves no process and no file of work.
"""

from __future__ import annotations

import logging
import signal
import socket
import threading
from contextlib import ExitStack
from types import FrameType

import uvicorn

from ..ir.codes import Code
from ..ir.diagnostics import RenderError
from .app import application
from .protocol import LimitedProtocol
from .retention import Retention
from .service import Service
from .settings import ServiceSettings
from .telemetry import log_as_json
from .webhooks import WebhookSender
from .workers import Worker, own_directory

_LOG = logging.getLogger(__name__)
_GRACE_S = 10
"""How long answers that have begun may go on after the server is asked to stop."""


class _Server(uvicorn.Server):
    """uvicorn, which also tells the service that it is asked to stop."""

    def __init__(self, config: uvicorn.Config, stopping: threading.Event) -> None:
        super().__init__(config)
        self._stopping = stopping

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal: end the streams and the renders, then uvicorn ends."""
        self._stopping.set()
        super().handle_exit(sig, frame)


def serve(settings: ServiceSettings) -> None:
    """Serve until the process is asked to stop, by SIGINT or SIGTERM.

    Raises:
        MixdownError: the registry, the store or the keys file cannot be used.
    """
    service = Service.open(settings)
    service.media.sweep()
    log_as_json()
    with ExitStack() as stack:
        directory = stack.enter_context(own_directory(settings.work))
        worker = Worker(service.queue, settings, directory, service.stopping)
        sender = WebhookSender(service.queue, settings, service.job_data, service.stopping)
        retention = Retention(
            service.queue, service.artifacts, settings.keep_days, service.stopping
        )
        runs = [retention.run, *[worker.run] * settings.limits.renders]
        runs += [sender.run] if settings.webhook_hosts else []
        threads = [threading.Thread(target=run) for run in runs]
        stack.callback(_end, service.stopping, threads)
        stack.callback(service.pool.shutdown, wait=False, cancel_futures=True)
        for thread in threads:
            thread.start()
        listener = stack.enter_context(_listener(settings))
        config = uvicorn.Config(
            application(service),
            http=LimitedProtocol,
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_GRACE_S,
        )
        # uvicorn handles these, and raises them again when it has ended; then they change nothing.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda number, frame: None)
        host, port = listener.getsockname()[:2]
        _LOG.info("listening", extra={"data": {"url": _url(host, port)}})
        _Server(config, service.stopping).run(sockets=[listener])
    _LOG.info("stopped")


def _listener(settings: ServiceSettings) -> socket.socket:
    """The socket that the server listens on.

    Raises:
        RenderError: MIX307, it cannot.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family)
    except OSError as error:
        raise RenderError.of(
            Code.BAD_REQUEST,
            f"cannot listen on {settings.host} port {settings.port}: {error.strerror or error}",
            help="choose another --port or --host",
        ) from error


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _end(stopping: threading.Event, threads: list[threading.Thread]) -> None:
    stopping.set()
    for thread in threads:
        if thread.ident is not None:
            thread.join()
