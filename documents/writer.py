"""Writes models and plain values as text, and text to files.

Promises: reading the text gives an equal model; equal models give equal texts, with numbers as
plain decimals, fields in the order of their class, and without defaults. The YAML is a small subset
that all readers interpret alike. A file is written completely or not at all.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path

from ..ir.codes import Code
from ..ir.diagnostics import RenderError
from .models import plain

WIDTH = 100
PREFIX = ".mixdown-work-"  # of the names of incomplete files and directories

# Readable as text by YAML 1.1 and 1.2 alike, in block and flow context, as key and as value.
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*( [A-Za-z0-9_./-]+)*")
_RESERVED = re.compile(r"null|true|false|yes|no|on|off|y|n", re.IGNORECASE)
_NOT_PRINTABLE = re.compile(r"[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_KEY_LIMIT = 120  # YAML requires "? " before longer keys

# In these lists each entry is a separate paragraph; entries of others fit on a line.
_PARAGRAPHS = ("tracks", "clips", "buses", "parts")

Scalar = Callable[[object], str]


def dump(model: object, format: str = "yaml") -> str:
    """The document of a model: `format` is yaml or json. Ends in a line feed."""
    return json_text(plain(model)) if format == "json" else yaml_text(plain(model))


def json_text(data: object) -> str:
    """Plain values as JSON, a collection on one line where it fits."""
    return _json(data, 0) + "\n"


def yaml_text(data: Mapping[str, object]) -> str:
    """Plain values as YAML."""
    return "\n".join(_yaml_mapping(data, "")) + "\n"


# JSON.


def _json(value: object, indent: int) -> str:
    line = _inline(value, _json_scalar, _json_scalar)
    if not isinstance(value, list | dict) or len(line) + indent <= WIDTH:
        return line
    pad = " " * (indent + 2)
    if isinstance(value, dict):
        parts = [f"{pad}{_json_scalar(k)}: {_json(v, indent + 2)}" for k, v in value.items()]
        return "{\n" + ",\n".join(parts) + "\n" + " " * indent + "}"
    parts = [pad + _json(item, indent + 2) for item in value]
    return "[\n" + ",\n".join(parts) + "\n" + " " * indent + "]"


def _json_scalar(value: object) -> str:
    if isinstance(value, Decimal):
        text = format(value, "f") if value else "0"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return json.dumps(value, ensure_ascii=False)


def _inline(value: object, scalar: Scalar, key: Scalar) -> str:
    """A value on one line, in the syntax that JSON and YAML's flow style share."""
    if isinstance(value, dict):
        pairs = (f"{key(k)}: {_inline(v, scalar, key)}" for k, v in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_inline(item, scalar, key) for item in value) + "]"
    return scalar(value)


# YAML.


def _yaml_mapping(data: Mapping[str, object], pad: str) -> Iterator[str]:
    for key, value in data.items():
        name = _yaml_scalar(key)
        head = f"{pad}{name}:" if len(name) <= _KEY_LIMIT else f"{pad}? {name}\n{pad}:"
        if not isinstance(value, list | dict) or not value:
            yield f"{head} {_inline(value, _yaml_scalar, _yaml_scalar)}"
        elif key in _PARAGRAPHS and isinstance(value, list):
            yield head
            for item in value:
                yield from _yaml_entry(item, pad + "  ")
        elif _fits(value, len(head) + 1):
            yield f"{head} {_inline(value, _yaml_scalar, _yaml_scalar)}"
        else:
            yield head
            if isinstance(value, dict):
                yield from _yaml_mapping(value, pad + "  ")
            else:
                for item in value:
                    yield from _yaml_entry(item, pad + "  ", compact=True)


def _yaml_entry(item: object, pad: str, *, compact: bool = False) -> Iterator[str]:
    """An entry of a list: its first line behind the dash, or all of it if it fits there."""
    if not isinstance(item, dict) or not item or (compact and _fits(item, len(pad) + 2)):
        yield f"{pad}- {_inline(item, _yaml_scalar, _yaml_scalar)}"
        return
    first, *rest = "\n".join(_yaml_mapping(item, pad + "  ")).split("\n")
    yield f"{pad}- {first.removeprefix(pad + '  ')}"
    yield from rest


def _fits(value: object, used: int) -> bool:
    """Whether a collection fits on one line: room, no paragraphs in it, no long keys."""
    if isinstance(value, dict) and any(
        key in _PARAGRAPHS or len(_yaml_scalar(key)) > _KEY_LIMIT for key in value
    ):
        return False
    return used + len(_inline(value, _yaml_scalar, _yaml_scalar)) <= WIDTH


def _yaml_scalar(value: object) -> str:
    if not isinstance(value, str):
        return _json_scalar(value)
    if _PLAIN.fullmatch(value) and not _RESERVED.fullmatch(value):
        return value
    return _NOT_PRINTABLE.sub(lambda m: f"\\u{ord(m[0]):04x}", _json_scalar(value))


# Files.


def write_file(path: Path, text: str) -> None:
    """Write a text file atomically.

    Raises:
        RenderError: MIX604.
    """
    try:
        if path.exists() and not path.is_file():
            path.write_text(text, encoding="utf-8")  # a pipe or a terminal cannot be replaced
            return
        temporary = path.with_name(f"{PREFIX}{secrets.token_hex(8)}")
        try:
            temporary.write_text(text, encoding="utf-8", newline="\n")
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise not_writable(path, error) from error


def not_writable(path: Path, error: OSError) -> RenderError:
    """MIX604, with the reason."""
    is_file = isinstance(error, FileExistsError)
    reason = "it is a file, not a directory" if is_file else error.strerror or error
    return RenderError.of(
        Code.NOT_WRITABLE,
        f"cannot write to {str(path)!r}: {reason}",
        help="choose another output with -o",
    )
