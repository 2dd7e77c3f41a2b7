"""Filter graphs as chains of named filter calls: the only place that writes filtergraph syntax.

Promises: every filter instance is named after the IR value that it serves, every name and link
label is unique, and the text depends on nothing but the order of the calls made here. A chain grows
at its end until something else than one filter needs it; then it is closed into one line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from attrs import define, evolve, field, frozen

from ...ir.names import NumberedNames
from ...plans.plan import Arg, Fact, File, Template

Text: TypeAlias = tuple[str | Fact, ...]
Value: TypeAlias = int | float | str | Text


@frozen
class Call:
    """One filter with its arguments; the instance is named when it enters a chain, or before."""

    filter: str
    arguments: Text
    instance: str | None = None


def call(name: str, /, *plain: Value, **options: Value) -> Call:
    """A filter with positional and named arguments; floats as `repr` writes them.

    A text that holds any of `,;[]` must come quoted (see `quoted`).
    """
    written = [*map(_text, plain), *((f"{key}=", *_text(v)) for key, v in options.items())]
    joined: list[str | Fact] = []
    for index, text in enumerate(written):
        joined += ((":",) if index else ()) + text
    return Call(name, tuple(joined))


def quoted(text: str) -> str:
    """Text that the filtergraph parser takes as it stands; no quote or colon may be in it."""
    return f"'{text}'"


def _text(value: Value) -> Text:
    if isinstance(value, tuple):
        return value
    return (value,) if isinstance(value, str) else (repr(value),)


def plain_names() -> NumberedNames:
    """Names of ASCII letters, digits and `_`."""
    return NumberedNames(lambda wanted: re.sub("[^A-Za-z0-9_]", "_", wanted))


@define
class Instances:
    """The filter instances of a plan: their names, and the values that they serve.

    Attributes:
        stands_for: values of the backend's own making, and the graph's value that each is for.
        labels: instance, or step without a filter at fault -> value of the graph.
    """

    stands_for: Mapping[str, str] = field(factory=dict)
    labels: dict[str, str] = field(factory=dict)
    _names: NumberedNames = field(factory=plain_names)

    def name(self, filter_name: str, value: str) -> str:
        """A new instance `filter@value`."""
        instance = self._names.take(value, prefix=f"{filter_name}@")
        self.labels[instance] = self.stands_for.get(value, value)
        return instance


@define(eq=False)
class FilterChain:
    """Filters one after the other, still open at the end: the links it reads, and its text so far.

    `value` is the IR value that its end carries; its link is named so.
    """

    value: str
    inputs: tuple[str, ...]
    text: list[str | Fact] = field(factory=list)


@define
class Wiring:
    """The inputs and the filter graph of one run of ffmpeg.

    Attributes:
        instances: shared by the runs of a plan.
        inputs: the input arguments so far, options before each `-i`.
        files: the files they read, in order.
        lines: the chains that were closed.
    """

    instances: Instances
    inputs: list[Arg] = field(factory=list)
    files: list[File] = field(factory=list)
    lines: list[Template] = field(factory=list)
    _links: NumberedNames = field(factory=plain_names)

    def read(self, value: str, file: File, options: Sequence[str]) -> FilterChain:
        """A chain that begins with the first audio stream of another input."""
        self.inputs += [*options, "-i", file]
        self.files.append(file)
        return FilterChain(value, (f"{len(self.files) - 1}:a:0",))

    def source(self, value: str, *calls: Call) -> FilterChain:
        """A chain that begins with a filter without inputs."""
        return self.extend(FilterChain(value, ()), value, *calls)

    def extend(self, chain: FilterChain, value: str, *calls: Call) -> FilterChain:
        """The same chain with more filters, its end now carrying `value`."""
        for each in calls:
            instance = each.instance or self.instances.name(each.filter, value)
            chain.text += [",", instance] if chain.text else [instance]
            if each.arguments:
                chain.text += ["=", *each.arguments]
        chain.value = value
        return chain

    def join(self, chains: Sequence[FilterChain], value: str, *calls: Call) -> FilterChain:
        """A chain that begins with a filter of several inputs, the first of `calls`."""
        links = tuple(self.close(chain) for chain in chains)
        return self.extend(FilterChain(value, links), value, *calls)

    def split(self, chain: FilterChain, count: int) -> list[FilterChain]:
        """The same signal `count` times."""
        if count == 1:
            return [chain]
        value = chain.value
        self.extend(chain, value, call("asplit", count))
        links = [self._links.take(value) for _ in range(count)]
        self._end(chain, links)
        return [FilterChain(value, (link,)) for link in links]

    def close(self, chain: FilterChain) -> str:
        """Ends a chain; gives the link that carries its signal, without brackets."""
        if not chain.text:
            return chain.inputs[0]
        link = self._links.take(chain.value)
        self._end(chain, [link])
        return link

    def named(self, made: Call, value: str) -> tuple[Call, str]:
        """The call with its instance named already, and that name, for others to refer to."""
        instance = self.instances.name(made.filter, value)
        return evolve(made, instance=instance), instance

    def _end(self, chain: FilterChain, links: Sequence[str]) -> None:
        parts = [*(f"[{i}]" for i in chain.inputs), *chain.text, *(f"[{link}]" for link in links)]
        self.lines.append(Template(_merged(parts)))


def _merged(parts: Sequence[str | Fact]) -> Text:
    """The same text with neighbouring strings joined."""
    merged: list[str | Fact] = []
    for part in parts:
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        else:
            merged.append(part)
    return tuple(merged)
