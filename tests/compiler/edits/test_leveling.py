"""Levels: what is rendered has the loudness that the document states, on every engine."""

from __future__ import annotations

import json
import re
import subprocess
from decimal import Decimal

import mixdown
import numpy as np
import pytest
import soundfile
from mixdown.audio.meter.survey import survey_file
from mixdown.cli.app import run
from mixdown.ir.diagnostics import TimelineError
from mixdown.ir.nodes import Gain, GainAutomation
from mixdown.ir.places import cause_of
from mixdown.ir.text.parser import parse_graph
from mixdown.ir.text.printer import print_graph
from speech import RATE, noisy, talk

pytestmark = pytest.mark.requires("espeak")

TWO = """\
id: two
sources: {host: host.wav, guest: guest.wav, bed: bed.wav}
MORE
tracks:
  - {id: host, role: dialogue, HOST clips: [{source: host, start_ms: 1000}]}
  - {id: guest, role: dialogue, clips: [{source: guest, start_ms: 32000}]}
  - {id: bed, role: music, clips: [{source: bed}, {source: bed, start_ms: 30000}]}
"""
LEVELED = "mix_preset_id: podcast_leveled"


def document(episode, more=LEVELED, host=""):
    path = episode.folder / "two.yaml"
    path.write_text(TWO.replace("MORE", more).replace("HOST", host))
    return path


