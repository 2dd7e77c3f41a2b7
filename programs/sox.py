"""SoX: how it is found, and what a build of it may lack.

It prints nothing while it works, so its progress shows only in the growth of its output files.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from .program import Ability, Program, Tool, find_on_path


def find_sox(environment: Mapping[str, str] | None = None) -> Tool:
    """The SoX on PATH.

    Args:
        environment: where PATH is looked up; None: this process's.

    Raises:
        RenderError: MIX603, there is none that runs.
    """
    return find_on_path(
        "sox",
        ("--version",),
        r"SoX\S*\s+v?(\d+(?:\.\d+)+\S*)",
        "install SoX 14.4.2 or later (on Debian: apt-get install sox), or choose another backend",
        (os.environ if environment is None else environment).get("PATH"),
    )


SOX = Program(
    name="sox",
    find=find_sox,
    abilities=(
        Ability("flac", ("--help",), r"AUDIO FILE FORMATS:.*\bflac\b"),
        Ability("vorbis", ("--help",), r"AUDIO FILE FORMATS:.*\bogg\b"),
    ),
)
