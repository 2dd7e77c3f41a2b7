"""Removes what is older than the operator keeps: jobs that have ended, and their artifacts.

Promises: what `Queue.remove_old` keeps is kept. The file of an artifact that was removed goes when
it is older than a day and no other artifact names it (`render/artifacts/upkeep.py`), as files do
that a crash left. Any number of servers may do this at the same time.
"""

from __future__ import annotations

import logging
import threading
import time

from attrs import frozen

from ..render.artifacts.service import AudioRenderService
from ..render.artifacts.upkeep import collect
from .jobs import DAY_S
from .queue import Queue

_LOG = logging.getLogger(__name__)
_PAUSE_S = 3600.0


@frozen
class Retention:
    """Removes old jobs.

    Attributes:
        queue: where jobs are.
        artifacts: the store and the registry.
        keep_days: how long after its end a job is kept; None: for ever.
        stopping: set when the server stops.
    """

    queue: Queue
    artifacts: AudioRenderService
    keep_days: int | None
    stopping: threading.Event

    def run(self) -> None:
        """Remove what is old, when the server starts and every hour, for a thread."""
        while not self.stopping.is_set():
            try:
                self.sweep()
            except Exception:
                _LOG.exception("old jobs are removed later, after an error")
            self.stopping.wait(_PAUSE_S)

    def sweep(self) -> list[str]:
        """Remove what is old now; the ids of the jobs that were removed."""
        self.queue.forget_keys()
        if self.keep_days is None:
            return []
        removed: list[str] = []
        before = time.time() - self.keep_days * DAY_S
        while not self.stopping.is_set() and (job_id := self.queue.remove_old(before)) is not None:
            removed.append(job_id)
        files = collect(self.artifacts.store, self.artifacts.registry)
        if removed or files:
            _LOG.info("removed %d jobs and %d files of no artifact", len(removed), len(files))
        return removed
