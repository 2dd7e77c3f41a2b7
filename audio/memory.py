"""The memory of a process: what it must know of the past to go on with a stream.

A class names the attributes that are its memory in `MEMORY`. All others must follow from its
arguments. A process that is made with the same arguments and is given the memory goes on, bit by
bit, as the first one would. Equal memories have equal encodings.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

Memory: TypeAlias = Any
"""None, numbers, texts, arrays, and lists and dictionaries of these."""

_ARRAY = "array"


def memory_of(value: object) -> Memory:
    """The memory of a process, or of each in a list; of other values, a copy of themselves.

    Functions have none.
    """
    names = getattr(type(value), "MEMORY", None)
    if names is not None:
        return {name: memory_of(getattr(value, name)) for name in names}
    if isinstance(value, list | tuple):
        return [memory_of(each) for each in value]
    if callable(value):
        return None
    return value.copy() if isinstance(value, np.ndarray) else value


def restored(value: Memory, memory: Memory) -> Memory:
    """A value with a memory: a process is changed in place, other values are replaced."""
    if hasattr(type(value), "MEMORY"):
        for name, part in memory.items():
            setattr(value, name, restored(getattr(value, name), part))
        return value
    if isinstance(value, list | tuple) and any(hasattr(type(v), "MEMORY") for v in value):
        return type(value)(restored(v, part) for v, part in zip(value, memory, strict=True))
    if callable(value):
        return value
    return memory.copy() if isinstance(memory, np.ndarray) else memory


def encode(memory: Memory) -> bytes:
    """A memory as bytes: a line of JSON, and the arrays that it refers to."""
    arrays: list[np.ndarray[Any, Any]] = []
    text = json.dumps(_placed(memory, arrays), separators=(",", ":")).encode()
    return b"".join([text, b"\n", *(array.tobytes() for array in arrays)])


def _placed(value: Memory, arrays: list[np.ndarray[Any, Any]]) -> Memory:
    """A memory with a reference in place of each array, which is added to the list."""
    if isinstance(value, np.ndarray):
        arrays.append(value)
        return {_ARRAY: [value.dtype.str, value.shape]}
    if isinstance(value, Mapping):
        return {key: _placed(each, arrays) for key, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_placed(each, arrays) for each in value]
    return value.item() if isinstance(value, np.generic) else value


def decode(content: bytes) -> Memory:
    """The memory that was encoded; its arrays can be written to.

    Raises:
        ValueError, TypeError: it is none.
    """
    text, _, rest = content.partition(b"\n")
    at = 0

    def found(data: dict[str, Memory]) -> Memory:
        nonlocal at
        if data.keys() != {_ARRAY}:
            return data
        kind, shape = data[_ARRAY]
        array = np.ndarray(shape, kind, rest, at).copy()
        at += array.nbytes
        return array

    return json.loads(text, object_hook=found)


def digest(memory: Memory) -> str:
    """The SHA-256 of a memory."""
    return hashlib.sha256(encode(memory)).hexdigest()
