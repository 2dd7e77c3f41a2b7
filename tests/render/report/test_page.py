"""The page in a real browser: whole, quiet, and deaf to what a timeline would have it run."""

from __future__ import annotations

import json

import attrs
import mixdown
import pytest
from browser import opened
from mixdown.inspection.page import inspected
from mixdown.inspection.page.inspected import report_page
from playwright.sync_api import expect
from small_mixes import track
from web_pages import parsed

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


def text_of(result):
    return result.report_page.read_text(encoding="utf-8")


def test_what_a_timeline_says_is_text(result):
    elements = parsed(text_of(result))
    assert elements.open == []
    tags = [tag for tag, _ in elements.found]
    assert (tags.count("script"), tags.count("img"), tags.count("h1")) == (2, 0, 1)
    assert elements.text.count(HOSTILE) >= 3
    assert not [name for _, attributes in elements.found for name in attributes if name[:2] == "on"]


def test_it_needs_no_network_and_no_other_file_but_the_sound(result):
    page = text_of(result)
    elements = parsed(page)
    loaded = [
        value
        for tag, attributes in elements.found
        for name, value in attributes.items()
        if name in {"src", "srcset", "data", "action"} or (tag == "link" and name == "href")
    ]
    assert loaded == ["data:,", "./master.wav"]
    assert "http://" not in page.replace("http://www.w3.org/2000/svg", "")
    assert "https://" not in page
    assert "@import" not in page
    assert "url(" not in page


def test_its_links_lead_to_moments_lines_buses_and_files(result):
    links = [a["href"] for tag, a in parsed(text_of(result)).found if tag == "a"]
    faults = result.report.faults
    assert f"#t={result.report.loudest_s}" in links or result.report.loudest_s is None
    assert {f"#t={faults[0].at_s}", "#t=0.0", "#t=1.5", "#in=mix&sel=bus:bus_music"} <= set(links)
    assert any(link.startswith("#in=mix&tab=document&line=mix.yaml%7C") for link in links)
    assert [link for link in links if not link.startswith("#")] == [
        "./master.wav",
        "./bus_music.wav",
    ]


def test_file_names_are_escaped_in_addresses(result):
    odd = attrs.evolve(result.report.files[0], file='javascript:alert("1").wav')
    report = attrs.evolve(result.report, files=(odd,))
    page = report_page(result.compilation, result.facts, report)
    links = [a["href"] for tag, a in parsed(page).found if tag == "a" and a["href"][0] != "#"]
    assert links == ["./javascript%3Aalert%28%221%22%29.wav"]


def test_the_same_mix_in_another_folder_gives_the_same_page(mixed, media, tmp_path):
    first = text_of(mixed(CUT, head=HEAD))
    media.rename(tmp_path / "moved")
    other = mixdown.load(tmp_path / "moved" / "mix.yaml", allow_outside=True)
    again = mixdown.render(other, out=tmp_path / "again", backend="native", preset="draft")
    assert text_of(again) == first


def test_the_page_of_a_very_large_mix_is_the_report_alone(mixed, monkeypatch):
    monkeypatch.setattr(inspected, "MOST_NODES", 3)
    page = text_of(mixed(CUT))
    links = [a["href"] for tag, a in parsed(page).found if tag == "a"]
    assert "#in=mix" not in links and "mixdown inspect" in page


@pytest.mark.requires("chromium")
@pytest.mark.parametrize("width", [390, 1280])
def test_a_browser_shows_it_without_a_complaint(result, chromium, width):
    with opened(chromium, result.report_page.as_uri(), width=width) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        verdict = page.locator(".verdict").bounding_box()
        assert verdict["y"] + verdict["height"] < 120
        box = page.locator("#canvas").bounding_box()
        page.mouse.move(box["x"] + (box["width"] + 100) / 2, box["y"] + 60)
        readout = page.locator("#readout")
        expect(readout).to_contain_text("peak −")
        expect(readout).to_contain_text("momentary −")
        expect(readout).to_contain_text("the limiter takes 0.0 dB")
        page.get_by_role("link", name="the first at").click()
        moment = f"{result.report.faults[0].at_s:.3f}"
        expect(page.locator("#scroll")).to_have_attribute("aria-valuetext", f"0:0{moment}")
        page.get_by_role("button", name="Zoom in").click()
        page.wait_for_url("**view=*")
        page.get_by_role("link", name="bus_music", exact=True).click()
        expect(page.locator("#answer h2").first).to_contain_text("bus bus_music")
        expect(page.locator("#report")).to_be_hidden()


def test_without_scripts_the_tables_are_there(result):
    elements = parsed(text_of(result))
    for text in ("integrated loudness", "dBTP true peak", "Second", result.master.digest):
        assert text in elements.text


def test_a_bus_without_a_stem_says_how_to_measure_it(mixed):
    result = mixed(track("source: noise.wav, start_ms: 500, duration_ms: 1000"))
    assert result.report.buses[0].sounding == ((0.5, 1.5),)
    assert "render with <code>--stems</code>" in text_of(result)


def test_the_loudest_three_seconds_are_found(mixed):
    report = mixed(
        track(
            "source: noise.wav, duration_ms: 2000, gain_db: -20",
            "source: noise.wav, start_ms: 5000, duration_ms: 3000",
        )
    ).report
    assert report.loudest_s == pytest.approx(5.0, abs=0.3)
