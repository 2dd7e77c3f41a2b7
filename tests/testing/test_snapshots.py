"""The fixtures of our own suite show the same words."""

from __future__ import annotations

from mixdown.testing.snapshots import FilterGraphSnapshot, MirSnapshot

OLD = """mixdown.ir 1
source @s = "s.wav" {digest = "sha256:0", rate = 48000, channels = 1, frames = 100, codec = "wav"}
%t/a.clip = clip {source = @s, offset = 0, length = 100, rate = 48000}
%t/a.gain = gain %t/a.clip {gain_db = 1.0}
%m.output = output %t/a.gain {role = master, target = "master", container = "wav", encoding = s16}
"""


def test_a_changed_graph_is_described_in_words_and_lines():
    lines = list(MirSnapshot().diff_lines(OLD.replace("gain_db = 1.0", "gain_db = -2.5"), OLD))
    assert lines == [
        "clip t/a: gain -2.5 dB, was +1 dB",
        "--- stored",
        "+++ new",
        "@@ -4 +4 @@",
        "-%t/a.gain = gain %t/a.clip {gain_db = 1.0}",
        "+%t/a.gain = gain %t/a.clip {gain_db = -2.5}",
    ]


def test_other_text_is_compared_by_lines():
    assert list(MirSnapshot().diff_lines("b\n", "a\n"))[-2:] == ["-a", "+b"]
    assert list(FilterGraphSnapshot().diff_lines("b\n", "a\n"))[-2:] == ["-a", "+b"]


def test_plans_are_compared_by_filters_and_their_digests_only_if_nothing_else_differs():
    plan = "plan ffmpeg 1a\n\n  [0:a]volume@a=volume=1dB,apad@b=eval='min(1,2)',atrim@c=end=4[c]\n"
    other = plan.replace("ffmpeg 1a", "ffmpeg 2b")
    digests = list(FilterGraphSnapshot().diff_lines(other, plan))
    assert digests[-2:] == ["-plan ffmpeg 1a", "+plan ffmpeg 2b"]
    lines = list(FilterGraphSnapshot().diff_lines(other.replace("min(1", "min(3"), plan))
    assert [line.strip("+- ") for line in lines[2:]] == [
        "@@ -4 +4 @@",
        "apad@b=eval='min(1,2)',",
        "apad@b=eval='min(3,2)',",
    ]
