"""One preset file: TOML text into frozen values, or everything that is wrong with it.

Promises: every problem of the file at once, each a MIX305 at its line; numbers are finite and in
the ranges below, names are known. `[id]` tables become presets in the file's order.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any

import attrs
import cattrs
from attrs import frozen

from ..documents.toml_places import line_of, locate
from ..ir.codes import Code
from ..ir.containers import CONTAINERS, spelt
from ..ir.curves import FilterKind
from ..ir.diagnostics import Diagnostic, did_you_mean
from ..ir.nodes import Encoding, LimitMode
from ..ir.origin import Document, Origin
from .model import (
    MASTER,
    BusEq,
    BusPreset,
    DeliverySpec,
    DitherChoice,
    Duck,
    ExportPreset,
    FormatOptions,
    MixPreset,
)

Preset = ExportPreset | MixPreset | DeliverySpec

_RANGES: Mapping[type, Mapping[str, tuple[float, float]]] = {
    ExportPreset: {"lufs": (-70, 0), "ceiling_db": (-60, 0), "headroom_db": (0, 60)},
    BusPreset: {"gain_db": (-120, 60), "pan": (-1, 1)},
    BusEq: {"frequency_hz": (1, 192_000), "q": (0.001, 1000), "gain_db": (-120, 60)},
    Duck: {
        "gain_db": (-120, 0),
        "attack_ms": (0, 60_000),
        "release_ms": (0, 60_000),
        "hold_ms": (0, 60_000),
    },
    DeliverySpec: {
        "lufs": (-70, 0),
        "lufs_tolerance": (0, 20),
        "true_peak_max_dbtp": (-60, 0),
        "sample_peak_max_dbfs": (-60, 0),
        "short_term_max_lufs": (-70, 0),
        "rms_min_dbfs": (-120, 0),
        "rms_max_dbfs": (-120, 0),
        "noise_floor_max_dbfs": (-150, 0),
        "sample_rate": (8000, 384_000),
        "channels": (1, 2),
    },
    MixPreset: {},
}


@frozen
class PresetFile:
    """A preset file as read.

    Attributes:
        document: its name and text.
        presets: those that can be used, by id, in the file's order.
        problems: MIX305, everything that is wrong.
    """

    document: Document
    presets: Mapping[str, Preset]
    problems: tuple[Diagnostic, ...]


def read_presets(text: str, name: str, cls: type[Preset]) -> PresetFile:
    """The presets of a class in a text; `name` is the file's, for messages."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        where = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
        span = line_of(text, int(where[1]), int(where[2])) if where else line_of(text, 10**9)
        reason = str(error).partition(" (at ")[0]
        document = Document(name, text, lambda text, pointer: span)
        problem = _problem(Origin(name), f"not TOML: {reason[:1].lower()}{reason[1:]}")
        return PresetFile(document, {}, (problem,))
    document = Document(name, text, locate)
    presets: dict[str, Preset] = {}
    problems: list[Diagnostic] = []
    for key, table in tables.items():
        origin = Origin(name).child(key)
        found, wrong = _structure(key, table, cls, origin)
        wrong = wrong or (list(_check(found, origin)) if found is not None else [])
        problems += wrong
        if found is not None and not wrong:
            presets[key] = found
    return PresetFile(document, presets, tuple(problems))


def _problem(origin: Origin, message: str, help: str | None = None) -> Diagnostic:
    return Diagnostic(Code.BAD_PRESET, message, origin, help)


def _structure(
    key: str, table: object, cls: type[Preset], origin: Origin
) -> tuple[Preset | None, list[Diagnostic]]:
    if not isinstance(table, dict):
        help = f"presets are tables: [{key}], or put it below the header of one"
        return None, [_problem(origin, f"{key!r} is no preset", help)]
    if "id" in table:
        return None, [_problem(origin.child("id"), "a preset's id is its table's name")]
    try:
        return _converter().structure({"id": key, **table}, cls), []
    except Exception as error:
        lines = cattrs.transform_error(error)
        return None, [problem for line in lines for problem in _told(line, origin, cls)]


