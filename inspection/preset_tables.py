"""Presets as tables of text, for the command line and for docs/presets.md.

Each function returns the columns of a table, its rows, and the number of numeric columns at its
end.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..ir.containers import CONTAINERS
from ..ir.diagnostics import counted
from ..ir.finish import Reading
from ..presets.model import (
    BusPreset,
    DeliverySpec,
    Duck,
    EqBand,
    ExportPreset,
    LevelTarget,
    MixPreset,
)

Rows = list[tuple[str, ...]]
Table = tuple[tuple[str, ...], Rows, int]

_UNITS = {"true_peak": "dBTP", "sample_peak": "dBFS"}


def export_table(presets: Iterable[ExportPreset]) -> Table:
    """A row for each export preset."""
    columns = ("export preset", "use", "file", "lossy", "dither", "LUFS", "ceiling", "headroom dB")
    rows: Rows = [
        (
            preset.id,
            preset.use,
            _form(preset),
            _bit_rates(preset),
            preset.dither.value,
            _target(preset),
            f"{preset.ceiling_db:g} {_UNITS[preset.limit.value]}",
            f"{preset.headroom_db:g}",
        )
        for preset in presets
    ]
    return columns, rows, 3


def _form(preset: ExportPreset) -> str:
    """The container, and the encoding where its name says more."""
    encoding = preset.encoding.value
    return preset.container if encoding == preset.container else f"{preset.container} {encoding}"


def _target(preset: ExportPreset) -> str:
    if preset.target is None:
        return "as mixed"
    rms = " dBFS RMS" if preset.reading is Reading.RMS else ""
    return f"{preset.target:g}{rms}"


def _bit_rates(preset: ExportPreset) -> str:
    """The bit rates of the preset, and for other containers the default."""
    rates = {name: each.bit_rate for name, each in CONTAINERS.items() if each.is_lossy}
    rates |= {name: options.bit_rate for name, options in preset.formats.items()}
    return ", ".join(f"{name} {rate}" for name, rate in rates.items())


def bus_table(presets: Iterable[MixPreset]) -> Table:
    """A row for each bus of each mix preset, in the order of the sum."""
    columns = ("mix preset", "bus", "roles", "equaliser", "ducking", "level", "gain dB", "pan")
    rows: Rows = [
        (mix.id if index == 0 else "", *_bus(bus))
        for mix in presets
        for index, bus in enumerate(mix.buses)
    ]
    return columns, rows, 2


def _bus(bus: BusPreset) -> tuple[str, ...]:
    bands = ", ".join(map(_band, bus.eq))
    return (
        bus.id,
        ", ".join(bus.roles),
        bands,
        "" if bus.duck is None else _duck(bus.duck),
        "" if bus.level is None else _level(bus.level),
        f"{bus.gain_db:g}",
        f"{bus.pan:g}",
    )


def _band(band: EqBand) -> str:
    gain = f" {float(band.gain_db):+g} dB" if band.gain_db else ""
    return f"{band.kind.value} {float(band.frequency_hz):g} Hz{gain}"


def _duck(duck: Duck) -> str:
    times = "/".join(f"{float(ms):g}" for ms in (duck.attack_ms, duck.hold_ms, duck.release_ms))
    listens = ", by activity" if duck.listens else ""
    return f"{float(duck.gain_db):g} dB by {', '.join(duck.by)}, {times} ms{listens}"


def _level(level: LevelTarget) -> str:
    if level.below is not None:
        return f"{float(level.below.lu):g} LU below {level.below.role}"
    return f"{float(level.to or 0):g} LUFS"


def spec_table(specs: Iterable[DeliverySpec]) -> Table:
    """A row for each delivery spec; a cell is empty if the spec sets no limit."""
    columns = ("delivery spec", "use", "LUFS", "peak", "short-term", "RMS dBFS", "noise", "file")
    rows: Rows = [
        (
            spec.id,
            spec.use,
            "" if spec.lufs is None else f"{spec.lufs:g} ± {spec.lufs_tolerance or 0:g}",
            _bound(spec.true_peak_max_dbtp, "dBTP") or _bound(spec.sample_peak_max_dbfs, "dBFS"),
            _bound(spec.short_term_max_lufs, "LUFS"),
            ""
            if spec.rms_min_dbfs is None
            else f"{spec.rms_min_dbfs:g} to {spec.rms_max_dbfs or 0:g}",
            _bound(spec.noise_floor_max_dbfs, "dBFS"),
            _file(spec),
        )
        for spec in specs
    ]
    return columns, rows, 0


def _bound(value: float | None, unit: str) -> str:
    return "" if value is None else f"≤ {value:g} {unit}"


def _file(spec: DeliverySpec) -> str:
    parts = []
    if spec.sample_rate is not None:
        parts.append(f"{spec.sample_rate} Hz")
    if spec.channels is not None:
        parts.append(counted(spec.channels, "channel"))
    if spec.bit_rate_min is not None:
        constant = ", constant" if spec.constant_bit_rate else ""
        parts.append(f"MP3 of at least {spec.bit_rate_min} kbit/s{constant}")
    ends = ((spec.head_min_s, spec.head_max_s, "head"), (spec.tail_min_s, spec.tail_max_s, "tail"))
    for low, high, end in ends:
        if low is not None or high is not None:
            parts.append(f"{low or 0:g} to {high or math.inf:g} s of room tone at the {end}")
    return ", ".join(parts)


TABLES: Mapping[str, Callable[[Any], Table]] = {
    "export": export_table,
    "bus": bus_table,
    "spec": spec_table,
}
"""The tables by their names in `mixdown presets`."""
