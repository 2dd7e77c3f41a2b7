"""validate: everything wrong with the timeline and its media, collected in one run."""

from __future__ import annotations

from attrs import frozen

from ..timeline.validate import validate, validate_media
from ..unit import Unit
from .base import Pass


@frozen
class Validate(Pass):
    """Checks the timeline and its media, and reports everything that is wrong at once."""

    name = "validate"
    establishes = ("valid",)
    checks_invalid = True

    def run(self, unit: Unit) -> Unit:
        """The unit with everything that is wrong reported."""
        return unit.report(*validate(unit.timeline), *validate_media(unit.timeline, unit.media))
