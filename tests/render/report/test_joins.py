"""Clicks at joins: found where a cut is heard, and nowhere else."""

from __future__ import annotations

import json

import numpy as np
import pytest
import soundfile
from mixdown.ir.codes import Code
from mixdown.render.report.findings import SHOWN
from requirements import PROMPTS, SAMPLES
from small_mixes import RATE, track, zero_ms

FADED = "fade_in_ms: 5, fade_out_ms: 5"


def test_a_cut_in_the_middle_of_a_loud_tone_is_found(mixed):
    result = mixed(track("source: tone.wav, start_ms: 500, duration_ms: 1000.9, fade_in_ms: 5"))
    (click,) = result.report.faults
    assert (click.code, click.clips, click.tracks) == ("MIX608", ("a/c1",), ("a",))
    assert click.at_s == pytest.approx(1.5009, abs=1e-4)
    assert (click.place.document, click.place.line) == ("mix.yaml", 7)
    assert "a click at 0:01.501, where 'a/c1' ends" in click.message
    assert "add fade_out_ms: 5" in click.help
    (warning,) = result.diagnostics
    assert (warning.code, warning.message) == (Code.CLICK, click.message)
    assert not result.report.passed
    assert json.loads(result.manifest.read_text())["warnings"][0]["code"] == "MIX608"


@pytest.mark.parametrize(
    "clip",
    [
        "source: tone.wav, start_ms: 500, duration_ms: 1000.9, fade_in_ms: 5, fade_out_ms: 5",
        f"source: tone.wav, offset_ms: {zero_ms(50):.5f}, start_ms: 500, "
        f"duration_ms: {zero_ms(250) - zero_ms(50):.5f}",
    ],
    ids=["faded", "cut at zero crossings"],
)
def test_a_cut_that_makes_no_step_is_not(mixed, clip):
    result = mixed(track(clip))
    assert (result.diagnostics, result.report.faults) == ((), ())
    assert result.report.joins.places == 2


def test_a_splice_that_goes_on_where_the_source_went_on_is_not_found(mixed):
    result = mixed(
        track(
            "source: tone.wav, duration_ms: 1000.9, fade_in_ms: 5",
            "source: tone.wav, start_ms: 1000.9, offset_ms: 1000.9, duration_ms: 800, "
            "fade_out_ms: 5",
        )
    )
    assert result.report.faults == ()
    counted = result.report.joins
    assert (counted.places, counted.edges, counted.splices, counted.crossfades) == (3, 4, 1, 0)


def test_a_splice_that_jumps_is_found_and_both_clips_are_named(mixed):
    """Half a period further on the tone has the other sign."""
    result = mixed(
        track(
            "id: one, source: tone.wav, duration_ms: 1000.9, fade_in_ms: 5",
            "id: two, source: tone.wav, start_ms: 1000.9, offset_ms: 1002.4, duration_ms: 800, "
            "fade_out_ms: 5",
        )
    )
    (click,) = result.report.faults
    assert click.clips == ("a/one", "a/two")
    assert "where 'a/one' ends and 'a/two' begins" in click.message
    assert "crossfade_in_ms" in click.help
    (warning,) = result.diagnostics
    assert [related.origin.pointer for related in warning.related] == ["/tracks/0/clips/1"]


def test_the_clips_of_the_splice_are_named_first_and_of_others_each_gets_a_fade(mixed):
    other = track("id: pad, source: noise.wav, gain_db: -80, duration_ms: 1000.9", id="p")
    splice = (
        "id: one, source: tone.wav, duration_ms: 1000.9, fade_in_ms: 5",
        "id: two, source: tone.wav, start_ms: 1000.9, offset_ms: 1002.4, duration_ms: 800, "
        "fade_out_ms: 5",
    )
    (click,) = mixed(other + track(*splice)).report.faults
    assert click.clips[:2] == ("a/one", "a/two")
    (click,) = mixed(other + track(splice[0])).report.faults
    assert click.help.startswith("add fade_out_ms: 5 to 'p/pad' and fade_out_ms: 5 to 'a/one', or")


def test_the_same_splice_crossfaded_is_not(mixed):
    result = mixed(
        track(
            "source: tone.wav, duration_ms: 1010.9, fade_in_ms: 5",
            "source: tone.wav, start_ms: 1000.9, offset_ms: 1002.4, duration_ms: 800, "
            "crossfade_in_ms: 10, fade_out_ms: 5",
        )
    )
    assert result.report.faults == ()
    assert result.report.joins.crossfades == 1


def test_a_cut_masked_by_dense_sound_is_no_click(mixed):
    cut = track("source: tone.wav, start_ms: 500, duration_ms: 1000.9, fade_in_ms: 5")
    over = track(f"source: noise.wav, gain_db: 12, {FADED}", id="b")
    assert mixed(cut + over).report.faults == ()


