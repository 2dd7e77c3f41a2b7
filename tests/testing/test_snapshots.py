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