def ebur128(path) -> float:
    """The integrated loudness of a file by ffmpeg."""
    words = ["ffmpeg", "-nostats", "-i", str(path), "-af", "ebur128", "-f", "null", "-"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    return float(re.findall(r"I:\s+(-?[\d.]+) LUFS", done.stderr)[-1])


def spoken(path, talk, start_s, target) -> float:
    """The loudness of the phrases of a talk in a file, without the pauses."""
    samples, rate = soundfile.read(path)
    parts = [
        samples[round((start_s + a) * rate) : round((start_s + b) * rate)] for a, b in talk.spans
    ]
    soundfile.write(target, np.concatenate(parts), rate, subtype="FLOAT")
    return ebur128(target)


@pytest.mark.requires("ffmpeg_debian")
def test_two_speakers_12_lu_apart_end_at_one_loudness(episode, tmp_path):
    def difference(preset):
        done = mixdown.render(
            document(episode, f"mix_preset_id: {preset}"),
            out=tmp_path / preset,
            stems=True,
            backend="native",
        )
        stem = tmp_path / preset / "bus_dialogue.wav"
        host = spoken(stem, episode.host, 1.0, tmp_path / "host.wav")
        return host - spoken(stem, episode.guest, 32.0, tmp_path / "guest.wav"), done

    assert difference("podcast_mix")[0] == pytest.approx(12, abs=1.5)
    apart, done = difference("podcast_leveled")
    assert abs(apart) <= 0.5
    assert done.compilation.diagnostics == ()
    decided = {decision.about: decision.what for decision in done.report.decisions}
    assert decided["host/c1"].startswith("levelled to -20 LUFS, measured -")
    assert decided["bus_music"] == "ducks 9 dB under dialogue, vox, voiceover"
    assert "levelled to -20 LUFS" in done.report_page.read_text()


def test_the_report_shows_what_lint_finds(episode, tmp_path):
    text = document(episode, "mix_preset_id: flat", host="level: {to: -20},").read_text()
    apart = text.replace(
        "id: guest, role: dialogue,", "id: guest, role: dialogue, level: {to: -30},"
    )
    (episode.folder / "apart.yaml").write_text(apart)
    done = mixdown.render(episode.folder / "apart.yaml", out=tmp_path / "out", backend="native")
    (remark,) = (remark for remark in done.report.remarks if remark.code == "MIX250")
    assert remark.place.line == 6 and "level: {to: -20}" in remark.help


def test_the_bed_has_its_distance_below_the_ducked_speech(episode, tmp_path):
    mixdown.render(document(episode), out=tmp_path, stems=True, backend="native")
    levels = {}
    for bus in ("bus_dialogue", "bus_music"):
        samples, rate = soundfile.read(tmp_path / f"{bus}.wav")
        first, second = episode.host.spans[1][0], episode.host.spans[-2][1]
        part = samples[round((1 + first) * rate) : round((1 + second) * rate)]
        soundfile.write(tmp_path / "part.wav", part, rate, subtype="FLOAT")
        levels[bus] = survey_file(tmp_path / "part.wav").levels.integrated
    # Integrated loudness counts some of the pauses between phrases, active loudness does not.
    assert levels["bus_dialogue"] - levels["bus_music"] == pytest.approx(16, abs=1.5)


@pytest.mark.parametrize("backend", ["ffmpeg", "sox"])
@pytest.mark.requires("sox")
def test_engines_agree(backend, episode):
    path = document(episode, host="level: {to: -18, ride: {range_db: 8}},")
    assert run(["verify", str(path), "--backend", "native", "--backend", backend]) == 0


def test_every_decision_is_explained(episode, capfd):
    path = document(episode)
    run(["explain", str(path), "--at", "5"])
    text = capfd.readouterr().out
    assert re.search(r"clip +gain [-+\d.]+ dB .*two.yaml:3  levelled to -20 LUFS, measured -", text)
    assert re.search(
        r"clip +gain [-+\d.]+ dB .*two.yaml:3  levelled to 16 LU below dialogue at -20\.\d LUFS "
        r"when ducked 9 dB, measured -",
        text,
    )


def test_causes_are_in_the_text_of_the_ir_and_survive_it(episode):
    graph = mixdown.compile(document(episode)).graph
    text = print_graph(graph)
    assert ' because "levelled to -20 LUFS, measured -' in text
    assert print_graph(parse_graph(text)) == text


def test_ride(episode, tmp_path):
    """Speech that swings by 12 LU: its short-term loudness is then within 1.3 LU (sd)."""
    speech = talk(seconds=90, seed=7)
    swing = 6 * np.sin(2 * np.pi * np.arange(len(speech.samples)) / RATE / 30)
    samples = noisy(speech, 40) * 10 ** (swing / 20)
    soundfile.write(tmp_path / "swing.wav", 0.5 * samples, RATE, subtype="PCM_24")
    (tmp_path / "ride.yaml").write_text("""\
id: ride
mix_preset_id: flat
tracks:
  - id: host
    role: dialogue
    clips: [{source: swing.wav, offset_ms: 500, level: {to: -20, ride: {range_db: 8}}}]
""")
    done = mixdown.render(
        tmp_path / "ride.yaml", out=tmp_path / "out", preset="draft", backend="native", stems=True
    )
    assert done.compilation.diagnostics == ()

    def spread(path, start_s):
        """Standard deviation of the loudness of speech in 3 s, by its own samples."""
        samples, rate = soundfile.read(path, always_2d=True)
        power = np.square(samples).sum(axis=1)
        active = np.zeros(len(power))
        for a, b in speech.spans:
            active[max(0, round((a - start_s) * rate)) : max(0, round((b - start_s) * rate))] = 1
        steps = len(power) // (rate // 10)
        shaped = (steps, rate // 10)
        power = (power * active)[: steps * (rate // 10)].reshape(shaped).sum(axis=1)
        share = active[: steps * (rate // 10)].reshape(shaped).sum(axis=1)
        window = np.ones(30)
        power, share = np.convolve(power, window, "valid"), np.convolve(share, window, "valid")
        return (10 * np.log10(power[share > rate] / share[share > rate])).std()

    assert spread(tmp_path / "swing.wav", 0.0) > 3.0
    assert spread(tmp_path / "out" / "bus_dialogue.wav", 0.5) <= 1.3
    automation = next(n for n in done.compilation.graph.nodes if isinstance(n, GainAutomation))
    assert cause_of(automation.origin) == "rides the loudness by at most 8 dB, -20 LUFS"
    assert len(automation.points) <= 45
    values = np.array([point.value for point in automation.points])
    at = np.array([point.at for point in automation.points]) / 48000
    assert np.abs(np.diff(values) / np.diff(at)).max() <= 3.01
    assert np.abs(values).max() <= 8
    # A pause is not lifted against the speech within 2 s of it.
    edges = [(b, c) for (_, b), (c, _) in zip(speech.spans, speech.spans[1:], strict=False)]
    lifted = [
        np.interp((b + c) / 2 - 0.5, at, values) - np.interp([b - 1.5, c + 0.5], at, values).mean()
        for b, c in edges
    ]
    assert np.mean(lifted) <= 0.1


LEVELS = {
    "a clip": ("{source: host.wav, level: {to: -25}}", "", -25.0),
    "gain_db on top": ("{source: host.wav, gain_db: 3, level: {to: -25}}", "", -22.0),
    "a track": ("{source: host.wav}", "level: {to: -25},", -25.0),
    "the clip's before the track's": (
        "{source: host.wav, level: {to: -30}}",
        "level: {to: -25},",
        -30.0,
    ),
    "a piece": (
        "{source: host.wav, offset_ms: 4000, duration_ms: 9000, level: {to: -25}}",
        "",
        -25.0,
    ),
}


@pytest.mark.parametrize(("clip", "track", "expected"), LEVELS.values(), ids=LEVELS)
def test_whose_level_counts(clip, track, expected, episode):
    path = episode.folder / "one.yaml"
    path.write_text(
        "id: one\nmix_preset_id: flat\ntracks:\n"
        f"  - {{id: a, role: dialogue, {track} clips: [{clip}]}}\n"
    )
    compiled = mixdown.compile(path, disable=["fold-gain"])
    gains = [n for n in compiled.graph.nodes if isinstance(n, Gain) and n.name == "a/c1.gain"]
    survey = compiled.surveys["host.wav"]
    assert gains[0].gain_db == pytest.approx(expected - survey.active_lufs, abs=1.0)
    assert compiled.timeline.tracks[0].clips[0].level is not None or track
    assert compiled.plan.surveys == {"host.wav": survey.digest}


def test_clips_of_one_source_get_one_gain_from_a_bus(episode):
    path = episode.folder / "many.yaml"
    clips = ", ".join(
        f"{{source: {name}.wav, start_ms: {start}, offset_ms: {start}, duration_ms: 6000}}"
        for start, name in ((0, "host"), (7000, "guest"), (14000, "host"))
    )
    path.write_text(f"id: m\n{LEVELED}\ntracks:\n  - {{id: a, role: dialogue, clips: [{clips}]}}\n")
    clips = mixdown.compile(path).timeline.tracks[0].clips
    assert clips[0].gain_db == clips[2].gain_db != clips[1].gain_db
    assert clips[1].gain_db - clips[0].gain_db == pytest.approx(Decimal(12), abs=Decimal("1.5"))


WARNINGS = {
    "limited": ("{source: guest.wav, level: {to: -10, max_gain_db: 5}}", "MIX233", "gets +5.0 dB"),
    "too short": (
        "{source: host.wav, offset_ms: 3000, duration_ms: 100, level: {to: -20}}",
        None,
        "",
    ),
    "silent": ("{source: silence.wav, level: {to: -20}}", "MIX234", "it is silent"),
    "no contrast": ("{source: bed.wav, level: {to: -20, ride: {}}}", "MIX234", "is not ridden"),
    "has automation": (
        "{source: host.wav, level: {to: -20, ride: {}}, automation: {gain: [[0, 0]]}}",
        "MIX234",
        "it has gain automation",
    ),
}


@pytest.mark.parametrize(("clip", "code", "text"), WARNINGS.values(), ids=WARNINGS)
def test_what_cannot_be_done_is_said(clip, code, text, episode):
    soundfile.write(episode.folder / "silence.wav", np.zeros(5 * RATE), RATE)
    path = episode.folder / "one.yaml"
    clip = clip.replace("[[0, 0]]", "[{at_ms: 0, value: 0}]")
    path.write_text(
        f"id: one\nmix_preset_id: flat\ntracks:\n"
        f"  - {{id: a, role: dialogue, clips: [{clip}]}}\n"
        "  - {id: b, role: fx, clips: [{source: host.wav}]}\n"
    )
    found = mixdown.compile(path).diagnostics
    assert [d.code for d in found] == ([code] if code else [d.code for d in found])
    assert all(text in d.message for d in found)


ERRORS = {
    "neither": ("level: {max_gain_db: 3},", "MIX235", "neither"),
    "both": ("level: {to: -20, below: {role: music, lu: 3}},", "MIX235", "both"),
    "a ride without to": ("level: {below: {role: music, lu: 3}, ride: {}},", "MIX235", "a ride"),
    "below itself": ("level: {below: {role: dialogue, lu: 3}},", "MIX235", "needs another bus"),
    "an unknown role": ("level: {below: {role: musik, lu: 3}},", "MIX235", "'musik'"),
    "out of range": ("level: {to: 3},", "MIX206", "to"),
}


@pytest.mark.parametrize(("track", "code", "text"), ERRORS.values(), ids=ERRORS)
def test_levels_that_contradict_themselves(track, code, text, episode):
    with pytest.raises(TimelineError, match=text) as caught:
        mixdown.compile(document(episode, host=track))
    assert [d.code for d in caught.value.diagnostics] == [code]


def test_facts_carry_the_surveys(episode, tmp_path):
    first = mixdown.render(
        document(episode), out=tmp_path / "one", backend="native", preset="podcast"
    )
    assert len(first.facts.surveys) == 3
    facts = mixdown.compile(document(episode), facts=json.loads(first.facts.to_json()))
    assert facts.surveys == first.compilation.surveys


def test_without_files_there_is_no_gain(tmp_path):
    path = tmp_path / "declared.yaml"
    path.write_text(
        "id: declared\nmix_preset_id: flat\n"
        "sources: {host: {path: host.wav, rate: 48000, channels: 1, frames: 480000}}\n"
        "tracks: [{id: host, role: dialogue, level: {to: -20}, clips: [{source: host}]}]\n"
    )
    compiled = mixdown.compile(path, media="declared")
    (note,) = compiled.diagnostics
    assert (note.code, note.severity.value) == ("MIX234", "note")
    assert note.message == "levels are left out, because no file was read"
    assert compiled.timeline.tracks[0].clips[0].gain_db == 0
