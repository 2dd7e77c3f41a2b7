"""Runs the jobs of a batch on a cluster of dask.distributed.

Promises: each job has one result, whatever workers are killed and although the scheduler is
restarted: a job whose worker dies runs on another, a few times; jobs that a scheduler forgot are
submitted to the next. A job may run twice in such a case, which writes the same files. The key of a
job is a digest of all that it depends on, so that a job which several clients ask for at the same
time runs once. Nothing is rendered by a worker that differs from this machine in a version, or that
does not see the output directory.

Documents, sources and results are behind URLs, or in folders that all machines have at one path.
"""

from __future__ import annotations

import hashlib
import json
import logging
import queue
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from attrs import asdict, evolve

from ...backends.protocol import programs_of
from ...backends.registry import find_backend
from ...compiler.inputs import choice_files, input_files
from ...documents.writer import not_writable
from ...ir.codes import Code
from ...ir.diagnostics import Diagnostic, MixdownError, RenderError
from ...media.identity import digest_of
from ...media.samples import LIBSNDFILE
from ...plans.cache_keys import code_digest
from ...programs.packages import version_of
from .model import BatchJob, BatchSettings, JobResult
from .places import is_url, stamp
from .work import failed, run_job

if TYPE_CHECKING:
    from distributed import Client, Future

MARK = ".mixdown-batch"

_LIBRARIES = ("numpy", "scipy", "soxr")

_CONNECT_S = 10.0
_PATIENCE_S = 120.0
"""How long a scheduler that was there may be gone."""

_MOST_LOST = 5
"""How often the cluster may lose jobs without any result in between."""

_LOOK_S = 1.0  # between looks at the connection
_GATHER_S = 60.0


def run_on_cluster(
    jobs: Sequence[BatchJob],
    settings: BatchSettings,
    scheduler: str,
    note: Callable[[str], None],
) -> Generator[JobResult, None, None]:
    """Run the jobs on a cluster; yields results as they come.

    Args:
        jobs: in the order in which they are submitted.
        settings: of the batch.
        scheduler: its address, such as "tcp://10.0.0.1:8786".
        note: called with what is worth telling while nothing ends.

    Raises:
        RenderError: MIX625, distributed is not installed; MIX633, the scheduler cannot be reached,
            or a worker does not see the output directory; MIX634, a worker has other versions.
    """
    there = _everywhere(settings)
    expected = versions(_backend(settings))
    mark = _mark(there.out)
    named = {job.name: job for job in jobs}
    sent = (evolve(job, document=_absolute(job.document)) for job in jobs)
    waiting = {_key(job, there, expected): job for job in sent}
    client, lost = _connected(scheduler, _CONNECT_S), 0
    try:
        while waiting:
            for key, result in _finished(client, waiting, there, expected, mark, note):
                del waiting[key]
                lost = 0
                yield evolve(result, job=named[result.job.name])
            if waiting:
                lost += 1
                if lost > _MOST_LOST:
                    raise _unusable(scheduler, "it loses every job")
                note("the connection to the scheduler was lost; connecting again")
                client.close(timeout=_LOOK_S)
                client = _connected(scheduler, _PATIENCE_S)
    finally:
        with suppress(Exception):  # whatever state it is in
            client.close(timeout=_LOOK_S)


def _finished(
    client: Client,
    waiting: Mapping[str, BatchJob],
    settings: BatchSettings,
    expected: Mapping[str, str],
    mark: str | None,
    note: Callable[[str], None],
) -> Iterator[tuple[str, JobResult]]:
    """Submit jobs, and yield the key and the result of each that ends, while the client is good."""
    ended: queue.SimpleQueue[Future] = queue.SimpleQueue()
    futures: dict[str, Future] = {}
    for key, job in waiting.items():
        futures[key] = client.submit(work_on, job, settings, dict(expected), mark, key=key)
        futures[key].add_done_callback(ended.put)
    jobs, noted = dict(waiting), False
    try:
        while futures:
            try:
                future = ended.get(timeout=_LOOK_S)
            except queue.Empty:
                if client.status != "running" or any(f.status == "lost" for f in futures.values()):
                    return
                if not noted and not client.scheduler_info()["workers"]:
                    note("the cluster has no workers; waiting for the first")
                    noted = True
                continue
            result = _result(future, jobs[future.key])
            if result is None:
                return
            if isinstance(result, Diagnostic):
                raise RenderError(result)
            del futures[future.key]
            yield future.key, result
    finally:
        if client.status == "running":
            client.cancel(list(futures.values()))


def _result(future: Future, job: BatchJob) -> JobResult | Diagnostic | None:
    """What a future that has ended holds; None if the cluster has lost it."""
    if future.status == "error":
        return _failure(future.exception(), job)
    try:
        found: JobResult | Diagnostic | None = future.result(timeout=_GATHER_S)
    except Exception:  # the scheduler or the worker went away while the result was on its way
        return None
    return found


def _failure(error: BaseException, job: BatchJob) -> JobResult | Diagnostic:
    """What it means that the task of a job raised an error, or that its workers died."""
    if isinstance(error, ImportError):
        return _differs("a worker", f"cannot import mixdown: {error}")
    message = f"the render of {job.name!r} ended without a result: {type(error).__name__}: {error}"
    help = "the logs of the workers have the reason; memory may have run out"
    return failed(job, (Diagnostic(Code.RENDER_DIED, message, help=help),))


