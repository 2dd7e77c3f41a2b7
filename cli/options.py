"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from decimal import Decimal
from functools import wraps
from pathlib import Path
from typing import Any, TypedDict, TypeVar

import click

from ..ir.units import clock_milliseconds

Decorated = TypeVar("Decorated", bound=Callable[..., object])


def _remember(context: click.Context, parameter: click.Parameter, value: bool) -> bool:
    """Record it for the app, so that errors are printed as JSON too."""
    context.ensure_object(dict)["json"] = value
    return value


as_json = click.option(
    "--json",
    "as_json",
    is_flag=True,
    is_eager=True,
    callback=_remember,
    help="Print JSON on standard output, including errors.",
)

_ALLOW_OUTSIDE = click.option(
    "--allow-outside", is_flag=True, help="Allow sources outside the directory of their document."
)


def _directory(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """A directory; the name of a sound file is probably meant as one."""
    from ..ir.containers import CONTAINERS

    path = Path(value or "")
    if path.suffix.lower().removeprefix(".") not in CONTAINERS or path.is_dir():
        return value
    raise click.BadParameter(
        f"{value!r} names a file, DIR a directory, in which files have names of their own; "
        f"-o {path.with_suffix('')} --format {path.suffix.lower()[1:]} is probably meant"
    )


def out_directory(default: str) -> Callable[[Decorated], Decorated]:
    """The option -o of a command that writes several files."""
    return click.option(
        "-o",
        "--out",
        metavar="DIR",
        callback=_directory,
        help=f"The directory for the files; created if missing.  [default: {default}]",
    )


def assignments(
    context: click.Context, parameter: click.Parameter, value: tuple[str, ...]
) -> dict[str, str]:
    """NAME=VALUE, as often as it is given."""
    for text in value:
        if "=" not in text.removeprefix("="):
            raise click.BadParameter(f"{text!r} is not NAME=VALUE")
    return {name: given for name, _, given in (text.partition("=") for text in value)}


_SET = click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="NAME=VALUE",
    callback=assignments,
    help="Give a variable of the document this value; repeatable.",
)


class Opened(TypedDict):
    """How a document is opened: keywords of `open_mix`."""

    allow_outside: bool
    variables: Mapping[str, str]


def opening(function: Callable[..., object]) -> Callable[..., object]:
    """The options that say how a document is opened, as one argument `how`."""

    @wraps(function)
    def command(
        *,
        allow_outside: bool,
        assignments: Mapping[str, str],
        **given: Any,  # noqa: ANN401 (click's values)
    ) -> object:
        how = Opened(allow_outside=allow_outside, variables=assignments)
        return function(how=how, **given)

    return _SET(_ALLOW_OUTSIDE(command))


_STORE = click.option(
    "--store",
    envvar="MIXDOWN_STORE",
    default="mixdown-artifacts",
    show_default=True,
    metavar="DIR|URL",
    help="The store: a directory, or a URL that fsspec can open (or $MIXDOWN_STORE).",
)
registry = click.option(
    "--registry",
    envvar="MIXDOWN_REGISTRY",
    metavar="URL",
    help="The registry: an SQLAlchemy URL (or $MIXDOWN_REGISTRY).  "
    "[default: registry.sqlite in the store]",
)


def stored(function: Decorated) -> Decorated:
    """The options that say where the store and its registry are."""
    return _STORE(registry(function))


def timing(function: Callable[..., object]) -> Callable[..., object]:
    """The option that records how long passes, steps and programs take."""

    @wraps(function)
    def command(*, trace: str | None, **given: Any) -> object:  # noqa: ANN401 (click's values)
        from ..programs.timings import recorded

        with recorded(Path(trace)) if trace is not None else nullcontext():
            return function(**given)

    option = click.option(
        "--trace",
        metavar="FILE",
        help="Write how long passes, steps and programs take, for Perfetto or chrome://tracing.",
    )
    return option(command)


