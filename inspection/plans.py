"""The forms in which a plan can be printed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from ..plans.plan import Plan
from ..render.shell import to_shell


def _to_json(plan: Plan) -> str:
    return json.dumps(plan.to_dict(), indent=2) + "\n"


FORMATS: Mapping[str, Callable[[Plan], str]] = {
    "text": Plan.to_text,
    "sh": to_shell,
    "json": _to_json,
}
"""Name of a form -> what prints a plan in it."""

DEFAULT_FORMATS: Mapping[str, str] = {"sox": "sh"}
"""Backend -> the form that its users want; "text" for the others."""
