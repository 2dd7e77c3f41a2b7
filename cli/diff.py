"""`mixdown diff`: how two mixes differ, in words and in the IR."""

from __future__ import annotations

import click

from .options import as_json, mix_choices, pass_choices


@click.command("diff")
@click.argument("a")
@click.argument("b")
@mix_choices
@pass_choices
@as_json
def command(
    a: str,
    b: str,
    preset: str,
    mix: str | None,
    stems: bool,
    stem_mode: str,
    backend: str,
    disable: tuple[str, ...],
    pass_limit: int | None,
    as_json: bool,
) -> int:
    """Tell how two mixes differ, in words and in the IR.

    A and B are timelines, or graphs (.mir). Ends with code 1 where they differ: first the clips,
    gains, fades, automation, routes and sources that do, each with its line, then a diff of the
    final graphs.
    """
    from ..compiler.graph_input import open_mix
    from ..compiler.request import RenderRequest, StemMode
    from ..inspection.diff import diff
    from ..inspection.trace import trace
    from .app import ExitCode
    from .console import print_json

    request = RenderRequest(
        export_preset=preset,
        mix_preset_id=mix,
        stems=stems,
        stem_mode=StemMode(stem_mode),
        backend=backend,
    )
    traces = [
        trace(open_mix(file), request, disable=disable, pass_limit=pass_limit) for file in (a, b)
    ]
    found = diff(traces[0], traces[1], (a, b))
    if as_json:
        print_json(found.to_dict())
    else:
        click.echo(found.to_text(), nl=False)
    return ExitCode.NO if found else ExitCode.OK
