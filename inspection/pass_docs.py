"""Writes docs/passes.md from the pipeline: `python -m mixdown.inspection.pass_docs`."""

from __future__ import annotations

from pathlib import Path
from textwrap import fill

from ..compiler.passes.base import Option, Pass, options_of
from ..compiler.pipeline import PIPELINE

PAGE = Path(__file__).parent.parent / "docs" / "passes.md"

INTRO = """\
# The passes

<!-- made by `python -m mixdown.inspection.pass_docs`; do not edit -->

A compilation runs these passes, always in this order. Each states what must hold before it and what
holds after it. After every pass that leaves a graph the verifier checks all of it (`ir/verify.py`
lists the invariants). *Equivalence* is how far the audio may move: not at all (exact), or by no
more than so many dBFS; the differential tests render with and without each pass and hold it to
that.

An optional pass can be left out with `--disable NAME`; the audio stays the same within its
tolerance. `--pass-limit N` lets only the first N optional passes run, to find the one to blame.
[inspecting.md](inspecting.md) shows what each pass did to a mix.
"""


def page() -> str:
    """The page's text."""
    return INTRO + "".join(_section(number, step) for number, step in enumerate(PIPELINE, 1))


def _section(number: int, step: Pass) -> str:
    facts = [
        f"requires: {_list(step.requires)}",
        f"establishes: {_list(step.establishes)}",
        f"equivalence: {_equivalence(step)}",
    ]
    if step.optional:
        facts.append(f"optional: `--disable {step.name}`")
    facts += [
        f"option `{option.name}`: {option.help} ({option.allowed}; {_value(option)} by default)"
        for option in options_of(type(step))
    ]
    lines = "".join(f"{_wrapped(fact, '- ')}\n" for fact in facts)
    return f"\n## {number}. {step.name}\n\n{_wrapped(step.doc)}\n\n{lines}"


def _wrapped(text: str, bullet: str = "") -> str:
    return fill(text, 100, initial_indent=bullet, subsequent_indent=" " * len(bullet))


def _value(option: Option) -> str:
    return "none" if option.default is None else str(option.default)


def _list(names: tuple[str, ...]) -> str:
    return ", ".join(names) or "nothing"


def _equivalence(step: Pass) -> str:
    if step.equivalence is None:
        return "does not rewrite a graph"
    if isinstance(step.equivalence, float):
        return f"within {step.equivalence:g} dBFS"
    return step.equivalence


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