def _told(line: str, origin: Origin, cls: type) -> Iterator[Diagnostic]:
    """One of cattrs' messages, "what @ $.buses[2].gain_db", as diagnostics."""
    what, _, path = line.partition(" @ $")
    place = origin.child(*re.findall(r"[^.\[\]']+", path))
    if extra := re.match(r"extra fields found \((.*)\)", what):
        known = [a.name for a in attrs.fields(_class_at(cls, path)) if a.name != "id" or path]
        for name in sorted(extra[1].split(", ")):
            help = did_you_mean(name, known)
            yield _problem(place.child(name), f"unknown key {name!r}", help)
    elif what == "required field missing":
        name = path.rpartition(".")[2]
        yield _problem(place, f"{name!r} is missing")
    else:
        kind = what.rpartition("expected ")[2]
        yield _problem(place, f"this is not {_NOUNS.get(kind, kind)}", _known(kind))


def _known(kind: str) -> str | None:
    """The words of an enumeration, by its name."""
    words = {enum.__name__: enum for enum in _WORDS}.get(kind)
    return f"known: {', '.join(words)}" if words else None


def _class_at(cls: type, path: str) -> type:
    """The class of what stands at a path such as ".buses[2].eq[0]"."""
    inner = {".buses": BusPreset, ".eq": BusEq, ".duck": Duck, ".formats": FormatOptions}
    names = re.findall(r"\.[a-z_]+", path)
    return inner.get(names[-1], cls) if names else cls


def _converter() -> cattrs.Converter:
    """Takes numbers for numbers and text for text, and nothing for anything else."""
    converter = cattrs.Converter(forbid_extra_keys=True)
    for kind, accepts in _SCALARS.items():
        converter.register_structure_hook(kind, _scalar(kind, accepts))
    for words in _WORDS:  # they are texts too, which the hook for texts would take them for
        converter.register_structure_hook(words, lambda value, kind: kind(value))
    return converter


_SCALARS: Mapping[type, tuple[type, ...]] = {
    float: (float, int),
    int: (int,),
    bool: (bool,),
    str: (str,),
}

_WORDS: tuple[type[StrEnum], ...] = (DitherChoice, Encoding, FilterKind, LimitMode)

_NOUNS = {
    "float": "a finite number",
    "int": "a whole number",
    "bool": "true or false",
    "str": "a text",
    "DitherChoice": "a kind of dither",
    "Encoding": "an encoding",
    "FilterKind": "a kind of filter",
    "LimitMode": "a kind of peak",
}


def _scalar(kind: type, accepts: tuple[type, ...]) -> Callable[[Any, Any], object]:
    def hook(value: object, _: object) -> object:
        fits = isinstance(value, accepts) and (kind is bool or not isinstance(value, bool))
        if not fits or (isinstance(value, float) and not math.isfinite(value)):
            raise ValueError(value)
        return kind(value)

    return hook


def _check(preset: Preset, origin: Origin) -> Iterator[Diagnostic]:
    """What is wrong with a preset whose values have the right types."""
    yield from _numbers(preset, origin)
    if isinstance(preset, ExportPreset):
        yield from _format(preset, origin)
    if isinstance(preset, MixPreset):
        yield from _buses(preset, origin)


def _buses(preset: MixPreset, origin: Origin) -> Iterator[Diagnostic]:
    if not preset.buses:
        yield _problem(origin, f"{preset.id!r} has no bus")
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
        yield from _bus(bus, origin.child("buses", index), takers)


def _bus(bus: BusPreset, origin: Origin, roles: Iterable[str]) -> Iterator[Diagnostic]:
    yield from _numbers(bus, origin)
    for number, band in enumerate(bus.eq):
        yield from _numbers(band, origin.child("eq", number))
    if bus.duck is None:
        return
    place = origin.child("duck")
    yield from _numbers(bus.duck, place)
    for role in bus.duck.by:
        if role not in roles:
            yield _problem(place, f"no bus takes role {role!r}", did_you_mean(role, roles))


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


def _numbers(value: object, origin: Origin) -> Iterator[Diagnostic]:
    for name, (low, high) in _RANGES[type(value)].items():
        number = getattr(value, name)
        if number is not None and not low <= number <= high:
            allowed = f"allowed: {low:g} to {high:g}"
            yield _problem(origin.child(name), f"{name!r} cannot be {number:g}", allowed)
