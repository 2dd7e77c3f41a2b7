"""Which documents a batch renders, and under which names: files, directories, and lists.

Promises: every job has a name of its own, a relative path inside the output directory, and the jobs
are in the order of the arguments; those of a directory are sorted. What is wrong with one document
is not found here: it is the failure of that job, and the others are rendered.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from ...documents.load import parse_file
from ...ir.codes import Code
from ...ir.diagnostics import Diagnostic, MixdownError, TimelineError
from .lists import jobs_of_list
from .model import REPORT, BatchJob

LIST = ".csv"
_DOCUMENTS = frozenset({".yaml", ".yml", ".json", ".toml"})
_LONGEST = 200
"""Bytes of each part of a name; file systems allow 255."""


def jobs_of(
    paths: Sequence[str],
    *,
    out: str | Path,
    document: str | None = None,
    template: str | None = None,
    variables: Mapping[str, str],
    allow_outside: bool = False,
) -> tuple[BatchJob, ...]:
    """The jobs of the arguments of a batch.

    Args:
        paths: documents of any kind, directories, and lists (`lists.py`).
        out: the output directory, which is not searched for documents.
        document: the document that every row of the lists renders; None: the rows name theirs.
        template: the names of rows, with ${column} for values; None: see `lists.py`.
        variables: for every document; they override those of lists.
        allow_outside: whether documents may include others from outside their directory.

    Raises:
        TimelineError: MIX113, a list cannot be read; MIX307, two jobs have the same name, a name
            cannot be used, or there is nothing to render.
    """
    found: list[BatchJob] = []
    lists = [path for path in paths if _is_list(path)]
    if not lists and (document is not None or template is not None):
        option = "--document" if document is not None else "--name"
        raise TimelineError.of(
            Code.BAD_REQUEST, f"{option} is for the rows of a list", help="give a .csv file too"
        )
    for path in paths:
        if Path(path).is_dir():
            found += _jobs_in(Path(path), Path(out), variables)
        elif _is_list(path):
            found += jobs_of_list(
                Path(path), document, template, variables, allow_outside=allow_outside
            )
        else:
            found.append(BatchJob(name=Path(path).stem, document=path, variables=variables))
    if not found:
        raise TimelineError.of(
            Code.BAD_REQUEST,
            f"no documents in {', '.join(map(repr, paths))}",
            help="a document of a directory has an `id` at its top level",
        )
    problems = [*filter(None, map(name_problem, found)), *_same_names(found)]
    if problems:
        raise TimelineError(problems)
    return tuple(found)


def _is_list(path: str) -> bool:
    return Path(path).suffix.lower() == LIST


def _jobs_in(directory: Path, out: Path, variables: Mapping[str, str]) -> Iterator[BatchJob]:
    """The documents in a directory and those below it, sorted, by their paths from it."""
    for folder, inner, files in os.walk(directory):
        inner[:] = sorted(
            name
            for name in inner
            if not name.startswith(".") and (Path(folder) / name).resolve() != out.resolve()
        )
        for name in sorted(files):
            path = Path(folder) / name
            if not name.startswith(".") and path.suffix in _DOCUMENTS and _is_mix(path):
                relative = path.relative_to(directory).with_suffix("").as_posix()
                yield BatchJob(name=relative, document=str(path), variables=variables)


def _is_mix(path: Path) -> bool:
    """Whether a file is a document of a mix: it has an `id`, or it cannot be read.

    Manifests, reports, transcripts, presets and documents that others include have none. A file
    that cannot be read is a job that fails, and not one that is left out without a word.
    """
    try:
        data = parse_file(path).data
    except MixdownError:
        return True
    return isinstance(data, dict) and "id" in data


def name_problem(job: BatchJob) -> Diagnostic | None:
    """Why a name cannot be that of a directory in the output directory; None if it can."""
    parts = job.name.split("/")
    usable = all(
        part and part not in (".", "..") and "\0" not in part and len(part.encode()) <= _LONGEST
        for part in parts
    )
    if usable and parts[0] != REPORT:
        return None
    return Diagnostic(
        Code.BAD_REQUEST,
        f"{job.name!r} cannot be the name of the files of {job.document!r}",
        help="a name is a relative path without '..'; see --name",
    )


def _same_names(jobs: Iterable[BatchJob]) -> Iterator[Diagnostic]:
    """A problem for each job with the name of an earlier one."""
    known: dict[str, BatchJob] = {}
    for job in jobs:
        name = str(PurePosixPath(job.name))
        first = known.setdefault(name, job)
        if first is not job:
            yield Diagnostic(
                Code.BAD_REQUEST,
                f"{first.document!r} and {job.document!r} would both be rendered to {name!r}",
                help="give the rows of a list names with --name, or render the directory that "
                "both are in",
            )
