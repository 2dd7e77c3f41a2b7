"""Cuts: what is kept sounds as it did, what is on the timeline follows, on every engine."""

from __future__ import annotations

import json

import mixdown
import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from mixdown.cli.app import run
from mixdown.compiler.driver import begin
from mixdown.compiler.pipeline import FRONT, final
from mixdown.compiler.request import RenderRequest
from mixdown.compiler.timeline.model import Automation, Clip, CutRange, Timeline, Track
from mixdown.ir.places import cause_of, shown_place
from mixdown.ir.units import milliseconds
from mixdown.render.verify import PREMASTER, Renderer, render_premaster

RATE = 8000
REFERENCE = Renderer("reference", "reference")


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """voice.wav, mono, and bed.wav, stereo: two seconds of noise each."""
    folder = tmp_path_factory.mktemp("cuts")
    noise = np.random.default_rng(3).uniform(-0.4, 0.4, (2 * RATE, 3))
    soundfile.write(folder / "voice.wav", noise[:, 0], RATE, subtype="PCM_24")
    soundfile.write(folder / "bed.wav", noise[:, 1:], RATE, subtype="PCM_24")
    return folder


def played(timeline, folder):
    """The premaster by the reference, shape (n, 2)."""
    return soundfile.read(render_premaster(timeline, REFERENCE, folder).files[PREMASTER])[0]


def cut(mix):
    """The unit of a mix after the passes over its document."""
    return final(begin(mix, RenderRequest()), FRONT)


TIMES = st.integers(0, 2000)


@st.composite
def moves(draw, values):
    times = sorted(draw(st.sets(TIMES, max_size=3)))
    return [(at, draw(values), draw(st.sampled_from(["linear", "hold"]))) for at in times]


@st.composite
def mixes(draw, folder):
    """One or two tracks of clips with gain, pan and automation, and some cuts."""
    tracks = []
    for number in range(draw(st.integers(1, 2))):
        clips = []
        for _ in range(draw(st.integers(1, 3))):
            gains = Automation(gain=[k for k in draw(moves(st.integers(-20, 0))) if k[0] < 400])
            clips.append(
                Clip(
                    draw(st.sampled_from(["voice.wav", "bed.wav"])),
                    start_ms=draw(TIMES),
                    offset_ms=draw(st.integers(0, 500)),
                    duration_ms=draw(st.integers(400, 1500)),
                    gain_db=draw(st.integers(-10, 0)),
                    pan=draw(st.sampled_from([-0.5, 0, 1])),
                    automation=gains,
                )
            )
        automation = Automation(
            gain=draw(moves(st.integers(-20, 0))), pan=draw(moves(st.sampled_from([-1, 0.3, 1])))
        )
        tracks.append(Track(f"t{number}", role="music", clips=clips, automation=automation))
    ranges = draw(st.lists(st.tuples(TIMES, st.integers(1, 500), st.integers(0, 60)), max_size=3))
    cuts = [CutRange(from_ms=a, to_ms=a + n, crossfade_ms=x) for a, n, x in ranges]
    return Timeline(id="x", root=folder, sample_rate=RATE, tracks=tracks, cuts=cuts)


@settings(max_examples=25)
@given(st.data())
def test_what_is_kept_sounds_as_before(folder, tmp_path_factory, data):
    mix = data.draw(mixes(folder))
    out = tmp_path_factory.mktemp("out")
    unit = cut(mix)
    made = unit.ripple
    whole = played(mixdown.replace(mix, cuts=()), out / "whole")
    if made is None:
        return
    got = played(mix, out / "cut")
    assert len(got) == made.new_length
    for kept in made.kept(0, made.length):
        first, last = kept.start, kept.end
        for removed in (kept.before, kept.after):
            # An edge of the mix fades; a join crossfades half of its length on either side.
            taken = (removed.reach or removed.fade) if removed else 0
            first, last = (first + taken, last) if removed is kept.before else (first, last - taken)
        new = made.new(first) if last > first else 0
        part = got[new : new + last - first]
        assert np.abs(part - whole[first:last]).max(initial=0) < 1e-12


