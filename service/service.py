"""The parts of a server, which its operations share."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from attrs import define, field

from ..render.artifacts.registry import open_registry
from ..render.artifacts.service import AudioRenderService
from ..render.artifacts.store import open_store
from .answers import job_answer
from .jobs import RenderJob
from .keys import Keys
from .media import MediaFolder
from .queue import Queue
from .settings import ServiceSettings
from .telemetry import Metrics


@define
class Service:
    """What the operations of the service need.

    Attributes:
        settings: of the server.
        artifacts: the store and the registry.
        queue: of jobs.
        media: the uploaded media.
        keys: None: anybody on this machine may do anything.
        metrics: of this server.
        stopping: set when the server stops.
        pool: the threads that compile documents.
        answering: how many requests wait for these, or are answered by them.
        streams: how many event streams are open.
        imports: a place for each import at once.
    """

    settings: ServiceSettings
    artifacts: AudioRenderService
    queue: Queue
    media: MediaFolder
    keys: Keys | None
    pool: ThreadPoolExecutor
    imports: threading.Semaphore
    metrics: Metrics = field(factory=Metrics)
    stopping: threading.Event = field(factory=threading.Event)
    answering: int = 0
    streams: int = 0

    @classmethod
    def open(cls, settings: ServiceSettings) -> Service:
        """The parts of a server.

        Raises:
            MixdownError: the registry, the store or the keys file cannot be used.
        """
        keys = None if settings.keys is None else Keys(settings.keys)
        settings.sources.mkdir(parents=True, exist_ok=True)
        settings.work.mkdir(parents=True, exist_ok=True)
        registry = open_registry(settings.registry, pooled=True)
        lease_s = settings.limits.lease_s
        return cls(
            settings=settings,
            artifacts=AudioRenderService(open_store(settings.store), registry),
            queue=Queue.open(registry, secrets.token_hex(16), lease_s),
            media=MediaFolder(settings),
            keys=keys,
            pool=ThreadPoolExecutor(settings.limits.answers),
            imports=threading.Semaphore(settings.limits.imports),
        )

    def job_data(self, job: RenderJob) -> Mapping[str, object]:
        """A job as plain data, with its artifacts."""
        outputs = self.queue.outputs(job.id)
        artifacts = self.artifacts.registry.named([o.artifact_id for o in outputs])
        return job_answer(job, outputs, artifacts)
