"""The program `mixdown`: finds a command, runs it, and turns its outcome into an exit code.

Promises: only the module of the command that is run is imported, so `--help` is quick; a user's
mistake is a coded error, never a traceback; an interrupted command has cleaned up.

A new command is a file beside this one with a click command called `command`, and a line in
`SECTIONS`.
"""

from __future__ import annotations

import difflib
import os
import traceback
from collections.abc import Iterable, Mapping, Sequence
from enum import IntEnum
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import NoReturn

import click

SECTIONS: Mapping[str, Mapping[str, str]] = {
    "Write a timeline": {
        "new": "Write a commented timeline to start from.",
        "check": "Check a timeline and every file that it names.",
        "lint": "Find what sounds wrong in a mix, with the fix for each.",
        "fmt": "Format timelines without changing comments or meaning.",
        "tighten": "Write the pauses of a mix as cuts, one line each, to edit them by hand.",
        "arrange": "Print the timeline that a document becomes.",
        "schema": "Print the JSON Schema of a kind of document, for editors.",
    },
    "Render and deliver": {
        "demo": "Render the podcast that comes with mixdown.",
        "render": "Render a timeline to a measured master and stems.",
        "batch": "Render many documents, or one with each row of a list.",
        "watch": "Render drafts of a document as it changes.",
        "master": "Master finished recordings: one, many or an album.",
        "measure": "Measure the loudness and peaks of audio files.",
        "survey": "Survey a source: its levels, and where something is said or played.",
        "captions": "Write captions of a finished mix, and its chapters.",
        "presets": "List export presets, mix presets and delivery specs.",
        "artifacts": "List, show, verify and clean up the files of a store.",
        "serve": "Serve renders over HTTP: documents in, masters and stems out.",
    },
    "Look inside": {
        "compile": "Print the plan of a timeline without rendering it.",
        "explain": "Explain what sounds at a moment or in a range, or where a filter comes from.",
        "diff": "List the differences between two mixes and their graphs.",
        "inspect": "Show the graph (IR) of a mix and what each pass changes.",
    },
    "Check the tools": {
        "doctor": "Show which ffmpeg and SoX are used and what they can do.",
        "cache": "List, verify and clear what is kept between runs.",
        "verify": "Render a mix with several backends and compare the samples.",
    },
}
"""What `--help` shows: each command with its help in one line, in the order of a user's work."""

COMMANDS = {name: text for section in SECTIONS.values() for name, text in section.items()}

_HIDDEN = "step"
"""What the scripts of plans run, and people seldom."""


class ExitCode(IntEnum):
    """The exit codes of commands; docs/cli.md documents them."""

    OK = 0
    NO = 1
    BAD_INPUT = 2
    FAILED = 3
    HUNG_UP = 129
    INTERRUPTED = 130
    TERMINATED = 143


class LazyGroup(click.Group):
    """A group whose commands are modules, each imported when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order of `SECTIONS`."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name, imported now."""
        if cmd_name not in (*COMMANDS, _HIDDEN):
            return None
        command = import_module(f".{cmd_name}", __package__).command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with the nearest name for an unknown one."""
        near = difflib.get_close_matches(args[0], COMMANDS, n=1)
        if args[0] not in (*COMMANDS, _HIDDEN) and near and not args[0].startswith("-"):
            ctx.fail(f"No such command {args[0]!r}. Did you mean {near[0]!r}?")
        name, command, rest = super().resolve_command(ctx, args)
        if command is not None:
            _note_repeated(click.Context(command, ctx, name), command, rest)
        return name, command, rest

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The lists in `--help`, from the table: nothing is imported for it."""
        width = max(map(len, COMMANDS))
        for title, commands in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(width), text) for name, text in commands.items()])


def _note_repeated(context: click.Context, command: click.Command, args: list[str]) -> None:
    """Say which options are given more than once although they keep only their last value."""
    try:
        _, rest, given = command.make_parser(context).parse_args(list(args))
        if isinstance(command, click.Group) and rest:
            name, part, rest = command.resolve_command(context, rest)
            if part is not None:
                _note_repeated(click.Context(part, context, name), part, rest)
    except click.UsageError:
        return  # the command itself reports it
    for option in dict.fromkeys(given):
        single = isinstance(option, click.Option) and not (
            option.multiple or option.is_flag or option.count
        )
        if single and given.count(option) > 1:
            from .console import print_text

            flag = max(option.opts, key=len)
            print_text(
                f"{flag} is given {given.count(option)} times; the last one counts", err=True
            )


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 done, 1 a check failed, 2 bad input, 3 a program failed.",
)
@click.version_option(package_name="mixdown", message="mixdown %(version)s")
def app() -> None:
    """Compile audio timelines into mastered mixes."""


def run(args: Sequence[str]) -> int:
    """Run a command line; its exit code."""
    # Commands record here how they print, for the errors below.
    options: dict[str, bool] = {}
    try:
        _check_names((*args, str(Path.cwd())))
        result = app.main(list(args), prog_name="mixdown", standalone_mode=False, obj=options)
    except click.Abort:
        from .console import print_text

        print_text("interrupted; unfinished files were removed", err=True)
        return ExitCode.INTERRUPTED
    except click.ClickException as error:
        error.show()
        return ExitCode.BAD_INPUT
    except Exception as error:
        return _failed(error, as_json=options.get("json", False))
    return result if isinstance(result, int) else ExitCode.OK


def _check_names(names: Iterable[str]) -> None:
    """Refuse names that are not UTF-8: documents, plans and libraries cannot hold them."""
    for name in names:
        try:
            os.fsencode(name).decode("utf-8")
        except UnicodeDecodeError:
            raise click.UsageError(f"the name {name!r} is not UTF-8; rename it") from None


def _failed(error: Exception, *, as_json: bool) -> ExitCode:
    """Print the error that ended the command; one without a code is a bug of mixdown."""
    from ..ir.diagnostics import MixdownError
    from .console import OutputError, print_json, print_text, show

    if not isinstance(error, MixdownError):
        traceback.print_exception(error)
        print_text("this is a bug in mixdown; please report it with the lines above", err=True)
        return ExitCode.FAILED
    if as_json and not isinstance(error, OutputError):
        found = [d.to_dict(error.documents) for d in error.diagnostics]
        print_json({"ok": False, "diagnostics": found})
    else:
        show(error.diagnostics, error.documents)
    return code_of(d.code for d in error.diagnostics)


def code_of(codes: Iterable[str]) -> ExitCode:
    """The exit code of work that ended with errors of these codes."""
    from ..ir.codes import Code

    not_of_users = {
        Code.PASS_FAILED,
        Code.NO_FFMPEG,
        Code.FFMPEG_TOO_OLD,
        Code.STEP_FAILED,
        Code.STEP_STUCK,
        Code.BACKEND_UNUSABLE,
        Code.BACKEND_CLASH,
        Code.CEILING_MISSED,
        Code.EXTRA_MISSING,
        Code.RENDER_DIED,
        Code.CLUSTER_UNUSABLE,
        Code.WORKER_DIFFERS,
    }
    return ExitCode.FAILED if not_of_users.intersection(codes) else ExitCode.BAD_INPUT


def terminate(number: int, frame: FrameType | None) -> NoReturn:
    """A signal handler that unwinds the stack, so that work directories are removed.

    The exit code is 128 and the signal's number, as shells have it.
    """
    raise SystemExit(ExitCode(128 + number))
