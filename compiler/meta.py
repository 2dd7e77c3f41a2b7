"""The metadata of each delivered file that are known before it is rendered.

The render adds what it measures: loudness, peaks, the digest of the file. The keys are part of the
public interface: see docs/metadata.md.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..ir.containers import CONTAINERS
from ..ir.nodes import Dither, OutputRole
from ..presets.model import DitherChoice
from .unit import Unit


def static_meta(unit: Unit) -> Mapping[str, Mapping[str, object]]:
    """The metadata of the master and of each stem, by target, in delivery order."""
    return {output.target: _meta(unit, output.name) for output in unit.ir.outputs}


def _meta(unit: Unit, name: str) -> Mapping[str, object]:
    output = next(o for o in unit.ir.outputs if o.name == name)
    export, request = unit.export, unit.request
    master = output.role is OutputRole.MASTER
    mastered = master or request.stem_mode == "mastered"
    signal = unit.ir.signals[name]
    held = CONTAINERS.get(output.container)
    (last,) = (unit.ir[operand] for operand in output.operands)
    noise = last.noise if isinstance(last, Dither) else None
    bus = next((b for b in unit.buses if b.id == output.target), None)
    return {
        "kind": "audio_render" if master else "audio_bus_stem",
        "timeline_id": unit.timeline.id,
        "bus_id": output.target,
        "roles": ["master"] if bus is None or master else _roles(unit, bus.id),
        "gain_db": 0.0 if bus is None or master else bus.gain_db,
        "export_preset": request.export_preset,
        "mix_preset_id": unit.mix.id,
        "render_profile": request.render_profile or request.export_preset,
        "stem_mode": None if master else request.stem_mode.value,
        "headroom_db": export.headroom_db if mastered else None,
        "loudnorm_target": export.lufs if mastered else None,
        "limiter_thresh": export.ceiling_db if master else None,
        "dithered": noise is not None,
        "dither": (DitherChoice.NONE if noise is None else noise).value,
        "container": output.container,
        "codec": held.codec if held else output.container,
        "encoding": output.encoding.value,
        "bit_depth": None if output.encoding.is_lossy else output.encoding.bits,
        "bit_rate": output.bit_rate,
        "sample_rate": signal.rate,
        "channels": signal.channels,
        "samples": signal.length,
        "tags": dict(sorted(unit.timeline.metadata.items())),
        "cover": unit.cover.digest if unit.cover and master and held and held.holds_cover else None,
        "markers": [
            {"at_ms": float(m.at_ms), "label": m.label}
            for m in sorted(unit.timeline.markers, key=lambda m: m.at_ms)
        ],
        "sources": {s.path: s.digest for s in sorted(unit.ir.sources, key=lambda s: s.path)},
    }


def _roles(unit: Unit, bus_id: str) -> list[str]:
    """The roles of the tracks that go to a bus, each once, in timeline order."""
    tracks = (t for t in unit.timeline.tracks if unit.routes[t.id] == bus_id)
    return list(dict.fromkeys(track.role for track in tracks))
