"""What was edited is what is told, at the clip, track or bus where it was, with its line."""

from __future__ import annotations

import json
import shutil

import pytest
from house import ROOT
from mixdown.compiler.graph_input import open_mix
from mixdown.compiler.request import RenderRequest
from mixdown.inspection.diff import diff
from mixdown.inspection.dumps import unit_text
from mixdown.inspection.trace import trace

PODCAST = ROOT / "examples" / "podcast"
TEXT = (PODCAST / "podcast.yaml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("diff")
    shutil.copytree(PODCAST / "media", folder / "media")
    (folder / "a.yaml").write_text(TEXT)
    return folder


def traced(path):
    return trace(open_mix(path), RenderRequest())


@pytest.fixture(scope="module")
def first(folder):
    return traced(folder / "a.yaml")


@pytest.fixture
def edited(folder, first):
    """A function that replaces texts in the timeline and returns the diff."""

    def edit(*replacements):
        text = TEXT
        for old, new in replacements:
            assert old in text
            text = text.replace(old, new, 1)
        (folder / "b.yaml").write_text(text)
        return diff(first, traced(folder / "b.yaml"), ("a.yaml", "b.yaml"))

    return edit


def changes_of(difference):
    return [str(change) for change in difference.changes]


CLIP = "start_ms: 26600, offset_ms: 10000, duration_ms: 3000,\n         fade_in_ms: 30"
BELL = "      - id: chapter-bell\n        source: sting"
DUCK = "        - {at_ms: 24400, value: -10, curve: smooth}\n"


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        ([("gain_db: 0.7 ", "gain_db: 1.5 ")], ["track host: gain +1.5 dB, was +0.7 dB"]),
        ([("pan: -0.15", "pan: 0.3")], ["track host: pan 30% right, was 15% left"]),
        (
            [("start_ms: 26600", "start_ms: 26350")],
            [
                "clip host/ask-loudness: starts at 0:26.350, was 0:26.600: 250 ms earlier",
            ],
        ),
        (
            [(CLIP, CLIP.replace("10000", "10000.5").replace("3000,", "2990,"))],
            [
                "clip host/ask-loudness: plays its source from 0:10.0005, was 0:10.000",
                "clip host/ask-loudness: lasts 2.99 s, was 3 s",
            ],
        ),
        ([(CLIP, CLIP[:-2] + "45")], ["clip host/ask-loudness: fade in 45 ms tri, was 30 ms tri"]),
        (
            [("fade_in_curve: qsin", "fade_in_curve: hsin")],
            ["clip music/bed-opening: fade in 1.2 s hsin, was qsin"],
        ),
        (
            [(BELL, BELL.replace("sting", "room")), ("duration_ms: 26000", "duration_ms: 25000")],
            [
                "clip music/bed-opening: lasts 25 s, was 26 s",
                "clip music/bed-opening: crossfade out 1 s qsin, was 2 s qsin",
                "clip music/bed-ending: crossfade in 1 s qsin, was 2 s qsin",
                "source sting: removed (media/sting.flac)",
                "clip sting/chapter-bell: plays @room, was @sting",
                "clip sting/chapter-bell: lasts 28 s, was 2.4 s",
                "master: lasts 52.7 s, was 48 s",
            ],
        ),
        (
            [
                (
                    DUCK,
                    "        - {at_ms: 24400, value: -8}\n"
                    "        - {at_ms: 24500, value: -9, curve: smooth}\n",
                )
            ],
            [
                "track music: gain automation at 0:24.400: -8 dB, was -10 dB linear, was smooth",
                "track music: gain automation: keyframe added at 0:24.500, -9 dB smooth",
            ],
        ),
        (
            [(DUCK, "")],
            ["track music: gain automation: keyframe removed at 0:24.400, -10 dB"],
        ),
        (
            [("role: fx", "role: ambience")],
            [
                "bus bus_fx: removed",
                "track sting: routed to bus_ambience, was bus_fx",
            ],
        ),
        ([("id: guest\n    name", "id: guest\n    mute: true\n    name")],
         ["track guest: no longer sounds"]),
        (
            [("{id: welcome,", "{id: welcome, mute: true,")],
            ["clip host/welcome: no longer sounds"],
        ),
        ([("{id: welcome,", "{id: hello,")], ["clip host/hello: renamed from host/welcome"]),
        ([("- id: host\n", "- id: anna\n")], ["track anna: renamed from host"]),
        (
            [
                (
                    "      - {id: keyframes,",
                    "      - {id: extra, source: guest, start_ms: 0, duration_ms: 500}\n"
                    "      - {id: keyframes,",
                )
            ],
            ["clip guest/extra: added"],
        ),
        (
            [
                (
                    "  - id: sting\n",
                    "  - {id: hiss, role: fx, clips: [{id: one, source: room}]}\n  - id: sting\n",
                )
            ],
            ["track hiss: added, on bus_fx, with hiss/one"],
        ),
        ([("eq: [{kind: highpass, frequency_hz: 80}]", "eq: [{kind: highpass, frequency_hz: 90}]")],
         ["track host: highpass 90 Hz q 0.707, was 80 Hz q 0.707"]),
        (
            [("    eq: [{kind: highpass, frequency_hz: 80}]      # no", "    # no")],
            ["track host: removed eq1: highpass 80 Hz q 0.707"],
        ),
        (
            [("gain_db: -9\n", "gain_db: -9\n    filter: {kind: lowpass, frequency_hz: 9000}\n")],
            ["track sting: added filter: lowpass 9000 Hz q 0.707"],
        ),
        (
            [("value: 0.5}]", "value: 0.4}]")],
            ["clip sting/chapter-bell: pan automation at 0:01.500: 40% right, was 50% right"],
        ),
        (
            [('title: "What is mixdown?"', 'title: "Why?"'), ("label: Outro", "label: End")],
            [
                "metadata: title 'Why?', was 'What is mixdown?'",
                "markers: changed times or labels",
            ],
        ),
        ([], []),
    ],
)  # fmt: skip
def test_an_edit_in_words(edited, edits, expected):
    found = edited(*edits)
    assert sorted(changes_of(found)) == sorted(expected)
    assert bool(found) is bool(expected)


