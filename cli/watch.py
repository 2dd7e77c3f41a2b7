"""`mixdown watch`: drafts of a document, each time that it or one of its files changes."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .options import Opened, delivery_choices, opening, out_directory, strict

if TYPE_CHECKING:
    from ..compiler.choices import OwnChoices
    from .app import ExitCode

DRAFT = "draft"


@click.command("watch")
@click.argument("file")
@out_directory("the name of FILE + -draft")
@delivery_choices
@click.option(
    "--backend", default="ffmpeg", show_default=True, metavar="NAME", help="What renders."
)
@strict
@opening
def command(file: str, out: str | None, choices: OwnChoices, how: Opened) -> ExitCode:
    """Render drafts of a document as it changes.

    Renders FILE now, and again whenever it, a document that it includes or a file that it names
    changes. Errors are printed with their places, and the next change is waited for. Ctrl-C ends
    it.

    Without --preset it uses 'draft', which has no loudness target and so is quick. There is no
    delivery report.
    """
    from ..compiler.choices import chosen
    from ..compiler.inputs import choice_files, input_files
    from ..render.watching import changes
    from .app import ExitCode
    from .console import print_text

    if "preset" not in choices and not choices.get("deliver"):
        choices["preset"] = DRAFT
    chosen(choices)  # what is wrong with the choices does not get better by waiting
    folder = out or f"{Path(file).stem}-draft"
    try:
        for _ in changes(lambda: (*input_files(file, **how), *choice_files(choices))):
            _render(file, folder, choices, how)
            print_text("waiting for changes; Ctrl-C ends", err=True)
    except KeyboardInterrupt:
        print_text(err=True)
    return ExitCode.OK


def _render(file: str, folder: str, choices: OwnChoices, how: Opened) -> None:
    """Render once, and print what was made or what is wrong."""
    from ..compiler.graph_input import open_mix
    from ..ir.diagnostics import MixdownError
    from ..render.service import render
    from .console import print_text, show
    from .progress import progress_bars

    began = time.monotonic()
    try:
        with progress_bars(wanted=True) as progress:
            result = render(
                open_mix(file, **how), out=folder, report=False, progress=progress, **choices
            )
    except MixdownError as error:
        show(error.diagnostics, error.documents)
        return
    show(result.diagnostics, result.compilation.timeline.documents)
    done = "unchanged" if result.unchanged else f"rendered in {time.monotonic() - began:.1f} s"
    for mix in result.deliveries:
        print_text(f"{mix.master.path}: {done}; {mix.master.levels}")
