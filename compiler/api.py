"""compile(), as users call it: choices by keyword instead of a request.

`Choices` are the keywords that `compile` and `render` share, for type checkers and editors.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any, TypedDict, Unpack

from ..presets.model import DitherChoice
from .driver import Compilation, compile_graph, compile_timeline
from .facts import Facts
from .graph_input import GraphFile
from .request import RenderRequest, StemMode
from .timeline.model import Timeline


class Choices(TypedDict, total=False):
    """What a mix is to become.

    Keys:
        preset: id of the export preset ("default").
        mix: id of the mix preset; None: the timeline's own.
        stems: whether to deliver one file a bus beside the master; or the ids of those buses.
        stem_mode: "premaster" or "mastered".
        silent_stems: whether buses on which nothing plays get a stem too.
        backend: name of the backend ("ffmpeg").
        format: "wav", "flac", "mp3", "m4a", "opus" or "ogg"; None: the export preset's.
        bit_depth: "16", "24", "32f" or "64f"; None: the export preset's; lossy formats have none.
        bit_rate: of a lossy format, kbit/s; None: the export preset's.
        dither: "none", "tpdf" or "shaped", at 16 bits and below; None: the export preset's.
        sample_rate: Hz; None: the timeline's.
        channels: 1 or 2; None: the timeline's.
        broadcast: whether WAVs get broadcast metadata (BWF).
        facts: what earlier renders measured.
        profile: a name for these choices, kept in the metadata.
        presets: directories with preset files of the user's own.
    """

    preset: str
    mix: str | None
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
    facts: Facts | None
    profile: str | None
    presets: Iterable[str | Path]


_NAMES = {"preset": "export_preset", "mix": "mix_preset_id", "profile": "render_profile"}


def request_of(choices: Choices) -> RenderRequest:
    """The request that the choices make.

    Raises:
        TimelineError: everything that is wrong with them.
    """
    fields: dict[str, Any] = {_NAMES.get(name, name): value for name, value in choices.items()}
    fields["facts"] = fields.get("facts") or Facts()
    return RenderRequest(**fields)


def compile(
    timeline: Timeline | GraphFile,
    *,
    disable: Collection[str] = (),
    pass_limit: int | None = None,
    single: bool = False,
    one_pass: bool = False,
    strict: bool = False,
    **choices: Unpack[Choices],
) -> Compilation:
    """Compiles a timeline, or a graph, to a plan, without rendering anything.

    Args:
        timeline: from `load` or built in Python; or a graph from `load_graph`, which holds its
            delivery and heeds only `backend`, `facts`, `disable`, `pass_limit`, `single`
            and `one_pass`.
        disable: names of optimisations to leave out.
        pass_limit: how many optimisations may run, the first so many; None: all.
        single: one command with everything in it; needs facts where loudness is a target.
        one_pass: with `single` and no facts, ffmpeg's own normalisation in one pass, which only
            comes near its target; the compilation says so.
        strict: whether warnings are errors.
        choices: see `Choices`.

    Returns:
        The compilation: `.graph`, `.plan`, `.diagnostics`, `.meta`.

    Raises:
        MixdownError: a ValueError with every diagnostic.
    """
    request = request_of(choices)
    return compile_request(
        timeline,
        request,
        disable=disable,
        pass_limit=pass_limit,
        single=single,
        one_pass=one_pass,
        strict=strict,
    )


def compile_request(
    timeline: Timeline | GraphFile,
    request: RenderRequest,
    *,
    disable: Collection[str] = (),
    pass_limit: int | None = None,
    single: bool = False,
    one_pass: bool = False,
    strict: bool = False,
) -> Compilation:
    """The same for a request; arguments, result and errors as `compile`."""
    if isinstance(timeline, GraphFile):
        return compile_graph(
            timeline,
            request,
            disable=disable,
            pass_limit=pass_limit,
            single=single,
            one_pass=one_pass,
        )
    return compile_timeline(
        timeline,
        request,
        disable=disable,
        pass_limit=pass_limit,
        single=single,
        one_pass=one_pass,
        warnings_are_errors=strict,
    )
