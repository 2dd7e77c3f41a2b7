"""`mixdown picture`: one step of a plan that puts a cover into an Ogg file, run by hand."""

from __future__ import annotations

import click


@click.command("picture")
@click.argument("picture")
@click.argument("out")
def command(picture: str, out: str) -> None:
    """Write a picture as a tag for Ogg files.

    A step of the plans that deliver Opus or Ogg Vorbis with a cover: writes PICTURE, a JPEG or PNG,
    as the tag METADATA_BLOCK_PICTURE to OUT, in the form that ffmpeg reads (ffmetadata).
    """
    from .by_hand import run_by_hand

    run_by_hand("picture", (picture, out))
