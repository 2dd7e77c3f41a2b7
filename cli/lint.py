"""`mixdown lint`: what sounds wrong in a mix that is valid."""

from __future__ import annotations

import click

from .options import Opened, as_json, opening


@click.command("lint")
@click.argument("file")
@click.option("--mix", metavar="ID", help="A mix preset, instead of the timeline's own.")
@as_json
@opening
def command(file: str, mix: str | None, as_json: bool, how: Opened) -> int:
    """Find what sounds wrong in a mix, with the fix for each.

    Surveys every source of FILE and compares voices, beds and noise: speakers that differ, a bed
    that is too close below the speech or too far, voices that overlap, silent or inverted channels,
    clipped sources, DC, noise and large boosts. Nothing is rendered.

    A fault that a clip accepts is a note. Exits with code 1 if there is a warning.
    """
    from ..compiler.edits.lint import lint
    from ..compiler.graph_input import open_mix
    from ..compiler.request import RenderRequest
    from ..ir.diagnostics import counted, warnings
    from .app import ExitCode
    from .console import print_json, print_text, show

    opened = open_mix(file, **how)
    timeline, found = lint(opened, RenderRequest(mix_preset_id=mix))
    warned = warnings(found)
    if as_json:
        data = [d.to_dict(timeline.documents) for d in found]
        print_json({"ok": not warned, "diagnostics": data})
    else:
        show(found, timeline.documents)
        print_text(f"{file}: {counted(len(warned), 'warning') if warned else 'nothing to say'}")
    return ExitCode.NO if warned else ExitCode.OK
