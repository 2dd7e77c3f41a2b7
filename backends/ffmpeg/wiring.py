"""Filter graphs as chains of named filter calls: the only place that writes filtergraph syntax.

Promises: every filter instance is named after the value of the IR that it is for, every name and
every link label is unique, and the text depends only on the order of the calls. A chain grows at
its end until something other than a single filter needs its signal; then it becomes a line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import groupby
from typing import TypeAlias

from attrs import define, evolve, field, frozen

from ...ir.names import NumberedNames
from ...plans.plan import Arg, Fact, File, Template
from ...programs.ffmpeg import input_arguments

Text: TypeAlias = tuple[str | Fact, ...]
Value: TypeAlias = int | float | str | Text


@frozen
class Call:
    """A filter with its arguments; its instance gets a name when it joins a chain, or before."""

    filter: str
    arguments: Text
    instance: str | None = None


def call(name: str, /, *plain: Value, **options: Value) -> Call:
    """A filter with positional and named arguments; floats are written in full, as by `repr`.

    A text with any of `,;[]` in it has to be `quoted`.
    """
    # Few calls wait for a fact, so the text of the others is made in one go.
    if tuple not in map(type, (*plain, *options.values())):
        texts = [*map(str, plain), *[f"{key}={value}" for key, value in options.items()]]
        return Call(name, (":".join(texts),) if texts else ())
    written = [*map(_text, plain), *((f"{key}=", *_text(v)) for key, v in options.items())]
    joined: list[str | Fact] = []
    for index, text in enumerate(written):
        joined += ((":",) if index else ()) + text
    return Call(name, tuple(joined))


def quoted(text: str) -> str:
    """Text that the filtergraph parser takes literally; it may hold no quote and no colon."""
    return f"'{text}'"


def _text(value: Value) -> Text:
    return value if isinstance(value, tuple) else (str(value),)


_UNSAFE = re.compile("[^A-Za-z0-9_]")


def plain_names() -> NumberedNames:
    """Names of ASCII letters, digits and `_`."""
    return NumberedNames(partial(_UNSAFE.sub, "_"))


@define
class Instances:
    """The names of the filter instances of a plan, and the values that they are for.

    Attributes:
        part_of: value that the backend made -> value of the graph that it is part of.
        labels: name of an instance, or id of a step for one value alone -> value of the graph.
    """

    part_of: Mapping[str, str] = field(factory=dict)
    labels: dict[str, str] = field(factory=dict)
    _names: NumberedNames = field(factory=plain_names)

    def name(self, filter_name: str, value: str) -> str:
        """A new instance `filter@value`."""
        instance = self._names.take(value, prefix=f"{filter_name}@")
        self.labels[instance] = self.part_of.get(value, value)
        return instance


@define(eq=False)
class FilterChain:
    """Successive filters, still open at the end: the links that it reads, and its text so far.

    `value` is the value of the IR that its end carries, after which its link is named.
    """

    value: str
    inputs: tuple[str, ...]
    text: list[str | Fact] = field(factory=list)


@define
class Wiring:
    """The inputs and the filter graph of one run of ffmpeg.

    Attributes:
        instances: the names of all runs of the plan.
        inputs: the arguments of the inputs so far, with options before each `-i`.
        files: the input files, in order.
        lines: the chains that are closed.
    """

    instances: Instances
    inputs: list[Arg] = field(factory=list)
    files: list[File] = field(factory=list)
    lines: list[Template] = field(factory=list)
    _links: NumberedNames = field(factory=plain_names)

    def read(self, value: str, file: File, demuxer: str, options: Sequence[str]) -> FilterChain:
        """A chain that begins with another input."""
        self.inputs += input_arguments(file, (demuxer,), options)
        self.files.append(file)
        return FilterChain(value, (f"{len(self.files) - 1}:a:0",))

    def source(self, value: str, *calls: Call) -> FilterChain:
        """A chain that begins with a filter without inputs."""
        return self.extend(FilterChain(value, ()), value, *calls)

    def extend(self, chain: FilterChain, value: str, *calls: Call) -> FilterChain:
        """The same chain with more filters; its end then carries `value`."""
        text = chain.text
        for each in calls:
            if text:
                text.append(",")
            text.append(each.instance or self.instances.name(each.filter, value))
            if each.arguments:
                text.append("=")
                text.extend(each.arguments)
        chain.value = value
        return chain

    def join(self, chains: Sequence[FilterChain], value: str, *calls: Call) -> FilterChain:
        """A chain that begins with the first of `calls`, a filter of several inputs."""
        links = tuple(self.close(chain) for chain in chains)
        return self.extend(FilterChain(value, links), value, *calls)

    def split(self, chain: FilterChain, count: int) -> list[FilterChain]:
        """Split a chain into `count` chains of the same signal."""
        if count == 1:
            return [chain]
        value = chain.value
        self.extend(chain, value, call("asplit", count))
        links = [self._links.take(value) for _ in range(count)]
        self._end(chain, links)
        return [FilterChain(value, (link,)) for link in links]

    def close(self, chain: FilterChain) -> str:
        """Close a chain and return the link that carries its signal, without brackets."""
        if not chain.text:
            return chain.inputs[0]
        link = self._links.take(chain.value)
        self._end(chain, [link])
        return link

    def named(self, made: Call, value: str) -> tuple[Call, str]:
        """The call with its instance named, and that name, which commands can refer to."""
        instance = self.instances.name(made.filter, value)
        return evolve(made, instance=instance), instance

    def _end(self, chain: FilterChain, links: Sequence[str]) -> None:
        parts = [*(f"[{i}]" for i in chain.inputs), *chain.text, *(f"[{link}]" for link in links)]
        self.lines.append(Template(_merged(parts)))


def _merged(parts: Sequence[str | Fact]) -> Text:
    """The same text with adjacent strings joined."""
    if Fact not in map(type, parts):
        return ("".join(map(str, parts)),)
    merged: list[str | Fact] = []
    for is_text, run in groupby(parts, lambda part: isinstance(part, str)):
        together = list(run)
        merged += ["".join(map(str, together))] if is_text else together
    return tuple(merged)
