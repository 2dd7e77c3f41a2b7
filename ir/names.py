"""Unique names, safe for tools and file systems."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable

from attrs import define, field


def fresh(name: str, taken: Container[str], mark: str = "'") -> str:
    """The name, followed by as many marks as it needs to be unique."""
    while name in taken:
        name += mark
    return name


def _set(names: Iterable[str]) -> set[str]:
    return set(names)


@define
class Names:
    """The names in use, and the mark that makes a new name different."""

    taken: set[str] = field(factory=set, converter=_set)
    mark: str = "'"

    def take(self, wanted: str) -> str:
        """Reserve and return the name, with marks if it is in use."""
        name = fresh(wanted, self.taken, self.mark)
        self.taken.add(name)
        return name


@define
class NumberedNames:
    """Names for a tool or a file system: safe, and numbered from 2 if a name is in use.

    Attributes:
        safe: turns any text into a safe name.
        taken: the names in use.
        separator: precedes the number.
        folded: whether two names that differ only in case are the same.
    """

    safe: Callable[[str], str] = str
    taken: set[str] = field(factory=set, converter=_set)
    separator: str = field(default="_", kw_only=True)
    folded: bool = field(default=False, kw_only=True)
    _last: dict[tuple[str, str], int] = field(factory=dict, init=False)

    def take(self, wanted: str, prefix: str = "", suffix: str = "") -> str:
        """Reserve and return prefix + safe(wanted) + suffix, with a number before the suffix."""
        stem = prefix + self.safe(wanted)
        name = stem + suffix
        key = self._key(name)
        if key in self.taken:
            name = self._numbered(stem, suffix)
            key = self._key(name)
        self.taken.add(key)
        return name

    def _key(self, name: str) -> str:
        return name.casefold() if self.folded else name

    def _numbered(self, stem: str, suffix: str) -> str:
        """The first free name with a number, from 2 or the last one of this stem."""
        number = self._last.get((stem, suffix), 1)
        while True:
            number += 1
            name = f"{stem}{self.separator}{number}{suffix}"
            if self._key(name) not in self.taken:
                self._last[stem, suffix] = number
                return name


def printable(text: str) -> str:
    """The text as one printable line, for a comment, a label or a progress bar."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
