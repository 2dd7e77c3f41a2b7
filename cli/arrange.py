"""`mixdown arrange`: the timeline that a document becomes."""

from __future__ import annotations

import click

from .options import Opened, media, opening, strict


@click.command("arrange")
@click.argument("file")
@click.option("-o", "--out", metavar="TIMELINE", help="Write it to this file.  [default: print it]")
@media
@strict
@opening
def command(file: str, out: str | None, media: str, strict: bool, how: Opened) -> None:
    """Print the timeline that a document becomes.

    FILE describes a song in sections, bars and parts, a show in segments, or a timeline, of which
    every clip gets a start of its own and loops become clips. The timeline is checked, including
    roles and overlaps; warnings go to standard error. Every other command accepts FILE itself; use
    this one to see what FILE means, or to continue with the timeline by hand.

    Paths in a timeline are relative to its own directory, so write it next to FILE.
    """
    from ..compiler.arrangement.review import review
    from ..documents.writer import dump
    from .console import print_document, show

    timeline, found = review(file, strict=strict, media=media, **how)
    show(found, timeline.documents)
    if out is None:
        print_document(dump(timeline))
    else:
        timeline.dump(out)
