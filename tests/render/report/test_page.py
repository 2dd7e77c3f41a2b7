"""The page in a real browser: whole, quiet, and deaf to what a timeline would have it run."""

from __future__ import annotations

import json
import re

import attrs
import pytest
from mixdown.render.report.page import page_text
from small_mixes import track
from web_pages import browse, parsed

HOSTILE = '</script><img src=x onerror="document.title=1"><!-- & \' {{ 7*7 }}'
HEAD = (
    f"metadata: {{title: {json.dumps(HOSTILE)}}}\n"
    f"markers: [{{at_ms: 0, label: {json.dumps(HOSTILE)}}}, {{at_ms: 1500, label: Second}}]\n"
)
CUT = track(
    f"id: {json.dumps('c' + HOSTILE)}, source: tone.wav, duration_ms: 1000.9, fade_in_ms: 5",
    "source: tone.wav, start_ms: 1500, fade_in_ms: 5, fade_out_ms: 5",
    id="track <b>",
)


@pytest.fixture
def result(mixed):
    return mixed(CUT, head=HEAD, preset="podcast", stems=True)


def test_what_a_timeline_says_is_text(result):
    elements = parsed(page_text(result.report))
    assert elements.open == []
    tags = [tag for tag, _ in elements.found]
    assert (tags.count("script"), tags.count("img"), tags.count("h1")) == (2, 0, 1)
    assert elements.text.count(HOSTILE) >= 3
    assert not [name for _, attributes in elements.found for name in attributes if name[:2] == "on"]


def test_it_needs_no_network_and_no_other_file_but_the_sound(result):
    page = page_text(result.report)
    elements = parsed(page)
    loaded = [
        value
        for tag, attributes in elements.found
        for name, value in attributes.items()
        if name in {"src", "srcset", "data", "action"} or (tag == "link" and name == "href")
    ]
    assert loaded == ["data:,", "./master.wav"]
    assert "http://" not in page
    assert "https://" not in page
    assert "@import" not in page
    assert "url(" not in page


def test_it_can_be_used_without_seeing_it(result):
    elements = parsed(page_text(result.report))
    pictures = [attributes for tag, attributes in elements.found if tag == "svg"]
    assert len(pictures) == 4
    assert all(p["role"] == "img" and p["aria-label"] for p in pictures)
    assert ("html", {"lang": "en"}) in elements.found
    names = {attributes["id"] for _, attributes in elements.found if "id" in attributes}
    links = [a["href"] for tag, a in elements.found if tag == "a"]
    inside = [link[1:] for link in links if link.startswith("#")]
    moments = [link for link in inside if link.startswith("t=")]
    assert {"mark-1", "mark-2"} == set(inside).difference(moments) <= names
    faults = result.report.faults
    assert f"t={result.report.loudest_s}" in moments or result.report.loudest_s is None
    assert f"t={faults[0].at_s}" in moments
    assert [link for link in links if not link.startswith("#")] == [
        "./master.wav",
        "./bus_music.wav",
    ]
    labelled = [a["aria-labelledby"] for _, a in elements.found if "aria-labelledby" in a]
    assert set(labelled) <= names


def test_file_names_are_escaped_in_addresses(result):
    odd = attrs.evolve(result.report.files[0], file='javascript:alert("1").wav')
    page = page_text(attrs.evolve(result.report, files=(odd,)))
    links = [a["href"] for tag, a in parsed(page).found if tag == "a" and a["href"][0] != "#"]
    assert links == ["./javascript%3Aalert%28%221%22%29.wav"]


def test_lines_break_off_where_there_is_no_loudness(mixed):
    two = track(
        "source: noise.wav, duration_ms: 1000, fade_out_ms: 5",
        "source: noise.wav, start_ms: 3000, duration_ms: 500, fade_out_ms: 5",
    )
    page = page_text(mixed(two).report)
    (momentary,) = re.findall(r'class="momentary" d="([^"]*)"', page)
    assert momentary.count("M") == 2
    assert "NaN" not in page
    assert "None" not in page


def test_an_hour_has_few_marks_on_its_axis(result):
    report = attrs.evolve(result.report, samples=result.report.rate * 4000)
    (times,) = re.findall(r'<div class="times".*?</div>', page_text(report))
    assert re.findall(r">([\d:]+)</span>", times) == [
        *(f"{m}:00" for m in range(0, 60, 10)),
        "1:00:00",
    ]


PROBE = """
<script>
addEventListener("load", () => {
  const plot = document.querySelector(".plot"), box = plot.getBoundingClientRect();
  const at = { clientX: box.left + box.width / 2, bubbles: true };
  plot.dispatchEvent(new PointerEvent("pointermove", at));
  const pointed = document.getElementById("readout").textContent;
  const key = new KeyboardEvent("keydown", { key: "PageUp", bubbles: true });
  document.getElementById("area").dispatchEvent(key);
  document.body.dataset.pointed = pointed;
  document.body.dataset.moved = document.getElementById("readout").textContent;
  location.hash = "t=1.25";
  document.querySelector('[data-zoom="2"]').click();
  document.body.dataset.zoomed = document.querySelector(".figure").clientWidth
    > 1.9 * document.getElementById("zoomed").clientWidth;
  document.body.dataset.wide = document.documentElement.scrollWidth <= innerWidth;
});
</script>
"""


@pytest.mark.requires("chromium")
@pytest.mark.parametrize("width", [500, 1280])
def test_a_browser_shows_it_without_a_complaint(result, tmp_path, width):
    page = result.report_page.read_text(encoding="utf-8")
    (tmp_path / "probe.html").write_text(page.replace("</body>", f"{PROBE}</body>"))
    dom, said = browse(tmp_path / "probe.html", tmp_path / "profile", width)
    assert "CONSOLE" not in said, said
    found = parsed(dom)
    title = "".join(re.findall(r"<title>(.*?)</title>", dom, re.DOTALL))
    assert title.startswith("&lt;/script&gt;")
    (body,) = [attributes for tag, attributes in found.found if tag == "body"]
    assert body["data-pointed"].startswith("0:02.750 · peak −")
    assert re.search(r"momentary −[\d.]+ LUFS · short-term (−[\d.]+ LUFS|–)", body["data-pointed"])
    assert "limiter 0.0 dB" in body["data-pointed"]
    assert body["data-moved"].startswith("0:02.475 ·")
    assert body["data-zoomed"] == body["data-wide"] == "true"


def test_a_bus_without_a_stem_shows_when_its_clips_play(mixed):
    report = mixed(track("source: noise.wav, start_ms: 500, duration_ms: 1000")).report
    (bus,) = report.buses
    assert bus.sounding == ((0.5, 1.5),)
    bare = attrs.evolve(report, buses=(attrs.evolve(bus, peaks=None),))
    assert page_text(bare).count('class="busbar"') == 1


def test_the_loudest_three_seconds_are_found(mixed):
    report = mixed(
        track(
            "source: noise.wav, duration_ms: 2000, gain_db: -20",
            "source: noise.wav, start_ms: 5000, duration_ms: 3000",
        )
    ).report
    assert report.loudest_s == pytest.approx(5.0, abs=0.3)
