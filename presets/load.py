"""Loads the presets of mixdown, of installed packages and of directories.

A file is read once per process, and again after a change. Presets keep the order of the files,
mixdown's own first. A file is `export.toml`, `mix.toml` or `spec.toml`; an entry point of the group
`mixdown.presets` names a package with such files. Presets are merged by id: two with the same id
must be equal. All problems are reported at once: MIX305 invalid files, MIX306 conflicts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

from attrs import asdict, field, frozen

from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic, Related, TimelineError, did_you_mean
from ..ir.origin import Origin
from ..programs.packages import additions
from .model import DeliverySpec, ExportPreset, MixPreset
from .read import Preset, PresetFile, blank, read_presets

GROUP = "mixdown.presets"

KINDS: Mapping[str, Any] = {
    "export.toml": Mapping[str, ExportPreset],
    "mix.toml": Mapping[str, MixPreset],
    "spec.toml": Mapping[str, DeliverySpec],
}
"""The types of the files, by their names."""

NOUNS: Mapping[str, Code] = {
    "export preset": Code.UNKNOWN_EXPORT_PRESET,
    "mix preset": Code.UNKNOWN_MIX_PRESET,
    "delivery spec": Code.UNKNOWN_SPEC,
}
"""The kinds of presets in messages, and the codes of unknown ones."""


@frozen
class Library:
    """Presets by id, in order.

    Attributes:
        export: the export presets.
        mix: the mix presets.
        specs: the delivery specs.
    """

    export: Mapping[str, ExportPreset] = field(factory=dict)
    mix: Mapping[str, MixPreset] = field(factory=dict)
    specs: Mapping[str, DeliverySpec] = field(factory=dict)


def library(directories: Iterable[str | Path] = ()) -> Library:
    """All presets: built in, of installed packages, and of the directories, in that order.

    Raises:
        TimelineError: MIX305 a directory or file is invalid, MIX306 presets with one id differ.
    """
    read: list[tuple[str, PresetFile]] = list(_installed())
    problems: list[Diagnostic] = []
    for directory in map(Path, directories):
        found = [(name, directory / name) for name in KINDS if (directory / name).is_file()]
        read += [(name, _read_file(name, path)) for name, path in found]
        if not found:
            problems.append(
                Diagnostic(
                    Code.BAD_PRESET,
                    f"no preset files in {str(directory)!r}",
                    help=f"a preset directory contains one or more of {', '.join(KINDS)}",
                )
            )
    made, conflicts = _merged(read)
    problems += [*(p for _, file in read for p in file.problems), *conflicts, *_without_spec(made)]
    if problems:
        raise TimelineError(problems, {f.document.name: f.document for _, f in read})
    return made


def _without_spec(made: Library) -> Iterator[Diagnostic]:
    """A problem for each export preset that names a delivery spec that does not exist."""
    for preset in made.export.values():
        if preset.spec is not None and preset.spec not in made.specs:
            message = (
                f"the export preset {preset.id!r} names the unknown delivery spec {preset.spec!r}"
            )
            help = did_you_mean(preset.spec, made.specs)
            yield Diagnostic(Code.BAD_PRESET, message, help=help)


def unknown_preset(noun: str, name: str, known: Iterable[str]) -> Diagnostic:
    """MIX303, MIX304 or MIX308: there is no preset `name`; `known` are the existing ids."""
    return Diagnostic(NOUNS[noun], f"unknown {noun} {name!r}", help=did_you_mean(name, known))


@cache
def _installed() -> tuple[tuple[str, PresetFile], ...]:
    packages = [str(__package__)]
    packages += sorted(entry.value for entry in additions(GROUP))
    return tuple(pair for package in packages for pair in _of_package(package))


def _of_package(package: str) -> Iterator[tuple[str, PresetFile]]:
    try:
        root = files(package)
        contents = {n: root.joinpath(n).read_bytes() for n in KINDS if root.joinpath(n).is_file()}
    except (ImportError, OSError, ValueError) as error:
        yield "export.toml", _unreadable(package, str(error))
        return
    for name, content in contents.items():
        yield name, read_presets(content, f"{package}/{name}", KINDS[name])


def _read_file(name: str, path: Path) -> PresetFile:
    try:
        status = path.stat()
        return _read_content(name, path, status.st_size, status.st_mtime_ns)
    except OSError as error:
        return _unreadable(str(path), str(error.strerror))


@lru_cache(maxsize=256)
def _read_content(name: str, path: Path, size: int, mtime_ns: int) -> PresetFile:
    """Read a file; size and time are part of the key, so a changed file is read again."""
    return read_presets(path.read_bytes(), str(path), KINDS[name])


def _unreadable(name: str, reason: str) -> PresetFile:
    message = f"cannot read {name!r}: {reason}"
    return PresetFile(blank(name), {}, (Diagnostic(Code.BAD_PRESET, message),))


def _merged(read: list[tuple[str, PresetFile]]) -> tuple[Library, list[Diagnostic]]:
    """The presets of all files, and a diagnostic for each id that two files define differently."""
    tables: dict[str, dict[str, Preset]] = {name: {} for name in KINDS}
    places: dict[tuple[str, str], Origin] = {}
    conflicts: list[Diagnostic] = []
    for name, file in read:
        for key, preset in file.presets.items():
            origin = Origin(file.document.name).child(key)
            first = tables[name].setdefault(key, preset)
            before = places.setdefault((name, key), origin)
            if first != preset:
                conflicts.append(
                    Diagnostic(
                        Code.PRESET_CONFLICT,
                        f"two presets with the id {key!r} differ",
                        origin,
                        "give this one another id",
                        (Related(before, "the other one"),),
                    )
                )
    made = Library(
        export=cast(Mapping[str, ExportPreset], tables["export.toml"]),
        mix=cast(Mapping[str, MixPreset], tables["mix.toml"]),
        specs=cast(Mapping[str, DeliverySpec], tables["spec.toml"]),
    )
    return made, conflicts


def preset_data(preset: Any) -> dict[str, Any]:  # noqa: ANN401 (a preset of any kind)
    """A preset as plain values, its decimals as floats."""

    def plain(_owner: object, _field: object, value: object) -> object:
        return float(value) if isinstance(value, Decimal) else value

    return asdict(preset, value_serializer=plain)
