"""What type checkers make of timelines in Python; read by mypy in .ci/typecheck, never run.

Every line with a mistake has the comment that silences it, and mypy complains of a comment that
silences nothing: so a mistake that is no longer found is found here.
"""

from decimal import Decimal
from pathlib import Path

from mixdown import Timeline, replace
from mixdown.compiler.timeline.automation import Automation, Keyframe
from mixdown.compiler.timeline.model import Clip, EqBand, Track

timeline = (
    Timeline(id="x", pan_law="linear", sources={"host": Path("host.wav")}, root="media")
    .marker(0, "Start")
    .bus("bus_music", gain_db=-3, roles=["music"], eq=[EqBand(kind="peaking", frequency_hz=1000)])
    .track("host", role="dialogue", tags=("a",), eq=[{"kind": "highpass", "frequency_hz": 80}])
    .clip("host", start_ms="0:01.5", duration_ms=Decimal(4), automation={"gain": [(0, 0)]})
    .clip(Path("b.wav"), fade_in_curve="tri", automation=Automation(pan=[Keyframe(0, 1, "hold")]))
)

changed: Timeline = replace(timeline, id="y")
level: Decimal = timeline.tracks[0].clips[0].gain_db
bands: tuple[EqBand, ...] = timeline.tracks[0].eq

timeline.clip("a.wav", fade_im_ms=5)  # type: ignore[call-arg]
timeline.clip("a.wav", fade_in_ms=b"5")  # type: ignore[arg-type]
timeline.clip()  # type: ignore[call-arg]
timeline.track("a")  # type: ignore[call-arg]
timeline.track("a", role="fx", tags=1)  # type: ignore[arg-type]
Timeline(id="x", sampel_rate=44100)  # type: ignore[call-arg]
Track("a", role="fx", clips=Clip("a.wav"))  # type: ignore[arg-type]
Clip("a.wav").mute = True  # type: ignore[misc]
Keyframe(at_ms=0)  # type: ignore[call-arg]
