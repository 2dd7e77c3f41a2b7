"""What front ends find wrong, collected, and what they have in common in checking a model.

Promises: nothing raises before all of a stage has been looked at.
"""

from __future__ import annotations

from attrs import define, field

from ...documents.values import shown
from ...ir.codes import Code
from ...ir.diagnostics import Diagnostic, Related, Severity, TimelineError, did_you_mean, errors
from ...ir.origin import Document, Origin


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


def unknown(code: Code, noun: str, name: str, known: list[str], origin: Origin) -> Diagnostic:
    """A name that nothing has."""
    message = f"no {noun} is named {shown(name)}"
    return Diagnostic(code, message, origin, did_you_mean(name, known))
