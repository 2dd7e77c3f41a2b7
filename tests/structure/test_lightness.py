"""What starts quickly must load little: `import mixdown` and `mixdown --help`."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = {"numpy", "scipy", "soundfile", "soxr", "networkx", "lark", "rich", "ruamel"}
HEAVY |= {"sqlalchemy", "fsspec", "jinja2"}
REPORT = "import json, sys; print('\\n' + json.dumps(sorted(sys.modules)))"
HELP = """
import sys
sys.argv = ["mixdown", "--help"]
from mixdown.cli import main
try:
    main()
except SystemExit as end:
    assert not end.code
"""


@pytest.mark.parametrize("start", ["import mixdown", HELP], ids=["import", "help"])
def test_a_quick_start_loads_nothing_heavy(start: str):
    command = [sys.executable, "-c", f"{start}\n{REPORT}"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    loaded = json.loads(done.stdout.splitlines()[-1])
    assert not HEAVY & {name.split(".")[0] for name in loaded}
