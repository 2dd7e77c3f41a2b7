"""Names for steps and work files: told from the values that they serve, harmless and unique."""

from __future__ import annotations

import re

from attrs import define, field

_UNSAFE = re.compile(r"[^A-Za-z0-9_.]+")
_LONGEST = 80


@define
class Names:
    """Names already given."""

    _taken: dict[str, None] = field(factory=dict, init=False)

    def take(self, wanted: str) -> str:
        """A new name like the one wanted, of letters, digits, `_` and `.`."""
        plain = _UNSAFE.sub("_", wanted).strip("._")[:_LONGEST] or "value"
        name, number = plain, 1
        while name.casefold() in self._taken:
            number += 1
            name = f"{plain}_{number}"
        self._taken[name.casefold()] = None
        return name


def shown(name: str) -> str:
    """A name of the user's for comments and progress bars: one printable line."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in name)
