"""Collects the problems that front ends find, and has the checks that they share.

Promises: an error stops no check that can do without what is wrong. A front end works on with the
rest, and the timeline that it makes has all errors as `faults`, which are raised with those that
the compilation finds.
"""

from __future__ import annotations

from itertools import chain

from attrs import define, field

from ...documents.load import Faults
from ...documents.values import shown
from ...ir.codes import Code
from ...ir.diagnostics import (
    Diagnostic,
    Related,
    Severity,
    TimelineError,
    did_you_mean,
    errors,
    warnings,
)
from ...ir.origin import Document, Origin, parents


@define
class Report:
    """The diagnostics so far.

    Attributes:
        document: of the front end.
        read: the errors found while it was read.
        found: the others, and warnings.
    """

    document: Document | None
    read: Faults
    found: list[Diagnostic] = field(factory=list)
    _seen: set[Diagnostic] = field(factory=set)

    def error(
        self,
        code: Code,
        message: str,
        origin: Origin,
        help: str | None = None,
        *related: Related,
    ) -> None:
        """Add an error, once."""
        diagnostic = Diagnostic(code, message, origin, help, related)
        if diagnostic not in self._seen:
            self._seen.add(diagnostic)
            self.found.append(diagnostic)

    def warn(self, code: Code, message: str, origin: Origin, help: str | None = None) -> None:
        """Add a warning, which is shown with the result."""
        self.found.append(Diagnostic(code, message, origin, help, (), Severity.WARNING))

    def stop(self) -> None:
        """Raise all diagnostics, where it is too much to go on.

        Raises:
            TimelineError: always.
        """
        documents = {self.document.name: self.document} if self.document else {}
        raise TimelineError(self.read.with_others(self.found), documents)

    def wrong(self) -> frozenset[str]:
        """The pointers of all places at or below which there is an error."""
        found = (*self.read.found, *errors(self.found))
        return frozenset(chain.from_iterable(parents(d.origin.pointer) for d in found if d.origin))

    @property
    def faults(self) -> Faults:
        """All errors."""
        return Faults(self.read.with_others(errors(self.found)), self.read.bad)

    @property
    def notes(self) -> tuple[Diagnostic, ...]:
        """All warnings."""
        return warnings(self.found)


def unknown(code: Code, noun: str, name: str, known: list[str], origin: Origin) -> Diagnostic:
    """An unknown name."""
    message = f"no {noun} is named {shown(name)}"
    return Diagnostic(code, message, origin, did_you_mean(name, known))
