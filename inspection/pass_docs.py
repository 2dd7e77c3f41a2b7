"""Writes docs/passes.md from the pipeline: `python -m mixdown.inspection.pass_docs`."""

from __future__ import annotations

from pathlib import Path
from textwrap import fill

from ..compiler.passes.base import Option, Pass, options_of
from ..compiler.pipeline import pipeline

PAGE = Path(__file__).parent.parent / "docs" / "passes.md"

INTRO = """\
# The passes

<!-- made by `python -m mixdown.inspection.pass_docs`; do not edit -->

A compilation runs these passes in this order. Each declares what must hold before it and what holds
after it. After every pass that changes the graph the verifier checks all of it (`ir/verify.py`
lists the invariants). *Equivalence* is how far the audio may move: not at all (exact), or by at
most so many dBFS; the differential tests render with and without each pass and check it.

The optional passes are optimisations: without them the audio is the same within their tolerance.
`--disable NAME` leaves one out, `--pass-limit N` runs only the first N, and `--pipeline` names
those to run, in any order, with their options in braces:

```sh
mixdown inspect examples/podcast/podcast.yaml --pipeline 'fold-gain,pack-lanes{max-lanes=8}'
```

In Python, `compile` and `render` take the same choices as keywords (`disable`, `pass_limit`,
`pipeline`), and passes of your own ([adding-a-pass.md](adding-a-pass.md)).
[inspecting.md](inspecting.md) shows how to see what each pass did to a mix.
"""


def page() -> str:
    """The page's text."""
    return INTRO + "".join(_section(number, step) for number, step in enumerate(pipeline(), 1))


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
