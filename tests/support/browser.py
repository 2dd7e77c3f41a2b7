"""Debian's Chromium, driven by playwright, without a network."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, expect, sync_playwright

expect.set_options(timeout=60_000)  # a machine may be busy with other tests
RULES = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
ARGUMENTS = ("--no-sandbox", "--disable-gpu", RULES)


@contextmanager
def browser() -> Iterator[Browser]:
    """The browser of this machine."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        yield started
        started.close()


@contextmanager
def opened(
    browser: Browser,
    address: str,
    *,
    width: int = 1280,
    dark: bool = False,
    touch: bool = False,
    refusals: tuple[str, ...] = (),
) -> Iterator[Page]:
    """A page of ours when it is ready; what it complains about fails the test.

    Complaints that begin like one of `refusals` are meant to be there.
    """
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if dark else "light",
        has_touch=touch,
    )
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(address)
    page.wait_for_selector("html[data-ready]", timeout=60_000)
    yield page
    context.close()
    assert [text for text in said if not text.startswith(refusals)] == []
