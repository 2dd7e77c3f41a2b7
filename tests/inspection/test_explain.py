"""A moment explained is the moment rendered: gains, places, reasons, and the way back."""

from __future__ import annotations

import json
from decimal import Decimal

import numpy as np
import pytest
import soundfile
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from mixdown.audio.resample import resample
from mixdown.backends.native.reference import evaluate, read_file
from mixdown.compiler.facts import Facts, FinishFacts
from mixdown.compiler.request import RenderRequest
from mixdown.compiler.timeline.automation import Automation, Keyframe
from mixdown.compiler.timeline.entry import SourceEntry
from mixdown.compiler.timeline.model import Clip, EqBand, Timeline, Track
from mixdown.inspection.explain import explain
from mixdown.inspection.explain_text import explanation_data, explanation_text
from mixdown.inspection.lookup import find_filter, find_value, found_data, found_text
from mixdown.inspection.trace import trace
from mixdown.ir.diagnostics import MixdownError
from mixdown.ir.units import decibels, samples

RATE = 8000


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A mono and a stereo second of noise at the session's rate."""
    folder = tmp_path_factory.mktemp("explain")
    noise = np.random.default_rng(3)
    for name, channels in (("mono", 1), ("stereo", 2)):
        data = noise.uniform(-0.5, 0.5, (RATE, channels))
        soundfile.write(folder / f"{name}.wav", data, RATE, subtype="FLOAT")
    return folder


ms = st.integers(0, 400)
gains = st.integers(-30, 12)
pans = st.sampled_from([Decimal(p) for p in ("-1", "-0.5", "0", "0.3", "1")])


@st.composite
def clips(draw, channels):
    fade_in, fade_out = draw(st.integers(0, 250)), draw(st.integers(0, 250))
    keyframes = st.tuples(st.integers(0, 249), st.integers(250, 500))
    moves = [(at, draw(gains)) for at in draw(keyframes)] if draw(st.booleans()) else []
    curve = st.sampled_from(["linear", "hold", "smooth"])
    return Clip(
        source=f"{draw(st.sampled_from(['mono', 'stereo']))}.wav",
        start_ms=draw(ms),
        offset_ms=draw(ms),
        duration_ms=500,
        gain_db=draw(gains),
        pan=draw(pans) if channels == 2 else 0,
        mute=draw(st.integers(0, 4)) == 0,
        fade_in_ms=fade_in,
        fade_out_ms=fade_out,
        fade_out_curve=draw(st.sampled_from(["tri", "qsin", "exp"])),
        automation=Automation(
            gain=tuple(Keyframe(at_ms=at, value=v, curve=draw(curve)) for at, v in moves)
        ),
    )


@st.composite
def timelines(draw):
    """A few clips on two tracks, without filters: what is then heard is a sum of products."""
    channels = draw(st.sampled_from([1, 2]))
    tracks = tuple(
        Track(
            id=name,
            role="fx",  # its bus has no equaliser
            gain_db=draw(gains),
            pan=draw(pans) if channels == 2 else 0,
            mute=draw(st.integers(0, 5)) == 0,
            solo=draw(st.integers(0, 5)) == 0,
            clips=tuple(draw(st.lists(clips(channels), min_size=1, max_size=2))),
        )
        for name in ("one", "two")
    )
    return Timeline(id="t", sample_rate=RATE, channels=channels, tracks=tracks)


@settings(max_examples=60)
@given(timeline=timelines(), data=st.data())
def test_the_contributions_sum_to_the_sample_of_the_mix(folder, timeline, data):
    done = trace(evolve(timeline, root=folder), RenderRequest(export_preset="draft"))
    graph = done.lowered.ir
    at = data.draw(st.integers(0, graph.signals["master.mix"].length - 1))
    moment = explain(done.lowered, at)
    values = evaluate(graph, lambda source: read_file(str(folder / source.path)))
    heard = np.zeros(timeline.channels)
    for sounding in moment.sounding:
        sample = read_file(str(folder / sounding.source.path))[:, sounding.sample]
        product = np.array(sounding.factors) * sample
        if timeline.channels == 1:
            heard += product.sum()
        else:
            heard += product
    assert heard == pytest.approx(values["master.headroom"][:, at], abs=1e-12)
    assert all(silent.why for silent in moment.silent)
    solo = any(track.solo for track in timeline.tracks)
    for track in timeline.tracks:
        for clip, number in zip(track.clips, range(1, 9), strict=False):
            there = 0 <= at - samples(clip.start_ms, RATE) < RATE // 2
            told = {s.clip: s.why for s in moment.silent}
            why = told.get(f"{track.id}/c{number}", "")
            if there:
                assert ("muted" in why) is (clip.mute or track.mute)
                assert ("solo" in why) is (solo and not track.solo)
            else:
                assert not why


