"""The picture of a timeline: well-formed, clips at their times, hostile names as text."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import mixdown
import pytest
from hypothesis import given, settings
from mixdown import Timeline
from mixdown.compiler.lanes import lanes_svg
from strategies import timelines

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = '</svg><script>1</script> & "'


def titles(picture: str) -> list[str]:
    return [title.text or "" for title in ElementTree.fromstring(picture).iter(f"{SVG}title")]


def shape(picture: str, clip: str) -> list[float]:
    """Left, end of the fade-in, start of the fade-out, right."""
    pattern = rf'<title>[^<]*/{clip}: .*?d="M([\d.]+) [\d.]+L([\d.]+) [\d.]+H([\d.]+)L([\d.]+)'
    return [float(x) for x in re.search(pattern, picture, re.DOTALL).groups()]


def test_clips_are_at_their_times_with_their_fades():
    timeline = (
        Timeline(id="t", length_ms=10_000)
        .track("host", role="dialogue")
        .clip("a.wav", id="a", start_ms=1000, duration_ms=8000, fade_in_ms=2000, fade_out_ms=4000)
        .clip("b.wav", id="b", start_ms=0, duration_ms=10_000)
    )
    picture = lanes_svg(timeline)
    left, *_, right = shape(picture, "b")
    found = [(x - left) / (right - left) for x in shape(picture, "a")]
    assert found == pytest.approx([0.1, 0.3, 0.5, 0.9], abs=0.001)
    assert titles(picture) == [
        "host: dialogue",
        "host/a: a.wav, 0:01.0 to 0:09.0",
        "host/b: b.wav, 0:00.0 to 0:10.0",
    ]


def test_a_clip_whose_end_is_unknown_is_dashed_until_the_source_is_known():
    timeline = mixdown.load("examples/podcast/podcast.yaml")
    compilation = mixdown.compile(timeline, preset="draft")
    assert "sting/chapter-bell: sting, 0:24.7 to the end of the source" in timeline._repr_html_()
    assert 'stroke-dasharray="4 3"' in timeline._repr_html_()
    picture = compilation._repr_html_()
    assert "sting/chapter-bell: sting, 0:24.7 to 0:27.1" in picture
    assert 'stroke-dasharray="4 3"' not in picture
    assert picture.startswith("<p>&lt;Compilation of 'podcast-demo' for ffmpeg: 0:48.0, ")


def test_what_is_muted_is_faint():
    timeline = Timeline(id="t").track("a", role="fx").clip("x.wav", duration_ms=5, mute=True)
    assert 'opacity="0.35"><title>' in lanes_svg(timeline)


def test_names_are_text():
    timeline = (
        Timeline(id=HOSTILE)
        .track(HOSTILE, role=HOSTILE)
        .clip(HOSTILE, id=HOSTILE, duration_ms=1000)
        .marker(0, HOSTILE)
    )
    picture = lanes_svg(timeline)
    assert "<script" not in picture
    assert titles(picture)[0] == f"{HOSTILE}: {HOSTILE}"


@settings(max_examples=50)
@given(timelines())
def test_any_timeline_has_a_picture(timeline):
    assert len(titles(lanes_svg(timeline))) == len(timeline.tracks) + sum(
        len(track.clips) for track in timeline.tracks
    )


def test_nothing_is_a_picture_too():
    assert titles(lanes_svg(Timeline(id="t"))) == []
