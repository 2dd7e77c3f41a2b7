"""The page in Debian's Chromium: from a second of sound to a line of the document."""

from __future__ import annotations

import math
import random
import re

import pytest
from browser import opened
from inspected import HOSTILE
from mixdown.inspection.explain import explain
from playwright.sync_api import expect

pytestmark = pytest.mark.requires("chromium")

ASKED = """async samples => {
  const frame = () => new Promise(requestAnimationFrame), found = [];
  const shown = () => document.querySelector("#answer .moment").textContent;
  for (const at of samples) {
    location.hash = "t=" + at / 48000;
    for (let k = 0; !shown().includes(", sample " + at + ":"); k++) {
      if (k > 600) throw Error(`${location.hash} shows ${shown()} and not sample ${at}`);
      await frame();
    }
    found.push([...document.querySelectorAll("#answer .card[data-clip]")].map(card => [
      card.dataset.clip,
      card.querySelector("[data-factors]").dataset.factors.split(" ").map(Number),
      card.querySelector(".file").textContent,
      [...card.querySelectorAll(".why")].map(why => why.textContent),
    ]));
  }
  return found;
}"""


UNNAMED = """[...document.querySelectorAll("button, input, [role=slider], svg[role=img]")].filter(
  e => !(e.textContent.trim() || e.getAttribute("aria-label") || e.closest("label"))).length"""


def seconds(text):
    minutes, rest = text.split(":")
    return 60 * int(minutes) + float(rest)


def test_it_answers_any_second_like_explain(chromium, address, done):
    unit, draw = done.lowered, random.Random(3)
    samples = sorted(draw.randrange(unit.ir.session.length) for _ in range(30))
    with opened(chromium, address) as page:
        answers = page.evaluate(ASKED, samples)
    causes = set()
    for at, cards in zip(samples, answers, strict=True):
        wanted = {s.owner.id: s for s in explain(unit, at).sounding}
        assert {name for name, *_ in cards} == set(wanted)
        for name, factors, file, why in cards:
            sounding = wanted[name]
            exact = sounding.file_sample / sounding.source.rate
            assert seconds(file) == pytest.approx(exact, abs=0.000501)
            assert set(why) >= {stage.cause for stage in sounding.stages if stage.cause}
            causes.update(why)
            for found, exact in zip(factors, sounding.factors, strict=True):
                # Curves are followed by straight lines: exact to 0.05 dB, but for the deepest part.
                assert abs(found - exact) < 1e-4 + 0.006 * exact, (at, name)
    assert {"levelled", "ducked", "not"} <= {cause.split()[0] for cause in causes}


def test_from_a_click_on_a_second_to_a_line(chromium, address):
    with opened(chromium, address) as page:
        head = page.locator("#answer h2").first
        box = page.locator("#scroll").bounding_box()
        across = box["x"] + 120 + (box["width"] - 120) * 3.5 / 5.5
        page.mouse.click(across, box["y"] + 30 + 22 + 23)  # the first track, at 3.5 s
        expect(head).to_have_text("clip host/again")
        expect(page.locator("#answer .moment")).to_contain_text("At 0:03.49")
        marked = page.locator("#pane .line.marked").all_text_contents()
        assert any("id: again" in line for line in marked)
        card = page.locator("#answer .card.chosen")
        assert "levelled to -20 LUFS" in card.text_content()
        row = card.locator("tr", has_text="highpass 90")
        row.locator("button", has_text="line").click()
        expect(page.locator("#pane .line.marked")).to_contain_text("eq: [{kind: highpass")
        # And back: from a line to the clip that it makes.
        page.locator("#pane .line", has_text="id: one,").click()
        expect(head).to_have_text("clip music/one")
        assert (
            re.search(r"t=0&.*sel=clip:music%2Fone", page.url)
            or page.wait_for_url("**one*") is None
        )


def test_it_is_used_with_the_keyboard_alone(chromium, address):
    with opened(chromium, address) as page:
        head = page.locator("#answer h2").first
        page.keyboard.press("/")
        page.keyboard.type("kind:crossfade")
        expect(page.locator("#pane tbody tr")).to_have_count(2)
        page.keyboard.press("Escape")
        page.keyboard.press("]")
        expect(head).to_have_text("clip music/one")
        page.keyboard.press("]")
        slider = page.locator("#scroll")
        expect(slider).to_have_attribute("aria-valuetext", "0:02.500, clip music/two")
        page.keyboard.press("Shift+ArrowRight")
        expect(slider).to_have_attribute("aria-valuenow", "120001")
        page.keyboard.press("b")
        expect(head).to_contain_text("bus bus_music")
        page.locator("#tab-document").click()
        page.keyboard.press("ArrowRight")
        expect(page.locator("#tab-list")).to_have_attribute("aria-selected", "true")


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("gain<-19", ["music"]),
        ("source:slow", ["music/one"]),
        ("kind:pan track:music kind:automation", ["music/two"]),
        ("is:silent", ["host/muted"]),
        ("alert", [HOSTILE] * 2),
    ],
)
def test_search_finds_ids_kinds_and_values(chromium, address, query, ids):
    with opened(chromium, address) as page:
        page.fill("#query", query)
        found = page.locator("#pane tbody tr td:nth-child(2)").all_text_contents()
        assert [id for id in ids if not any(id in each for each in found)] == [], found


def test_a_hostile_name_stays_text(chromium, address):
    with opened(
        chromium,
        address + "#sel=track:" + "%3C%2Fscript%3E%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E",
    ) as page:
        assert page.locator("img").count() == 0
        assert page.locator("#title").text_content().startswith("</script><img")
        expect(page.locator("#answer h2").first).to_contain_text("track </script><img")


@pytest.mark.parametrize(("width", "dark"), [(390, True), (1280, False)])
def test_it_fits_its_window_and_needs_no_seeing(chromium, address, width, dark):
    with opened(chromium, address, width=width, dark=dark, touch=width < 600) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate("document.documentElement.dataset.theme") == (
            "dark" if dark else "light"
        )
        assert page.evaluate(UNNAMED) == 0
        assert page.locator("main section[aria-label]").count() == 3
        assert math.isfinite(page.evaluate("mixdownFrames.at(-1)"))


def test_passes_graph_and_plan_lead_to_the_selection_and_back(chromium, address):
    with opened(chromium, f"{address}#sel=track:music&tab=passes&pass=fold-gain") as page:
        gone, come = page.locator("#pane .gone"), page.locator("#pane .come")
        expect(gone.filter(has_text=re.compile("^%music[.]gain "))).to_have_count(1)
        expect(come.filter(has_text="gain_db = -10.0")).to_have_count(1)
        expect(page.locator("#pipeline")).to_contain_text("fold-automation,fold-gain,")
        page.click("#near")
        expect(page.locator("#pane .gone:not(:empty)").first).to_contain_text("%music")
        page.click("#tab-plan")
        page.locator("#pane .marked button", has_text="music_").first.click()
        expect(page.locator("#answer h2").first).to_contain_text("music")
        page.click("#tab-graph")
        page.locator("#pane .node", has_text="bus_music.duck").locator("[role=button]").click()
        expect(page.locator("#answer h2").first).to_contain_text("bus bus_music")
        expect(page.locator("#pane .node.inner")).not_to_have_count(0)
