"""What is wrong with a timeline: every rule at its border, on either side."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from mixdown.compiler.load import loads
from mixdown.compiler.timeline.automation import Region
from mixdown.compiler.timeline.model import Clip, Timeline, Track
from mixdown.compiler.timeline.sources import MOST_SUGGESTED, source_path, validate_sources
from mixdown.compiler.timeline.validate import validate, validate_media
from mixdown.ir.codes import Code
from mixdown.ir.diagnostics import Severity
from mixdown.ir.nodes import Source
from strategies import timelines


def found(timeline: Timeline) -> list[tuple[str, str]]:
    return [(d.code.value, d.origin.pointer) for d in validate(timeline)]


def clip(**fields) -> Timeline:
    return Timeline(id="x").track("a", role="fx").clip("a.wav", **fields)


def track(**fields) -> Timeline:
    return Timeline(id="x").track("a", role="fx", **fields).clip("a.wav")


def timeline(**fields) -> Timeline:
    return evolve(clip(), **fields)


def band(**fields) -> dict:
    return {"kind": "peaking", "frequency_hz": 1000, **fields}


C = "/tracks/0/clips/0"
SOUND = {
    "gain low": clip(gain_db=-120),
    "gain high": track(gain_db=60),
    "pans": clip(pan=-1),
    "rates": timeline(sample_rate=8000),
    "rate high": timeline(sample_rate=384000),
    "mono": timeline(channels=1),
    "a sample": clip(duration_ms=Decimal("0.0208")),
    "fades fill": clip(duration_ms=100, fade_in_ms=50, fade_out_ms=50),
    "lenient fades": evolve(clip(duration_ms=100, fade_in_ms=90, fade_out_ms=50), lenient=True),
    "fades of an open end": clip(fade_in_ms=50000),
    "keyframe at the end": clip(duration_ms=100, automation={"gain": [(0, 0), (100, 0)]}),
    "track keyframes": track(automation={"gain": [(500_000, 0), (0, 0)]}),
    "empty edges": clip(fade_in_ms=0, crossfade_in_ms=10, fade_out_ms=10, crossfade_out_ms=0),
    "nyquist": track(eq=[band(frequency_hz=23999.9)]),
    "flat highpass": track(eq=[{"kind": "highpass", "frequency_hz": 80, "gain_db": 0}]),
    "silent mix": Timeline(id="x", length_ms=1000),
    "alias": clip(fade_in_curve="s_curve", fade_out_curve="isinc", crossfade_curve="equal_gain"),
    "filter moves": track(filter=band(), automation={"filter": [(0, 20)]}),
    "same clip ids on two tracks": clip(id="c").track("b", role="fx").clip("a.wav", id="c"),
    "a name with a colon": Timeline(id="x").track("a", role="fx").clip("a: b, c.wav"),
    "a drive letter": Timeline(id="x").track("a", role="fx").clip("C:\\host.wav"),
    "a word that is a file elsewhere": Timeline(id="x").track("a", role="fx").clip("host"),
}

BROKEN = {
    "gain low": (clip(gain_db=-120.1), "MIX206", f"{C}/gain_db"),
    "gain high": (track(gain_db=60.1), "MIX206", "/tracks/0/gain_db"),
    "pan": (clip(pan=1.01), "MIX206", f"{C}/pan"),
    "rate": (timeline(sample_rate=7999), "MIX206", "/sample_rate"),
    "rate zero": (timeline(sample_rate=0), "MIX206", "/sample_rate"),
    "channels": (timeline(channels=3), "MIX206", "/channels"),
    "length": (timeline(length_ms=0), "MIX206", "/length_ms"),
    "long": (clip(start_ms=10**9 + 1), "MIX206", f"{C}/start_ms"),
    "start": (clip(start_ms=-1), "MIX202", f"{C}/start_ms"),
    "offset": (clip(offset_ms=-0.001), "MIX202", f"{C}/offset_ms"),
    "duration": (clip(duration_ms=-5), "MIX202", f"{C}/duration_ms"),
    "fade": (clip(fade_out_ms=-5), "MIX202", f"{C}/fade_out_ms"),
    "hint": (clip(crossfade_in_ms=-5), "MIX202", f"{C}/crossfade_in_ms"),
    "marker": (clip().marker(-1, "x"), "MIX202", "/markers/0/at_ms"),
    "keyframe": (
        track(automation={"gain": [(-1, 0)]}),
        "MIX202",
        "/tracks/0/automation/gain/0/at_ms",
    ),
    "empty": (clip(duration_ms=0), "MIX217", f"{C}/duration_ms"),
    "under a sample": (clip(duration_ms=0.01), "MIX217", f"{C}/duration_ms"),
    "fades": (
        clip(duration_ms=100, fade_in_ms=50, fade_out_ms=50.001),
        "MIX203",
        f"{C}/fade_out_ms",
    ),
    "fade in": (clip(duration_ms=100, fade_in_ms=101), "MIX203", f"{C}/fade_in_ms"),
    "outside": (
        clip(duration_ms=100, automation={"pan": [(0, 0), (100.001, 0)]}),
        "MIX204",
        f"{C}/automation/pan/1/at_ms",
    ),
    "twice": (
        track(automation={"gain": [(5, 0), (9, 0), (5, 1)]}),
        "MIX205",
        "/tracks/0/automation/gain/2/at_ms",
    ),
    "one sample": (
        track(automation={"gain": [(5, 0), (5.001, 1)]}),
        "MIX205",
        "/tracks/0/automation/gain/1/at_ms",
    ),
    "gain key": (
        track(automation={"gain": [(0, 61)]}),
        "MIX206",
        "/tracks/0/automation/gain/0/value",
    ),
    "pan key": (track(automation={"pan": [(0, 2)]}), "MIX206", "/tracks/0/automation/pan/0/value"),
    "both": (clip(fade_in_ms=1, crossfade_in_ms=1), "MIX209", f"{C}/crossfade_in_ms"),
    "mono pan": (evolve(clip(pan=0.5), channels=1), "MIX210", f"{C}/pan"),
    "mono bus": (evolve(clip().bus("b", pan=1), channels=1), "MIX210", "/buses/0/pan"),
    "mono moves": (
        evolve(track(automation={"pan": [(0, 0)]}), channels=1),
        "MIX210",
        "/tracks/0/automation/pan",
    ),
    "curve": (clip(fade_in_curve="smooth"), "MIX211", f"{C}/fade_in_curve"),
    "curve of another": (clip(crossfade_curve=""), "MIX211", f"{C}/crossfade_curve"),
    "no filter": (clip(automation={"filter": [(0, 99)]}), "MIX218", f"{C}/automation/filter"),
    "nyquist": (track(eq=[band(frequency_hz=24000)]), "MIX206", "/tracks/0/eq/0/frequency_hz"),
    "bus nyquist": (
        clip().bus("b", eq=[band(frequency_hz=99999)]),
        "MIX206",
        "/buses/0/eq/0/frequency_hz",
    ),
    "q": (clip(filter=band(q=0)), "MIX206", f"{C}/filter/q"),
    "no frequency": (clip(filter=band(frequency_hz=0)), "MIX206", f"{C}/filter/frequency_hz"),
    "flat": (
        clip(eq=[{"kind": "lowpass", "frequency_hz": 80, "gain_db": 3}]),
        "MIX206",
        f"{C}/eq/0/gain_db",
    ),
    "filter key": (
        track(filter=band(), automation={"filter": [(0, 24000)]}),
        "MIX206",
        "/tracks/0/automation/filter/0/value",
    ),
    "tracks": (clip().track("a", role="fx").clip("b.wav"), "MIX201", "/tracks/1/id"),
    "clips": (clip(id="c").clip("b.wav", id="c"), "MIX201", "/tracks/0/clips/1/id"),
    "own number": (clip().clip("b.wav", id="c1"), "MIX201", "/tracks/0/clips/1/id"),
    "buses": (clip().bus("b").bus("b"), "MIX201", "/buses/1/id"),
    "empty id": (timeline(id=""), "MIX206", "/id"),
    "long id": (timeline(id="x" * 5000), "MIX206", "/id"),
    "tag": (timeline(metadata={"a=b": "c"}), "MIX206", "/metadata/a=b"),
    "nothing": (Timeline(id="x"), "MIX216", "/tracks"),
    "no clips": (Timeline(id="x").track("a", role="fx"), "MIX216", "/tracks"),
    "no path": (timeline(sources={"a": ""}), "MIX207", "/sources/a"),
    "long path": (timeline(sources={"a": "a" * 5000}), "MIX206", "/sources/a"),
}


@pytest.mark.parametrize("name", SOUND)
def test_sound(name):
    assert found(SOUND[name]) == []


@pytest.mark.parametrize("name", BROKEN)
def test_broken(name):
    made, code, pointer = BROKEN[name]
    assert found(made) == [(code, pointer)]


def region(**fields) -> Timeline:
    whole = {"target": "gain", "start_ms": 5, "duration_ms": 10, "keyframes": (), **fields}
    return clip(duration_ms=100, automation={"regions": (Region(**whole),)})


R = f"{C}/automation/regions/0"


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (region(keyframes=[(0, 0), (10, 0)]), []),
        (region(keyframes=[(11, 0)]), [("MIX204", f"{R}/keyframes/0/at_ms")]),
        (region(keyframes=[(1, 0), (1, 1)]), [("MIX205", f"{R}/keyframes/1/at_ms")]),
        (region(keyframes=[(2, 0), (1, 1)]), [("MIX231", f"{R}/keyframes/1/at_ms")]),
        (region(keyframes=[(1, 99)]), [("MIX206", f"{R}/keyframes/0/value")]),
        (region(duration_ms=95), []),
        (region(duration_ms=96), [("MIX204", f"{R}/duration_ms")]),
        (region(start_ms=-1), [("MIX202", f"{R}/start_ms")]),
        (region(target="filter"), [("MIX218", f"{C}/automation/filter")]),
        (evolve(region(target="pan"), channels=1), [("MIX210", f"{C}/automation/pan")]),
    ],
)
def test_regions(made, expected):
    assert found(made) == expected


# Sources.


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("../x.wav", "MIX212"),
        ("/etc/passwd", "MIX212"),
        ("a/../../x.wav", "MIX212"),
        ("link/x.wav", "MIX212"),
        ("link.wav", "MIX212"),
        ("..", "MIX212"),
        ("a/../x.wav", None),
        ("...wav", None),
        ("inner/x.wav", None),
        ("http://x/y.wav", "MIX213"),
        ("HTTPS://x", "MIX213"),
        ("concat:a.wav|b.wav", "MIX213"),
        ("subfile,,start,0,end,9,,:x.wav", "MIX213"),
        ("data:audio/wav;base64,AAAA", "MIX213"),
        ("pipe:0", "MIX213"),
        ("file:x.wav", "MIX213"),
        ("Take 3: final.wav", None),
        ("-x.wav", None),
    ],
)
def test_paths_stay_in_the_documents_directory(path, code, tmp_path):
    root = tmp_path / "documents"
    root.mkdir()
    (root / "link").symlink_to(tmp_path)
    (root / "link.wav").symlink_to(tmp_path / "x.wav")
    (root / "inner").symlink_to(root)
    for sources, source in (({}, path), ({"name": path}, "name")):
        made = Timeline(id="x", sources=sources, root=root, allow_outside=False)
        made = made.track("a", role="fx").clip(source)
        assert [d.code.value for d in validate(made)] == ([code] if code else [])
        assert source_path(made, source) == root / path
        trusted = [] if code in ("MIX212", None) else [code]
        assert [d.code.value for d in validate(evolve(made, allow_outside=True))] == trusted


def test_a_loaded_document_is_not_trusted_unless_asked():
    text = "{id: x, tracks: [{id: a, role: fx, clips: [{source: ../a.wav}]}]}"
    assert [d.code.value for d in validate(loads(text, format="yaml"))] == ["MIX212"]
    assert validate(loads(text, format="yaml", allow_outside=True)) == ()


def test_a_name_that_is_nearly_known(tmp_path):
    made = Timeline(id="x", sources={"interview": "a.wav"}, root=tmp_path)
    made = made.track("a", role="fx").clip("intervew")
    assert found(made) == [("MIX207", f"{C}/source")]
    assert validate(made)[0].help == "did you mean 'interview'? known: interview"
    Path(tmp_path, "intervew").touch()
    assert found(made) == []


# With media.


def media(frames: int = 96000, rate: int = 48000, channels: int = 1) -> dict[str, Source]:
    shape = {"frames": frames, "rate": rate, "channels": channels}
    return {
        name: Source(name=name, path=name, digest="", codec="", **shape)
        for name in ("a.wav", "b.wav")
    }


def found_media(made: Timeline, **shape) -> list[tuple[str, str]]:
    return [(d.code.value, d.origin.pointer) for d in validate_media(made, media(**shape))]


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (clip(), []),
        (clip(offset_ms=500, duration_ms=1500), []),
        (clip(offset_ms=500, duration_ms=1500.01), []),
        (clip(offset_ms=500, duration_ms=1500.02), [("MIX208", f"{C}/duration_ms")]),
        (clip(offset_ms=2001), [("MIX208", f"{C}/offset_ms")]),
        (clip(offset_ms=2000), [("MIX217", f"{C}/offset_ms")]),
        (clip(offset_ms=1000, fade_in_ms=600, fade_out_ms=400), []),
        (
            clip(offset_ms=1000, fade_in_ms=600, fade_out_ms=401),
            [("MIX203", f"{C}/fade_out_ms")],
        ),
        (
            clip(offset_ms=1000, automation={"gain": [(1001, 0)]}),
            [("MIX204", f"{C}/automation/gain/0/at_ms")],
        ),
        (clip(offset_ms=1000, automation={"gain": [(1000, 0)]}), []),
        (
            clip(crossfade_out_ms=100).clip("b.wav", start_ms=1500, fade_in_ms=5),
            [("MIX209", "/tracks/0/clips/1/fade_in_ms")],
        ),
        (
            clip(fade_out_ms=5).clip("b.wav", start_ms=1500, crossfade_in_ms=100),
            [("MIX209", f"{C}/fade_out_ms")],
        ),
        (clip(crossfade_out_ms=100).clip("b.wav", start_ms=2000, fade_in_ms=5), []),
        (clip(start_ms=-1, offset_ms=9999), []),
        (clip(crossfade_out_ms=9, crossfade_curve="x").clip("b.wav", start_ms=1500), []),
        (timeline(sample_rate=0), []),
    ],
)
def test_with_media(made, expected):
    assert found_media(made) == expected


def test_lengths_are_those_after_resampling():
    # 3 frames at 44.1 kHz are 3.27 samples at 48 kHz: three.
    made = clip(duration_ms=Decimal("0.0625"))
    assert found_media(made, frames=3, rate=44100) == []
    made = clip(duration_ms=Decimal("0.0834"))
    assert found_media(made, frames=3, rate=44100) == [("MIX208", f"{C}/duration_ms")]


def test_channels():
    assert found_media(clip(), channels=6) == [("MIX219", f"{C}/source")]


@pytest.mark.parametrize(("at", "told"), [(2000, 0), (2001, 1)])
def test_a_tracks_keyframe_after_the_end_of_the_mix_is_a_warning(at, told):
    sounding = clip().tracks[0].clips
    inside = Region(target="gain", start_ms=at - 10, duration_ms=10, keyframes=[(10, 0), (2, 1)])
    for automation in ({"gain": [(at, 0), (2, 1)]}, {"regions": [inside]}):
        (moved,) = track(automation=automation).tracks
        made = timeline(tracks=(evolve(moved, clips=sounding),))
        problems = validate_media(made, media())
        assert [d.code.value for d in problems] == ["MIX232"] * told
        assert all(d.severity is Severity.WARNING for d in problems)
        assert all(d.origin.pointer.endswith("/0/at_ms") for d in problems)


def test_missing_media_are_passed_over():
    assert validate_media(clip(offset_ms=9999), {}) == ()


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(
    timelines(
        sources={"a": "a.wav", "b": "b.wav"},
        lengths_ms={"a": Decimal(4000), "b": Decimal("1234.5")},
    )
)
def test_drawn_timelines_fit_their_media(made):
    shape = {"digest": "", "codec": "", "channels": 2}
    known = {
        "a": Source(name="a", path="a", frames=176400, rate=44100, **shape),
        "b": Source(name="b", path="b", frames=59256, rate=48000, **shape),
    }
    assert validate(made) == ()
    found = validate_media(made, known)
    assert all(d.code is Code.KEYFRAME_AFTER_MIX for d in found)


def test_defaults_are_sound():
    assert (
        validate(Timeline(id="x", tracks=(Track(id="a", role="", clips=(Clip(source="a"),)),)))
        == ()
    )


def test_a_misspelt_name_is_reported_once_and_suggestions_are_bounded():
    names = {f"voice{n}": f"{n}.wav" for n in range(50)}
    timeline = Timeline(id="x", sources=names).track("t", role="dialogue")
    for n in range(50):
        timeline = timeline.clip(f"voicee{n}", start_ms=n).clip(f"voicee{n}", start_ms=n)
    found = [d for d in validate_sources(timeline) if d.code is Code.UNKNOWN_SOURCE]
    assert len(found) == MOST_SUGGESTED
    assert len({d.message for d in found}) == MOST_SUGGESTED