def test_a_resampled_source_is_played_from_where_it_says(demo):
    """The one thing above that is not covered: the sample counts at the session's rate."""
    moment = explain(demo.lowered, samples(27500, 48000))
    clip = next(s for s in moment.sounding if s.owner.id == "host/ask-loudness")
    assert clip.sample == samples(10900, 48000)
    graph = demo.lowered.ir
    root = demo.start.timeline.root
    whole = resample(read_file(str(root / clip.source.path)), clip.source.rate, 48000)
    node = graph["host/ask-loudness.clip"]
    assert node.offset <= clip.sample < node.offset + node.length <= whole.shape[1]


def test_the_text_shows_each_gain_its_line_and_the_total(demo):
    documents = demo.start.timeline.documents
    moment = explain(demo.lowered, samples(25000, 48000))
    text = explanation_text(moment, documents)
    assert text.startswith("0:25.000, sample 1200000: 6 clips sound\n\nclip guest/keyframes  (")
    block = next(b for b in text.split("\n\n") if b.startswith("clip music/bed-opening"))
    name = demo.start.timeline.document.name
    lines = [line.strip() for line in block.splitlines()]
    assert lines[1] == (
        "plays media/bed.ogg at 0:25.000, goes to track music, bus bus_music, master"
    )
    cells = [[cell for cell in line.split("  ") if cell.strip()] for line in lines[2:]]
    assert [(c[0].strip(), c[1].strip(), c[2].strip()) for c in cells] == [
        ("clip", "crossfade out 2 s qsin, 50% through", "-3.01 dB"),
        ("track", "gain -2 dB", "-2.00 dB"),
        ("track", "gain automation, 8 keyframes, -10 dB to 0 dB, now -3.347 dB", "-3.35 dB"),
        ("bus", "gain -2 dB", "-2.00 dB"),
        ("total", "including master, without its loudness gain", "-13.36 dB"),
    ]
    assert all(f"{name}:" in line for line in lines[2:-2])
    assert lines[-2].endswith(name)  # the preset's gain: the document says nothing of it
    assert "master  to -16 LUFS: to be measured" in text


def test_machines_get_the_same(demo):
    moment = explain(demo.lowered, samples(25000, 48000))
    data = json.loads(json.dumps(explanation_data(moment, demo.start.timeline.documents)))
    assert (data["sample"], data["ms"], data["rate"]) == (1200000, 25000.0, 48000)
    clip = next(c for c in data["clips"] if c["clip"] == "music/bed-opening")
    assert clip["source_ms"] == 25000.0
    assert clip["gain_db"] == pytest.approx([-13.357] * 2, abs=1e-3)
    assert clip["place"]["line"] > 0
    known = [s["gain_db"] for s in clip["stages"] if s["gain_db"]]
    totals = np.array([np.broadcast_to(g, 2) for g in known]).sum(axis=0)
    assert totals == pytest.approx(clip["gain_db"])
    assert not clip["loudness_measured"]
    # A level of silence is null: the first sample of a fade-in.
    first = explanation_data(explain(demo.lowered, 0), {})
    assert [c["gain_db"] for c in first["clips"]] == [[None, None]] * 2
    assert "silent" in explanation_text(explain(demo.lowered, 0), {})


def test_a_measured_loudness_gain_is_in_the_sum(demo):
    before = explain(demo.lowered, samples(25000, 48000)).sounding[0]
    known = FinishFacts(integrated_lufs=-20.0, gain_db=4.25)
    facts = Facts().with_finish(demo.final.keys.finish, known)
    measured = trace(demo.start.timeline, evolve(demo.start.request, facts=facts))
    after = explain(measured.lowered, samples(25000, 48000)).sounding[0]
    assert after.measured and not before.measured
    gained = [decibels(b) - decibels(a) for a, b in zip(before.factors, after.factors, strict=True)]
    assert gained == pytest.approx([4.25, 4.25])
    assert "without" not in explanation_text(explain(measured.lowered, samples(25000, 48000)), {})


