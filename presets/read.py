"""One preset file: TOML text into frozen values, or everything that is wrong with it.

Promises: every problem of the file at once, each a MIX305 at its place; numbers are finite and
within their limits, names are known. `[id]` tables become presets in the file's order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from attrs import evolve, frozen

from ..documents.load import parse, read_model
from ..documents.models import exceeded, put
from ..ir.codes import Code
from ..ir.containers import CONTAINERS, spelt
from ..ir.diagnostics import Diagnostic, TimelineError, did_you_mean
from ..ir.origin import Document, Origin
from .model import MASTER, DeliverySpec, ExportPreset, FormatOptions, MixPreset

Preset = ExportPreset | MixPreset | DeliverySpec


@frozen
class PresetFile:
    """A preset file as read.

    Attributes:
        document: its name and text.
        presets: by id, in the file's order; none where one cannot be read.
        problems: MIX305, everything that is wrong.
    """

    document: Document
    presets: Mapping[str, Preset]
    problems: tuple[Diagnostic, ...]


def read_presets(content: bytes, name: str, kind: Any) -> PresetFile:  # noqa: ANN401
    """The presets in a file's content.

    Args:
        content: of the file.
        name: its name, for messages.
        kind: the type of the whole: presets of a class by their ids.
    """
    origin = Origin(name)
    try:
        parsed = parse(content, name, "toml")
        made: dict[str, Preset] = read_model(parsed, kind, lambda read: _checked(read, origin))
    except TimelineError as error:
        problems = tuple(evolve(found, code=Code.BAD_PRESET) for found in error.diagnostics)
        return PresetFile(error.documents.get(name) or blank(name), {}, problems)
    presets = {key: put(preset, id=key) for key, preset in made.items()}
    return PresetFile(parsed.document(), presets, tuple(_checked(presets, origin)))


def blank(name: str) -> Document:
    """A document without a text to show."""
    return Document(name, "", lambda text, pointer: None)


def _problem(origin: Origin, message: str, help: str | None = None) -> Diagnostic:
    return Diagnostic(Code.BAD_PRESET, message, origin, help)


def _checked(presets: Mapping[str, Preset], origin: Origin) -> Iterator[Diagnostic]:
    """What is wrong with presets whose values have the right types."""
    for key, preset in presets.items():
        place = origin.child(key)
        for found in exceeded(preset, place.child):
            yield evolve(found, code=Code.BAD_PRESET)
        if isinstance(preset, ExportPreset):
            yield from _format(preset, place)
        if isinstance(preset, MixPreset):
            yield from _buses(preset, place)


def _buses(preset: MixPreset, origin: Origin) -> Iterator[Diagnostic]:
    if not preset.buses:
        yield _problem(origin, "a mix preset needs a bus")
    ids: set[str] = set()
    takers: dict[str, str] = {}
    for index, bus in enumerate(preset.buses):
        here = origin.child("buses", index)
        if not bus.id or bus.id == MASTER:
            yield _problem(here.child("id"), f"{bus.id!r} cannot be a bus's id")
        if bus.id in ids:
            yield _problem(here.child("id"), f"two buses are named {bus.id!r}")
        ids.add(bus.id)
        for role in bus.roles:
            if role in takers:
                message = f"role {role!r} plays on {takers[role]!r} and on {bus.id!r}"
                yield _problem(here.child("roles"), message, "a role plays on one bus")
            takers.setdefault(role, bus.id)
    for index, bus in enumerate(preset.buses):
        for number, role in enumerate(bus.duck.by if bus.duck is not None else ()):
            if role not in takers:
                place = origin.child("buses", index, "duck", "by", number)
                yield _problem(place, f"no bus takes role {role!r}", did_you_mean(role, takers))


def _format(preset: ExportPreset, origin: Origin) -> Iterator[Diagnostic]:
    container, encoding = preset.container, preset.encoding
    if container not in CONTAINERS:
        message = f"unknown container {container!r}"
        yield _problem(origin.child("container"), message, did_you_mean(container, CONTAINERS))
    elif encoding not in CONTAINERS[container].encodings:
        known = ", ".join(CONTAINERS[container].encodings)
        message = f"{container} does not hold {encoding}"
        yield _problem(origin.child("encoding"), message, f"known: {known}")
    for name, options in preset.formats.items():
        yield from _options(name, options, origin.child("formats", name))


def _options(name: str, options: FormatOptions, origin: Origin) -> Iterator[Diagnostic]:
    """Bit rates are those of a stereo file at 48 kHz; at lower rates the nearest is taken."""
    allowed = CONTAINERS[name].allowed(48000, 2) if name in CONTAINERS else ()
    if not allowed:
        lossy = [known for known, container in CONTAINERS.items() if container.is_lossy]
        yield _problem(origin, f"{name!r} is no lossy container", did_you_mean(name, lossy))
    elif options.bit_rate not in allowed:
        known = f"allowed: {spelt(allowed)} kbit/s"
        yield _problem(origin.child("bit_rate"), f"{name} has no {options.bit_rate} kbit/s", known)
