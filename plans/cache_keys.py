"""Cache keys of files: a digest of what determines their content.

Promises: two files with the same key have the same content, in whatever plan and under whatever
names. The files of a step have keys if they depend only on media and on a program of a known
version, and not on a measurement. The outputs of the native engine have a key each, that of their
value, so that an edit renders only the outputs that it touches; their version is that of mixdown's
code and its libraries. Of other steps that mixdown runs itself, those that decode a source have
keys, with the version of libsndfile. Files that others write into the output directory have none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path

from ..media.cache import INPUT, OUTPUT, run_key
from ..programs.ffmpeg import QUIET
from ..programs.packages import version_of
from .plan import OURSELVES, File, Plan, Space, Step, StepKind

ENGINE = "native engine"
"""The name under which the version of mixdown's code is asked for."""

_ROOMS = ("ir", "audio", "programs", "media", "plans", "backends", "render")
_LIBRARIES = ("numpy", "scipy", "soxr", "soundfile")


def keys(plan: Plan, version: Callable[[str], str]) -> Mapping[str, tuple[str, ...]]:
    """The key of each output of each step that has keys, by the step's id.

    Args:
        plan: its steps in a valid order.
        version: a program's version, by its plain name, or `ENGINE`.
    """
    content = {source.file: source.digest for source in plan.sources}
    found: dict[str, tuple[str, ...]] = {}
    for step in plan.steps:
        if not _may_be_kept(step) or not content.keys() >= set(step.inputs):
            continue
        if step.values:
            made = [content[file] for file in step.inputs if file.space is Space.WORK]
            found[step.id] = tuple(run_key([v], version(ENGINE), made) for v in step.values)
        else:
            read = (content[file] for file in step.inputs)
            key = run_key(_words(step), version(step.program), read)
            found[step.id] = tuple(f"{key}/{n}" for n in range(len(step.outputs)))
        content |= dict(zip(step.outputs, found[step.id], strict=True))
    return found


@cache
def code_digest() -> str:
    """The SHA-256 of the code that computes samples and measures them."""
    made, root = hashlib.sha256(), Path(__file__).parents[1]
    for path in sorted(path for room in _ROOMS for path in (root / room).rglob("*.py")):
        made.update(path.read_bytes())
    return made.hexdigest()


@cache
def engine_version() -> str:
    """What the samples of the native engine depend on besides its graph."""
    from ..audio.kernels import chosen  # noqa: PLC0415 (scipy, which takes most of a second)

    libraries = [f"{name} {version_of(name)}" for name in _LIBRARIES]
    return " ".join((code_digest(), *libraries, chosen().reason))


def _words(step: Step) -> Iterator[str]:
    """The arguments without names of files, and without what only moves the log."""
    names = {file: INPUT.format(n) for n, file in enumerate(step.inputs)}
    names |= {file: OUTPUT.format(n) for n, file in enumerate(step.outputs)}
    begun = len(QUIET) if step.argv[: len(QUIET)] == QUIET else 0
    for arg in step.argv[begun:]:
        yield names.get(arg, str(arg)) if isinstance(arg, File) else str(arg)
    yield from (script.text for script in step.scripts)


def _may_be_kept(step: Step) -> bool:
    if step.kind is not StepKind.RENDER or step.facts():
        return False
    if step.values:
        return True
    is_known = step.program != OURSELVES or step.is_exact
    return is_known and all(file.space is Space.WORK for file in step.outputs)
