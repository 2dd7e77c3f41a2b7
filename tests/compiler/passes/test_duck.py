"""duck: exact gain automation from where clips lie."""

from __future__ import annotations

from pathlib import Path

import mixdown
import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from mixdown.compiler.driver import begin
from mixdown.compiler.passes.duck import Ramp, automation
from mixdown.compiler.pipeline import final, pipeline
from mixdown.compiler.request import RenderRequest
from mixdown.ir.nodes import GainAutomation, Point

RATE = 8000
DUCK = {"by": ["dialogue"], "gain_db": -9, "attack_ms": 200, "release_ms": 600, "hold_ms": 300}


@pytest.fixture
def media(tmp_path: Path) -> Path:
    noise = np.random.default_rng(1).uniform(-0.5, 0.5, (8 * RATE, 2))
    soundfile.write(tmp_path / "bed.wav", noise, RATE, subtype="FLOAT")
    soundfile.write(tmp_path / "voice.wav", noise[: 2 * RATE, 0], RATE, subtype="FLOAT")
    return tmp_path


def show(media: Path, *starts_ms: int, duck: object = DUCK, **voice: object) -> mixdown.Timeline:
    """A bed of 8 s and a voice of half a second at each start."""
    timeline = mixdown.Timeline(id="show", root=media, sample_rate=RATE)
    timeline = timeline.bus("bus_music", duck=duck).track("bed", role="music").clip("bed.wav")
    timeline = timeline.track("voice", role="dialogue", **voice)
    for start in starts_ms:
        timeline = timeline.clip("voice.wav", start_ms=start, duration_ms=500)
    return timeline


def ducking(timeline: mixdown.Timeline) -> dict[str, list[tuple[float, float]]]:
    """Each bus's keyframes, in milliseconds and dB."""
    found = final(begin(timeline, RenderRequest()), pipeline()).ducking
    return {
        bus: [(point.at * 1000 / RATE, point.value) for point in ducking.points]
        for bus, ducking in found.items()
    }


def test_down_before_the_first_word_and_up_after_the_hold(media):
    assert ducking(show(media, 2000)) == {
        "bus_music": [(1800, 0), (2000, -9), (2800, -9), (3400, 0)]
    }


def test_gaps_shorter_than_the_hold_do_not_pump(media):
    for second in (2600, 2700, 2799, 2800):
        once = [(1800, 0), (2000, -9), (second + 800, -9), (second + 1400, 0)]
        assert ducking(show(media, 2000, second)) == {"bus_music": once}


def test_between_two_it_comes_up_as_far_as_there_is_time(media):
    found = ducking(show(media, 1000, 2200))["bus_music"]
    # Up from 1800 over 600 ms, down from 2000 on over 200 ms: they meet at 2100, half way.
    assert found == [
        (800, 0),
        (1000, -9),
        (1800, -9),
        (2100, -4.5),
        (2200, -9),
        (3000, -9),
        (3600, 0),
    ]


def test_at_the_start_of_the_mix(media):
    assert ducking(show(media, 0))["bus_music"][:2] == [(0, -9), (800, -9)]
    assert ducking(show(media, 50))["bus_music"][:2] == [(0, -6.75), (50, -9)]


def test_what_does_not_sound_does_not_duck(media):
    assert ducking(show(media, 2000, mute=True)) == {}
    assert ducking(show(media, 2000, duck={**DUCK, "by": []})) == {}
    assert ducking(show(media, 2000, duck={**DUCK, "gain_db": 0})) == {}
    muted = show(media, 2000).clip("voice.wav", start_ms=5000, duration_ms=500, mute=True)
    assert ducking(muted) == ducking(show(media, 2000))
    alone = show(media, 2000).track("other", role="fx", solo=True).clip("voice.wav")
    assert ducking(alone) == {}


