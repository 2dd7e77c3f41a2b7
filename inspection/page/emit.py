"""The page of an inspection: HTML, style, modules and data in one text that needs nothing else.

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
from html import escape
from importlib.resources import files
from string import Template

from attrs import asdict

from .model import Inspection

MODULES = (
    *("data", "dom", "gains", "state", "search", "levels", "lanes", "ask"),
    *(
        "documents",
        "list",
        "passes",
        "graph",
        "plan",
        "changes",
        "report",
        "player",
        "live",
        "main",
    ),
)
"""In the order in which they need each other."""

_IMPORT = re.compile(r'^import (?:({[^}]*}) from )?"\./(\w+)\.js";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?:const|let|function\*?|class) (\w+)", re.MULTILINE)


def page(found: Inspection, *, live: bool = False) -> str:
    """The page, with a final line feed; `live`: it asks its server whether it is still current."""
    script, style = _script(), _read("page.css")
    network = "'self'" if live else "'none'"
    policy = (
        f"default-src 'none'; script-src '{_digest(script)}'; style-src '{_digest(style)}'; "
        f"img-src data:; media-src 'self' file:; connect-src {network}; "
        "base-uri 'none'; form-action 'none'"
    )
    data = json.dumps(asdict(found), ensure_ascii=False, separators=(",", ":"))
    packed = zlib.compress(data.encode("utf-8"), 9)
    return Template(_read("page.html")).substitute(
        policy=policy,
        live='data-live="true"' if live else "",
        title=escape(f"{found.title}: mix"),
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
