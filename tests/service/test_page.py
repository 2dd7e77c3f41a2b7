"""The page at `/` in a real browser: submit, watch, play, and open the report; hostile names."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import Page, expect, opened
from mixdown.service.keys import Scope, new_key
from mixdown.service.page import page as page_of
from running_server import RunningServer, running
from service_mixes import mix, write_sound

pytestmark = pytest.mark.requires("chromium")
HOSTILE = "</script><img src=x onerror=alert(1)>\u202e"
REFUSED = ("Failed to load resource: the server responded with a status of 4",)
PLAYS = "() => document.querySelector('audio')?.currentTime > 0.1"


@pytest.fixture(scope="module")
def keyed(tmp_path_factory) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp("keyed")
    write_sound(folder / "mixdown-media" / "a.wav", 2.0)
    key, entry = new_key("studio", list(Scope))
    (folder / "keys.toml").write_text(entry)
    with running(folder, "--keys", "keys.toml", key=key) as found:
        yield found


def submit(page: Page, document: dict, *media: Path) -> None:
    """Fill in the form, as a user does."""
    page.get_by_role("button", name="New render").click()
    page.get_by_label("Media that it names").set_input_files(media)
    page.get_by_label("A timeline, a show or an arrangement").fill(json.dumps(document))
    page.get_by_label("Preset").select_option("draft")
    page.get_by_role("button", name="Render", exact=True).click()


def play_and_report(page: Page, chosen: str) -> None:
    """Play the master of the chosen job, and in its report, which may be of another origin."""
    page.get_by_role("button", name="Play master.wav").click()
    page.wait_for_function(PLAYS)
    page.get_by_role("button", name="Open the report").click()
    inner = page.frame_locator("iframe")
    expect(inner.locator("html[data-ready]")).to_have_count(1)
    expect(inner.get_by_role("heading", name=chosen)).to_be_visible()
    inner.get_by_role("button", name="Play", exact=True).click()
    page.frames[-1].wait_for_function("() => /t=0*\\.?0*[1-9]/.test(location.hash)")
    page.get_by_role("button", name="Close").click()
    expect(page.locator("iframe")).to_have_count(0)


def test_a_document_is_rendered_and_played(server, chromium):
    with opened(chromium, server.url) as page:
        page.evaluate("""() => {
          window.seen = new Set();
          const look = () => seen.add(document.querySelector('#detail .state')?.textContent);
          new MutationObserver(look).observe(document, {subtree: true, childList: true});
        }""")
        submit(page, mix(HOSTILE))
        expect(page.locator("#detail .state")).to_have_text("done")
        assert page.evaluate("seen.has('queued') || seen.has('running')")
        expect(page.get_by_role("status").first).to_have_text(f"{HOSTILE}: done")
        expect(page.get_by_role("heading", name=HOSTILE)).to_be_focused()
        expect(page.get_by_role("link", name=HOSTILE)).to_have_attribute("aria-current", "true")
        expect(page.locator(".files")).to_contain_text(re.compile(r"LUFS · .* dBTP"))
        assert page.locator("img").count() == 0
        play_and_report(page, HOSTILE)


def test_a_key_is_asked_for_and_kept_in_the_tab_only(keyed, chromium, tmp_path):
    with opened(chromium, keyed.url, width=390, dark=True, refusals=REFUSED) as page:
        field = page.get_by_label("Key", exact=True)
        field.fill("wrong")
        field.press("Enter")
        expect(page.locator("#why")).to_have_text("The server does not know this key.")
        field.fill(keyed.key)
        field.press("Enter")
        expect(page.get_by_text("There are no such jobs.")).to_be_visible()
        digest = write_sound(tmp_path / "new.wav", 2.0, seed=8)
        part = tmp_path / "part.json"
        part.write_text(json.dumps(mix("part", digest)))
        document = mix("keyed", "audio/new.wav")
        document["tracks"].append({"id": "part", "role": "fx", "clips": [{"source": "part.json"}]})
        submit(page, document, tmp_path / "new.wav", part)
        expect(page.locator("#detail .state")).to_have_text("done")
        assert keyed.call("GET", f"/v1/media/{digest}").data["complete"]
        play_and_report(page, "keyed")
        secret = "() => document.querySelector('audio').src + document.cookie + localStorage.length"
        assert re.fullmatch(r"blob:http.*0", page.evaluate(secret))
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        page.get_by_role("button", name="Forget key").click()
        expect(page.get_by_role("heading", name="This server needs a key")).to_be_visible()
        assert page.evaluate("sessionStorage.length") == 0


def test_jobs_are_cancelled_and_errors_are_shown(tmp_path, chromium):
    write_sound(tmp_path / "mixdown-media" / "a.wav")
    with (
        running(tmp_path, "--limit", "renders=0") as idle,
        opened(chromium, idle.url, refusals=REFUSED) as page,
    ):
        page.get_by_role("button", name="New render").click()
        text = "id: x\nsample_rate: 8000\ntracks:\n  - {id: a, role: fx, gain_bd: 2, clips: []}\n"
        page.get_by_label("A timeline, a show or an arrangement").fill(text)
        page.get_by_role("button", name="Check").click()
        expect(page.locator("#found")).to_contain_text("MIX103 error: ")
        page.get_by_role("button", name="document, line 4, column 23").click()
        assert page.evaluate("getSelection().toString()").startswith("  - {id: a")
        page.get_by_role("button", name="Close").click()
        submit(page, mix("waits"))
        page.get_by_role("button", name="Cancel").click()
        expect(page.locator("#detail .state")).to_have_text("cancelled")
        page.get_by_label("Show", exact=True).select_option("done")
        expect(page.get_by_text("There are no such jobs.")).to_be_visible()


def test_the_page_runs_its_own_script_only(server):
    answer = server.call("GET", "/")
    text, headers = page_of()
    assert answer.body.decode() == text
    policy = answer.headers["content-security-policy"]
    assert policy == headers["Content-Security-Policy"]
    assert "unsafe" not in policy and "http" not in policy
    assert not re.search(r"https?://|innerHTML|eval\(| style=| on\w+=", text)
    frame = server.call("GET", "/viewer").headers["content-security-policy"]
    assert "sandbox allow-scripts;" in frame and "connect-src" not in frame
