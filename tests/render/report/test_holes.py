"""Dropouts: found where the sound breaks off and comes back, and not where it pauses."""

from __future__ import annotations

import subprocess
from contextlib import nullcontext

import pytest
import soundfile
from house import ROOT
from mixdown.media.outline import outline_of
from mixdown.render.report.clips import sounding_clips
from mixdown.render.report.curves import draw
from mixdown.render.report.holes import dropouts
from small_mixes import RATE, track, zero_ms

FADED = "fade_in_ms: 5, fade_out_ms: 5"


def test_an_empty_stretch_of_a_source_is_found_with_its_time_clip_and_line(mixed):
    result = mixed(track(f"id: tone, source: holed.wav, start_ms: 500, offset_ms: 1000, {FADED}"))
    (dropout,) = result.report.faults
    assert (dropout.code, dropout.clips) == ("MIX609", ("a/tone",))
    assert dropout.at_s == pytest.approx(2.5 + 30 / RATE, abs=1e-6)
    assert dropout.duration_s == pytest.approx(0.01, abs=1e-6)
    assert "a dropout of 10 ms at 0:02.501 in 'a/tone'" in dropout.message
    assert "'holed.wav' is silent at 0:03.001" in dropout.message
    assert dropout.place.line == 7
    assert [d.code.value for d in result.diagnostics] == ["MIX609"]


def test_it_is_found_in_what_ffmpeg_decodes_too(mixed, media):
    tone, rate = soundfile.read(media / "holed.wav")
    soundfile.write(media / "holed.aiff", tone, rate, subtype="PCM_16")
    held = track(f"source: holed.aiff, {FADED}")
    bed = track(f"source: noise.wav, {FADED}", id="bed")
    assert [fault.clips for fault in mixed(held + bed).report.faults] == [("a/c1",)]


def test_it_is_found_under_music_too(mixed):
    holed = track(f"source: holed.wav, {FADED}")
    bed = track(f"source: noise.wav, {FADED}", id="bed")
    assert [fault.clips for fault in mixed(holed + bed).report.faults] == [("a/c1",)]


def test_it_is_found_each_time_that_it_plays_and_only_then(mixed):
    result = mixed(
        track(
            f"source: holed.wav, duration_ms: 2900, {FADED}",
            f"source: holed.wav, start_ms: 3000, offset_ms: 2800, duration_ms: 500, {FADED}",
            f"source: holed.wav, start_ms: 4000, offset_ms: 2800, duration_ms: 500, {FADED}",
        )
    )
    assert [fault.clips for fault in result.report.faults] == [("a/c2",), ("a/c3",)]
    first, second = result.report.faults
    assert second.at_s - first.at_s == pytest.approx(1.0, abs=1e-6)


def test_times_are_the_mix_s_whatever_rate_and_speed_the_source_has(mixed, media):
    tone, _ = soundfile.read(media / "holed.wav")
    soundfile.write(media / "other.wav", tone, 44_100, subtype="PCM_16")
    head = "sources: {fast: {path: other.wav, speed: 2}}\n"
    (dropout,) = mixed(track(f"source: fast, start_ms: 250, {FADED}"), head=head).report.faults
    assert dropout.at_s == pytest.approx(0.25 + (3 * RATE + 30) / 44_100 / 2, abs=1e-4)


def test_a_gap_of_milliseconds_between_two_clips_is_found(mixed):
    """Even where both cuts are at zero crossings, so that neither clicks."""
    cut = zero_ms(330)
    result = mixed(
        track(
            f"source: tone.wav, duration_ms: {cut:.5f}, fade_in_ms: 5",
            f"source: tone.wav, start_ms: {cut + 4:.5f}, offset_ms: {cut:.5f}, fade_out_ms: 5",
        )
    )
    (dropout,) = result.report.faults
    assert dropout.clips == ("a/c1", "a/c2")
    assert "nothing plays between 'a/c1' and 'a/c2'" in dropout.message
    assert dropout.duration_s == pytest.approx(0.004, abs=1e-4)


def test_a_pause_between_two_clips_is_not(mixed):
    result = mixed(
        track(
            f"source: tone.wav, duration_ms: 1000, {FADED}",
            f"source: tone.wav, start_ms: 1200, {FADED}",
        )
    )
    assert result.report.faults == ()


def test_silence_that_the_automation_asks_for_is_not(mixed):
    muted = (
        "automation: {gain: [{at_ms: 0, value: 0, curve: hold}, {at_ms: 1000.9, value: -120, "
        "curve: hold}, {at_ms: 1020.4, value: 0}]}"
    )
    assert mixed(track(f"source: tone.wav, {muted}, {FADED}")).report.faults == ()


def test_a_master_that_lacks_what_its_sources_have_is_found(mixed, media):
    """As a fault of a program would: the same stretch, in the master alone."""
    result = mixed(track(f"source: tone.wav, {FADED}"))
    clips = sounding_clips(result.compilation)
    known = outline_of(clips[0].source, nullcontext(media / "tone.wav"))
    for name, expected in (("tone", 0), ("holed", 1)):
        master = media / f"{name}.wav"
        found = dropouts(clips, {"tone.wav": known}, master, draw(master).empty)
        assert [d.clips for d in found] == [clips] * expected


def test_the_pauses_of_the_demo_are_pauses(mixed):
    """Its speech is synthetic: 110 pauses of digital silence."""
    clips = [
        f"source: {ROOT / 'examples/podcast/media' / name}.flac, {FADED}"
        for name in ("host", "guest")
    ]
    assert mixed(track(clips[0]) + track(clips[1], id="b")).report.faults == ()


@pytest.mark.requires("espeak")
def test_stops_and_pauses_of_synthetic_speech_are_pauses(mixed, media):
    text = "Packet tapping, pick. Stop! But what, exactly, happens? It paused; then it popped."
    for voice in ("en-us", "de"):
        subprocess.run(["espeak-ng", "-v", voice, "-w", media / f"{voice}.wav", text], check=True)
    clips = [f"source: {voice}.wav, start_ms: {at}" for voice, at in (("en-us", 0), ("de", 9000))]
    assert [f for f in mixed(track(*clips)).report.faults if f.code == "MIX609"] == []