def test_silent_clips_are_listed_with_the_reason(folder):
    long = {"source": "mono.wav", "duration_ms": 600}
    timeline = Timeline(
        id="t",
        sample_rate=RATE,
        root=folder,
        tracks=(
            Track(
                id="a",
                role="music",
                clips=(
                    Clip(id="out", crossfade_out_ms=100, **long),
                    Clip(id="in", start_ms=300, **long),
                    Clip(id="off", mute=True, **long),
                ),
            ),
            Track(id="b", role="music", mute=True, clips=(Clip(id="x", **long),)),
        ),
    )
    done = trace(timeline, RenderRequest())
    moment = explain(done.lowered, samples(450, RATE))
    assert [s.owner.id for s in moment.sounding] == ["a/in"]
    assert {s.clip: s.why for s in moment.silent} == {
        "a/out": "it has crossfaded into the next clip",
        "a/off": "it is muted",
        "b/x": "its track is muted",
    }
    text = explanation_text(moment, {})
    assert "clip a/out is silent: it has crossfaded into the next clip" in text
    assert text.startswith("0:00.450, sample 3600: 1 clip sounds\n")


def test_an_automated_filter_shows_its_frequency(folder):
    band = EqBand(kind="lowpass", frequency_hz=1000)
    keys = (Keyframe(at_ms=0, value=100), Keyframe(at_ms=1000, value=1000))
    clip = Clip(id="c", source="mono.wav", filter=band, automation=Automation(filter=keys))
    timeline = Timeline(
        id="t",
        sample_rate=RATE,
        root=folder,
        tracks=(Track(id="a", role="fx", clips=(clip,)),),
    )
    moment = explain(trace(timeline, RenderRequest()).lowered, 4031)
    does = [stage.does for stage in moment.sounding[0].stages if stage.matters]
    # Set at sample 3968, every 64th: 100 * 10^(3968/8000).
    assert does[0] == "filter automation, 2 keyframes, 100 Hz to 1000 Hz, now 313.329 Hz"


def test_there_is_nothing_after_the_end(demo):
    with pytest.raises(MixdownError, match=r"1:00.000 is outside the mix, which lasts 0:48.000"):
        explain(demo.lowered, 60 * 48000)


def test_every_filter_of_a_plan_leads_to_a_line(demo):
    documents = demo.start.timeline.documents
    labels = find_value(demo, "host.gain").filters
    assert labels
    for label in (labels[0], labels[0].partition("@")[2]):
        found = find_filter(demo, label)
        assert found.node.name == "host.gain" and found.final
        data = found_data(found, documents)
        line = demo.start.timeline.document.text.splitlines()[data["place"]["line"] - 1]
        assert "gain_db: 0.7" in line
        text = found_text(found, documents)
        assert text.startswith(
            "%host.gain: gain +0.7 dB\n  part of track host, on bus bus_dialogue"
        )
        assert line.strip() in text and "^^^" in text


def test_a_folded_value_is_found_in_the_last_graph_with_it(demo):
    found = find_value(demo, "%bus_music.gain")
    assert not found.final and found.filters == ()
    assert "removed or folded" in found_text(found, {})
    assert found_data(found, {})["users"] == ["bus_music.pan"]


def test_unknown_names(demo):
    with pytest.raises(MixdownError, match=r"did you mean 'host\.gain'"):
        find_value(demo, "hosst.gain")
    with pytest.raises(MixdownError, match="no filter named 'volume@nobody'"):
        find_filter(demo, "volume@nobody")


def test_a_file_that_is_played_at_a_speed_is_shown_at_its_own_place(folder):
    timeline = Timeline(id="x", root=folder, sample_rate=RATE)
    entry = SourceEntry("mono.wav", speed="3/2")
    timeline = evolve(timeline, sources={"m": entry}).track("t", role="music")
    timeline = timeline.clip("m", start_ms=100, offset_ms=200)
    unit = trace(timeline, RenderRequest()).lowered
    moment = explain(unit, samples(300, RATE))
    (sounding,) = moment.sounding
    assert (sounding.sample, sounding.file_sample) == (samples(400, RATE), samples(600, RATE))
    text = explanation_text(moment, unit.timeline.documents)
    assert (
        "plays mono.wav at 0:00.600 (of 8000 Hz, at speed 3/2, 7.02 semitones higher), goes to"
        in text
    )
    (clip,) = explanation_data(moment, unit.timeline.documents)["clips"]
    assert (clip["source_ms"], clip["source_rate"], clip["source_speed"]) == (600, RATE, [3, 2])