def test_of_two_clips_that_end_together_the_one_without_a_fade_is_named(mixed):
    bare = track("source: tone.wav, start_ms: 500, duration_ms: 1000.9, fade_in_ms: 5")
    faded = track(f"source: tone.wav, start_ms: 500, duration_ms: 1000.9, {FADED}", id="b")
    (click,) = mixed(faded + bare).report.faults
    assert click.clips == ("a/c1",)


@pytest.mark.parametrize("more", ["    mute: true\n", "    gain_db: -90\n"], ids=["muted", "faint"])
def test_an_inaudible_cut_is_no_click(mixed, more):
    quiet = track("source: tone.wav, start_ms: 500, duration_ms: 1000.9", more=more)
    heard = track(f"source: noise.wav, {FADED}", id="b")
    assert mixed(quiet + heard).report.faults == ()


def test_a_mix_that_begins_and_ends_in_mid_swing_clicks_there(mixed):
    result = mixed(track("source: tone.wav, offset_ms: 0.6, duration_ms: 1000.4"))
    assert [fault.at_s for fault in result.report.faults] == [0.0, pytest.approx(1.0004, abs=1e-4)]


def test_a_cut_a_few_samples_from_another_is_found_too(mixed):
    """Neither hides the other: the steps at joins say nothing of what sounds around them."""
    result = mixed(
        track("source: tone.wav, start_ms: 500, duration_ms: 1000.9, fade_in_ms: 5")
        + track("source: tone.wav, start_ms: 500, duration_ms: 1004, fade_in_ms: 5", id="b")
    )
    assert [fault.clips for fault in result.report.faults] == [("a/c1",), ("b/c1",)]


def test_many_clicks_are_all_in_the_report_and_not_all_on_the_terminal(mixed):
    many = [
        f"source: tone.wav, start_ms: {200 * k}, duration_ms: 100.9, fade_in_ms: 5"
        for k in range(SHOWN + 5)
    ]
    result = mixed(track(*many))
    assert len(result.report.faults) == SHOWN + 5
    assert len(result.diagnostics) == SHOWN + 1
    assert "5 more clicks" in result.diagnostics[-1].message


@pytest.mark.parametrize("backend", ["ffmpeg", "native"])
def test_every_backend_and_a_finished_master_show_the_same_click(mixed, backend):
    cut = track("source: tone.wav, start_ms: 500, duration_ms: 1000.9, fade_in_ms: 5")
    result = mixed(cut, preset="podcast", backend=backend)
    assert [(f.code, f.clips) for f in result.report.faults] == [("MIX608", ("a/c1",))]


@pytest.mark.requires("debian_media")
@pytest.mark.parametrize(
    ("path", "cut_ms"),
    [(SAMPLES / "ambi_choir.flac", 730.3), (SAMPLES / "ambi_drone.flac", 500.3)],
    ids=["choir", "drone"],
)
def test_music_cut_in_a_note_is_found_and_faded_it_is_not(mixed, path, cut_ms):
    cut = f"source: {path}, start_ms: 100, duration_ms: {cut_ms}, fade_in_ms: 5"
    (click,) = mixed(track(cut)).report.faults
    assert click.at_s == pytest.approx((100 + cut_ms) / 1000, abs=1e-4)
    assert mixed(track(f"{cut}, fade_out_ms: 5")).report.faults == ()


@pytest.mark.requires("debian_media")
def test_speech_and_loops_played_whole_have_no_click(mixed):
    loops = ["loop_amen", "loop_industrial", "loop_garzul", "bd_haus", "drum_snare_hard"]
    prompts = ["vm-goodbye", "demo-congrats", "auth-thankyou"]
    paths = [*(SAMPLES / f"{n}.flac" for n in loops), *(PROMPTS / f"{n}.wav" for n in prompts)]
    clips, at = [], 0.0
    for path in paths:
        clips.append(f"source: {path}, start_ms: {at:.3f}")
        info = soundfile.info(str(path))
        at += 1000 * info.frames / info.samplerate
    report = mixed(track(*clips)).report
    assert (report.faults, report.joins.splices) == ((), len(paths) - 1)


def test_random_noise_joined_at_random_never_clicks(mixed, media):
    generator = np.random.default_rng(2)
    for colour in range(3):
        sound = generator.standard_normal(2 * RATE)
        for _ in range(colour):  # white, brown, and brown again
            sound = np.convolve(sound, np.ones(8) / 8, mode="same")
        soundfile.write(media / f"{colour}.wav", 0.1 * sound / sound.std(), RATE, subtype="PCM_24")
    starts = np.sort(generator.uniform(0, 6000, 60))
    clips = [f"source: {k % 3}.wav, start_ms: {s:.3f}, {FADED}" for k, s in enumerate(starts)]
    assert mixed(track(*clips)).report.faults == ()
