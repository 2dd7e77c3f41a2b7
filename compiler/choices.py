"""The keywords of `compile` and `render`, for type checkers, editors and the command line.

Promises: keywords say what a `RenderRequest` and `CompileOptions` say, most of them by the same
names; a keyword that does not exist is an error with the nearest one that does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypedDict

from attrs import evolve, fields

from ..presets.model import DitherChoice
from .checks import check_keywords
from .facts import Facts
from .options import CompileOptions
from .passes.base import Pass
from .request import RenderRequest, StemMode


class Choices(TypedDict, total=False):
    """What a mix is to become, and how it is compiled.

    Keys:
        preset: id of the export preset ("default").
        mix: id of the mix preset; None: the timeline's own.
        profile: a name for these choices, kept in the metadata.
        stems, stem_mode, silent_stems, backend, format, bit_depth, bit_rate, dither, sample_rate,
            channels, broadcast, facts, presets: as of a `RenderRequest`.
        disable, pass_limit, pipeline, passes, single, one_pass, strict: as of `CompileOptions`.
    """

    preset: str
    mix: str | None
    profile: str | None
    stems: bool | Iterable[str]
    stem_mode: StemMode | str
    silent_stems: bool
    backend: str
    format: str | None
    bit_depth: str | int | None
    bit_rate: int | None
    dither: DitherChoice | str | None
    sample_rate: int | None
    channels: int | None
    broadcast: bool
    facts: Facts | Mapping[str, object] | str | Path | None
    presets: str | Path | Iterable[str | Path]
    disable: str | Iterable[str]
    pass_limit: int | None
    pipeline: str | Iterable[Pass] | None
    passes: str | Iterable[Pass]
    single: bool
    one_pass: bool
    strict: bool


_FIELDS = {"preset": "export_preset", "mix": "mix_preset_id", "profile": "render_profile"}
_OPTIONS = frozenset(field.name for field in fields(CompileOptions))


def chosen(
    choices: Choices, request: RenderRequest | None = None, options: CompileOptions | None = None
) -> tuple[RenderRequest, CompileOptions]:
    """The request and the options that keywords make, or that they change.

    Raises:
        MixdownError: MIX307, a keyword does not exist; or as the two classes.
    """
    check_keywords(choices, Choices.__annotations__)
    named: dict[str, Any] = {_FIELDS.get(name, name): value for name, value in choices.items()}
    of_options = {name: named.pop(name) for name in tuple(named) if name in _OPTIONS}
    return (
        RenderRequest(**named) if request is None else evolve(request, **named),
        CompileOptions(**of_options) if options is None else evolve(options, **of_options),
    )