media = click.option(
    "--media",
    type=click.Choice(["files", "declared"]),
    default="files",
    show_default=True,
    help="declared: open no file; sources are as their entries declare them.",
)

strict = click.option("--strict", is_flag=True, help="Treat warnings as errors.")

force = click.option(
    "--force", is_flag=True, help="Render even if the files in DIR are what this would render."
)


def mix_choices(function: Callable[..., object]) -> Callable[..., object]:
    """The options for mixing, delivering and compiling a timeline, as one argument `choices`.

    They are for one file.

    The file format is `--container`, because `--format` is the format of what these commands print.
    """
    for option in reversed(_PASS_CHOICES):
        function = option(function)
    return _gathered(function, "--container")


def rendering(function: Decorated) -> Callable[..., object]:
    """The options of commands that render documents: `delivery_choices`, and what else they do."""
    for option in reversed(_RENDERING):
        function = option(function)
    return delivery_choices(function)


def delivery_choices(function: Callable[..., object]) -> Callable[..., object]:
    """The same for commands that deliver files, several if need be; the format is `--format`."""
    return _gathered(function, "--format", several=True)


def _gathered(
    function: Callable[..., object], format_flag: str, *, several: bool = False
) -> Callable[..., object]:
    """The command with these options; all that `compile` accepts becomes one argument."""

    @wraps(function)
    def command(**given: Any) -> object:  # noqa: ANN401 (click's values)
        from ..compiler.choices import Choices

        picked = given.pop("stems_of")
        if picked:
            given["stems"] = picked
        for name in ("preset", "format") if several else ():
            values = given.pop(name)
            if values:
                given[name] = values if len(values) > 1 else values[0]
        choices = {name: given.pop(name) for name in Choices.__annotations__ if name in given}
        return function(choices=choices, **given)

    for option in reversed(_MIX_CHOICES):
        command = option(command)
    more = "; repeatable, for a file of each" if several else ""
    preset = click.option(
        "--preset",
        default=None if several else "default",
        show_default="default",
        multiple=several,
        metavar="ID",
        help=f"Export preset: loudness, ceiling, format (see 'mixdown presets export'){more}.",
    )
    form = click.option(
        format_flag,
        "format",
        multiple=several,
        metavar="FORMAT",
        help="File format: wav, flac, mp3, m4a, m4b, mp4, opus or ogg"
        f"{more}.  [default: the preset's]",
    )
    return form(
        preset(_FROM(_TO(_SPLIT(_SPLIT_NAME(_DELIVER(_FILM(command)))))) if several else command)
    )


def time_milliseconds(value: str) -> Decimal:
    """1:02:03.5, 12:34.567 or 754.567 as milliseconds, exactly."""
    at = clock_milliseconds(value)
    if at is None and value.replace(".", "", 1).isdecimal():
        at = Decimal(value) * 1000
    if at is None:
        raise click.BadParameter(f"{value!r} is not a time; write 1:02:03.5, 12:34.567 or 754.567")
    return at


def _time(context: click.Context, parameter: click.Parameter, value: str | None) -> Decimal | None:
    return None if value is None else time_milliseconds(value)


_FROM = click.option(
    "--from",
    "from_ms",
    metavar="TIME",
    callback=_time,
    help="Deliver the mix from this time on, such as 1:00.  [default: all of it]",
)
_TO = click.option(
    "--to",
    "to_ms",
    metavar="TIME",
    callback=_time,
    help="Deliver the mix up to this time, such as 2:30.  [default: all of it]",
)
_RENDERING = (
    click.option(
        "--backend",
        default="ffmpeg",
        show_default=True,
        metavar="NAME",
        help="The backend that renders: ffmpeg, native, sox or an installed one.",
    ),
    click.option(
        "--bwf", "broadcast", is_flag=True, help="Put broadcast metadata (a bext chunk) into WAVs."
    ),
    strict,
    click.option(
        "--store",
        envvar="MIXDOWN_STORE",
        metavar="DIR|URL",
        help="Also keep and register the files in this store (see 'mixdown artifacts'; or "
        "$MIXDOWN_STORE).",
    ),
    registry,
    click.option(
        "--no-report",
        is_flag=True,
        help="Skip the check of the joins; write no report.json and report.html.",
    ),
)

