"""`mixdown step`: one step of a plan, run by the script of a plan or by a user.

A step whose program is mixdown is run in a render by the very arguments that its plan shows; here
they are a command line.
"""

from __future__ import annotations

from pathlib import Path

import click

_STEPS = {
    "decode": """\
Decode an Ogg Vorbis file to a float WAV.

FILE is the Ogg file; the WAV follows. Plans have this step in front of others, which play the WAV.

\b
Options:
  --channels N   how many channels to mix the file's to, with --gains
  --gains TEXT   the gains from the file's channels to each of these, row by row
  --repair       write zeros where a sample is not finite
""",
    "engine": """\
Render a graph with the native engine.

FILE is a graph in text form, as in the plans that 'mixdown compile --to native' prints.

\b
Options:
  --output VALUE PATH  write the output VALUE of the graph to a file; once for each output
  --sources DIR        the directory that the paths of media are relative to
  --work DIR           the directory with the files of earlier steps
  --gain-db DB         the value of every loudness gain that the graph leaves open
  --margin-db DB       how far below its ceiling the limiter aims
  --tag KEY TEXT       metadata of the files
""",
    "integers": """\
Write values of a graph as 32-bit integers, for SoX.

FILE is a graph in text form, as in the plans that 'mixdown compile --to sox' prints. A sample
above LEVEL is an error; nothing is clipped.

\b
Options:
  --value VALUE LEVEL PATH  write VALUE to an .au file whose full scale is LEVEL; once for each
  --sources DIR             the directory that the paths of media are relative to
  --work DIR                the directory with the files of earlier steps
""",
    "part": """\
Write some samples of a WAV or FLAC as a file of their own.

FILE is the WAV or FLAC; the new file, the first sample and the one after the last follow. Plans
that split their master have this step.

\b
Options:
  --tag KEY TEXT  metadata of a WAV
""",
    "envelope": """\
Write the gains of fades and automation as 32-bit integers, for SoX.

FILE is a graph in text form that begins with a silence, which is read as ones.

\b
Options:
  --value VALUE LEVEL PATH  write VALUE to an .au file whose full scale is LEVEL; once for each
""",
}
"""The steps that read their own options, in their order, with their help."""


@click.group("step")
def command() -> None:
    """Run one step of a plan, as its script does."""


@command.command("picture")
@click.argument("picture")
@click.argument("out")
def _picture(picture: str, out: str) -> None:
    """Write a picture as a tag for Ogg files.

    Writes PICTURE, a JPEG or PNG, as the tag METADATA_BLOCK_PICTURE to OUT, in the form that ffmpeg
    reads (ffmetadata). Plans that deliver Opus or Ogg Vorbis with a cover have this step.
    """
    _run("picture", (picture, out))


@command.command("comment")
@click.argument("mp3")
@click.argument("out")
def _comment(mp3: str, out: str) -> None:
    """Write the comment of an MP3 as the frame that players show.

    Copies MP3, which ffmpeg wrote, to OUT with its tag TXXX:comment as COMM. Plans that deliver MP3
    with a comment have this step.
    """
    _run("comment", (mp3, out))


@command.command("finish")
@click.option("--target-lufs", type=float, required=True, metavar="LUFS", help="The target.")
@click.option("--ceiling-db", type=float, required=True, metavar="DBTP", help="The ceiling.")
@click.option(
    "--reading",
    type=click.Choice(["integrated", "momentary", "rms"]),
    default="integrated",
    help="What the target is of: loudness, with silence appended up to 400 ms, or RMS.",
)
@click.option(
    "--encoder-gain-db",
    type=float,
    default=0.0,
    metavar="DB",
    help="By how much the encoder that COMMAND runs changes the level.",
)
@click.option("--measure", "premaster", required=True, metavar="FILE", help="The premaster.")
@click.option("--master", required=True, metavar="FILE", help="The file that COMMAND writes.")
@click.option("--gain", required=True, metavar="TEXT", help="Replaced in COMMAND by the gain, dB.")
@click.option("--margin", required=True, metavar="TEXT", help="Replaced by the limiter's margin.")
@click.option("--then", metavar="TEXT", help="The word that separates several commands.")
@click.argument("command_line", nargs=-1, required=True, metavar="-- COMMAND...")
def _finish(
    target_lufs: float,
    ceiling_db: float,
    reading: str,
    encoder_gain_db: float,
    premaster: str,
    master: str,
    gain: str,
    margin: str,
    then: str | None,
    command_line: tuple[str, ...],
) -> None:
    """Repeat a command until the master meets its loudness target.

    Measures the premaster, runs COMMAND with the gain that brings it to its target, measures the
    master and corrects the gain, as a render does.
    """
    from ..ir.nodes import Reading
    from ..render.finish import FinishCommand, run_finish
    from .console import show

    files = (Path(premaster), Path(master))
    kind = Reading(reading)
    levels = (target_lufs, ceiling_db)
    wanted = FinishCommand(*levels, *files, gain, margin, command_line, kind, then, encoder_gain_db)
    show(run_finish(wanted).diagnostics, {})


def _option_step(kind: str, text: str) -> click.Command:
    """The command of a step that reads its own options."""

    def run(file: str, options: tuple[str, ...]) -> None:
        _run(kind, (file, *options))

    return click.Command(
        kind,
        help=text,
        callback=run,
        options_metavar="",
        params=[
            click.Argument(["file"]),
            click.Argument(["options"], nargs=-1, type=click.UNPROCESSED),
        ],
        context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    )


for _kind, _text in _STEPS.items():
    command.add_command(_option_step(_kind, _text))


def _run(kind: str, words: tuple[str, ...]) -> None:
    """Run a step in this process.

    Raises:
        RenderError: MIX603, a file cannot be read or written, or the words are no such step.
    """
    from ..backends.native.run import COMMANDS
    from ..render.finish import failed

    try:
        COMMANDS[kind](words, lambda done: None)
    except OSError as error:
        raise failed(error) from error
