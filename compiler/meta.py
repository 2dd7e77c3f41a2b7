"""The metadata of each delivered file that are known before it is rendered.

The render adds what it measures (render/result.py). The names and the order of the fields are those
of the keys in a manifest, which are part of the public interface: see docs/metadata.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import asdict, evolve, frozen

from ..ir.containers import CONTAINERS
from ..ir.nodes import Dither, Output, OutputRole
from ..ir.units import milliseconds, resampled_length
from ..plans.splitting import MasterPart
from ..presets.model import DitherChoice
from .parts import master_parts
from .unit import Unit

FILE_KINDS: Mapping[OutputRole, str] = {
    OutputRole.MASTER: "audio_render",
    OutputRole.STEM: "audio_bus_stem",
    OutputRole.PART: "audio_part",
}
"""What a delivered file is called in manifests and registries."""


@frozen
class MarkerMeta:
    """A marker of the timeline: when, in milliseconds, and its label."""

    at_ms: float
    label: str


@frozen(kw_only=True)
class FileMeta:
    """What is known of a delivered file before it is rendered; docs/metadata.md has the meanings.

    A value that the file does not have is None.
    """

    kind: str
    timeline_id: str
    bus_id: str
    roles: tuple[str, ...]
    gain_db: float
    export_preset: str
    mix_preset_id: str
    render_profile: str
    stem_mode: str | None
    headroom_db: float | None
    loudnorm_target: float | None
    rms_target: float | None
    limiter_thresh: float | None
    dithered: bool
    dither: str
    container: str
    codec: str
    encoding: str
    bit_depth: int | None
    bit_rate: int | None
    sample_rate: int
    channels: int
    samples: int
    range_ms: tuple[float, float] | None
    tags: Mapping[str, str]
    cover: str | None
    markers: tuple[MarkerMeta, ...]
    sources: Mapping[str, str]

    def to_dict(self) -> dict[str, Any]:
        """As plain data, as a manifest has it."""
        values = asdict(self).items()
        return {key: list(v) if isinstance(v, tuple) else v for key, v in values}


def file_metas(unit: Unit) -> Mapping[str, FileMeta]:
    """The metadata of the master, its stems and its parts, by target, in delivery order."""
    made = {output.target: _meta(unit, output) for output in unit.ir.outputs}
    return made | {part.target: _of_part(unit, part) for part in master_parts(unit)}


def _of_part(unit: Unit, part: MasterPart) -> FileMeta:
    """The metadata of a part of the master."""
    session, whole = unit.ir.session, _meta(unit, unit.ir.outputs[0])
    first = unit.selection[0] if unit.selection else 0
    begin, end = (milliseconds(first + at, session.rate) for at in (part.start, part.end))
    return evolve(
        whole,
        kind=FILE_KINDS[OutputRole.PART],
        samples=resampled_length(part.end - part.start, session.rate, whole.sample_rate),
        range_ms=(float(begin), float(end)),
        tags=dict(part.tags),
        markers=(),
    )


def _meta(unit: Unit, output: Output) -> FileMeta:
    export, request = unit.export, unit.request
    master = output.role is OutputRole.MASTER
    mastered = master or request.stem_mode == "mastered"
    signal = unit.ir.signals[output.name]
    held = CONTAINERS.get(output.container)
    (last,) = (unit.ir[operand] for operand in output.operands)
    noise = last.noise if isinstance(last, Dither) else None
    bus = next((b for b in unit.buses if b.id == output.target), None)
    cover = unit.cover if master and held and held.holds_cover else None
    return FileMeta(
        kind=FILE_KINDS[output.role],
        timeline_id=unit.timeline.id,
        bus_id=output.target,
        roles=("master",) if bus is None or master else unit.roles_on(bus),
        gain_db=0.0 if bus is None or master else bus.gain_db,
        export_preset=export.id,
        mix_preset_id=unit.mix.id,
        render_profile=unit.render_profile,
        stem_mode=None if master else request.stem_mode.value,
        headroom_db=export.headroom_db if mastered else None,
        loudnorm_target=export.lufs if mastered else None,
        rms_target=export.rms_dbfs if mastered else None,
        limiter_thresh=export.ceiling_db if master else None,
        dithered=noise is not None,
        dither=(DitherChoice.NONE if noise is None else noise).value,
        container=output.container,
        codec=held.codec if held else output.container,
        encoding=output.encoding.value,
        bit_depth=None if output.encoding.is_lossy else output.encoding.bits,
        bit_rate=output.bit_rate,
        sample_rate=signal.rate,
        channels=signal.channels,
        samples=signal.length or 0,
        range_ms=_range_ms(unit),
        tags=dict(sorted(unit.timeline.metadata.items())),
        cover=cover.digest if cover else None,
        markers=tuple(
            MarkerMeta(float(m.at_ms), m.label)
            for m in sorted(unit.timeline.markers, key=lambda m: m.at_ms)
        ),
        sources={s.path: s.digest for s in sorted(unit.ir.sources, key=lambda s: s.path)},
    )


def _range_ms(unit: Unit) -> tuple[float, float] | None:
    """Which range of the mix is delivered."""
    if unit.selection is None:
        return None
    first, last = (milliseconds(at, unit.timeline.sample_rate) for at in unit.selection)
    return float(first), float(last)
