"""The page at `/`, and the frame in which it shows reports, with their policies.

Promises: the page is one file that loads no other, and is the same for all callers. It runs its own
script and style only, which its policy names by their hashes; it talks to its own server only, and
makes no markup of text (Trusted Types). A report has scripts, so it is shown in an origin of its
own, which cannot read the key that the page keeps.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from string import Template

_POLICY = "Content-Security-Policy"
_NEVER = "default-src 'none'; base-uri 'none'; form-action 'none'"
_VIEWER_POLICY = (
    f"{_NEVER}; sandbox allow-scripts; frame-ancestors 'self'; script-src 'unsafe-inline'; "
    "style-src 'unsafe-inline'; img-src data:; media-src blob:"
)


@cache
def page() -> tuple[str, Mapping[str, str]]:
    """The page, and its headers."""
    style, script = _file("page.css"), _file("page.js")
    policy = (
        f"{_NEVER}; frame-ancestors 'none'; script-src {_hash(script)}; style-src {_hash(style)}; "
        "img-src data:; media-src 'self' blob:; connect-src 'self'; frame-src 'self'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )
    text = Template(_file("page.html")).substitute(style=style, script=script)
    return text, _headers(policy)


@cache
def viewer() -> tuple[str, Mapping[str, str]]:
    """The frame for reports, and its headers."""
    return _file("viewer.html"), _headers(_VIEWER_POLICY)


def _file(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


def _headers(policy: str) -> Mapping[str, str]:
    return {_POLICY: policy, "Cache-Control": "no-cache"}


def _hash(text: str) -> str:
    """The source expression of an inline script or style (CSP 3, section 2.3.1)."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
