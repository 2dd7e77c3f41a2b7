"""Twelve faults, planted in a mix one at a time: each is found in a few actions, and is a line.

An action is one click, or one search. With the mix as it was before, the line is one click away.
"""

from __future__ import annotations

import copy

import numpy as np
import pytest
import soundfile
import yaml
from browser import opened
from mixdown.compiler.graph_input import open_mix
from mixdown.inspection.page.build import inspection
from mixdown.inspection.page.emit import page as page_text
from mixdown.inspection.trace import trace
from playwright.sync_api import expect

pytestmark = pytest.mark.requires("chromium")


def clip(id, source, start, **more):
    return {"id": id, "source": f"{source}.wav", "start_ms": start, "duration_ms": 1500, **more}


def track(id, role, clips, **more):
    return {"id": id, "role": role, **more, "clips": clips}


CLEAN = {
    "schema_version": 1,
    "id": "episode",
    "mix_preset_id": "podcast_mix",
    "sources": {"bed": "music.wav"},
    "tracks": [
        track("host", "dialogue", [clip(f"h{k}", "voice", 500 + 4000 * k) for k in range(3)]),
        track("guest", "dialogue", [clip(f"g{k}", "voice", 2500 + 4000 * k) for k in range(3)]),
        track(
            "music",
            "music",
            [
                clip("m0", "music", 0, duration_ms=4500),
                clip("m1", "music", 4000, duration_ms=5000, crossfade_in_ms=500),
                {"id": "m2", "source": "bed", "start_ms": 9500, "duration_ms": 3000},
            ],
            gain_db=-4,
        ),
        track("fx", "fx", [clip("x0", "voice", 6000, gain_db=-6)], gain_db=-3),
    ],
}


def automation(values):
    return {"gain": [{"at_ms": at, "value": value} for at, value in values]}


def put(place, **values):
    """A fault: these keys of the document, a track or a clip."""

    def plant(mix):
        found = mix
        for key in place:
            found = found[key]
        found.update(values)

    return plant


HOST, GUEST, MUSIC, FX = (("tracks", number) for number in range(4))
BOOST = ((0, 0), (6000, 0), (6500, 9), (7500, 9), (8000, 0))
BUS = {"id": "bus_music", "roles": ["music"], "gain_db": -6}
PUMPING = {"by": ["dialogue"], "gain_db": -18, "attack_ms": 30, "hold_ms": 0, "release_ms": 60}
EQ = [{"kind": "lowpass", "frequency_hz": 800}]
DIALOGUE = {"id": "bus_dialogue", "roles": ["dialogue", "vox", "voiceover"], "eq": EQ}

# Fault, what plants it, the actions without the old mix, what the page shows then, and what the
# line has that the first difference leads to.
FAULTS = [
    ("automation", put(MUSIC, automation=automation(BOOST)), ["search gain>6"], "music", "at_ms"),
    (
        "clipauto",
        put((*HOST, "clips", 1), automation=automation(((0, 0), (400, 7)))),
        ["search gain>6"],
        "host/h1",
        "at_ms",
    ),
    ("route", put(GUEST, role="music"), ["click guest"], "bus_music", "id: guest"),
    (
        "clamp",
        put((*MUSIC, "clips", 1), start_ms=4400, crossfade_in_ms=1000),
        [],
        "MIX220",
        "id: m0",
    ),
    ("early", put((*GUEST, "clips", 1), start_ms=5500), ["click guest/g1"], "host/h1", "5500"),
    (
        "sample",
        put((*MUSIC, "clips", 1), start_ms=4000.0208333),
        ["click music/m1"],
        "from sample 192001",
        "id: m0",
    ),
    ("buseq", put((), buses=[DIALOGUE]), ["click bus_dialogue"], "lowpass 800 Hz", "bus_dialogue"),
    (
        "duck",
        put((), buses=[{**BUS, "duck": PUMPING}]),
        ["search gain<-15"],
        "bus_music",
        "id: bus_music",
    ),
    (
        "speed",
        put(("sources",), bed={"path": "music.wav", "speed": "441/480"}),
        ["click music/m2"],
        "at speed 147/160, 1.47 semitones lower",
        "path: music.wav",
    ),
    ("mute", put((*HOST, "clips", 2), mute=True), ["search is:silent"], "host/h2", "h2"),
    ("solo", put(FX, solo=True), ["click host"], "another track is solo", "solo: true"),
    (
        "offset",
        put((*GUEST, "clips", 2), offset_ms=800, duration_ms=700),
        ["click guest/g2"],
        "0:00.800 to 0:01.500 of the file",
        "id: g2",
    ),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A directory with the sources."""
    made = tmp_path_factory.mktemp("faults")
    noise = np.random.default_rng(2)
    for name in ("voice", "music"):
        soundfile.write(
            made / f"{name}.wav", noise.normal(0, 0.1, 8000 * 6), 8000, subtype="PCM_16"
        )
    return made


def traced(folder, name, mix):
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(mix, sort_keys=False))
    return trace(open_mix(path))


@pytest.fixture(scope="module")
def clean(folder):
    return traced(folder, "clean", CLEAN)


def act(page, action):
    """One click in the list, which is open, or one search."""
    verb, _, what = action.partition(" ")
    if verb == "search":
        page.fill("#query", what)
    else:
        page.locator("#pane tbody").get_by_role("button", name=what, exact=True).click()


@pytest.mark.parametrize(
    ("fault", "plant", "actions", "shown", "line"), FAULTS, ids=[fault[0] for fault in FAULTS]
)
def test_a_planted_fault_is_found(chromium, folder, clean, fault, plant, actions, shown, line):
    mix = copy.deepcopy(CLEAN)
    plant(mix)
    done = traced(folder, fault, mix)
    path = folder / f"{fault}.html"
    path.write_text(page_text(inspection(done)))
    with opened(chromium, f"{path.as_uri()}#tab=list") as page:
        for action in actions:
            act(page, action)
        where = "#pane" if actions and actions[0].startswith("search") else "#answer"
        expect(page.locator(where)).to_contain_text(shown)
    path.write_text(page_text(inspection(done, old=("clean.yaml", clean))))
    with opened(chromium, path.as_uri()) as page:
        page.locator("#pane tbody button").first.click()
        marked = page.locator("#pane .line.marked")
        expect(marked.first).to_contain_text(line)


def test_a_track_that_is_gone_has_a_lane(chromium, folder, clean):
    mix = copy.deepcopy(CLEAN)
    del mix["tracks"][3]
    path = folder / "gone.html"
    done = traced(folder, "gone", mix)
    path.write_text(page_text(inspection(done, old=("clean.yaml", clean))))
    with opened(chromium, path.as_uri()) as page:
        lanes = page.locator("#canvas")
        with_lane = lanes.evaluate("canvas => canvas.clientHeight")
        page.locator("#pane tbody button", has_text="track fx").click()
        expect(page.locator("#pane .line.marked").first).to_contain_text("id: fx")
        path.write_text(page_text(inspection(done)))
        page.goto(path.as_uri())
        page.wait_for_selector("html[data-ready]")
        assert with_lane - lanes.evaluate("canvas => canvas.clientHeight") == 46
