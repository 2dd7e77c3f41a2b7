"""What a test may need that pip cannot install, and what happens where it is missing.

A test says `@pytest.mark.requires("sox")` (several names at will; the names are the keys of
`REQUIREMENTS`). Where something is missing the test is skipped, and the terminal summary ends with
the line that installs it. With `MIXDOWN_REQUIRE_ALL=1` every skip, whatever its reason, is a
failure. The hooks that do so are in tests/conftest.py; here are the table and the rules.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

import attrs

OLDEST_FFMPEG = (5, 1)
SAMPLES = Path("/usr/share/sonic-pi/samples")
PROMPTS = Path("/usr/share/asterisk/sounds/en_US_f_Allison")
THEME = Path("/usr/share/sounds/freedesktop/stereo")


@attrs.frozen
class Requirement:
    """Something outside Python: how to see that it is there, and which Debian packages bring it."""

    packages: tuple[str, ...]
    is_present: Callable[[], bool]


def on_path(*programs: str) -> Callable[[], bool]:
    """True where any of the programs is on PATH."""
    return lambda: any(map(shutil.which, programs))


def has_system_ffmpeg() -> bool:
    """True where PATH has an ffmpeg of version 5.1 or later; an unnumbered git build counts."""
    program = shutil.which("ffmpeg")
    if program is None:
        return False
    banner = subprocess.run([program, "-version"], capture_output=True, text=True, check=False)
    numbered = re.match(r"ffmpeg version n?(\d+)\.(\d+)", banner.stdout)
    return numbered is None or tuple(map(int, numbered.groups())) >= OLDEST_FFMPEG


def postgresql_programs() -> Path:
    """The directory of the newest PostgreSQL server's programs: Debian keeps it off PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    return (found[-1] if found else Path(shutil.which("initdb") or "/")).parent


def has_postgresql() -> bool:
    """True where the programs that start a PostgreSQL server are installed."""
    return (postgresql_programs() / "initdb").is_file()


REQUIREMENTS = {
    "ffmpeg_debian": Requirement(("ffmpeg",), has_system_ffmpeg),
    "sox": Requirement(("sox", "libsox-fmt-all"), on_path("sox")),
    "espeak": Requirement(("espeak-ng",), on_path("espeak-ng")),
    "debian_media": Requirement(
        ("sonic-pi-samples", "asterisk-core-sounds-en-wav", "sound-theme-freedesktop"),
        lambda: all(folder.is_dir() for folder in (SAMPLES, PROMPTS, THEME)),
    ),
    "chromium": Requirement(("chromium",), on_path("chromium", "google-chrome")),
    "curl": Requirement(("curl",), on_path("curl")),
    "postgresql": Requirement(("postgresql",), has_postgresql),
    "shellcheck": Requirement(("shellcheck",), on_path("shellcheck")),
}


@cache
def is_present(name: str) -> bool:
    """Whether the requirement is met on this machine; looked up once a run."""
    return REQUIREMENTS[name].is_present()


def is_strict() -> bool:
    """Whether a skip is a failure in this run."""
    return os.environ.get("MIXDOWN_REQUIRE_ALL") == "1"


def missing_among(names: Iterable[str]) -> list[str]:
    """The requirements among `names` that this machine does not meet, in order.

    Raises:
        ValueError: a name is not a key of `REQUIREMENTS`.
    """
    wanted = list(names)
    if unknown := [name for name in wanted if name not in REQUIREMENTS]:
        raise ValueError(f"unknown requirements {unknown}; known: {sorted(REQUIREMENTS)}")
    return [name for name in wanted if not is_present(name)]


def install_line(names: Iterable[str]) -> str:
    """The command that installs the Debian packages behind the named requirements."""
    packages = sorted({package for name in names for package in REQUIREMENTS[name].packages})
    return f"apt-get install --no-install-recommends {' '.join(packages)}"
