"""`mixdown demo`: renders the podcast that comes with the package."""

from __future__ import annotations

from pathlib import Path

import click

from .options import as_json

PODCAST = Path(__file__).parents[1] / "examples/podcast/podcast.yaml"


@click.command("demo")
@click.option(
    "-o",
    "--out",
    metavar="DIR",
    default="mixdown-demo",
    show_default=True,
    help="The directory for the files.",
)
@as_json
def command(out: str, as_json: bool) -> None:
    """Render the podcast that comes with mixdown.

    The podcast has two speakers, music that ducks under them, a bell and the sound of a room. The
    mix is mastered with the podcast preset and delivered with one stem per bus.
    """
    from .. import load
    from ..render.service import render
    from .console import print_text
    from .delivery import show_result
    from .progress import progress_bars

    with progress_bars(wanted=not as_json) as progress:
        result = render(load(PODCAST), out=out, preset="podcast", stems=True, progress=progress)
    show_result(result, as_json=as_json, quiet=False, is_strict=False)
    if not as_json:
        print_text(f"\nmanifest: {result.manifest}\ntimeline: {PODCAST}")
