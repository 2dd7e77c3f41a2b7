"""`mixdown arrange`: the timeline that an arrangement or a show becomes."""

from __future__ import annotations

from pathlib import Path

import click

from .options import allow_outside, strict


@click.command("arrange")
@click.argument("file")
@click.option("-o", "--out", metavar="TIMELINE", help="Write it there.  [default: print it]")
@strict
@allow_outside
def command(file: str, out: str | None, strict: bool, allow_outside: bool) -> None:
    """Print the timeline that an arrangement or a show becomes.

    FILE says what plays in sections, bars and parts, or in segments. Its timeline is checked, roles
    and overlaps too; warnings go to standard error. The other commands take FILE itself: this one
    is for looking at what it means, or for going on by hand.

    Paths in a timeline count from its own directory: write it next to FILE.
    """
    from ..compiler.arrangement.review import review
    from ..compiler.timeline.dump import dump
    from ..render.workspace import write_file
    from .console import show

    timeline, found = review(file, strict=strict, allow_outside=allow_outside)
    show(found, timeline.documents)
    text = dump(timeline, "json" if out is not None and out.endswith(".json") else "yaml")
    if out is None:
        click.echo(text, nl=False)
    else:
        write_file(Path(out), text)
