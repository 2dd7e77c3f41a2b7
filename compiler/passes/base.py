"""What a pass is: a frozen object whose options are its fields.

A pass maps one unit to the next. It declares what must hold before it (`requires`) and what holds
after it (`establishes`); a test checks that an earlier pass establishes every requirement. Its
docstring is its documentation: docs/passes.md is made of it and of its options.

Promises: a pass that exists has valid options. A wrong type or a number below the minimum is
MIX307, whether the option comes from Python or from the text of a pipeline.
"""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from functools import cache, reduce
from operator import or_
from typing import Any, ClassVar, Literal, NamedTuple, get_args, get_type_hints

import attrs
from attrs import evolve, field, frozen

from ...documents.structure import Findings, reader
from ...ir.codes import Code
from ...ir.diagnostics import Diagnostic, MixdownError
from ...ir.graph import Graph
from ..unit import Unit

Equivalence = Literal["exact"] | float | None

NOUNS = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}


@frozen
class Pass(ABC):
    """A step of the pipeline; a subclass declares its options with `option`.

    Attributes:
        name: what `--disable`, `--pipeline` and dumps call it, in words joined by hyphens.
        requires: properties that must hold before it.
        establishes: properties that hold after it.
        equivalence: how far the audio may move: "exact", a tolerance in dBFS, or None for a pass
            that rewrites no graph.
        optional: whether it is an optimisation, which may be left out.
        checks_invalid: whether it finds errors in a timeline that already has some.

    Raises:
        MixdownError: MIX307, an option has a wrong type or is too small.
    """

    name: ClassVar[str]
    requires: ClassVar[tuple[str, ...]] = ()
    establishes: ClassVar[tuple[str, ...]] = ()
    equivalence: ClassVar[Equivalence] = None
    optional: ClassVar[bool] = False
    checks_invalid: ClassVar[bool] = False

    def __attrs_post_init__(self) -> None:
        found = [
            Diagnostic(
                Code.BAD_REQUEST,
                f"option {option.name} of the pass {self.name} cannot be {value!r}",
                help=f"allowed: {option.allowed}",
            )
            for option in options_of(type(self))
            if not option.holds(value := getattr(self, option.field))
        ]
        if found:
            raise MixdownError(found)

    @property
    def doc(self) -> str:
        """What it does: its docstring, on one line."""
        return " ".join((inspect.getdoc(type(self)) or "").split())

    @abstractmethod
    def run(self, unit: Unit) -> Unit:
        """The unit after the pass; what is wrong with the mix is reported on it."""


@frozen
class GraphPass(Pass):
    """An optimisation: it rewrites the graph and nothing else, and may be left out."""

    requires = ("lowered",)
    optional = True

    @abstractmethod
    def rewrite(self, graph: Graph) -> Graph:
        """The graph after the pass."""

    def run(self, unit: Unit) -> Unit:
        """The unit with its graph rewritten."""
        return evolve(unit, graph=self.rewrite(unit.ir))


def option(default: Any, help: str, *, minimum: float | None = None) -> Any:  # noqa: ANN401
    """A field that is an option of a pass: a bool, int, float or str, or None where it says so."""
    return field(default=default, metadata={"help": help, "minimum": minimum})


class Option(NamedTuple):
    """What is known of an option.

    Attributes:
        field: its name in Python.
        types: those that a value may have.
        default: its value where nothing else is said.
        help: what it does.
        minimum: the least that a number may be; None: no limit.
    """

    field: str
    types: tuple[type, ...]
    default: object
    help: str
    minimum: float | None

    @property
    def name(self) -> str:
        """Its name in the text of a pipeline."""
        return self.field.replace("_", "-")

    @property
    def allowed(self) -> str:
        """The values that it may have, in words."""
        least = "" if self.minimum is None else f", {self.minimum:g} or more"
        nouns = [NOUNS[kind] for kind in self.types if kind in NOUNS]
        return " or ".join(nouns) + least + (", or none" if type(None) in self.types else "")

    def holds(self, value: object) -> bool:
        """Whether it may have this value."""
        found = Findings(self.name, in_python=True)
        read = reader(reduce(or_, self.types), self.name)(value, None, found)
        return not found.count and (self.minimum is None or read is None or read >= self.minimum)


@cache
def options_of(kind: type[Pass]) -> tuple[Option, ...]:
    """The options of a kind of pass, in the order of its fields."""
    fields = attrs.fields(kind)
    hints = get_type_hints(kind) if fields else {}
    return tuple(
        Option(
            field=of.name,
            types=get_args(hints[of.name]) or (hints[of.name],),
            default=of.default,
            help=of.metadata.get("help", ""),
            minimum=of.metadata.get("minimum"),
        )
        for of in fields
    )
