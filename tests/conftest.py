"""What every test may use, and the rules of a run.

Markers: `requires` (see support/requirements.py), `soak`. Fixtures: `ffmpegs`, `embedded_ffmpeg`,
`chromium`, `fork_server`, `plan_snapshot`, `mir_snapshot`. A skip is a failure where
MIXDOWN_REQUIRE_ALL=1.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

import hypothesis
import imageio_ffmpeg
import pytest
from requirements import REQUIREMENTS, install_line, is_strict, missing_among
from syrupy.assertion import SnapshotAssertion

if TYPE_CHECKING:
    from forked import ForkServer
    from playwright.sync_api import Browser

# A busy machine must not fail a property by its deadline, and a run must not depend on luck: the
# same examples every time. To look for new ones: pytest --hypothesis-profile=explore
hypothesis.settings.register_profile("steady", deadline=None, derandomize=True)
hypothesis.settings.register_profile("explore", deadline=None, max_examples=2000)
hypothesis.settings.load_profile("steady")

# What an earlier run kept must not decide what a test sees.
os.environ["MIXDOWN_CACHE"] = "off"

# The first command that a test starts compiles the package's source, not every one.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# A run in the background of a shell begins with interrupts ignored, and so would what tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

MISSING = "missing requirement"


@pytest.fixture(
    params=["embedded", pytest.param("system", marks=pytest.mark.requires("ffmpeg_debian"))]
)
def ffmpegs(request: pytest.FixtureRequest) -> str:
    """The path of an ffmpeg; the test runs once with each: the embedded one and the one on PATH."""
    finders = {"embedded": imageio_ffmpeg.get_ffmpeg_exe, "system": lambda: shutil.which("ffmpeg")}
    return str(finders[request.param]())


@pytest.fixture(scope="session")
def embedded_ffmpeg() -> str:
    """The path of the ffmpeg that imageio-ffmpeg carries: always there."""
    return imageio_ffmpeg.get_ffmpeg_exe()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The browser."""
    from browser import browser

    with browser() as started:
        yield started


@pytest.fixture(scope="session")
def fork_server() -> Iterator[ForkServer]:
    """Runs programs in processes that have imported the package."""
    from forked import ForkServer

    with ForkServer() as started:
        yield started


@pytest.fixture
def plan_snapshot(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """Compares a plan's text with its own .filtergraph file."""
    from mixdown.testing.snapshots import FilterGraphSnapshot

    return snapshot.use_extension(FilterGraphSnapshot)


@pytest.fixture
def mir_snapshot(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """Compares a graph's text with its own .mir file."""
    from mixdown.testing.snapshots import MirSnapshot

    return snapshot.use_extension(MirSnapshot)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A misspelt requirement is an error of the run, not a test that is silently never needed."""
    for item in items:
        for marker in item.iter_markers("requires"):
            if unknown := set(marker.args) - set(REQUIREMENTS):
                known = ", ".join(REQUIREMENTS)
                raise pytest.UsageError(f"{item.nodeid}: requires {unknown}; known are {known}")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs something that this machine lacks."""
    wanted = [name for marker in item.iter_markers("requires") for name in marker.args]
    if missing := missing_among(dict.fromkeys(wanted)):
        item.user_properties += [(MISSING, name) for name in missing]
        pytest.skip(f"needs {', '.join(missing)}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Iterator[None]:
    """Where everything is required, a skipped test failed."""
    report = yield
    return fail_if_skipped(report) if not hasattr(report, "wasxfail") else report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Iterator[None]:
    """Where everything is required, a skipped module failed."""
    return fail_if_skipped((yield))


def fail_if_skipped(
    report: pytest.TestReport | pytest.CollectReport,
) -> pytest.TestReport | pytest.CollectReport:
    """The same report, with a skip turned into a failure in a strict run."""
    if report.skipped and is_strict():
        reason = report.longrepr[-1] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{reason}; MIXDOWN_REQUIRE_ALL=1 makes a skip a failure"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What was left out for want of which package, and the line that installs it."""
    skipped = terminalreporter.stats.get("skipped", [])
    missing = Counter(
        name
        for report in skipped
        for key, name in getattr(report, "user_properties", ())
        if key == MISSING
    )
    if missing:
        terminalreporter.section("left out: needs more than pip can install")
        for name, count in sorted(missing.items()):
            terminalreporter.line(f"{name}: {count} test{'s' if count > 1 else ''}")
        terminalreporter.line(f"On Debian: {install_line(missing)}")
