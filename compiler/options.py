"""How a mix is compiled: which passes run, and what the plan may do.

Promises: `CompileOptions` that exist are valid: every pass has what it requires, every name is a
pass, and nothing contradicts anything else. A `RenderRequest` says what the mix becomes; the audio
is the same for all options, within the tolerance of the passes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from ..documents.fields import As, Texts, Word, key
from ..documents.models import model
from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic, TimelineError, did_you_mean
from .declared import MediaMode
from .passes.base import Pass
from .pipeline import FRONT, OPTIMISATIONS, pipeline
from .pipeline_text import parse_pipeline
from .unit import Unit


def _optimisations(value: object) -> object:
    return OPTIMISATIONS if value is None else _passes(value)


def _passes(value: object) -> object:
    return parse_pipeline(value, pipeline()) if isinstance(value, str) else value


@model("the options")
class CompileOptions:
    """Choices of one compilation: how its document is opened, and how the mix is compiled.

    Raises:
        TimelineError: MIX105, MIX307, everything that is wrong with them.
    """

    disable: Texts = key("names of optimisations to leave out", default=())
    pass_limit: int | None = key(
        "how many optimisations may run, the first so many; None: all", default=None
    )
    pipeline: As[tuple[Pass, ...], str | Iterable[Pass] | None] = key(
        "the optimisations, in their order; or their text, such as "
        '"fold-gain,pack-lanes{max-lanes=8}"; None: those of docs/passes.md',
        default=OPTIMISATIONS,
        convert=_optimisations,
    )
    passes: As[tuple[Pass, ...], str | Iterable[Pass]] = key(
        "passes of the caller's own, which run after the optimisations",
        default=(),
        convert=_passes,
    )
    single: bool = key(
        "the mix as one command, after those that decode sources; needs facts where loudness is a "
        "target",
        default=False,
    )
    one_pass: bool = key(
        "with `single` and no facts, ffmpeg's own normalisation in one pass, which only comes near "
        "its target; a warning says so",
        default=False,
    )
    media: Word[MediaMode] = key(
        "files: sources are read; declared: no file is opened, and sources are as their entries "
        "declare them. A render reads the files whatever this says",
        default=MediaMode.FILES,
    )
    variables: As[Mapping[str, Decimal | bool | str], Mapping[str, object]] = key(
        "values of the variables of the mix's document, if the mix is a path", default={}
    )
    strict: bool = key("whether warnings are errors", default=False)

    def __attrs_post_init__(self) -> None:
        found = tuple(_problems(self))
        if found:
            raise TimelineError(found)

    @property
    def steps(self) -> tuple[Pass, ...]:
        """The passes that run on a timeline, in order."""
        left = [p for p in (*self.pipeline, *self.passes) if p.name not in self.disable]
        optional = [number for number, step in enumerate(left) if step.optional]
        beyond = () if self.pass_limit is None else optional[self.pass_limit :]
        return pipeline(tuple(p for number, p in enumerate(left) if number not in beyond))

    def steps_for(self, unit: Unit) -> tuple[Pass, ...]:
        """The passes that run on a unit, which has a graph already or is still a timeline."""
        return self.steps if unit.graph is None else self.steps[len(FRONT) :]


def _problems(options: CompileOptions) -> Iterator[Diagnostic]:
    optional = [step.name for step in (*options.pipeline, *options.passes) if step.optional]
    for name in options.disable:
        if name not in optional:
            message = f"no pass called {name!r} can be switched off"
            yield Diagnostic(Code.BAD_REQUEST, message, help=did_you_mean(name, optional))
    if options.pass_limit is not None and options.pass_limit < 0:
        message = f"pass_limit cannot be {options.pass_limit}"
        yield Diagnostic(Code.BAD_REQUEST, message, help="allowed: 0 or more")
        return
    if options.one_pass and not options.single:
        yield Diagnostic(
            Code.BAD_REQUEST,
            "one_pass needs single",
            help="add --single too; without both, several steps measure the loudness exactly",
        )
    established: set[str] = set()
    for step in options.steps:
        missing = [name for name in step.requires if name not in established]
        if missing:
            message = f"the pass {step.name!r} requires {missing[0]!r}, and no pass before it"
            help = f"established before it: {', '.join(sorted(established))}"
            yield Diagnostic(Code.BAD_REQUEST, f"{message} establishes that", help=help)
        established.update(step.establishes)