def test_the_order_of_sums(edited, folder, first):
    start, end = TEXT.index("  - id: host\n"), TEXT.index("  - id: guest\n")
    after = TEXT.index("  # The music lasts")
    swapped = TEXT[:start] + TEXT[end:after] + TEXT[start:end] + TEXT[after:]
    (folder / "b.yaml").write_text(swapped)
    found = diff(first, traced(folder / "b.yaml"), ("a", "b"))
    assert changes_of(found) == ["bus bus_dialogue: sums in another order: guest, host"]


def test_clips_without_ids_are_matched_by_what_they_play(folder):
    head = (
        "id: x\nsources: {host: media/host.flac}\n"
        "tracks:\n  - id: t\n    role: dialogue\n    clips:\n"
    )
    clips = [
        f"      - {{source: host, start_ms: {n * 1000}, duration_ms: {n}00}}\n" for n in (1, 2, 3)
    ]
    (folder / "two.yaml").write_text(head + "".join(clips[1:]))
    (folder / "three.yaml").write_text(head + "".join(clips))
    found = diff(traced(folder / "two.yaml"), traced(folder / "three.yaml"), ("a", "b"))
    assert changes_of(found) == [
        "clip t/c1: added",
        "clip t/c2: renamed from t/c1",
        "clip t/c3: renamed from t/c2",
    ]


def test_every_change_has_its_line(edited):
    found = edited(("gain_db: 0.7 ", "gain_db: 1.5 "), ("role: fx", "role: music"))
    lines = found.to_text().splitlines()
    number = 1 + TEXT[: TEXT.index("gain_db: 0.7 ")].count("\n")
    name = found.changes[-1].after.document
    assert f"track host: gain +1.5 dB, was +0.7 dB  ({name}:{number})" in lines
    assert "--- a.yaml" in lines and "+++ b.yaml" in lines
    data = json.loads(json.dumps(found.to_dict()))
    assert data["differs"]
    change = next(c for c in data["changes"] if c["about"] == "track host")
    assert change["after"]["line"] == change["before"]["line"] == number
    assert data["ir"] == found.ir.splitlines()


def test_changed_content(folder, first):
    other = folder / "other"
    shutil.copytree(PODCAST / "media", other / "media")
    (other / "a.yaml").write_text(TEXT)
    same = diff(first, traced(other / "a.yaml"), ("a", "b"))
    assert not same and same.to_text() == ""
    shutil.copy(PODCAST / "media" / "sting.flac", other / "media" / "room.ogg")
    (other / "a.yaml").write_text(TEXT.replace("duration_ms: 24000", "duration_ms: 1000")
                                  .replace("fade_in_ms: 2000\n", "fade_in_ms: 20\n")
                                  .replace("crossfade_out_ms: 4000", "fade_out_ms: 0")
                                  .replace("crossfade_in_ms: 4000", "fade_in_ms: 0")
                                  .replace("fade_out_ms: 4000", "fade_out_ms: 400"))  # fmt: skip
    changed = changes_of(diff(first, traced(other / "a.yaml"), ("a", "b")))
    assert (
        "source room: content changed: 115200 samples at 48000 Hz, 2 channels, "
        "was 1344000 samples at 48000 Hz, 2 channels"
    ) in changed


def test_graphs_can_be_compared_and_with_timelines(folder, first):
    (folder / "a.mir").write_text(unit_text(first.final))
    changed = unit_text(first.final).replace("starts = [158400", "starts = [158448")
    (folder / "b.mir").write_text(changed.replace("headroom_db = 3.0", "headroom_db = 6.0"))
    a, b = traced(folder / "a.mir"), traced(folder / "b.mir")
    assert not diff(first, a, ("a", "b"))
    assert changes_of(diff(a, b, ("a", "b"))) == [
        "track host: %host/welcome.pan starts at 0:03.301, was 0:03.300: 1 ms later",
        "master: headroom -6 dB, was -3 dB",
    ]
    assert changes_of(diff(first, b, ("a", "b"))) == changes_of(diff(a, b, ("a", "b")))


def test_another_part_of_the_same_file(folder):
    for name, keys in (("one", "speed: 1"), ("two", "speed: 2, channels: [0, 0]")):
        (folder / f"{name}.yaml").write_text(
            f"id: x\nsources: {{a: {{path: media/host.flac, {keys}}}}}\n"
            "tracks: [{id: t, role: fx, clips: [{source: a, duration_ms: 100}]}]\n"
        )
    found = changes_of(diff(traced(folder / "one.yaml"), traced(folder / "two.yaml"), ("a", "b")))
    assert found[0].startswith("source a: plays channels 0 and 0, ")
    assert ", at speed 2/1, 12 semitones higher, was all of it, " in found[0]
