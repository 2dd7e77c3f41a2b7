"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

if TYPE_CHECKING:
    from ..compiler.api import Choices

Decorated = TypeVar("Decorated", bound=Callable[..., object])


def _remember(context: click.Context, parameter: click.Parameter, value: bool) -> bool:
    """Tell the app, so that errors come as JSON too."""
    context.ensure_object(dict)["json"] = value
    return value


as_json = click.option(
    "--json",
    "as_json",
    is_flag=True,
    is_eager=True,
    callback=_remember,
    help="Print JSON, errors too, on standard output.",
)

allow_outside = click.option(
    "--allow-outside", is_flag=True, help="Let sources lie outside the directory of their document."
)

_STORE = click.option(
    "--store",
    envvar="MIXDOWN_STORE",
    default="mixdown-artifacts",
    show_default=True,
    metavar="DIR|URL",
    help="A directory, or a URL that fsspec knows (or $MIXDOWN_STORE).",
)
registry = click.option(
    "--registry",
    envvar="MIXDOWN_REGISTRY",
    metavar="URL",
    help="An SQLAlchemy URL (or $MIXDOWN_REGISTRY).  [default: registry.sqlite in the store]",
)


def stored(function: Decorated) -> Decorated:
    """The options that say where artifacts are."""
    return _STORE(registry(function))


strict = click.option("--strict", is_flag=True, help="Take warnings for errors.")


def mix_choices(function: Callable[..., object]) -> Callable[..., object]:
    """The options that say how a timeline is mixed and delivered, as one argument `choices`.

    The file format is `--container`, for commands whose `--format` is that of what they print.
    """
    return _gathered(function, "--container")


def delivery_choices(function: Callable[..., object]) -> Callable[..., object]:
    """The same for commands that deliver: the file format is `--format`."""
    return _gathered(function, "--format")


def _gathered(function: Callable[..., object], format_flag: str) -> Callable[..., object]:
    names = ("format", *_MIX_CHOICES)

    @wraps(function)
    def command(**given: object) -> object:
        chosen = {name: given.pop(name) for name in names}
        return function(choices=_choices(chosen), **given)

    for flags, attributes in reversed(_MIX_CHOICES.values()):
        command = click.option(*flags, **attributes)(command)
    form = click.option(
        format_flag,
        "format",
        metavar="FORMAT",
        help="wav, flac, mp3, m4a, opus or ogg.  [default: the preset's]",
    )
    return form(command)


def _choices(chosen: dict[str, Any]) -> Choices:
    """The choices as `compile` takes them."""
    from ..compiler.facts import read_facts

    facts, picked = chosen.pop("facts"), chosen.pop("stems_of")
    if facts is not None:
        chosen["facts"] = read_facts(facts)
    if picked:
        chosen["stems"] = picked
    return cast("Choices", chosen)


def pass_choices(function: Decorated) -> Decorated:
    """The options that say for whom a mix is compiled, and by which passes."""
    for option in reversed(_PASS_CHOICES):
        function = option(function)
    return function


_PASS_CHOICES = (
    click.option(
        "--to", "--backend", "backend", default="ffmpeg", show_default=True, help="Backend."
    ),
    click.option(
        "--disable",
        multiple=True,
        metavar="PASS",
        help="Leave out an optimisation; may be given again.",
    ),
    click.option(
        "--pass-limit",
        type=click.IntRange(min=0),
        metavar="N",
        help="Run only the first N optimisations.",
    ),
)

# The name of each argument, and the option that gives it.
_MIX_CHOICES: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "preset": (
        ("--preset",),
        {
            "default": "default",
            "show_default": True,
            "metavar": "ID",
            "help": "Export preset: loudness, ceiling, format ('mixdown presets export').",
        },
    ),
    "mix": (
        ("--mix",),
        {
            "metavar": "ID",
            "help": "Mix preset: buses ('mixdown presets bus').  [default: the timeline's]",
        },
    ),
    "presets": (
        ("--presets",),
        {
            "multiple": True,
            "metavar": "DIR",
            "help": "Where to look for more presets; may be given again.",
        },
    ),
    "bit_depth": (
        ("--bit-depth",),
        {"metavar": "DEPTH", "help": "16, 24, 32f or 64f.  [default: the preset's]"},
    ),
    "bit_rate": (
        ("--bit-rate",),
        {
            "type": int,
            "metavar": "KBPS",
            "help": "Of a lossy format, kbit/s.  [default: the preset's]",
        },
    ),
    "dither": (
        ("--dither",),
        {
            "metavar": "KIND",
            "help": "none, tpdf or shaped; of 16-bit files.  [default: the preset's]",
        },
    ),
    "sample_rate": (
        ("--sample-rate",),
        {"type": int, "metavar": "HZ", "help": "Of the mix.  [default: the timeline's]"},
    ),
    "channels": (
        ("--channels",),
        {"type": int, "metavar": "N", "help": "1 or 2.  [default: the timeline's]"},
    ),
    "stems": (("--stems",), {"is_flag": True, "help": "One file a bus beside the master."}),
    "stems_of": (
        ("--stems-of",),
        {
            "multiple": True,
            "metavar": "BUS",
            "help": "A file for this bus alone; may be given again.",
        },
    ),
    "stem_mode": (
        ("--stem-mode",),
        {
            "default": "premaster",
            "show_default": True,
            "metavar": "MODE",
            "help": "premaster: stems as they enter the master; mastered: moved by its gain.",
        },
    ),
    "silent_stems": (
        ("--silent-stems",),
        {"is_flag": True, "help": "Stems of buses on which nothing plays, too."},
    ),
    "facts": (
        ("--facts",),
        {"metavar": "FILE", "help": "What an earlier render measured: its manifest.json."},
    ),
    "profile": (
        ("--profile",),
        {"metavar": "NAME", "help": "A name for these choices, kept in the metadata."},
    ),
}