def work_on(
    job: BatchJob, settings: BatchSettings, expected: Mapping[str, str], mark: str | None
) -> JobResult | Diagnostic:
    """Run a job in this worker, if it has the expected versions and sees the output directory.

    Args:
        job: the job.
        settings: of the batch.
        expected: the versions of the machine that submits the job.
        mark: a file in the output directory; None: that is behind a URL.
    """
    from distributed import get_worker  # noqa: PLC0415 (an extra)

    address = f"the worker {get_worker().address}"
    found = versions(_backend(settings))
    for name in {**expected, **found}:
        if found.get(name) != expected.get(name):
            here = found.get(name, "none")
            return _differs(address, f"has {name} {here} instead of {expected.get(name, 'none')}")
    if mark is not None and not Path(mark).is_file():
        return Diagnostic(
            Code.CLUSTER_UNUSABLE,
            f"{address} does not see the output directory {str(PurePath(mark).parent)!r}",
            help="choose a folder that all machines share, or a URL",
        )
    return run_job(job, settings, steps=1)


def _differs(who: str, how: str) -> Diagnostic:
    return Diagnostic(
        Code.WORKER_DIFFERS,
        f"{who} {how}",
        help="install the same versions on all machines, or start all from one image",
    )


def _backend(settings: BatchSettings) -> str:
    return str(settings.choices.get("backend", "ffmpeg"))


@cache
def versions(backend: str) -> Mapping[str, str]:
    """The versions of all that decides the samples of a render, by name, to compare machines by.

    The version of mixdown has a digest of its code, because two checkouts can have one version. A
    program that is missing or too old is left out.
    """
    found = {"mixdown": f"{version_of('mixdown')} ({code_digest()[:12]})", "libsndfile": LIBSNDFILE}
    found |= {name: version_of(name) for name in _LIBRARIES}
    for name, program in sorted(programs_of(find_backend(backend)).items()):
        with suppress(MixdownError):
            found[name] = program.find().version_text
    return found


def _everywhere(settings: BatchSettings) -> BatchSettings:
    """The settings with absolute paths, which mean the same in any directory."""
    paths = ("facts", "deliver", "video", "presets")
    choices = {n: _absolute(v) if n in paths else v for n, v in settings.choices.items()}
    return evolve(
        settings, choices=choices, out=_absolute(settings.out), store=_absolute(settings.store)
    )


def _absolute(place: Any) -> Any:  # noqa: ANN401 (values of choices)
    """A path, or several, from the root of the file system; URLs and other values as they are."""
    if isinstance(place, str | PurePath):
        return place if is_url(str(place)) else str(Path(place).absolute())
    return [_absolute(each) for each in place] if isinstance(place, list | tuple) else place


def _key(job: BatchJob, settings: BatchSettings, expected: Mapping[str, str]) -> str:
    """A digest of all that a job depends on, as far as it can be known without compiling it."""
    if is_url(job.document):
        contents = {job.document: stamp(job.document)}
    else:
        files = input_files(
            job.document, allow_outside=settings.allow_outside, variables=job.variables
        )
        contents = dict(map(_content, files))
    contents |= map(_content, choice_files(settings.choices))
    parts = [asdict(job), asdict(settings), dict(expected), contents]
    text = json.dumps(parts, sort_keys=True, default=str)
    return f"mixdown-{hashlib.sha256(text.encode()).hexdigest()}"


def _content(path: Path) -> tuple[str, str]:
    """The name of a file, and the digest of its content, if it can be read."""
    try:
        return str(path), digest_of(path)
    except (OSError, ValueError):
        return str(path), ""


def _mark(out: str) -> str | None:
    """A hidden file in the output directory, by which workers see it; None if that is a URL.

    It stays, because another batch with the same directory may be at work.
    """
    if is_url(out):
        return None
    mark = Path(out) / MARK
    try:
        mark.touch()
    except OSError as error:
        raise not_writable(Path(out), error) from error
    return str(mark)


def _connected(scheduler: str, seconds: float) -> Client:
    """A client of a scheduler that is there within so many seconds.

    Raises:
        RenderError: MIX625, MIX633.
    """
    try:
        from distributed import Client  # noqa: PLC0415 (an extra)
    except ImportError as error:
        raise RenderError.of(
            Code.EXTRA_MISSING,
            "a batch on a cluster needs distributed, which is not installed",
            help="pip install 'mixdown[cluster]'",
        ) from error
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what it says is noted
    until = time.monotonic() + seconds
    while True:
        left = until - time.monotonic()
        try:
            return Client(scheduler, timeout=max(left, _LOOK_S), set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            if left <= 0.0 or isinstance(error, ValueError):
                reason = str(error).partition("\n")[0] or type(error).__name__
                raise _unusable(scheduler, reason) from error
            time.sleep(min(_LOOK_S, left))


def _unusable(scheduler: str, reason: str) -> RenderError:
    return RenderError.of(
        Code.CLUSTER_UNUSABLE,
        f"cannot use the scheduler {scheduler!r}: {reason}",
        help="is it running there? Its log names its address, such as tcp://10.0.0.1:8786",
    )