def test_a_clip_ends_with_its_crossfade(media):
    timeline = mixdown.Timeline(id="x", root=media, sample_rate=RATE, length_ms=8000)
    timeline = timeline.bus("bus_music", duck=DUCK).track("bed", role="music").clip("bed.wav")
    timeline = timeline.track("voice", role="dialogue").clip("voice.wav", start_ms=1000)
    timeline = timeline.clip(
        "voice.wav", start_ms=1500, duration_ms=500, crossfade_in_ms=100, mute=True
    )
    # The first would last to 3000 but is gone once it has crossfaded, at 1600.
    assert ducking(timeline)["bus_music"] == [(800, 0), (1000, -9), (1900, -9), (2500, 0)]


def test_presets_duck_and_a_timeline_can_switch_it_off(media):
    timeline = mixdown.Timeline(id="p", root=media, sample_rate=RATE, mix_preset_id="podcast_mix")
    timeline = timeline.track("bed", role="music").clip("bed.wav")
    timeline = timeline.track("v", role="vox").clip("voice.wav", start_ms=2000, duration_ms=500)
    assert ducking(timeline)["bus_music"] == [(1800, 0), (2000, -9), (2800, -9), (3400, 0)]
    assert "bus_music" not in ducking(timeline.bus("bus_music", duck={"by": []}))


@pytest.mark.parametrize("backend", ["ffmpeg", "native"])
def test_it_is_ordinary_automation_and_the_same_in_every_backend(media, tmp_path, backend):
    timeline = show(media, 2000, 4100)
    options = {"preset": "draft", "stems": True, "bit_depth": "64f", "backend": backend}
    compilation = mixdown.compile(timeline, **options)
    (node,) = (n for n in compilation.graph if isinstance(n, GainAutomation))
    assert node.name == "bus_music.duck"
    assert node.origin is not None and node.origin.pointer == "/buses/0"
    result = mixdown.render(timeline, out=tmp_path / backend, **options)
    bed, _ = soundfile.read(media / "bed.wav")
    (stem,) = (soundfile.read(f.path)[0] for f in result.stems if f.target == "bus_music")
    gain_db = np.interp(
        np.arange(len(bed)), *zip(*((p.at, p.value) for p in node.points), strict=True)
    )
    expected = bed * 10 ** ((gain_db - 2) / 20)[:, None]  # default_mix has music at -2 dB
    assert np.abs(stem - expected).max() < 1e-10


SPANS = st.lists(st.tuples(st.integers(0, 400), st.integers(1, 60)), min_size=1, max_size=6)
RAMPS = st.builds(
    Ramp,
    depth_db=st.sampled_from([-3.0, -9.0, -40.0]),
    attack=st.integers(1, 50),
    release=st.integers(1, 80),
    hold=st.integers(0, 40),
)


@given(SPANS, RAMPS)
def test_the_gain_is_the_lowest_that_any_of_them_asks_for(drawn, ramp):
    spans = sorted((start, start + length) for start, length in drawn)
    points = automation(spans, ramp)
    times = [point.at for point in points]
    assert times == sorted(set(times)) and times[0] >= 0
    assert points[-1].value == 0
    at = np.arange(700)
    made = np.interp(at, times, [point.value for point in points])
    wanted = np.zeros(700)
    for start, end in spans:
        down = np.clip(1 - (start - at) / ramp.attack, 0, 1)
        up = np.clip(1 - (at - end - ramp.hold) / ramp.release, 0, 1)
        wanted = np.minimum(wanted, ramp.depth_db * np.minimum(down, up))
    # Where the way up turns into the way down, the turn is on a whole sample.
    step = -ramp.depth_db / min(ramp.attack, ramp.release)
    assert np.abs(made - wanted).max() <= step + 1e-9
    steady = wanted == ramp.depth_db
    assert (made[steady] == ramp.depth_db).all()


def test_without_material_to_duck_for_there_is_no_automation():
    assert automation([], Ramp(-9.0, 1, 1, 0)) == ()
    assert automation([(5, 6)], Ramp(-9.0, 1, 1, 0)) == (
        Point(4, 0.0),
        Point(5, -9.0),
        Point(6, -9.0),
        Point(7, 0.0),
    )
