"""Collects the problems that front ends find, and has the checks that they share.

Promises: nothing raises before a whole stage has been checked.
"""

from __future__ import annotations

from attrs import define, field

from ...documents.values import shown
from ...ir.codes import Code
from ...ir.diagnostics import Diagnostic, Related, Severity, TimelineError, did_you_mean, errors
from ...ir.origin import Document, Origin


@define
class Report:
    """The diagnostics so far."""

    document: Document | None
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
        """Raise all diagnostics if any is an error.

        Raises:
            TimelineError: there are errors.
        """
        if errors(self.found):
            documents = {self.document.name: self.document} if self.document else {}
            raise TimelineError(self.found, documents)


def unknown(code: Code, noun: str, name: str, known: list[str], origin: Origin) -> Diagnostic:
    """An unknown name."""
    message = f"no {noun} is named {shown(name)}"
    return Diagnostic(code, message, origin, did_you_mean(name, known))
