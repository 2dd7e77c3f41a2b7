"""validate: everything wrong with the timeline and its media, collected in one run."""

from __future__ import annotations

from ..timeline.validate import validate as validate_document
from ..timeline.validate import validate_media
from ..unit import Pass, Unit


def validate(unit: Unit) -> Unit:
    """The unit with all that is wrong reported."""
    return unit.report(
        *validate_document(unit.timeline), *validate_media(unit.timeline, unit.media)
    )


VALIDATE = Pass(
    name="validate",
    doc="Checks the timeline and its media, and reports everything that is wrong at once.",
    run=validate,
    establishes=("valid",),
)
