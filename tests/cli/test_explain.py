"""explain shows a moment, a range, a filter or a value, with lines of the timeline."""

from __future__ import annotations

import json

import pytest
from mixdown import compile, load


def test_a_moment(mixdown, show):
    ended = mixdown("explain", show.name, "--at", "1.25")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("0:01.250, sample 60000: 2 clips sound\n\nclip host/hello  (small")
    data = mixdown("explain", show.name, "--at", "00:01.25", "--json").data
    assert [clip["clip"] for clip in data["clips"]] == ["host/hello", "music/bed"]
    assert data["sample"] == 60000
    assert mixdown("explain", show.name, "--at", "0:00:01.25", "--json").data == data


def test_every_filter_of_the_plan(mixdown, show):
    plan = compile(load(show.name), preset="podcast", stems=True).plan
    for label, value in list(plan.labels.items())[::5]:
        options = ["--preset", "podcast", "--stems", "--json"]
        data = mixdown("explain", show.name, "--filter", label, *options).data
        assert data["value"] == value
        assert data["place"]["document"] == show.name
        assert (data["place"]["line"] is None) is (data["owner"]["level"] in ("bus", "master"))


def test_a_value_and_what_a_graph_says_of_it(mixdown, show):
    ended = mixdown("explain", show.name, "--node", "music/bed.fade_out")
    assert "small.yaml:15" in ended.out
    mixdown("inspect", show.name, "-o", "small.mir")
    from_graph = mixdown("explain", "small.mir", "--node", "music/bed.fade_out", "--json").data
    assert from_graph["place"]["pointer"] == "/tracks/1/clips/0/fade_out_ms"
    assert mixdown("explain", "small.mir", "--at", "1").code == 0


def test_a_range_a_clip_and_a_track(mixdown, show):
    ended = mixdown("explain", show.name, "--at", "0:01-1.5")
    assert ended.out.startswith("0:01.000 to 0:01.500: 2 clips sound\n\nclip host/hello  (small")
    by_id, by_track = (
        mixdown("explain", show.name, *options, "--json").data["clips"]
        for options in (["--clip", "hello"], ["--track", "host"])
    )
    assert by_id == by_track and by_id[0]["clip"] == "host/hello"


def test_the_loudest_moment_and_the_levels_are_those_of_the_render_beside_it(mixdown, show):
    assert mixdown("render", show.name, "--preset", "podcast", "--quiet").code == 0
    data = mixdown("explain", show.name, "--loudest", "--preset", "podcast", "--json").data
    report = json.loads((show.parent / "small-mixdown" / "report.json").read_text())
    highest = max(v for v in report["curves"]["momentary_lufs"]["values"] if v is not None)
    assert data["measured"]["momentary_lufs"] == highest
    assert all(clip["loudness_measured"] for clip in data["clips"])
    said = mixdown("explain", show.name, "--loudest", "--preset", "podcast").out
    assert f"\nmeasured in the master: momentary {highest:.1f} LUFS, " in said
    other = mixdown("explain", show.name, "--at", "1", "--json").data
    assert other["measured"] is None, "that was another preset"
    assert not any(clip["loudness_measured"] for clip in other["clips"])
    (show.parent / "small-mixdown" / "manifest.json").write_text("{")
    assert mixdown("explain", show.name, "--at", "1").code == 0


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ([], "choose one of --at, --clip, --track, --loudest, --filter, --node"),
        (
            ["--at", "1", "--node", "x"],
            "choose one of --at, --clip, --track, --loudest, --filter, --node",
        ),
        (["--at", "soon"], "'soon' is not a time"),
        (["--at", "99:00"], "MIX307"),
        (["--at", "1-99:00-3"], "is not a time"),
        (["--at", "2-1"], "MIX307"),
        (["--clip", "nobody"], "MIX307"),
        (["--loudest"], "needs a render of this mix"),
        (["--loudest", "--render", "nowhere"], "MIX307"),
        (["--filter", "volume@nobody"], "MIX307"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_contradictory_options_are_errors(mixdown, show, options, says):
    ended = mixdown("explain", show.name, *options)
    assert (ended.code, ended.out) == (2, "")
    assert says in ended.err