def test_a_join_is_an_equal_power_crossfade_centred_on_it(folder, tmp_path):
    whole = Timeline(id="x", root=folder, sample_rate=RATE).track("t", role="music")
    whole = whole.clip("voice.wav").clip("bed.wav", start_ms=100)
    before = played(whole, tmp_path / "whole")
    cuts = [CutRange(from_ms=500, to_ms=1100, crossfade_ms=40)]
    got = played(mixdown.replace(whole, cuts=cuts), tmp_path / "cut")
    a, b, n = 500 * 8, 1100 * 8, 40 * 8
    share = np.arange(n)[:, None] / n
    earlier, later = before[a - n // 2 : a + n // 2], before[b - n // 2 : b + n // 2]
    join = np.sin((1 - share) * np.pi / 2) * earlier + np.sin(share * np.pi / 2) * later
    assert np.abs(got[a - n // 2 : a + n // 2] - join).max() < 1e-12
    assert np.array_equal(got[: a - n // 2], before[: a - n // 2])
    assert np.array_equal(got[a + n // 2 :], before[b + n // 2 :])


def test_to_cut_silence_is_to_move_what_follows(folder, tmp_path):
    def mix(start, cuts=()):
        made = Timeline(id="x", root=folder, sample_rate=RATE, cuts=cuts)
        made = made.track("t", role="music", eq=[{"kind": "highpass", "frequency_hz": 80}])
        return made.clip("voice.wav", fade_out_ms=80).clip("bed.wav", start_ms=start, fade_in_ms=50)

    cuts = [CutRange(from_ms=2300, to_ms=2900)]
    takes = [mixdown.compile(m).graph for m in (mix(3100, cuts), mix(2500))]
    assert takes[0] == takes[1]
    done = [played(m, tmp_path / str(n)) for n, m in enumerate((mix(3100, cuts), mix(2500)))]
    assert np.array_equal(*done)


DOCUMENT = """\
id: talk
sample_rate: 8000
sources: {voice: voice.wav, bed: bed.wav}
markers: [{at_ms: 0, label: One}, {at_ms: 650, label: Gone}, {at_ms: 700, label: Two}]
cuts:
  - {from_ms: 600, to_ms: 900}
  - {from_ms: 1500, to_ms: 1600, crossfade_ms: 0}
tracks:
  - id: host
    role: dialogue
    automation: {gain: [{at_ms: 0, value: 0}, {at_ms: 2000, value: -6, curve: smooth}]}
    clips:
      - source: voice
        fade_in_ms: 700
        duration_ms: 1000
        crossfade_out_ms: 200
        eq: [{kind: highpass, frequency_hz: 90}]
      - {id: next, source: bed, start_ms: 800, gain_db: -3, fade_out_ms: 300}
  - {id: bed, role: music, ripple: false, clips: [{source: bed, gain_db: -9, fade_out_ms: 400}]}
"""


@pytest.fixture
def document(folder, tmp_path):
    for name in ("voice.wav", "bed.wav"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    path = tmp_path / "talk.yaml"
    path.write_text(DOCUMENT)
    return path


def test_clips_fades_crossfades_and_markers_follow(document):
    timeline = cut(document).timeline
    assert [(m.label, m.at_ms) for m in timeline.markers] == [("One", 0), ("Two", 600)]
    host, bed = timeline.tracks
    rows = [
        (c.id, c.start_ms, c.offset_ms, c.duration_ms, c.fade_in_ms, c.fade_out_ms)
        for c in host.clips
    ]
    # The fade-in is as long as its part leaves, and the crossfade has become the join.
    assert rows == [
        ("c1", 0, 0, 605, 595, 10),
        ("next", 595, 95, 605, 10, 0),
        ("next.2", 1200, 800, 1200, 0, 300),
    ]
    (clip,) = bed.clips
    assert (clip.offset_ms, clip.duration_ms, clip.fade_out_ms) == (0, 1600, 400)
    assert timeline.cuts == ()


def test_a_crossfade_that_no_cut_touches_is_kept(document):
    document.write_text(DOCUMENT.replace("from_ms: 600, to_ms: 900", "from_ms: 300, to_ms: 500"))
    host = cut(document).timeline.tracks[0]
    second, third = host.clips[1:3]
    assert (second.id, second.fade_out_ms, second.fade_out_curve) == ("c1.2", 200, "qsin")
    assert (third.id, third.start_ms, third.fade_in_ms) == ("next", 600, 200)
    assert second.start_ms + second.duration_ms == 800


def test_origins_lead_back_and_name_the_cut(document, capfd):
    unit = cut(document)
    places = {n.name: n.origin for n in unit.ir.nodes}
    documents = unit.timeline.documents
    assert shown_place(places["host/next.2.clip"], documents).endswith("talk.yaml:18")
    join = places["host/next.fade_in"]
    assert cause_of(join) == "cut 1"
    assert shown_place(join, documents).endswith("talk.yaml:6")
    assert cause_of(places["host/next.2.fade_out"]) == ""
    assert run(["explain", str(document), "--at", "0.6"]) == 0
    said = capfd.readouterr().out
    assert "fade in 10 ms qsin, 50% through" in said
    assert "talk.yaml:6  cut 1" in said
    assert "0:00.900 without the cuts, after cut 1 of 0.3 s (" in said


@pytest.mark.requires("sox")
@pytest.mark.parametrize("backend", ["ffmpeg", "sox"])
def test_engines_agree(backend, document):
    # SoX reads sources at another rate by its own resampler: these have the session's.
    assert run(["verify", str(document), "--backend", "native", "--backend", backend]) == 0


def test_cuts_that_cannot_be_made(document, capfd):
    def said(cuts):
        document.write_text(DOCUMENT.replace("from_ms: 600, to_ms: 900", cuts))
        run(["check", str(document), "--json"])
        return [d["code"] for d in json.loads(capfd.readouterr().out)["diagnostics"]]

    assert said("from_ms: 900, to_ms: 900") == ["MIX270"]
    assert said("from_ms: 0, to_ms: 9000") == ["MIX271", "MIX270"]
    assert said("from_ms: 2500, to_ms: 9000") == ["MIX271"]
    assert said("from_ms: 1:00, to_ms: 60001") == ["MIX271"]


def test_the_mix_fades_where_its_start_or_end_is_cut(folder, tmp_path):
    mix = Timeline(id="x", root=folder, sample_rate=RATE).track("t", role="music").clip("bed.wav")
    cuts = [CutRange(from_ms=0, to_ms=300), CutRange(from_ms=1500, to_ms=2000)]
    got = played(mixdown.replace(mix, cuts=cuts), tmp_path / "cut")
    before = played(mix, tmp_path / "whole")[2400:12000]
    assert np.array_equal(got[80:-80], before[80:-80])
    assert (got[0] == 0).all()
    assert np.allclose(
        got[-80:], before[-80:] * np.sin((1 - np.arange(80) / 80) * np.pi / 2)[:, None]
    )
    assert milliseconds(len(got), RATE) == 1200


def test_a_diff_names_the_cuts_and_not_what_they_move(document, capfd, tmp_path):
    def said(text):
        other = tmp_path / "other.yaml"
        other.write_text(text)
        run(["diff", str(document), str(other)])
        lines = capfd.readouterr().out.split("\n\n")[0].strip().split("\n")
        return [line.partition("  (")[0] for line in lines]

    longer = DOCUMENT.replace("to_ms: 900", "to_ms: 950").replace("gain_db: -3", "gain_db: -4")
    assert said(longer) == [
        "clip host/next: gain -4 dB, was -3 dB",
        "cuts: no longer take out 0:00.600 to 0:00.900 (cut 1)",
        "cuts: take out 0:00.600 to 0:00.950 (cut 1)",
    ]
    lines = DOCUMENT.split("\n")
    lines[5:7] = [f"  - {{from_ms: {at}, to_ms: {at + 20}}}" for at in range(100, 900, 100)]
    assert said("\n".join(lines)) == [
        "cuts: take out 8 ranges of 0.2 s in all, was 2 ranges of 0.4 s in all"
    ]
