"""Names that are new: beside those that are taken, and harmless where a tool reads them."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable

from attrs import define, field


def fresh(name: str, taken: Container[str], mark: str = "'") -> str:
    """The name, with as many marks after it as make it one that is not taken."""
    while name in taken:
        name += mark
    return name


def _set(names: Iterable[str]) -> set[str]:
    return set(names)


@define
class Names:
    """Names that are taken, and the mark by which a new one differs from them."""

    taken: set[str] = field(factory=set, converter=_set)
    mark: str = "'"

    def take(self, wanted: str) -> str:
        """The name, with marks where it is taken; it is taken then."""
        name = fresh(wanted, self.taken, self.mark)
        self.taken.add(name)
        return name


@define
class NumberedNames:
    """Names for a tool or a file system: harmless, and numbered from 2 where one is taken.

    Attributes:
        safe: makes a harmless name of any text.
        taken: the names that are.
        separator: stands before the number.
        folded: whether two names that differ in case alone are the same.
    """

    safe: Callable[[str], str] = str
    taken: set[str] = field(factory=set, converter=_set)
    separator: str = field(default="_", kw_only=True)
    folded: bool = field(default=False, kw_only=True)
    _last: dict[tuple[str, str], int] = field(factory=dict, init=False)

    def take(self, wanted: str, prefix: str = "", suffix: str = "") -> str:
        """The name `prefix`, `wanted` made safe, `suffix`; a number comes before the suffix."""
        stem = prefix + self.safe(wanted)
        number = self._last.get((stem, suffix), 0) + 1
        while self._key(name := self._numbered(stem, number) + suffix) in self.taken:
            number += 1
        self._last[stem, suffix] = number
        self.taken.add(self._key(name))
        return name

    def _numbered(self, stem: str, number: int) -> str:
        return stem if number == 1 else f"{stem}{self.separator}{number}"

    def _key(self, name: str) -> str:
        return name.casefold() if self.folded else name


def printable(text: str) -> str:
    """A text for a comment, a label or a progress bar: one printable line."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