_SPLIT = click.option(
    "--split",
    type=click.Choice(["chapters", "markers", "clips"]),
    help="Also cut the master there into files with tags of their own; clips: those of the first "
    "track.",
)
_SPLIT_NAME = click.option(
    "--split-name",
    metavar="TEMPLATE",
    help="The names of these files.  [default: {number:02} {title}]",
)
_FILM = click.option(
    "--video",
    metavar="FILE",
    help="Put the mix into a copy of this film, an MP4 with its picture unchanged.",
)

_DELIVER = click.option(
    "--deliver",
    metavar="FILE",
    help="A document whose `deliver` lists the files to make, by name.",
)


_PASS_CHOICES = (
    media,
    click.option(
        "--to",
        "--backend",
        "backend",
        default="ffmpeg",
        show_default=True,
        metavar="NAME",
        help="The backend to compile for: ffmpeg, native, sox or an installed one.",
    ),
    click.option(
        "--pipeline",
        metavar="PASSES",
        help="Run these optimisations: 'fold-gain,pack-lanes{max-lanes=8}'.  [default: all]",
    ),
    click.option(
        "--disable",
        multiple=True,
        metavar="PASS",
        help="Leave out this optimisation; repeatable.",
    ),
    click.option(
        "--pass-limit",
        type=click.IntRange(min=0),
        metavar="N",
        help="Run only the first N optimisations.",
    ),
)

_MIX_CHOICES = (
    click.option(
        "--mix",
        metavar="ID",
        help="Mix preset: buses (see 'mixdown presets bus').  [default: the timeline's]",
    ),
    click.option(
        "--only-tags",
        multiple=True,
        metavar="TAG",
        help="Only tracks with this tag, and those without tags; repeatable.",
    ),
    click.option(
        "--presets",
        multiple=True,
        metavar="DIR",
        help="A directory with presets of your own; repeatable.",
    ),
    click.option(
        "--bit-depth",
        metavar="DEPTH",
        help="Bit depth of WAV and FLAC: 16, 24, 32f or 64f.  [default: the preset's]",
    ),
    click.option(
        "--bit-rate",
        type=int,
        metavar="KBPS",
        help="Bit rate of a lossy format, kbit/s.  [default: the preset's]",
    ),
    click.option(
        "--dither",
        metavar="KIND",
        help="Dither of 16-bit files: none, tpdf or shaped.  [default: the preset's]",
    ),
    click.option(
        "--lufs",
        type=float,
        metavar="LUFS",
        help="Target integrated loudness.  [default: the preset's]",
    ),
    click.option(
        "--short",
        metavar="KIND",
        help="Loudness of less than 400 ms: none or momentary.  [default: the preset's]",
    ),
    click.option(
        "--sample-rate",
        type=int,
        metavar="HZ",
        help="Sample rate of the mix.  [default: the timeline's]",
    ),
    click.option(
        "--channels",
        type=int,
        metavar="N",
        help="Channels of the mix, 1 or 2.  [default: the timeline's]",
    ),
    click.option("--stems", is_flag=True, help="Also deliver one file per bus."),
    click.option(
        "--stems-of",
        multiple=True,
        metavar="BUS",
        help="Deliver the stem of this bus only; repeatable.",
    ),
    click.option(
        "--stem-mode",
        default="premaster",
        show_default=True,
        metavar="MODE",
        help="premaster: stems as they enter the master; mastered: with its gain applied.",
    ),
    click.option(
        "--silent-stems",
        is_flag=True,
        help="Also deliver the stems of buses on which nothing plays.",
    ),
    click.option(
        "--facts", metavar="FILE", help="Measurements of an earlier render: its manifest.json."
    ),
    click.option(
        "--profile", metavar="NAME", help="A name for these choices, recorded in the metadata."
    ),
)
