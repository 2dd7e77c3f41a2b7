"""A batch as data: its jobs, what became of each, and the report of all (docs/batch.md).

Promises: everything here is plain data, which can be sent to another process. The report has no
date and no time, and keys in a fixed order; its jobs are in the order of the batch.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from attrs import asdict, field, frozen

from ...ir.diagnostics import Severity

REPORT = "report.json"
"""The name of the report in the output directory."""

REPORT_VERSION = 1
"""The version of the keys of the report; raised when one changes its meaning or is removed."""


@frozen(kw_only=True)
class BatchJob:
    """A document to render.

    Attributes:
        name: of its directory in the output directory, with forward slashes.
        document: its path.
        variables: values of its variables.
    """

    name: str
    document: str
    variables: Mapping[str, str] = field(factory=dict)


@frozen(kw_only=True)
class BatchSettings:
    """What is the same for all jobs of a batch.

    Attributes:
        out: the output directory.
        choices: keywords of `mixdown.render`.
        allow_outside: whether sources may lie outside the directory of their document.
        report: whether each render has a delivery report.
        force: whether to render what is unchanged.
        store: where the files are kept and registered, too; None: nowhere.
        registry: its registry; None: the store's own.
    """

    out: str
    choices: Mapping[str, Any] = field(factory=dict)
    allow_outside: bool = False
    report: bool = True
    force: bool = False
    store: str | None = None
    registry: str | None = None


class JobStatus(StrEnum):
    """What became of a job."""

    RENDERED = "rendered"
    UNCHANGED = "unchanged"
    FAILED = "failed"


@frozen(kw_only=True)
class BatchFile:
    """A delivered file of a job.

    Attributes:
        file: its name in the directory of the job.
        kind, target: as in the manifest.
        digest: "sha256:" and the hex digest of its content.
        artifact: its id in the registry; None without a store.
        integrated_lufs, true_peak_dbtp, duration_s: as in the manifest.
    """

    file: str
    kind: str
    target: str
    digest: str
    artifact: str | None
    integrated_lufs: float | None
    true_peak_dbtp: float | None
    duration_s: float


@frozen(kw_only=True)
class JobResult:
    """What became of a job.

    Attributes:
        job: the job.
        status: whether its files were rendered or already there, or why there are none.
        ok: whether every master sounds; with `strict`, whether every check passed, too.
        passed: whether the checks of the delivery report passed; None without a report.
        files: the delivered files.
        diagnostics: errors and warnings, as in the JSON of other commands.
        text: the same for people: the severity and the text of each.
    """

    job: BatchJob
    status: JobStatus
    ok: bool
    passed: bool | None = None
    files: tuple[BatchFile, ...] = ()
    diagnostics: tuple[Mapping[str, Any], ...] = ()
    text: tuple[tuple[Severity, str], ...] = ()

    def to_dict(self) -> dict[str, object]:
        """The job as the report has it."""
        return {
            "name": self.job.name,
            "document": self.job.document,
            "variables": dict(self.job.variables),
            "status": self.status.value,
            "ok": self.ok,
            "passed": self.passed,
            "files": [asdict(file) for file in self.files],
            "diagnostics": [dict(diagnostic) for diagnostic in self.diagnostics],
        }


@frozen
class BatchReport:
    """What became of all jobs of a batch, in their order."""

    results: tuple[JobResult, ...]

    @property
    def counts(self) -> Mapping[JobStatus, int]:
        """How many jobs have each status."""
        found = Counter(result.status for result in self.results)
        return {status: found[status] for status in JobStatus}

    def to_dict(self) -> dict[str, object]:
        """The report as plain data."""
        return {
            "batch_report_version": REPORT_VERSION,
            "ok": all(result.ok for result in self.results),
            "counts": {status.value: count for status, count in self.counts.items()},
            "jobs": [result.to_dict() for result in self.results],
        }

    def to_json(self) -> str:
        """The text of report.json, with a final line feed."""
        return json.dumps(self.to_dict(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
