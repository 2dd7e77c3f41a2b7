"""`mixdown check`: a timeline read and compiled, without rendering it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from .options import Opened, as_json, media, opening, strict

if TYPE_CHECKING:
    from ..compiler.choices import MediaName


@click.command("check")
@click.argument("file")
@media
@strict
@as_json
@opening
def command(file: str, media: MediaName, strict: bool, as_json: bool, how: Opened) -> None:
    """Check a timeline and every file that it names.

    Reads FILE, a timeline or a graph (.mir), and its media, and compiles it without rendering. If
    that fails, prints every problem with its place and exits with code 2.
    """
    from .. import compile
    from ..compiler.graph_input import open_mix
    from ..compiler.timeline.hints import hints
    from ..ir.diagnostics import counted, warnings
    from .console import print_json, print_text, show

    mix = open_mix(file, media=media, **how)
    compilation = compile(mix, media=media, strict=strict)
    timeline = compilation.timeline
    found = (*compilation.diagnostics, *hints(timeline, compilation.media))
    if as_json:
        data = [d.to_dict(timeline.documents) for d in found]
        print_json({"ok": True, "diagnostics": data})
        return
    show(found, timeline.documents)
    if timeline.tracks:
        clips = sum(len(track.clips) for track in timeline.tracks)
        parts = [counted(len(timeline.tracks), "track"), counted(clips, "clip")]
    else:
        parts = [counted(len(compilation.graph), "node")]
    if warned := warnings(found):
        parts.append(counted(len(warned), "warning"))
    print_text(f"{file}: valid; {', '.join(parts)}")
