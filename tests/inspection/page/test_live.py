"""The page beside a render, and the page that is served: report, sound, changes, errors."""

from __future__ import annotations

import shutil
from threading import Thread
from time import monotonic
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import mixdown
import pytest
from browser import opened
from mixdown.compiler.choices import OwnChoices
from mixdown.inspection.page.emit import page as page_text
from mixdown.inspection.page.inspected import InspectedFile, relative_to
from mixdown.inspection.page.server import LivePage, server
from playwright.sync_api import expect

pytestmark = pytest.mark.requires("chromium")
CHOICES = OwnChoices(preset="podcast", backend="native", stems=True, media="files", facts=())


def cursor(page):
    """The sample of the cursor."""
    return int(page.locator("#scroll").get_attribute("aria-valuenow"))


def moves_beyond(page, at):
    """Wait until the cursor is after a sample."""
    deadline = monotonic() + 60
    while cursor(page) <= at:
        assert monotonic() < deadline
        page.wait_for_timeout(50)


@pytest.fixture(scope="module")
def rendered(everything):
    """A render of the mix, in a directory beside it."""
    directory = everything.parent / "out"
    mixdown.render(everything, out=directory, preset="podcast", backend="native", stems=True)
    return directory


def test_a_render_beside_it_brings_report_levels_and_sound(chromium, everything, rendered):
    path = everything.parent / "rendered.html"
    inspected = InspectedFile(str(everything), CHOICES, {}, str(rendered))
    _, found, sounds = inspected.inspect(relative_to(path.parent))
    assert found.sounds[0].url == "out/master.wav"
    assert len(sounds) == 4
    path.write_text(page_text(found))
    with opened(chromium, f"{path.as_uri()}#t=3.2") as page:
        expect(page.locator("#answer")).to_contain_text("Measured in the master: peak −")
        expect(page.locator("#answer .total").first).not_to_contain_text("without its loudness")
        page.get_by_role("link", name="Report").click()
        expect(page.locator("#report")).to_contain_text("integrated loudness")
        expect(page.locator("#ask")).to_be_hidden()
        page.locator("#cards a").first.click()
        page.wait_for_url("**#t=*")
        page.fill("#at", "0:01")
        page.keyboard.press("Enter")
        page.locator("#scroll").focus()
        page.keyboard.press(" ")
        moves_beyond(page, 60000)
        page.locator("#player button").first.click()
        expect(page.locator("#player button").first).to_have_attribute("aria-label", "Play")
        page.get_by_role("button", name="solo bus_music").click()
        page.fill("#at", "0:01")
        page.keyboard.press("Enter")
        page.locator("#player button").first.click()
        moves_beyond(page, 60000)


@pytest.fixture
def live(everything, rendered, tmp_path):
    """A served copy of the document: its path, and its address."""
    for name in ("everything.yaml", "tone.wav", "voice.wav", "wide.wav"):
        shutil.copy(everything.parent / name, tmp_path)
    path = tmp_path / "everything.yaml"
    with server(LivePage(InspectedFile(str(path), CHOICES, {}, str(rendered)).serve)) as running:
        thread = Thread(target=running.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield path, f"http://127.0.0.1:{running.server_port}/"
        running.shutdown()
        thread.join()


def test_a_served_page_follows_its_file(chromium, live):
    path, address = live
    text = path.read_text()
    with opened(chromium, f"{address}#sel=clip:music/one") as page:
        expect(page.locator("#answer dl")).to_contain_text("0:00.000 to 0:03.000")
        path.write_text(
            text.replace("id: one, source: slow,", "id: one, source: slow, start_ms: 200,")
        )
        expect(page.locator("#answer dl")).to_contain_text("0:00.200 to 0:03.000")
        path.write_text(text.replace("source: slow", "source: slaw"))
        error = page.locator("#error")
        expect(error).to_contain_text("slaw")
        expect(error).to_contain_text("^^^^")
        path.write_text(text)
        expect(error).to_be_hidden()
        expect(page.locator("#answer dl")).to_contain_text("0:00.000 to 0:03.000")


def test_only_this_machine_is_answered_and_only_what_is_shown(live, rendered):
    _, address = live
    part = urlopen(Request(f"{address}sound/0", headers={"Range": "bytes=4-11"}))
    assert (part.status, part.read()) == (206, (rendered / "master.wav").read_bytes()[4:12])
    for wrong, headers, status in (
        ("", {"Host": "elsewhere.example:80"}, 403),
        ("sound/99", {}, 404),
        ("../everything.yaml", {}, 404),
    ):
        with pytest.raises(HTTPError) as raised:
            urlopen(Request(address + wrong, headers=headers))
        assert raised.value.code == status
