"""`mixdown tighten`: the pauses of a mix as cuts that can be edited."""

from __future__ import annotations

from pathlib import Path

import click

from .options import Opened, as_json, opening


@click.command("tighten")
@click.argument("file")
@click.option("-o", "--out", metavar="NEW", help="Write it to this file.  [default: print it]")
@click.option(
    "--role",
    "roles",
    multiple=True,
    metavar="ROLE",
    help="A role that must be silent in a pause; repeatable.  [default: the document's `tighten`]",
)
@click.option(
    "--longer-than",
    type=click.FloatRange(1),
    default=900,
    show_default=True,
    metavar="MS",
    help="With --role: shorten pauses longer than this.",
)
@click.option(
    "--keep",
    type=click.FloatRange(0),
    default=400,
    show_default=True,
    metavar="MS",
    help="With --role: what is left of a pause.",
)
@as_json
@opening
def command(
    file: str,
    out: str | None,
    roles: tuple[str, ...],
    longer_than: float,
    keep: float,
    as_json: bool,
    how: Opened,
) -> None:
    """Write the pauses of a mix as cuts, one line each, to edit them by hand.

    FILE is a timeline, an arrangement or a show. Its sources are surveyed, and each pause in which
    none of the roles says anything becomes a line of `cuts`. These lines replace `tighten`; the
    rest of the document stays as it is, with its comments.

    Paths in a document are relative to its own directory, so write NEW next to FILE.
    """
    from ..compiler.edits.lines import tightened_text
    from ..compiler.timeline.cuts import Tighten
    from ..documents.models import plain
    from ..documents.writer import write_file
    from ..ir.diagnostics import counted
    from .console import clock, print_document, print_json, print_text, show

    asked = Tighten(roles=roles, longer_than_ms=longer_than, keep_ms=keep) if roles else None
    made = tightened_text(file, asked, **how)
    if out is not None:
        write_file(Path(out), made.text)
    removed = sum(float(cut.to_ms - cut.from_ms) for cut in made.cuts)
    if as_json:
        found = [d.to_dict(made.documents) for d in made.diagnostics]
        cuts = [{key: float(str(v)) for key, v in plain(cut).items()} for cut in made.cuts]
        print_json({"ok": True, "cuts": cuts, "removed_ms": removed, "diagnostics": found})
        return
    show(made.diagnostics, made.documents)
    if out is None:
        print_document(made.text)
    else:
        pauses = counted(len(made.cuts), "pause")
        print_text(f"{out}: {pauses} shortened, by {clock(removed / 1000)} in all")
