"""`mixdown inspect`: the inspector, the IR of a mix, what each pass changes, pictures."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .options import Opened, mix_choices, opening, timing

if TYPE_CHECKING:
    from ..compiler.choices import OwnChoices
    from ..inspection.page.inspected import InspectedFile
    from ..inspection.trace import Trace

_FORMATS = ("text", "html", "json", "dot", "svg", "mermaid")


@click.command("inspect")
@click.argument("file")
@click.option("--after", metavar="PASS", help="Show the mix after this pass.")
@click.option("--before", metavar="PASS", help="Show the mix before this pass.")
@click.option(
    "--changed", is_flag=True, help="Show what each pass changes: the first lines of a diff."
)
@click.option("--full", is_flag=True, help="With --changed: show all of each diff.")
@click.option(
    "--print-to",
    metavar="DIR",
    help="Write the mix after each pass that changes it to a file in this directory.",
)
@click.option("--timings", is_flag=True, help="Show how long each pass takes.")
@click.option(
    "--stats",
    is_flag=True,
    help="Show the numbers of nodes by kind, the depth, the widest sum, the samples.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(_FORMATS),
    default="text",
    show_default=True,
    help="html: the inspector, one page; json: its data; the others show a graph. --stats supports "
    "text and json.",
)
@click.option(
    "--focus",
    metavar="ID",
    help="Show only this clip, track or bus and its neighbours in the graph.",
)
@mix_choices
@click.option(
    "--render",
    "rendered",
    metavar="DIR",
    help="With html and json: the directory of a render, for what it measured.  "
    "[default: that of FILE, if it exists]",
)
@click.option(
    "--against",
    metavar="OLD",
    help="With html and json: show the differences from this timeline or graph, too.",
)
@click.option(
    "--open",
    "served",
    is_flag=True,
    help="Show the inspector in a browser, and compile again whenever the mix changes.",
)
@timing
@click.option(
    "-o", "--out", metavar="FILE", help="Write it to this file.  [default: standard output]"
)
@opening
def command(
    file: str,
    after: str | None,
    before: str | None,
    changed: bool,
    full: bool,
    print_to: str | None,
    timings: bool,
    stats: bool,
    form: str,
    focus: str | None,
    choices: OwnChoices,
    rendered: str | None,
    against: str | None,
    served: bool,
    out: str | None,
    how: Opened,
) -> None:
    """Show the graph (IR) of a mix and what each pass changes.

    FILE is a timeline, or a graph (.mir), which enters the pipeline after lowering. The sources of
    a graph are relative to its directory. Without options, prints the final graph as text that this
    command and 'mixdown compile' can read.

    --format html makes a page that shows the mix over time, and explains what sounds at a second:
    from which file, at what level, and why. The page needs no other file and no network.
    """
    from ..compiler.graph_input import open_mix
    from ..documents.writer import write_file
    from ..inspection.page.inspected import InspectedFile
    from ..inspection.trace import trace
    from .console import print_document, show

    chosen = (after, before, changed, print_to, timings, stats)
    if sum(choice not in (None, False) for choice in chosen) > 1:
        raise click.UsageError(
            "choose one of --after, --before, --changed, --print-to, --timings, --stats"
        )
    form = "html" if served else form
    whole = form in ("html", "json") and not any((*chosen, focus))
    wrong = {
        "--full is for --changed": full and not changed,
        "--format html and --open show the whole mix": form == "html" and not whole,
        "--open writes no file": served and out is not None,
        "--render and --against are for --format html and json": not whole
        and (rendered, against) != (None, None),
    }
    for message, applies in wrong.items():
        if applies:
            raise click.UsageError(message)
    if whole:
        _inspect(InspectedFile(file, choices, how, rendered, against), form, out, served=served)
        return
    mix = open_mix(file, media=choices["media"], **how)
    done = trace(mix, **choices)
    show(done.final.diagnostics, done.final.timeline.documents)
    if changed:
        from ..inspection.dumps import changes_text

        text = changes_text(done, full=full)
    elif print_to is not None:
        text = _printed_to(done, Path(print_to))
    elif timings:
        text = _timings(done)
    elif stats:
        text = _stats(done, form)
    else:
        text = _mix_text(done, after, before, form, focus)
    if out is None:
        print_document(text)
    else:
        write_file(Path(out), text)


def _inspect(inspected: InspectedFile, form: str, out: str | None, *, served: bool) -> None:
    from ..documents.writer import write_file
    from ..inspection.page.build import inspection_text
    from ..inspection.page.emit import page
    from ..inspection.page.inspected import relative_to
    from .console import print_document, show

    if served:
        _serve(inspected)
        return
    done, found, _ = inspected.inspect(relative_to(Path(out or "page").parent))
    show(done.final.diagnostics, done.final.timeline.documents)
    text = page(found) if form == "html" else inspection_text(found)
    if out is None:
        print_document(text)
    else:
        write_file(Path(out), text)


def _serve(inspected: InspectedFile) -> None:
    import webbrowser

    from ..inspection.page.server import LivePage, server
    from .console import print_text

    with server(LivePage(inspected.serve)) as running:
        address = f"http://127.0.0.1:{running.server_port}/"
        print_text(f"{address}  (Ctrl-C ends)")
        webbrowser.open(address)
        with suppress(KeyboardInterrupt):
            running.serve_forever()


def _mix_text(
    done: Trace, after: str | None, before: str | None, form: str, focus: str | None
) -> str:
    from ..inspection.dumps import unit_text
    from ..inspection.focus import focus_at
    from ..inspection.formats import GRAPH_FORMATS

    unit = done.final
    if after is not None:
        unit = done.after(after)
    elif before is not None:
        unit = done.before(before)
    if form == "text" and focus is None:
        return unit_text(unit)
    if unit.graph is None:
        raise click.UsageError(
            "there is no graph before the pass lower; use --format text without --focus"
        )
    graph = unit.graph if focus is None else focus_at(done, unit, focus)
    if form == "json":
        from ..inspection.page.build import graph_text

        return graph_text(graph, done.start.timeline.documents)
    return GRAPH_FORMATS[form](graph)


def _printed_to(done: Trace, directory: Path) -> str:
    """Write the dumps, and return the list of their paths."""
    from ..documents.writer import write_file
    from ..inspection.dumps import dumped

    paths = []
    with suppress(OSError):  # `write_file` reports why nothing can be written there
        directory.mkdir(parents=True, exist_ok=True)
    for name, text in dumped(done):
        write_file(directory / name, text)
        paths.append(f"{directory / name}\n")
    return "".join(paths)


def _timings(done: Trace) -> str:
    from ..inspection.dumps import timings_rows
    from .console import table_text

    columns = ("pass", "mix after it", "ms", "ms verifying")
    return table_text(columns, timings_rows(done), numbers=2)


def _stats(done: Trace, form: str) -> str:
    from ..inspection.formats import json_text
    from ..inspection.stats import rows, stats
    from .console import table_text

    graphs = [ran.after.graph for ran in done.ran if ran.after.graph is not None]
    first, last = stats(graphs[0]), stats(graphs[-1])
    if form == "json":
        return json_text({"lowered": first.to_dict(), "final": last.to_dict()})
    return table_text(("", "lowered", "final"), rows(first, last), numbers=2)
