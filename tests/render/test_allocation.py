"""Memory that is freed stays in the process, with the GNU C library."""

from __future__ import annotations

import subprocess
import sys

ARRAYS = """
import resource
import numpy as np
from mixdown.render.allocation import keep_freed_memory

{first}
pages = 0
for _ in range(100):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    one, other = np.ones(1 << 18), np.ones(1 << 18)  # 2 MB, as the blocks of a render
    del one, other
    pages = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
print(pages)
"""


def test_a_freed_array_is_used_again_without_new_pages():
    assert _pages_of_an_array("keep_freed_memory()") < 100
    assert _pages_of_an_array("") > 400, "the setting is no longer needed"


def _pages_of_an_array(first: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", ARRAYS.format(first=first)],
        capture_output=True,
        text=True,
        check=True,
    )
    return int(done.stdout)
