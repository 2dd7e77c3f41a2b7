"""The files of a render that delivers its mix more than once, as users write them.

Promises: a delivery says only where it differs from the request around it. Several presets and
formats make one delivery of each pair; a document names its own:

    deliver:
      site: {preset: podcast, format: mp3, bit_rate: 96}
      archive: {format: flac}
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from pathlib import Path
from string import Formatter
from typing import Any

from ..documents.fields import As, OptionalTime, aside, key, like
from ..documents.limits import TIME, Range, Words
from ..documents.load import parse_file, read_model
from ..documents.models import model
from ..documents.values import shown
from ..ir.codes import Code
from ..ir.containers import CONTAINERS, Encoding
from ..ir.diagnostics import Diagnostic, TimelineError, did_you_mean
from ..ir.nodes import ShortLoudness
from ..ir.origin import Document
from ..presets.model import DitherChoice
from .timeline.model import Timeline

BIT_DEPTHS: Mapping[str, Encoding] = {
    "16": Encoding.S16,
    "24": Encoding.S24,
    "32f": Encoding.F32,
    "64f": Encoding.F64,
}
"""Bit depths as users write them."""

SPLITS = ("chapters", "markers", "clips")
"""Where a master can be split into parts."""

TEMPLATE = "{number:02} {title}"
"""The names of the files of its parts, unless another one is chosen."""

_UNSAFE = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]')

MASTER = "master"
"""The name of the file of a render that delivers one."""


def _text(value: object) -> object:
    """A bit depth as text; anything else is left for the check of its type."""
    return str(value) if isinstance(value, int) else value


@model("a delivery")
class DeliveryChoices:
    """One of the files of a render: where it differs from the request."""

    preset: str | None = key(
        "id of the export preset; None: the request's", default=None, examples=("podcast",)
    )
    format: str | None = key(
        "wav, flac, mp3, m4a, m4b, mp4, opus or ogg; None: the export preset's",
        Words(tuple(CONTAINERS), Code.BAD_REQUEST),
        default=None,
    )
    bit_depth: As[str | None, str | int | None] = key(
        "16, 24, 32f or 64f; None: the export preset's; lossy formats have none",
        Words(tuple(BIT_DEPTHS), Code.BAD_REQUEST),
        default=None,
        convert=_text,
    )
    bit_rate: int | None = key(
        "of a lossy format, kbit/s; None: the export preset's",
        Range(1, 1000, "kbit/s"),
        default=None,
    )
    dither: As[DitherChoice | None, DitherChoice | str | None] = key(
        "none, tpdf or shaped, for files of 16 bits; None: the export preset's", default=None
    )
    short: As[ShortLoudness | None, ShortLoudness | str | None] = key(
        "none or momentary: the loudness of a mix shorter than 400 ms; None: the export preset's",
        default=None,
    )
    from_ms: OptionalTime = key(
        "the time of the mix at which the file begins; None: the beginning",
        TIME,
        default=None,
        examples=("1:00",),
    )
    to_ms: OptionalTime = key(
        "the time of the mix at which the file ends; None: the end",
        TIME,
        default=None,
        examples=("2:30",),
    )
    sample_rate: int | None = like(Timeline, default=None)
    channels: int | None = like(Timeline, default=None)
    split: str | None = key(
        "chapters, markers or clips: the master is also cut there into files of their own",
        Words(SPLITS, Code.BAD_REQUEST),
        default=None,
    )
    split_name: str | None = key(
        "the names of these files, without the extension: {number}, {title} and the keys of the "
        "metadata stand for values; None: {number:02} {title}",
        default=None,
        examples=("{number:02} {title}",),
    )
    file: str | None = key(
        "the name of the file, without its extension; None: that of the delivery", default=None
    )


@model("a document of deliveries")
class DeliveryDocument:
    """The deliveries of a document, by name."""

    deliver: Mapping[str, DeliveryChoices] = key("the files of one mix, by name")
    document: Document | None = aside(default=None)


def deliveries_of(value: object) -> object:
    """Deliveries from their document; None is none, anything else is left for a check of its type.

    Raises:
        TimelineError: everything that is wrong with the document.
    """
    if value is None:
        return {}
    if not isinstance(value, str | Path):
        return value
    read: DeliveryDocument = read_model(parse_file(value), DeliveryDocument, lambda _: ())
    return read.deliver


def deliveries_for(presets: object, formats: object) -> Mapping[str, Mapping[str, Any]]:
    """A delivery for each pair of a preset and a format; none unless one of them is a list.

    The files are named master, and with several presets by these too.
    """
    if not isinstance(presets, list | tuple) and not isinstance(formats, list | tuple):
        return {}
    chosen = [_listed(presets), _listed(formats)]
    return {
        _pair_name(preset, form, chosen): {
            "preset": preset,
            "format": form,
            "file": MASTER if len(chosen[0]) == 1 else f"{MASTER}-{preset}",
        }
        for preset, form in product(*chosen)
    }


def _pair_name(preset: object, form: object, chosen: list[list[Any]]) -> str:
    """What distinguishes a pair from the others."""
    values = zip((preset, form), chosen, strict=True)
    return ".".join(str(value) for value, each in values if len(each) > 1) or MASTER


def _listed(value: object) -> list[Any]:
    """One value or several as a list of different ones."""
    return list(dict.fromkeys(value)) if isinstance(value, list | tuple) else [value]


def template_problems(template: str) -> Iterator[Diagnostic]:
    """What is wrong with a template of names, as far as it shows without a timeline."""
    try:
        fields = [field for _, field, _, _ in Formatter().parse(template) if field is not None]
        for field in fields:
            if not field.isidentifier():
                raise ValueError(f"{{{field}}} is not a name")
        part_name(template, dict.fromkeys(fields, ""), 1)
    except (ValueError, KeyError) as error:
        message = f"the template {shown(template)} cannot be used: {error}"
        help = "write names in braces, such as {number:02} and {title}; {{ is a brace"
        yield Diagnostic(Code.BAD_REQUEST, message, help=help)


def part_name(template: str, tags: Mapping[str, str], number: int) -> str:
    """The name of a part, with what file systems do not allow replaced.

    Raises:
        TimelineError: MIX307, a name in the template is unknown.
    """
    safe = {key: _UNSAFE.sub("_", value) for key, value in tags.items()}
    known = safe | {"number": number}
    wanted = [field for _, field, _, _ in Formatter().parse(template) if field is not None]
    unknown = [field for field in wanted if field not in known]
    if unknown:
        message = f"a part has no {unknown[0]} to name it by"
        help = did_you_mean(unknown[0], known)
        raise TimelineError.of(Code.BAD_REQUEST, message, help=help)
    return template.format_map(known).strip().lstrip(".")


def unusable(files: Iterable[tuple[str, str]]) -> Iterator[Diagnostic]:
    """What is wrong with the names of files, given with their extensions."""
    names: set[str] = set()
    for name, extension in files:
        whole = f"{name}.{extension}"
        if not name.strip() or name[0] == "." or "/" in name or not name.isprintable():
            message = f"{name!r} cannot be the name of a file"
            yield Diagnostic(Code.BAD_REQUEST, message, help="use letters, digits and '-'")
        elif whole in names:
            message = f"two deliveries would write {whole}"
            yield Diagnostic(Code.BAD_REQUEST, message, help="give one of them a `file` of its own")
        names.add(whole)
