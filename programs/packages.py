"""What installed packages add to mixdown, and their versions.

Promises: the metadata of all packages is read once for each search path (`sys.path`), because
reading that of a hundred packages takes as long as compiling a short mix.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.metadata import EntryPoint, entry_points, version

_PREFIX = "mixdown."


def additions(group: str, name: str | None = None) -> tuple[EntryPoint, ...]:
    """The entry points of a group, each object once.

    Args:
        group: "mixdown." and what they add, such as "mixdown.backends".
        name: that of the entry points; None: any.
    """
    found = _additions(tuple(sys.path)).get(group, ())
    each = {entry.value: entry for entry in found if name is None or entry.name == name}
    return tuple(each.values())


@lru_cache(maxsize=1)
def _additions(path: tuple[str, ...]) -> Mapping[str, tuple[EntryPoint, ...]]:
    """The entry points for mixdown by their groups, of the packages that are on a search path."""
    everything = entry_points()
    groups = (group for group in everything.groups if group.startswith(_PREFIX))
    return {group: tuple(everything.select(group=group)) for group in groups}


@cache
def version_of(package: str) -> str:
    """The version of an installed package.

    Raises:
        PackageNotFoundError: it is not installed.
    """
    return version(package)
