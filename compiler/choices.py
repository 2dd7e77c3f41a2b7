"""The keywords of `compile` and `render`, for type checkers, editors and the command line.

Promises: keywords say what a `RenderRequest` and `CompileOptions` say, most of them by the same
names; a keyword that does not exist is an error with the nearest one that does. The types of
keywords list the names that exist, so that a type checker finds a misspelt one; a `RenderRequest`
takes any text, for names that are known only at run time. With `presets`, presets have any name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, Required, TypeAlias, TypedDict

from ..documents.fields import declaration
from ..documents.models import replace
from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic, MixdownError, did_you_mean
from ..ir.nodes import ShortLoudness
from ..presets.model import DitherChoice
from .declared import MediaMode
from .deliveries import DeliveryChoices, deliveries_for
from .facts import Facts
from .options import CompileOptions
from .passes.base import Pass
from .request import RenderRequest, StemMode

ExportPresetName: TypeAlias = Literal[
    "default", "podcast", "music", "voiceover", "audiobook", "broadcast", "draft"
]
MixPresetName: TypeAlias = Literal[
    "default_mix", "podcast_mix", "podcast_leveled", "music_mix", "flat"
]
FormatName: TypeAlias = Literal["wav", "flac", "mp3", "m4a", "m4b", "mp4", "opus", "ogg"]
BitDepth: TypeAlias = Literal["16", "24", "32f", "64f", 16, 24]
StemModeName: TypeAlias = Literal["premaster", "mastered"]
MediaName: TypeAlias = Literal["files", "declared"]
DitherName: TypeAlias = Literal["none", "tpdf", "shaped"]
SplitName: TypeAlias = Literal["chapters", "markers", "clips"]
ShortName: TypeAlias = Literal["none", "momentary"]


class _OtherChoices(TypedDict, total=False):
    """All keywords but those for presets; see `Choices`."""

    profile: str | None
    stems: bool | Iterable[str]
    stem_mode: StemMode | StemModeName
    silent_stems: bool
    only_tags: str | Iterable[str]
    backend: str
    format: FormatName | Sequence[FormatName] | None
    bit_depth: BitDepth | None
    bit_rate: int | None
    dither: DitherChoice | DitherName | None
    short: ShortLoudness | ShortName | None
    split: SplitName | None
    split_name: str | None
    from_ms: Decimal | float | str | None
    to_ms: Decimal | float | str | None
    sample_rate: int | None
    channels: int | None
    broadcast: bool
    facts: Facts | Mapping[str, object] | str | Path | None
    lufs: float | None
    video: str | Path | None
    headroom_db: float | None
    deliver: Mapping[str, DeliveryChoices | Mapping[str, object]] | str | Path | None
    disable: str | Iterable[str]
    pass_limit: int | None
    pipeline: str | Iterable[Pass] | None
    passes: str | Iterable[Pass]
    media: MediaMode | MediaName
    variables: Mapping[str, object]
    single: bool
    one_pass: bool
    strict: bool


class ShippedChoices(_OtherChoices, total=False):
    """`Choices` with the presets that mixdown ships."""

    preset: ExportPresetName | Sequence[ExportPresetName]
    mix: MixPresetName | None


class OwnChoices(_OtherChoices, total=False):
    """`Choices` with presets from files of the caller's own."""

    preset: str | Sequence[str]
    mix: str | None
    presets: Required[str | Path | Iterable[str | Path]]


class Choices(_OtherChoices, total=False):
    """What a mix becomes, and how it is compiled.

    Keys:
        preset: id of the export preset ("default"); or several, for a file of each.
        mix: id of the mix preset; None: the timeline's own.
        profile: a name for these choices, kept in the metadata.
        stems, stem_mode, silent_stems, only_tags, backend, format, bit_depth, bit_rate, dither,
            short, sample_rate, channels, broadcast, facts, presets, lufs, video, headroom_db,
            deliver: as of a `RenderRequest`; of `format` also several, for a file of each.
        disable, pass_limit, pipeline, passes, media, variables, single, one_pass, strict: as of
            `CompileOptions`.
    """

    preset: str | Sequence[str]
    mix: str | None
    presets: str | Path | Iterable[str | Path]


_FIELDS = {"preset": "export_preset", "mix": "mix_preset_id", "profile": "render_profile"}
_OPTIONS = declaration(CompileOptions).keys.keys()


def chosen(
    choices: Mapping[str, object],
    request: RenderRequest | None = None,
    options: CompileOptions | None = None,
) -> tuple[RenderRequest, CompileOptions]:
    """The request and the options that keywords make, or that they change; see `Choices`.

    Raises:
        MixdownError: MIX103, a keyword does not exist; or as the two classes.
    """
    known = Choices.__annotations__
    unknown = [name for name in choices if name not in known]
    if unknown:
        raise MixdownError(
            Diagnostic(
                Code.UNKNOWN_KEY, f"there is no keyword {name!r}", help=did_you_mean(name, known)
            )
            for name in unknown
        )
    named: dict[str, Any] = {_FIELDS.get(name, name): value for name, value in choices.items()}
    several = deliveries_for(named.get("export_preset"), named.get("format"))
    if several and named.get("deliver"):
        message = "deliveries have names of their own, or are several presets and formats, not both"
        raise MixdownError.of(Code.BAD_REQUEST, message, help="leave out one of them")
    if several:
        named = {k: v for k, v in named.items() if k not in ("export_preset", "format")}
        only, *others = several.values()
        single = {"export_preset": only["preset"] or "default", "format": only["format"]}
        named |= {"deliver": several} if others else single
    of_options = {name: named.pop(name) for name in tuple(named) if name in _OPTIONS}
    return (
        RenderRequest(**named) if request is None else replace(request, **named),
        CompileOptions(**of_options) if options is None else replace(options, **of_options),
    )
