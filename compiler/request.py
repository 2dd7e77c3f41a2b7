"""What a mix becomes: the choices of a render besides the timeline.

Promises: a `RenderRequest` that exists can be met, as far as that is known without a timeline. It
raises all values of wrong types together, or else everything else that is wrong: unknown presets,
backends and formats, each with the known names, and numbers out of range.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from enum import StrEnum
from pathlib import Path, PurePath

from attrs import evolve, frozen

from ..backends.registry import backend_names, unknown_backend
from ..documents.fields import As, OptionalTime, Texts, Word, declaration, key, like
from ..documents.limits import Range
from ..documents.models import exceeded, model, replace
from ..ir.codes import Code
from ..ir.containers import CONTAINERS, Encoding, spelt
from ..ir.diagnostics import Diagnostic, TimelineError
from ..ir.nodes import ShortLoudness
from ..ir.origin import Origin
from ..plans.encoding import FILM
from ..presets.load import Library, library, unknown_preset
from ..presets.model import DitherChoice, ExportPreset
from .deliveries import (
    BIT_DEPTHS,
    MASTER,
    TEMPLATE,
    DeliveryChoices,
    deliveries_of,
    template_problems,
    unusable,
)
from .facts import Facts, facts_of
from .timeline.model import Timeline
from .timeline.tags import only_tagged


class StemMode(StrEnum):
    """What a stem is: the bus as it enters the master sum, or with the master's gain applied."""

    PREMASTER = "premaster"
    MASTERED = "mastered"


_INPUTS = ("facts", "presets", "deliver", "video")
"""The fields that hold data, or other requests, instead of choices."""


@frozen
class FileRequest:
    """One delivered mix of a request.

    Attributes:
        name: of the delivery.
        file: the name of its file, without its extension.
        request: for this file alone.
    """

    name: str
    file: str
    request: RenderRequest


