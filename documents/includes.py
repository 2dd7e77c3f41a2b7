"""Documents that include others: their values put together, each with its place.

Promises: lists of an included document come before those of the document that includes it, mappings
are merged, and of everything else the including document's own value counts. An entry with the id
of an included one takes its place. A document that is included twice counts once.
"""

# ruff: noqa: ANN401 (values of documents)

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from attrs import evolve

from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic
from ..ir.origin import Origin, escape, parents
from .load import Parsed
from .variables import KEY as VARIABLES
from .variables import filled

KEY = "include"
_OWN = ("id", KEY, "schema_version", "show_version", "arrangement_version")
"""Keys of an included document that say nothing about the one that includes it."""

Read = Callable[[str, Origin], Parsed]
"""(path as written, its place) -> that document; raises TimelineError."""


def included(parsed: Parsed, read: Read, given: Mapping[str, object]) -> Parsed:
    """The document with all that it includes, and without the key.

    Paths of included documents may have variables of the document that includes them; `given` are
    values for these.

    Raises:
        TimelineError: an included document cannot be read.
    """
    if not isinstance(parsed.data, dict) or KEY not in parsed.data:
        return parsed
    return _joined(parsed, read, given, (parsed.name,), {parsed.name})


def _joined(
    parsed: Parsed,
    read: Read,
    given: Mapping[str, object],
    path: tuple[str, ...],
    seen: set[str],
) -> Parsed:
    """A document with what it includes.

    Args:
        parsed: the document.
        read: as for `included`.
        given: likewise.
        path: the names of the documents that lead to it, its own last.
        seen: the names of all documents so far.
    """
    data = parsed.data
    if not isinstance(data, dict):
        message = "an included document must be a mapping"
        return evolve(parsed, data={}, problems=(_problem(Code.WRONG_TYPE, message, parsed),))
    listed, wrong = _filled(parsed, given)
    names = [listed] if isinstance(listed, str) else listed
    problems: list[Diagnostic] = [*wrong]
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        message = "'include' must be a path or a list of paths"
        names, problems = [], [_problem(Code.WRONG_TYPE, message, parsed, KEY)]
    merged: dict[str, Any] = {}
    parts: dict[str, tuple[Parsed, str]] = {}
    repeated: list[str] = []
    for number, name in enumerate(names):
        place = (KEY,) if isinstance(listed, str) else (KEY, number)
        other = read(name, Origin(parsed.name).child(*place))
        if other.name in path:
            message = " includes ".join((*path, other.name))
            problems.append(_problem(Code.CIRCULAR_INCLUDE, message, parsed, *place))
        elif other.name not in seen:
            seen.add(other.name)
            inner = _joined(other, read, given, (*path, other.name), seen)
            problems += inner.problems
            _merge(merged, parts, inner, own=False)
    own = evolve(parsed, data={key: value for key, value in data.items() if key != KEY})
    _merge(merged, parts, own, own=True)
    whole = evolve(own, data=merged, parts=parts, problems=(*parsed.problems, *problems))
    for part in dict.fromkeys(part for part, _ in parts.values()):
        repeated += (_outer(whole, part, pointer) for pointer in part.repeated)
    return evolve(whole, repeated=tuple(repeated))


def _filled(parsed: Parsed, given: Mapping[str, object]) -> tuple[Any, tuple[Diagnostic, ...]]:
    """What a document includes, its variables replaced, and what is wrong with these; or nothing.

    They are those that the document itself declares.
    """
    data: Any = parsed.data
    listed, declared = data.get(KEY, []), data.get(VARIABLES)
    texts = [listed] if isinstance(listed, str) else listed if isinstance(listed, list) else []
    if not any("${" in text for text in texts if isinstance(text, str)):
        return listed, ()
    known = declared if isinstance(declared, dict) else {}
    own = {name: value for name, value in given.items() if name in known}
    bare = evolve(parsed, data={KEY: listed, VARIABLES: known}, problems=())
    made = filled(bare, own)
    found: Any = made.data
    return ([], made.problems) if made.problems else (found[KEY], ())


def _merge(
    merged: dict[str, Any], parts: dict[str, tuple[Parsed, str]], document: Parsed, *, own: bool
) -> None:
    """Add the values of a document, and note where each was written."""
    data: Any = document.data
    for key, value in data.items():
        if not own and key in _OWN:
            continue
        before, at = merged.get(key), f"/{escape(key)}"
        if isinstance(value, list) and isinstance(before, list):
            kept = list(_not_replaced(before, value))
            moved = {n: parts.pop(f"{at}/{old}") for n, old in enumerate(kept)}
            parts.update({f"{at}/{n}": part for n, part in moved.items()})
            merged[key] = [before[old] for old in kept] + value
            for n in range(len(value)):
                parts[f"{at}/{len(kept) + n}"] = document.part_of(f"{at}/{n}")
        elif isinstance(value, dict) and isinstance(before, dict):
            merged[key] = {**before, **value}
            for name in value:
                parts[f"{at}/{escape(name)}"] = document.part_of(f"{at}/{escape(name)}")
        else:
            merged[key] = value
            for pointer in [known for known in parts if at in parents(known)]:
                del parts[pointer]
            _note(parts, document, at, value)


def _note(parts: dict[str, tuple[Parsed, str]], document: Parsed, at: str, value: Any) -> None:
    """Note where a value, and each entry of it, was written."""
    parts[at] = document.part_of(at)
    names: Iterator[object] = iter(value if isinstance(value, dict) else ())
    if isinstance(value, list):
        names = iter(range(len(value)))
    for name in names:
        inner = f"{at}/{escape(str(name))}"
        parts[inner] = document.part_of(inner)


def _not_replaced(before: list[Any], after: list[Any]) -> Iterator[int]:
    """The numbers of entries whose id no later entry has."""
    ids = {item["id"] for item in after if isinstance(item, dict) and _has_id(item)}
    for number, item in enumerate(before):
        if not (isinstance(item, dict) and _has_id(item) and item["id"] in ids):
            yield number


def _has_id(item: dict[str, Any]) -> bool:
    return isinstance(item.get("id"), str)


def _outer(whole: Parsed, part: Parsed, pointer: str) -> str:
    """The pointer in the whole of a value of a part."""
    for inner in parents(pointer):
        for known, (of, at) in whole.parts.items():
            if of is part and at == inner:
                return known + pointer[len(inner) :]
    return f"/{KEY}"


def _problem(code: Code, message: str, parsed: Parsed, *place: str | int) -> Diagnostic:
    return Diagnostic(code, message, Origin(parsed.name).child(*place))
