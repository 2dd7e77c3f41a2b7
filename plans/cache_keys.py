"""What the files that steps leave for each other are made of, so that they can be kept.

Promises: two steps of one key write the same files, whatever plan, place or time they belong to,
and whatever these files are called. A step has a key where its files follow from media and from a
program of a known version alone: not where it waits for a measurement, nor where it is mixdown that
runs, whose version does not tell what has been changed in it, but for the decoding of a source,
which is libsndfile's. Files for the user have none: they may be written to later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from ..media.cache import INPUT, OUTPUT, run_key
from ..programs.ffmpeg import QUIET
from .plan import OURSELVES, File, Plan, Space, Step, StepKind


def keys(plan: Plan, version: Callable[[str], str]) -> Mapping[str, str]:
    """The key of each step that has one, by the step's id.

    Args:
        plan: its steps in a valid order.
        version: a program's version, by its plain name.
    """
    content = {source.file: source.digest for source in plan.sources}
    found: dict[str, str] = {}
    for step in plan.steps:
        if not _may_be_kept(step) or not content.keys() >= set(step.inputs):
            continue
        read = (content[file] for file in step.inputs)
        found[step.id] = run_key(_words(step), version(step.program), read)
        content |= {file: f"{found[step.id]}/{n}" for n, file in enumerate(step.outputs)}
    return found


def _words(step: Step) -> Iterator[str]:
    """The arguments without names of files, and without what only moves the log."""
    names = {file: INPUT.format(n) for n, file in enumerate(step.inputs)}
    names |= {file: OUTPUT.format(n) for n, file in enumerate(step.outputs)}
    begun = len(QUIET) if step.argv[: len(QUIET)] == QUIET else 0
    for arg in step.argv[begun:]:
        yield names.get(arg, str(arg)) if isinstance(arg, File) else str(arg)
    yield from (script.text for script in step.scripts)


def _may_be_kept(step: Step) -> bool:
    return (
        step.kind is StepKind.RENDER
        and (step.program != OURSELVES or step.is_exact)
        and not step.facts()
        and all(file.space is Space.WORK for file in step.outputs)
    )
