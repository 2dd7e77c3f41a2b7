"""Cache keys of steps: a digest of what determines the content of their files.

Promises: two steps with the same key write files of the same content, in whatever plan and under
whatever names. A step has a key if its files depend only on media and on a program of a known
version. A step that waits for a measurement has none, nor one that mixdown runs itself, because its
version does not change with its code; the exception is the decoding of a source, which depends on
the version of libsndfile. Files in the output directory have none, because users may change them.
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
