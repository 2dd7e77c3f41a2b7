"""The templates of pages: every value is escaped, so that the text of a timeline stays text."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from ...documents.recorded import recorded_as
from ...ir.diagnostics import counted
from ...ir.units import clock
from ..report import Check, DocumentPlace


@cache
def template(name: str) -> Template:
    """A template of this package, with its filters."""
    environment = Environment(
        loader=PackageLoader(__package__, ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "clock": _clock,
        "counted": counted,
        "length": _length,
        "level": _level,
        "line_link": _line_link,
        "place": _place,
        "required": _required,
        "size": _size,
    }
    return environment.get_template(name)


def _clock(seconds: float) -> str:
    """1:02.345."""
    return clock(seconds, 3)


def _length(seconds: float) -> str:
    """A duration to a useful precision: 48.0 s, 12:03, 1:02:03."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def _level(value: float | None, digits: int = 1) -> str:
    """A level with a real minus sign; a dash for silence."""
    return "–" if value is None else f"{value:.{digits}f}".replace("-", "−")


def _size(count: int) -> str:
    """A number of bytes, in kB or MB."""
    return f"{count / 1e6:.1f} MB" if count >= 1e5 else f"{count / 1e3:.1f} kB"


def _required(check: Mapping[str, Any]) -> str:
    """The bounds of a check of a report."""
    return recorded_as(Check, check).asked


def _place(place: Mapping[str, Any]) -> str:
    """A place of a report: mix.yaml:12."""
    return str(recorded_as(DocumentPlace, place))


def _line_link(place: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """The address, on the page, of a line; `names`: of its documents, by the names of files."""
    line = quote(f"{names[place['document']]}|{place['line']}", safe="")
    return f"#in=mix&tab=document&line={line}"
