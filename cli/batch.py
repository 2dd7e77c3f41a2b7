"""`mixdown batch`: many documents, or one with each row of a list, in one run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from .options import Opened, as_json, force, opening, out_directory, rendering

if TYPE_CHECKING:
    from ..compiler.choices import OwnChoices
    from ..render.batch.model import BatchReport, JobResult
    from .app import ExitCode


@click.command("batch")
@click.argument("files", nargs=-1, required=True, metavar="FILE|DIR|LIST.csv...")
@out_directory("rendered")
@click.option(
    "--document",
    metavar="FILE",
    help="The document that every row of LIST.csv renders.  [default: that in its column 'file']",
)
@click.option(
    "--name",
    "template",
    metavar="TEMPLATE",
    help="The name of each row's directory, such as 'episode-${number}', with values of the row.",
)
@rendering
@as_json
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    metavar="N",
    help="The number of documents to render at once.  [default: one per processor]",
)
@click.option(
    "--scheduler",
    metavar="URL",
    help="Render on a cluster of dask.distributed: its address, such as tcp://10.0.0.1:8786.",
)
@force
@click.option("--quiet", is_flag=True, help="Print errors only.")
@opening
def command(
    files: tuple[str, ...],
    out: str | None,
    document: str | None,
    template: str | None,
    choices: OwnChoices,
    store: str | None,
    registry: str | None,
    no_report: bool,
    as_json: bool,
    jobs: int | None,
    scheduler: str | None,
    force: bool,
    quiet: bool,
    how: Opened,
) -> ExitCode:
    """Render many documents, or one with each row of a list.

    FILE is a document of any kind. Of a DIR, every document in it and below it is rendered. Each
    row of LIST.csv is a render: its columns are variables of the document, 'file' names the
    document and 'output' the files.

    A document that fails does not stop the others. What is complete and unchanged is not rendered
    again, so a batch that was interrupted goes on where it was. Writes report.json about all.

    Exits with the worst code that 'mixdown render' would have for one of the documents.
    """
    from ..render.batch.jobs import jobs_of
    from ..render.batch.model import BatchSettings
    from ..render.batch.run import run_batch
    from .progress import batch_display

    if scheduler is not None and jobs is not None:
        message = "--jobs is for this machine; on a cluster as many run as it has workers"
        raise click.UsageError(message)
    out = out or "rendered"
    found = jobs_of(files, out=out, document=document, template=template, **how)
    settings = BatchSettings(
        out=out,
        choices=choices,
        allow_outside=how["allow_outside"],
        report=not no_report,
        force=force,
        store=store,
        registry=registry,
    )
    with batch_display(len(found), wanted=not (quiet or as_json)) as display:
        report = run_batch(found, settings, processes=jobs, scheduler=scheduler, display=display)
    return _show(report, out, as_json=as_json, quiet=quiet)


def _show(report: BatchReport, out: str, *, as_json: bool, quiet: bool) -> ExitCode:
    """Print the summary, then what failed; the exit code."""
    from ..render.batch.model import REPORT, JobStatus
    from .console import print_json, print_table, print_text, show_texts

    if as_json:
        print_json(report.to_dict())
    else:
        if not quiet:
            columns = ("render", "status", "LUFS", "true peak dBTP", "duration", "warnings")
            print_table(columns, map(_row, report.results), numbers=4)
            counts = ", ".join(f"{count} {status.value}" for status, count in report.counts.items())
            print_text(f"\n{counts}\nreport: {out.rstrip('/')}/{REPORT}")
        for result in report.results:
            if result.status is JobStatus.FAILED:
                print_text(f"\n{result.job.name} ({result.job.document}) failed:", err=True)
                show_texts(result.text)
    return max(map(_code, report.results))


def _row(result: JobResult) -> tuple[str, ...]:
    from .console import clock, level

    warned = [d for d in result.diagnostics if d["severity"] == "warning"]
    if not result.files:
        return (result.job.name, result.status.value, "", "", "", "")
    master = result.files[0]
    return (
        result.job.name,
        result.status.value,
        level(master.integrated_lufs),
        level(master.true_peak_dbtp),
        clock(master.duration_s),
        str(len(warned) or ""),
    )


def _code(result: JobResult) -> ExitCode:
    from ..render.batch.model import JobStatus
    from .app import ExitCode, code_of

    if result.status is JobStatus.FAILED:
        return code_of(str(d["code"]) for d in result.diagnostics)
    return ExitCode.OK if result.ok else ExitCode.NO
