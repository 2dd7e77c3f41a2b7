"""A render in a notebook: a player of the master, its levels and the checks, as HTML.

The master is part of the HTML up to `MOST_EMBEDDED` bytes, so that the player works wherever the
notebook is shown. A larger one is linked by its path, which works if the notebook's server has it.
"""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING
from urllib.parse import quote

from ...inspection.page.templates import template
from ...inspection.report import COLUMNS
from ...ir.containers import CONTAINERS

if TYPE_CHECKING:
    from ..result import Rendered, RenderResult

MOST_EMBEDDED = 32 << 20
"""Bytes: five minutes of 24-bit stereo at 48 kHz, over an hour of Opus."""


def player_html(result: RenderResult) -> str:
    """The HTML of a result, without scripts and without styles that affect other cells."""
    timeline = result.compilation.timeline
    return template("player.html.jinja").render(
        title=timeline.metadata.get("title", timeline.id),
        source=_source(result.master),
        path=str(result.master.path),
        meta=result.master.meta,
        report=result.report,
        columns=COLUMNS,
    )


def _source(master: Rendered) -> str:
    """The URL of the player: the file itself, or its path if it is large or gone."""
    path = master.path
    if path.is_file() and path.stat().st_size <= MOST_EMBEDDED:
        content = b64encode(path.read_bytes()).decode("ascii")
        media_type = CONTAINERS[path.suffix.removeprefix(".")].media_type
        return f"data:{media_type.replace(' ', '')};base64,{content}"
    return quote(path.as_posix())
