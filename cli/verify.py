"""`mixdown verify`: the same mix rendered by several backends, compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from .options import Opened, as_json, opening

if TYPE_CHECKING:
    from ..render.verify import Residual


@click.command("verify")
@click.argument("file")
@click.option(
    "--backend",
    "backends",
    multiple=True,
    default=("native", "ffmpeg"),
    metavar="NAME",
    help="A backend, or 'reference', the slow oracle; repeatable.  [default: native, ffmpeg]",
)
@click.option(
    "--mix",
    metavar="ID",
    help="Mix preset: buses (see 'mixdown presets bus').  [default: the timeline's]",
)
@as_json
@opening
def command(
    file: str, backends: tuple[str, ...], mix: str | None, as_json: bool, how: Opened
) -> int:
    """Render a mix with several backends and compare the samples.

    FILE is a timeline or a graph (.mir). Premaster and buses are compared before loudness, limiter
    and dither. Exits with code 1 if two backends differ by more than docs/semantics.md allows.
    """
    from ..compiler.graph_input import open_mix
    from ..compiler.request import RenderRequest
    from ..render.verify import Renderer, verify_mix
    from .app import ExitCode
    from .console import print_json

    names = tuple(dict.fromkeys(backends))
    if len(names) < 2:
        raise click.UsageError("give --backend at least twice, to compare them")
    found = verify_mix(
        open_mix(file, **how),
        [Renderer(name, name) for name in names],
        RenderRequest(stems=True, mix_preset_id=mix),
    )
    within = all(residual.is_within for residual in found)
    if as_json:
        print_json({"ok": within, "residuals": [_data(residual) for residual in found]})
    else:
        _show_table(found)
    return ExitCode.OK if within else ExitCode.NO


def _data(residual: Residual) -> dict[str, object]:
    from math import isfinite

    return {
        "what": residual.what,
        "pair": list(residual.pair),
        "dbfs": residual.dbfs if isfinite(residual.dbfs) else None,
        "at_s": residual.at / residual.rate,
        "budget_dbfs": residual.budget,
        "ok": residual.is_within,
    }


def _show_table(found: tuple[Residual, ...]) -> None:
    from math import isinf

    from .console import clock, print_table

    rows = [
        (
            f"{r.pair[0]} - {r.pair[1]}",
            r.what,
            "kept" if r.is_within else "MISSED",
            "equal" if isinf(r.dbfs) and r.dbfs < 0 else f"{r.dbfs:.1f}",
            f"{r.budget:.0f}",
            clock(r.at / r.rate),
        )
        for r in found
    ]
    columns = ("backends", "what", "budget", "dBFS apart", "at most", "at")
    print_table(columns, rows, numbers=3)
