"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import click

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

strict = click.option("--strict", is_flag=True, help="Take warnings for errors.")


def mix_choices(function: Decorated) -> Decorated:
    """The options that say how a timeline is mixed and delivered."""
    for option in reversed(_MIX_CHOICES):
        function = option(function)
    return function


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

_MIX_CHOICES = (
    click.option(
        "--preset",
        default="default",
        show_default=True,
        metavar="ID",
        help="Export preset: loudness, ceiling, format ('mixdown presets export').",
    ),
    click.option(
        "--mix",
        metavar="ID",
        help="Mix preset: buses ('mixdown presets bus').  [default: the timeline's]",
    ),
    click.option("--stems", is_flag=True, help="One file a bus beside the master."),
    click.option(
        "--stem-mode",
        type=click.Choice(["premaster", "mastered"]),
        default="premaster",
        show_default=True,
        help="Stems as they enter the master, or moved by its gain.",
    ),
)