@model("a request")
class RenderRequest:
    """Choices of one render.

    Raises:
        TimelineError: MIX105, MIX303 to MIX307, MIX501: everything that is wrong.
    """

    export_preset: str = key("id of the export preset", default="default")
    mix_preset_id: str | None = key("id of the mix preset; None: the timeline's", default=None)
    stems: As[bool | tuple[str, ...], bool | str | Iterable[str]] = key(
        "whether to deliver a file per bus besides the master; or the ids of the buses",
        default=False,
    )
    stem_mode: Word[StemMode] = key("see `StemMode`", default=StemMode.PREMASTER)
    only_tags: Texts = key(
        "only tracks with one of these tags, and those without tags, such as a language's",
        default=(),
        examples=(["en"],),
    )
    silent_stems: bool = key(
        "whether to deliver the stems of buses on which nothing plays", default=False
    )
    backend: str = key("name of the backend", default="ffmpeg")
    format: str | None = like(DeliveryChoices, default=None)
    bit_depth: As[str | None, str | int | None] = like(DeliveryChoices, default=None)
    bit_rate: int | None = like(DeliveryChoices, default=None)
    dither: As[DitherChoice | None, DitherChoice | str | None] = like(DeliveryChoices, default=None)
    short: As[ShortLoudness | None, ShortLoudness | str | None] = like(
        DeliveryChoices, default=None
    )
    split: str | None = like(DeliveryChoices, default=None)
    split_name: str | None = like(DeliveryChoices, default=None)
    from_ms: OptionalTime = like(DeliveryChoices, default=None)
    to_ms: OptionalTime = like(DeliveryChoices, default=None)
    sample_rate: int | None = like(Timeline, default=None)
    channels: int | None = like(Timeline, default=None)
    broadcast: bool = key(
        "whether to put broadcast metadata (BWF: a `bext` chunk) into WAVs", default=False
    )
    facts: As[Facts, Facts | Mapping[str, object] | str | Path | None] = key(
        "measurements of earlier renders: `Facts`, or a facts document or the manifest of a render "
        "as a path or as its JSON data",
        default=Facts(),
        convert=facts_of,
    )
    render_profile: str | None = key(
        "a name for these choices in the metadata; None: the export preset's id", default=None
    )
    presets: Texts = key("directories with preset files of your own", default=())
    lufs: float | None = key(
        "target integrated loudness; None: the export preset's",
        Range(-70, 0, "LUFS"),
        default=None,
    )
    video: As[str | None, str | PurePath | None] = key(
        "the path of a film whose picture the mix gets, in an MP4; from the current directory",
        default=None,
    )
    headroom_db: float | None = key(
        "attenuation of the premaster before the loudness gain; None: the export preset's",
        Range(0, 60, "dB"),
        default=None,
    )
    deliver: As[
        Mapping[str, DeliveryChoices],
        Mapping[str, DeliveryChoices | Mapping[str, object]] | str | Path | None,
    ] = key(
        "several files of the same mix, by name; or the path of a document with such a `deliver`",
        default={},
        convert=deliveries_of,
    )

    def __attrs_post_init__(self) -> None:
        found = tuple(_problems(self, library(self.presets)))
        if found:
            raise TimelineError(found)

    @property
    def library(self) -> Library:
        """The presets that the request can name."""
        return library(self.presets)

    @property
    def form(self) -> str | None:
        """The requested format: with a film MP4, unless another one is named."""
        return self.format or (FILM if self.video else None)

    @property
    def export(self) -> ExportPreset:
        """The export preset with the requested format, bit depth, dither and short loudness."""
        preset = self.library.export[self.export_preset]
        container = self.form or preset.container
        encoding = _encoding(preset, container, self.bit_depth)
        return replace(
            preset,
            container=container,
            encoding=encoding,
            dither=self.dither or preset.dither,
            short=self.short or preset.short,
            lufs=preset.lufs if self.lufs is None else self.lufs,
            rms_dbfs=preset.rms_dbfs if self.lufs is None else None,
            headroom_db=preset.headroom_db if self.headroom_db is None else self.headroom_db,
        )

    @property
    def files(self) -> tuple[FileRequest, ...]:
        """The mixes to deliver, the first with the stems; each as a request for one file.

        Those with a loudness target have the headroom of the first that has one, so that they share
        one premaster: the loudness gain makes up for it.
        """
        if not self.deliver:
            return (FileRequest(MASTER, MASTER, self),)
        made: list[FileRequest] = []
        headroom: float | None = None
        for name, choices in self.deliver.items():
            request = self._for(choices, stems=not made)
            if request.export.target is not None:
                headroom = request.export.headroom_db if headroom is None else headroom
                request = replace(request, headroom_db=headroom)
            made.append(FileRequest(name, choices.file or name, request))
        return tuple(made)

    def _for(self, choices: DeliveryChoices, *, stems: bool) -> RenderRequest:
        """The request for one file: what a delivery leaves open is as the request says.

        Bit rate, bit depth and broadcast metadata are for the formats that have them. What earlier
        renders measured is left out: one premaster is made and measured for all.
        """
        export_preset = choices.preset or self.export_preset
        preset = self.library.export.get(export_preset)
        container = choices.format or self.form or (preset.container if preset else "wav")
        held = CONTAINERS.get(container)
        lossy = held is not None and held.is_lossy
        return replace(
            self,
            deliver={},
            facts=self.facts.without_finishes(),
            export_preset=export_preset,
            stems=self.stems if stems else False,
            format=choices.format or self.format,
            video=self.video if container == FILM else None,
            bit_depth=choices.bit_depth or (None if lossy else self.bit_depth),
            bit_rate=choices.bit_rate or (self.bit_rate if lossy else None),
            broadcast=self.broadcast and container == "wav",
            dither=choices.dither or self.dither,
            short=choices.short or self.short,
            split=choices.split or self.split,
            split_name=choices.split_name or self.split_name,
            from_ms=self.from_ms if choices.from_ms is None else choices.from_ms,
            to_ms=self.to_ms if choices.to_ms is None else choices.to_ms,
            sample_rate=choices.sample_rate or self.sample_rate,
            channels=choices.channels or self.channels,
            headroom_db=self.headroom_db,
        )

    def bit_rate_at(self, rate: int, channels: int) -> int | None:
        """The bit rate of a file with a mix at `rate` Hz, kbit/s; None for formats without one.

        Raises:
            TimelineError: MIX307, the format does not have the requested bit rate.
        """
        export = self.export
        container = CONTAINERS[export.container]
        allowed = container.allowed(rate, channels)
        if not allowed:
            return None
        if self.bit_rate is None:
            options = export.formats.get(export.container)
            if options is not None and channels == 1 and options.mono_bit_rate is not None:
                return container.nearest(2 * options.mono_bit_rate, rate, channels)
            wanted = options.bit_rate if options else container.bit_rate
            return container.nearest(wanted or 0, rate, channels)
        if self.bit_rate not in allowed:
            held = container.rate(rate)
            sound = "mono" if channels == 1 else "stereo"
            message = f"{export.container} in {sound} at {held} Hz has no {self.bit_rate} kbit/s"
            help = f"allowed: {spelt(allowed)} kbit/s"
            raise TimelineError.of(Code.BAD_REQUEST, message, help=help)
        return self.bit_rate

    def wants_stem(self, bus_id: str) -> bool:
        """Whether a stem of the bus is requested."""
        return self.stems if isinstance(self.stems, bool) else bus_id in self.stems

    def session(self, timeline: Timeline) -> Timeline:
        """The timeline with the requested tracks, rate and channels.

        Raises:
            TimelineError: MIX307, no track has a tag of `only_tags`.
        """
        if self.only_tags:
            timeline = only_tagged(timeline, self.only_tags)
        rate = self.sample_rate or self.export.sample_rate or timeline.sample_rate
        channels = self.channels or timeline.channels
        if (rate, channels) == (timeline.sample_rate, timeline.channels):
            return timeline
        return replace(timeline, sample_rate=rate, channels=channels)

    def to_dict(self) -> dict[str, object]:
        """The choices as plain data, without the facts and the directories of presets."""
        names = [name for name in declaration(RenderRequest).keys if name not in _INPUTS]
        stems = self.stems if isinstance(self.stems, bool) else sorted(set(self.stems))
        plain = {name: getattr(self, name) for name in names} | {"stems": stems}
        return {k: float(v) if isinstance(v, Decimal) else v for k, v in plain.items()}

    @property
    def digest(self) -> str:
        """The SHA-256 of the choices, after "sha256:"."""
        text = json.dumps(self.to_dict(), sort_keys=True)
        return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _problems(request: RenderRequest, known: Library) -> Iterator[Diagnostic]:
    preset, mix = request.export_preset, request.mix_preset_id
    if preset not in known.export:
        yield unknown_preset("export preset", preset, known.export)
    if mix is not None and mix not in known.mix:
        yield unknown_preset("mix preset", mix, known.mix)
    if request.backend not in backend_names():
        yield unknown_backend(request.backend)
    over = [evolve(problem, origin=None) for problem in exceeded(request, Origin("").child)]
    yield from over
    if over or preset not in known.export:
        return
    if request.deliver:
        yield from _delivery_problems(request)
    else:
        yield from _format_problems(request, known.export[preset])


