"""The program `mixdown`: finds a command, runs it, and turns how it ended into an exit code.

Promises: only the module of the command that is run is imported, so `--help` is quick; whoever
made a mistake sees a coded error, never a traceback; an interrupted command has cleaned up.

A new command is a file beside this one with a click command called `command`, and a line in
`COMMANDS`.
"""

from __future__ import annotations

import difflib
import traceback
from collections.abc import Mapping, Sequence
from enum import IntEnum
from importlib import import_module
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

import click

if TYPE_CHECKING:
    from ..ir.diagnostics import MixdownError

COMMANDS: Mapping[str, str] = {
    "new": "Write a commented timeline to begin with.",
    "check": "Check a timeline and everything that it names.",
    "compile": "Print the plan of a timeline, without rendering it.",
    "arrange": "Print the timeline that an arrangement or a show becomes.",
    "render": "Render a timeline to a measured master and stems.",
    "measure": "Measure the loudness and peaks of audio files.",
    "verify": "Compare what several backends make of a mix, sample by sample.",
    "presets": "Show the export presets, mix presets and delivery specs.",
    "artifacts": "List, show, verify and clear up what was rendered into a store.",
    "engine": "Render a graph file with the native engine.",
    "integers": "Write values of a graph as 32-bit integers, for SoX.",
    "envelope": "Write gains of fades and automations as 32-bit integers, for SoX to apply.",
    "picture": "Write a picture as a tag for Ogg files.",
    "finish": "Run a finishing command until the master has its loudness.",
    "inspect": "Show the IR that a mix becomes.",
    "diff": "Tell how two mixes differ, in words and in the IR.",
    "explain": "Explain a moment of a mix, or where a filter comes from.",
    "doctor": "Show which ffmpeg and SoX are used, what they can do, and which limits apply.",
    "fmt": "Lay timelines out in one way, comments and meaning untouched.",
    "schema": "Print the JSON Schema of a timeline, for editors and validators.",
    "demo": "Render the podcast that comes with mixdown.",
}
"""Each command with its help in one line, in the order of a user's work."""


class ExitCode(IntEnum):
    """How a command ends; documented in docs/cli.md."""

    OK = 0
    NO = 1
    BAD_INPUT = 2
    FAILED = 3
    INTERRUPTED = 130
    TERMINATED = 143


class LazyGroup(click.Group):
    """A group whose commands are modules, imported when they are wanted."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order of `COMMANDS`."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name, imported now."""
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f".{cmd_name}", __package__).command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with the nearest name for one that is unknown."""
        near = difflib.get_close_matches(args[0], COMMANDS, n=1)
        if args[0] not in COMMANDS and near and not args[0].startswith("-"):
            ctx.fail(f"No such command {args[0]!r}. Did you mean {near[0]!r}?")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list in `--help`, from the table: nothing is imported for it."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 done, 1 a check said no, 2 bad input, 3 a program failed.",
)
@click.version_option(package_name="mixdown", message="mixdown %(version)s")
def app() -> None:
    """Compile audio timelines into mastered mixes."""


def run(args: Sequence[str]) -> int:
    """Run a command line; its exit code."""
    # Commands put what they learn about their own output here, for the errors below.
    options: dict[str, bool] = {}
    try:
        result = app.main(list(args), prog_name="mixdown", standalone_mode=False, obj=options)
    except click.Abort:
        click.echo("interrupted; nothing was written", err=True)
        return ExitCode.INTERRUPTED
    except click.ClickException as error:
        error.show()
        return ExitCode.BAD_INPUT
    except Exception as error:
        return _failed(error, as_json=options.get("json", False))
    return result if isinstance(result, int) else ExitCode.OK


def _failed(error: Exception, *, as_json: bool) -> ExitCode:
    """Show what ended the command; an error without a code is a fault of mixdown."""
    from ..ir.diagnostics import MixdownError
    from .console import print_json, show

    if not isinstance(error, MixdownError):
        traceback.print_exception(error)
        click.echo("this is a fault of mixdown; please report it with the lines above", err=True)
        return ExitCode.FAILED
    if as_json:
        found = [d.to_dict(error.documents) for d in error.diagnostics]
        print_json({"ok": False, "diagnostics": found})
    else:
        show(error.diagnostics, error.documents)
    return _code_of(error)


def _code_of(error: MixdownError) -> ExitCode:
    from ..ir.codes import Code

    not_of_users = {
        Code.PASS_FAILED,
        Code.NO_FFMPEG,
        Code.FFMPEG_TOO_OLD,
        Code.STEP_FAILED,
        Code.CEILING_MISSED,
        Code.EXTRA_MISSING,
    }
    failed = any(d.code in not_of_users for d in error.diagnostics)
    return ExitCode.FAILED if failed else ExitCode.BAD_INPUT


def terminate(number: int, frame: FrameType | None) -> NoReturn:
    """A signal handler that unwinds the stack, so that work directories are removed."""
    raise SystemExit(ExitCode.TERMINATED)
