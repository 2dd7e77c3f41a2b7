"""The page of an inspection: HTML, style, modules and data in one text that needs nothing else.

It has two views: the delivery report, if the mix was rendered, and the mix. The tables of the
report are HTML; everything over time is drawn from the data.

The modules are ES modules that import each other. Here each becomes a function of one script, which
returns its exports, in the order in which they need each other. The data is compressed and in
base64, so that no name of a timeline is read as HTML. The content security policy allows only this
script, and no network.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import zlib
from functools import cache
from importlib.resources import files
from pathlib import PurePath
from typing import Any

from ..formats import fields_of
from .model import Inspection
from .templates import template

MODULES = (
    *("data", "dom", "gains", "state", "search", "measured", "lanes", "ask", "documents"),
    *("list", "passes", "graph", "plan", "changes", "player", "live", "main"),
)
"""In the order in which they need each other."""

_IMPORT = re.compile(r'^import (?:({[^}]*}) from )?"\./(\w+)\.js";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?:const|let|function\*?|class) (\w+)", re.MULTILINE)


def page(found: Inspection, *, live: bool = False, view: str = "mix") -> str:
    """The page, with a final line feed.

    Args:
        found: its data.
        live: whether it asks its server if it is still current.
        view: that it opens with: "mix", or "report", if there is one.
    """
    script, style = _script(), _read("page.css")
    network = "'self'" if live else "'none'"
    policy = (
        f"default-src 'none'; script-src '{_digest(script)}'; style-src '{_digest(style)}'; "
        f"img-src data:; media-src 'self' file: blob:; connect-src {network}; "
        "base-uri 'none'; form-action 'none'"
    )
    data = json.dumps(found, ensure_ascii=False, separators=(",", ":"), default=fields_of)
    packed = zlib.compress(data.encode("utf-8"), 6)
    report: Any = found.report or {}
    warnings = report.get("warnings", ())
    return template("page.html.jinja").render(
        found=found,
        report=found.report,
        faults=[each for each in warnings if each["at_s"] is not None and not each["accepted"]],
        names={PurePath(document.name).name: document.name for document in found.documents},
        clips={clip.id for clip in found.clips},
        view=view,
        live=live,
        policy=policy,
        style=style,
        script=script,
        data=base64.b64encode(packed).decode("ascii"),
    )


@cache
def _script() -> str:
    """All modules as one script."""
    return "const modules = {};\n" + "".join(map(_module, MODULES))


def _module(name: str) -> str:
    text = _read(f"{name}.js")
    exports = ", ".join(_EXPORT.findall(text))
    body = _EXPORT.sub(lambda found: found[0].removeprefix("export "), _IMPORT.sub(_import, text))
    return f"modules.{name} = await (async () => {{\n{body}return {{ {exports} }};\n}})();\n"


def _import(found: re.Match[str]) -> str:
    names, module = found.groups()
    return f"const {names} = modules.{module};\n" if names else ""


@cache
def _read(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    """As a content security policy names a text."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode()
