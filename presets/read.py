"""Reads one preset file: TOML text into frozen values.

Each `[id]` table becomes a preset, in the order of the file. All problems of the file are reported
at once, each as MIX305 at its place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from attrs import evolve

from ..documents.load import parse, read_model
from ..documents.models import exceeded, put
from ..ir.codes import Code
from ..ir.containers import CONTAINERS, spelt
from ..ir.diagnostics import Diagnostic, TimelineError, did_you_mean
from ..ir.origin import Document, Origin
from .model import MASTER, DeliverySpec, ExportPreset, FormatOptions, MixPreset

Preset = ExportPreset | MixPreset | DeliverySpec


class PresetFile(NamedTuple):
    """A preset file as read.

    Attributes:
        document: its name and text.
        presets: by id, in the order of the file; empty if one cannot be read.
        problems: MIX305, in all.
    """

    document: Document
    presets: Mapping[str, Preset]
    problems: tuple[Diagnostic, ...]


def read_presets(content: bytes, name: str, kind: Any) -> PresetFile:  # noqa: ANN401
    """The presets in a file's content."""
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
    """A document without text."""
    return Document(name, "", lambda text, pointer: None)


def _problem(origin: Origin, message: str, help: str | None = None) -> Diagnostic:
    return Diagnostic(Code.BAD_PRESET, message, origin, help)


def _checked(presets: Mapping[str, Preset], origin: Origin) -> Iterator[Diagnostic]:
    """The problems of presets whose values have the right types."""
    for key, preset in presets.items():
        place = origin.child(key)
        for found in exceeded(preset, place.child):
            yield evolve(found, code=Code.BAD_PRESET)
        if isinstance(preset, ExportPreset):
            yield from _format(preset, place)
        if isinstance(preset, MixPreset):
            yield from mix_problems(preset, place)


def mix_problems(preset: MixPreset, origin: Origin) -> Iterator[Diagnostic]:
    """MIX305: what is wrong with the buses and the roles of a mix preset at a place."""
    if not preset.buses:
        yield _problem(origin, "a mix preset needs at least one bus")
    ids: set[str] = set()
    takers: dict[str, str] = {}
    for index, bus in enumerate(preset.buses):
        here = origin.child("buses", index)
        if not bus.id or bus.id == MASTER:
            yield _problem(here.child("id"), f"{bus.id!r} cannot be the id of a bus")
        if bus.id in ids:
            yield _problem(here.child("id"), f"two buses have the id {bus.id!r}")
        ids.add(bus.id)
        for role in bus.roles:
            if role in takers:
                message = f"role {role!r} is routed to {takers[role]!r} and to {bus.id!r}"
                yield _problem(here.child("roles"), message, "a role is routed to one bus")
            takers.setdefault(role, bus.id)
    for index, bus in enumerate(preset.buses):
        if bus.level is not None:
            place = origin.child("buses", index, "level")
            below = bus.level.below
            if bus.level.problem:
                yield _problem(place, bus.level.problem)
            if below is not None and (below.role not in takers or below.role in bus.roles):
                yield _problem(place.child("below", "role"), f"no other bus plays {below.role!r}")
        for number, role in enumerate(bus.duck.by if bus.duck is not None else ()):
            if role not in takers:
                place = origin.child("buses", index, "duck", "by", number)
                message = f"no bus has the role {role!r}"
                yield _problem(place, message, did_you_mean(role, takers))


def _format(preset: ExportPreset, origin: Origin) -> Iterator[Diagnostic]:
    container, encoding = preset.container, preset.encoding
    if preset.lufs is not None and preset.rms_dbfs is not None:
        message = "a preset has a target loudness or a target RMS, not both"
        yield _problem(origin.child("rms_dbfs"), message, "leave out lufs or rms_dbfs")
    if container not in CONTAINERS:
        message = f"unknown container {container!r}"
        yield _problem(origin.child("container"), message, did_you_mean(container, CONTAINERS))
    elif encoding not in CONTAINERS[container].encodings:
        known = ", ".join(CONTAINERS[container].encodings)
        message = f"{container} does not support {encoding}"
        yield _problem(origin.child("encoding"), message, f"supported: {known}")
    for name, options in preset.formats.items():
        yield from _options(name, options, origin.child("formats", name))


def _options(name: str, options: FormatOptions, origin: Origin) -> Iterator[Diagnostic]:
    """Check the bit rate against a stereo file at 48 kHz; at lower rates the nearest is used."""
    allowed = CONTAINERS[name].allowed(48000, 2) if name in CONTAINERS else ()
    if not allowed:
        lossy = [known for known, container in CONTAINERS.items() if container.is_lossy]
        yield _problem(origin, f"{name!r} is not a lossy container", did_you_mean(name, lossy))
    else:
        mono = CONTAINERS[name].allowed(48000, 1)
        asked = {
            "bit_rate": (options.bit_rate, allowed),
            "mono_bit_rate": (options.mono_bit_rate, mono),
        }
        for key, (rate, held) in asked.items():
            if rate is not None and rate not in held:
                known = f"allowed: {spelt(held)} kbit/s"
                yield _problem(origin.child(key), f"{name} has no {rate} kbit/s", known)
