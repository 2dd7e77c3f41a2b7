"""Logs as lines of JSON, and metrics in the text format of Prometheus (version 0.0.4).

The format is a dozen lines of text, and these metrics need no library.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from attrs import define, field

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class JsonLines(logging.Formatter):
    """A record as one line of JSON; `extra={"data": {...}}` adds to it."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {"at": at, "level": record.levelname.lower(), "logger": record.name}
        line |= {"message": record.getMessage(), **getattr(record, "data", {})}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def log_as_json() -> None:
    """Write all logs of this process to standard error, as lines of JSON."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)


@define
class Metrics:
    """What this server has done since it started; may be used from any thread."""

    _requests: Counter[tuple[str, str, int]] = field(factory=Counter)
    _buckets: Counter[tuple[str, float]] = field(factory=Counter)
    _seconds: Counter[str] = field(factory=Counter)
    _began: float = field(factory=time.time)
    _lock: threading.Lock = field(factory=threading.Lock)

    def note(self, operation: str, method: str, status: int, seconds: float) -> None:
        """Count a request, and how long its answer took to begin."""
        with self._lock:
            self._requests[operation, method, status] += 1
            self._seconds[operation] += seconds  # type: ignore[assignment]
            for bound in (*_BUCKETS_S, float("inf")):
                if seconds <= bound:
                    self._buckets[operation, bound] += 1

    def text(self, jobs: Mapping[str, int], streams: int) -> str:
        """All metrics; the counts of jobs are those of the queue, which servers share."""
        with self._lock:
            return "\n".join(self._lines(jobs, streams)) + "\n"

    def _lines(self, jobs: Mapping[str, int], streams: int) -> Iterator[str]:
        yield from _head("mixdown_start_time_seconds", "gauge", "When this server started.")
        yield f"mixdown_start_time_seconds {self._began:.3f}"
        yield from _head("mixdown_jobs", "gauge", "Jobs of the queue by state.")
        for state, count in jobs.items():
            yield f'mixdown_jobs{{state="{state}"}} {count}'
        yield from _head("mixdown_event_streams", "gauge", "Event streams that are open.")
        yield f"mixdown_event_streams {streams}"
        name = "mixdown_http_requests_total"
        yield from _head(name, "counter", "Requests by operation, method and status.")
        for (operation, method, status), count in sorted(self._requests.items()):
            labels = f'operation="{operation}",method="{method}",status="{status}"'
            yield f"{name}{{{labels}}} {count}"
        name = "mixdown_http_request_duration_seconds"
        yield from _head(name, "histogram", "How long answers took to begin.")
        for operation in sorted(self._seconds):
            for bound in (*_BUCKETS_S, float("inf")):
                edge = "+Inf" if bound == float("inf") else f"{bound:g}"
                count = self._buckets[operation, bound]
                yield f'{name}_bucket{{operation="{operation}",le="{edge}"}} {count}'
            yield f'{name}_sum{{operation="{operation}"}} {self._seconds[operation]:.6f}'
            count = self._buckets[operation, float("inf")]
            yield f'{name}_count{{operation="{operation}"}} {count}'


def _head(name: str, kind: str, doc: str) -> Iterator[str]:
    yield f"# HELP {name} {doc}"
    yield f"# TYPE {name} {kind}"
