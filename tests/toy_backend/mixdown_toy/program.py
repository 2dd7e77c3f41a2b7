"""What mixdown must know of toymix to run it."""

import re
from functools import partial

from mixdown.programs.program import Program, find_on_path, number

TOYMIX = Program(
    name="toymix",
    find=partial(
        find_on_path, "toymix", ("--version",), r"toymix (\S+)", "run `pip install mixdown-toy`"
    ),
    position=lambda line: number(line.removeprefix("at ")),
    labels=lambda line: re.findall(r"^toymix: %(\S+):", line),
)
