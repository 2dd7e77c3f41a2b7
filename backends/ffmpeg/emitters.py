"""The table of emitters, by node kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from ...ir import nodes
from .automation import emit_gain_automation, emit_pan_automation
from .dithering import emit_dither
from .filters import emit_downmix, emit_fade, emit_filter, emit_gain, emit_loudnorm, emit_pan
from .finish import emit_limiter, emit_output
from .inputs import emit_clip
from .moving import emit_filter_automation
from .site import FilterSite
from .sums import emit_bus, emit_lane, emit_mix, emit_place, emit_silence, emit_slice
from .wiring import FilterChain

# Any: each emitter takes only the node class of its key.
Emitter: TypeAlias = Callable[[FilterSite, Any], FilterChain]

EMITTERS: Mapping[type[nodes.Node], Emitter] = {
    nodes.Clip: emit_clip,
    nodes.Silence: emit_silence,
    nodes.Gain: emit_gain,
    nodes.Fade: emit_fade,
    nodes.GainAutomation: emit_gain_automation,
    nodes.Filter: emit_filter,
    nodes.FilterAutomation: emit_filter_automation,
    nodes.Pan: emit_pan,
    nodes.PanAutomation: emit_pan_automation,
    nodes.Downmix: emit_downmix,
    nodes.Place: emit_place,
    nodes.Slice: emit_slice,
    nodes.Lane: emit_lane,
    nodes.Mix: emit_mix,
    nodes.Bus: emit_bus,
    nodes.Headroom: emit_gain,
    nodes.Loudnorm: emit_loudnorm,
    nodes.Limiter: emit_limiter,
    nodes.Dither: emit_dither,
    nodes.Output: emit_output,
}
"""Every kind but the legalised ones."""
