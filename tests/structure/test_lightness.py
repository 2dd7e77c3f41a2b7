"""What starts quickly must load little: an import, `--help`, and compiling what is known."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from house import ROOT

HEAVY = {"numpy", "scipy", "soundfile", "soxr", "networkx", "lark", "rich", "ruamel"}
HEAVY |= {"sqlalchemy", "fsspec", "jinja2", "numba", "llvmlite"}
TIMELINE = str(ROOT / "examples" / "podcast" / "podcast.yaml")
RUN = """
import json, sys
from mixdown.cli import main
try:
    main()
except SystemExit as end:
    assert not end.code
print("\\n" + json.dumps(sorted(sys.modules)))
"""


def modules(*args: str, cache: Path | str = "off") -> set[str]:
    """The modules that the program has loaded after a command, without the extra `fast`."""
    environment = {**os.environ, "MIXDOWN_CACHE": str(cache), "MIXDOWN_KERNELS": "numpy"}
    command = [sys.executable, "-c", RUN, *args]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


def loaded(*args: str, cache: Path | str = "off") -> set[str]:
    """The top-level ones of these."""
    return {name.split(".")[0] for name in modules(*args, cache=cache)}


def test_the_package_loads_nothing_heavy():
    code = "import json, sys, mixdown; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not (HEAVY | {"yaml"}) & {name.split(".")[0] for name in json.loads(done.stdout)}


def test_help_loads_nothing_heavy():
    assert not (HEAVY | {"yaml"}) & loaded("--help")


@pytest.mark.parametrize(
    "command",
    [
        ("check", TIMELINE),
        ("compile", TIMELINE),
        ("compile", TIMELINE, "--to", "native"),
        ("compile", TIMELINE, "--preset", "podcast", "--format", "sh"),
    ],
    ids=lambda command: " ".join(Path(word).name for word in command),
)
def test_compiling_known_media_loads_nothing_heavy(command: tuple[str, ...], tmp_path: Path):
    """libsndfile, and numpy with it, reads each content once; then its facts are in the cache."""
    loaded(*command, cache=tmp_path)
    assert not HEAVY & loaded(*command, cache=tmp_path)


def test_a_check_of_known_media_loads_what_it_needs(tmp_path: Path):
    """Decoding, the text of graphs and played documents are for others."""
    modules("check", TIMELINE, cache=tmp_path)
    others = {"media.copies", "ir.text.printer", "compiler.inlining"}
    used = modules("check", TIMELINE, cache=tmp_path)
    assert not {f"mixdown.{name}" for name in others} & used


def test_a_render_loads_no_parser_and_no_more_of_scipy_than_the_filters(tmp_path: Path):
    """lark and its grammar take 0.4 s of CPU, scipy.signal and scipy.ndimage up to 0.6 s."""
    render = ("render", TIMELINE, "--backend", "native", "--preset", "podcast", "-o", str(tmp_path))
    used = modules(*render) | modules("measure", str(tmp_path / "master.wav"))
    assert not {"lark", "scipy.signal", "scipy.ndimage"} & used
