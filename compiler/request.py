"""What is asked of a compilation, besides the timeline."""

from __future__ import annotations

from enum import StrEnum

from attrs import field, frozen

from ..ir.nodes import Encoding
from .facts import Facts


class StemMode(StrEnum):
    """What a stem is: the bus as it enters the master sum, or moved by the master's gain too."""

    PREMASTER = "premaster"
    MASTERED = "mastered"


@frozen(kw_only=True)
class RenderRequest:
    """Choices of one render.

    Attributes:
        export_preset: id of the export preset.
        mix_preset_id: id of the mix preset; None: the timeline's own.
        stems: whether to deliver one file a bus beside the master.
        stem_mode: see `StemMode`.
        backend: name of the backend.
        container: file format; None: the preset's.
        encoding: sample format; None: the preset's.
        facts: what earlier renders measured.
        render_profile: a name of the user's for these choices, kept in the metadata; None: the
            export preset's id.
    """

    export_preset: str = "default"
    mix_preset_id: str | None = None
    stems: bool = False
    stem_mode: StemMode = StemMode.PREMASTER
    backend: str = "ffmpeg"
    container: str | None = None
    encoding: Encoding | None = None
    facts: Facts = field(factory=Facts)
    render_profile: str | None = None
