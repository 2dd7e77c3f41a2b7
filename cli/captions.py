"""`mixdown captions`: captions of a finished mix, and its chapters."""

from __future__ import annotations

from pathlib import Path

import click

from .options import Opened, as_json, opening


@click.command("captions")
@click.argument("file")
@click.option(
    "-o",
    "--out",
    metavar="CAPTIONS",
    help="Write them to this file: .vtt or .srt.  [default: print WebVTT]",
)
@click.option(
    "--chapters", metavar="CHAPTERS", help="Also write the chapters of the mix to this .vtt file."
)
@as_json
@opening
def command(file: str, out: str | None, chapters: str | None, as_json: bool, how: Opened) -> None:
    """Write captions of a finished mix, and its chapters.

    The words come from the transcripts that the sources of FILE name: JSON of a tool for speech
    recognition, WebVTT or SRT. Their times are those of the mix, after all cuts, trims and speeds.
    With several voices each caption names its own.
    """
    from ..compiler.edits.captions import captions_of, chapters_vtt, srt, vtt
    from ..compiler.graph_input import open_mix
    from ..documents.writer import write_file
    from ..ir.diagnostics import counted
    from .console import print_document, print_json, print_text, show

    for name in (out, chapters):
        allowed = (".vtt", ".srt") if name is out else (".vtt",)
        if name is not None and Path(name).suffix.lower() not in allowed:
            raise click.UsageError(f"{name!r} must end in {' or '.join(allowed)}")
    made = captions_of(open_mix(file, **how))
    form = srt if out is not None and Path(out).suffix.lower() == ".srt" else vtt
    if out is not None:
        write_file(Path(out), form(made.captions))
    if chapters is not None:
        write_file(Path(chapters), chapters_vtt(made.chapters))
    if as_json:
        cues = [
            {"start_ms": c.start_ms, "end_ms": c.end_ms, "speaker": c.speaker, "lines": c.lines}
            for c in made.captions
        ]
        parts = [{"start_ms": c.start, "end_ms": c.end, "title": c.title} for c in made.chapters]
        found = [d.to_dict(made.documents) for d in made.diagnostics]
        print_json({"ok": True, "captions": cues, "chapters": parts, "diagnostics": found})
        return
    show(made.diagnostics, made.documents)
    if out is None:
        print_document(form(made.captions))
    else:
        print_text(f"{out}: {counted(len(made.captions), 'caption')}")
    if chapters is not None:
        print_text(f"{chapters}: {counted(len(made.chapters), 'chapter')}")