def _delivery_problems(request: RenderRequest) -> Iterator[Diagnostic]:
    """What is wrong with the deliveries, each as a request, and with all of them together."""
    try:
        files = request.files
    except TimelineError as error:
        yield from error.diagnostics
        return
    names = [(each.file, each.request.export.container) for each in files]
    yield from unusable(names)
    for name in ("bit_depth", "bit_rate", "broadcast"):
        if getattr(request, name) and not any(getattr(f.request, name) for f in files):
            message = f"none of the formats has what {name} chooses"
            help = f"leave it out; the formats are {', '.join(form for _, form in names)}"
            yield Diagnostic(Code.BAD_REQUEST, message, help=help)


def _encoding(preset: ExportPreset, container: str, depth: str | None) -> Encoding:
    """The requested encoding of samples, or else the preset's if the container supports it.

    A lossy container has one encoding. A lossy preset in another container gets the default
    encoding of that container.
    """
    if depth is not None:
        return BIT_DEPTHS[depth]
    held = CONTAINERS[container]
    leaves = held.is_lossy or preset.encoding.is_lossy
    return held.encodings[0] if leaves else preset.encoding


def _format_problems(request: RenderRequest, preset: ExportPreset) -> Iterator[Diagnostic]:
    """What the container of the files does not support."""
    form = request.form or preset.container
    if request.video is not None and form != FILM:
        message = f"{form} has no picture, so a film cannot be put into it"
        yield Diagnostic(Code.BAD_REQUEST, message, help=f"choose {FILM}, or leave out the film")
    if request.split is not None and request.video is not None:
        message = "a film is one file, so its sound cannot be split"
        yield Diagnostic(Code.BAD_REQUEST, message, help="leave out one of the two")
    yield from template_problems(request.split_name or TEMPLATE)
    encoding, held = _encoding(preset, form, request.bit_depth), CONTAINERS[form]
    if request.bit_rate is not None and not held.is_lossy:
        lossy = ", ".join(name for name, container in CONTAINERS.items() if container.is_lossy)
        message = f"{form} has no bit rate to choose"
        yield Diagnostic(Code.BAD_REQUEST, message, help=f"formats with bit rates: {lossy}")
    if request.broadcast and form != "wav":
        message = f"{form} has no broadcast metadata"
        yield Diagnostic(Code.BAD_REQUEST, message, help="choose wav, or leave it out")
    if encoding in held.encodings:
        return
    asked = next(name for name, stored in BIT_DEPTHS.items() if stored is encoding)
    depths = [name for name, stored in BIT_DEPTHS.items() if stored in held.encodings]
    if held.is_lossy:
        message = f"{form} has no bit depth"
        help = f"leave {asked} out (choose a bit rate instead), or choose wav, which supports it"
    else:
        message = f"{form} does not support {asked} bits per sample"
        help = f"choose a bit depth of {', '.join(depths)}, or wav, which supports all"
    yield Diagnostic(Code.BAD_REQUEST, message, help=help)
