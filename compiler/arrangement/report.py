"""What front ends find wrong, collected, and what they have in common in checking a model.

Promises: `ranges` sees every number of a model that has a range in its language's table, wherever
it stands; nothing raises before all of a stage has been looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import attrs
from attrs import define, field

from ...documents.values import number_problem, shown
from ...ir.codes import Code
from ...ir.diagnostics import Diagnostic, Related, Severity, TimelineError, did_you_mean, errors
from ...ir.origin import Document, Origin
from ..timeline.structure import Language, document_fields


@define
class Report:
    """Diagnostics under way."""

    document: Document | None
    found: list[Diagnostic] = field(factory=list)
    _told: set[Diagnostic] = field(factory=set)

    def error(
        self,
        code: Code,
        message: str,
        origin: Origin,
        help: str | None = None,
        *related: Related,
    ) -> None:
        """Note what stops the work, once."""
        diagnostic = Diagnostic(code, message, origin, help, related)
        if diagnostic not in self._told:
            self._told.add(diagnostic)
            self.found.append(diagnostic)

    def warn(self, code: Code, message: str, origin: Origin, help: str | None = None) -> None:
        """Note what is to be said with the result."""
        self.found.append(Diagnostic(code, message, origin, help, (), Severity.WARNING))

    def stop(self) -> None:
        """End the work if anything stops it, with all that was noted.

        Raises:
            TimelineError: there are errors.
        """
        if errors(self.found):
            documents = {self.document.name: self.document} if self.document else {}
            raise TimelineError(self.found, documents)


def ranges(model: Any, language: Language[Any], origin: Origin) -> Iterator[Diagnostic]:  # noqa: ANN401
    """Every number in a model that is out of its range."""
    for attribute in document_fields(type(model)):
        value = getattr(model, attribute.name)
        place = origin.child(attribute.name)
        spec = language.fields[type(model)][attribute.name]
        if isinstance(value, tuple):
            for index, item in enumerate(value):
                if attrs.has(type(item)):
                    yield from ranges(item, language, place.child(index))
        elif attrs.has(type(value)):
            yield from ranges(value, language, place)
        elif spec.range is not None and isinstance(value, int | Decimal):
            problem = number_problem(value)
            if problem is not None:
                yield Diagnostic(
                    problem.code, f"{attribute.name!r} {problem.message}", place, problem.help
                )
            elif not spec.range.holds(value):
                negative = value < 0 and spec.range.unit == "ms"
                yield Diagnostic(
                    Code.NEGATIVE_TIME if negative else Code.OUT_OF_RANGE,
                    f"{attribute.name!r} cannot be {value}",
                    place,
                    f"allowed: {spec.range}",
                )


def unique(ids: list[str], noun: str, origin: Origin, key: str) -> Iterator[Diagnostic]:
    """Names that come again; `origin` is the list's place, `key` what holds a name."""
    first: dict[str, int] = {}
    for index, name in enumerate(ids):
        if name in first:
            yield Diagnostic(
                Code.DUPLICATE_ID,
                f"two {noun}s are named {shown(name)}",
                origin.child(index, key),
                "give each its own id",
                (Related(origin.child(first[name], key), "the first"),),
            )
        first.setdefault(name, index)


def unknown(code: Code, noun: str, name: str, known: list[str], origin: Origin) -> Diagnostic:
    """A name that nothing has."""
    message = f"no {noun} is named {shown(name)}"
    return Diagnostic(code, message, origin, did_you_mean(name, known))
