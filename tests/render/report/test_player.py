"""A render in a notebook: a player that plays, levels, checks, and only text from the timeline."""

from __future__ import annotations

import base64
import json

import attrs
import pytest
from mixdown.render.report import player
from small_mixes import track
from web_pages import browse, parsed

HOSTILE = '</p><img src=x onerror="document.title=1">'
TONE = track("source: tone.wav, duration_ms: 1500, fade_in_ms: 5, fade_out_ms: 5")


@pytest.fixture
def result(mixed):
    head = f"metadata: {{title: {json.dumps(HOSTILE)}}}\n"
    return mixed(TONE, head=head, preset="podcast")


def test_it_has_the_master_its_levels_and_its_checks(result):
    elements = parsed(result._repr_html_())
    assert elements.open == []
    assert HOSTILE in elements.text
    assert "img" not in {tag for tag, _ in elements.found}
    assert "−16.0 LUFS" in elements.text
    ((_, attributes),) = (found for found in elements.found if found[0] == "audio")
    kind, content = attributes["src"].split(",")
    assert kind == "data:audio/wav;base64"
    assert base64.b64decode(content) == result.master.path.read_bytes()
    rows = [tag for tag, _ in elements.found].count("tr")
    assert rows == 1 + len(result.report.checks) + 1
    assert "at most -1 dBTP" in elements.text


def test_a_large_master_is_linked(result, monkeypatch):
    monkeypatch.setattr(player, "MOST_EMBEDDED", 1000)
    assert f'src="{result.master.path}"' in result._repr_html_()


def test_without_a_report_there_is_no_table(result):
    assert "<table" not in attrs.evolve(result, report=None)._repr_html_()


@pytest.mark.requires("chromium")
@pytest.mark.parametrize("form", ["wav", "flac", "mp3", "opus", "ogg"])
def test_a_browser_plays_it(mixed, tmp_path, form):
    result = mixed(TONE, format=form)
    (tmp_path / "probe.html").write_text(
        f"<body>{result._repr_html_()}<script>document.querySelector('audio').addEventListener("
        "'loadedmetadata', e => { document.body.dataset.seconds = e.target.duration })"
        "</script></body>"
    )
    dom, _ = browse(tmp_path / "probe.html", tmp_path / "profile", 800)
    (body,) = [attributes for tag, attributes in parsed(dom).found if tag == "body"]
    assert float(body["data-seconds"]) == pytest.approx(1.5, abs=0.1)
