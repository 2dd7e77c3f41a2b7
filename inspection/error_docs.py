"""docs/errors.md: an entry for every code, made from ir/codes.toml.

Promises: what an entry shows as mixdown's answer is mixdown's answer: example documents are loaded,
checked and compiled, and graphs read and verified, when the page is made. To print the page:
`python -m mixdown.inspection.error_docs`.
"""

from __future__ import annotations

import sys
import tempfile
import tomllib
import wave
from collections.abc import Callable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from attrs import field, frozen

from ..compiler.driver import compile
from ..compiler.load import load
from ..compiler.media import probe_sources
from ..compiler.passes.clamp_overlaps import clamp_overlaps
from ..compiler.timeline.model import Timeline
from ..compiler.timeline.validate import validate, validate_media
from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic, MixdownError, errors, render
from ..ir.nodes import Source
from ..ir.origin import Documents
from ..ir.text.parser import parse_text

COMMAND = "python -m mixdown.inspection.error_docs > docs/errors.md"

_HEAD = f"""\
# Errors and warnings

Every message of mixdown has a code, which never changes its meaning. MIX1xx are about the document,
MIX2xx about the timeline in it, MIX3xx about routing, presets and requests, MIX4xx about the IR,
MIX5xx about backends and MIX6xx about rendering. Exit codes are listed in [cli.md](cli.md).

<!-- Made from ir/codes.toml by `{COMMAND}`. -->
"""

_CHAPTERS = {
    "1": "The document",
    "2": "The timeline",
    "3": "Routing, presets and requests",
    "4": "The IR",
    "5": "Backends",
    "6": "Rendering",
}

# The languages of the page's blocks, where they are called otherwise.
_FENCES = {"mir": "text", "excerpt": "yaml"}

Answer = tuple[tuple[Diagnostic, ...], Documents]


@frozen(kw_only=True)
class Entry:
    """What codes.toml says of a code; see there."""

    title: str
    what: str
    why: str
    example: str
    instead: str
    language: str = "yaml"
    encoding: str = "utf-8"
    media: Mapping[str, Mapping[str, Any]] = field(factory=dict)
    files: Mapping[str, str] | None = None
    compile: Mapping[str, Any] | None = None


def entries() -> Mapping[Code, Entry]:
    """The entries of codes.toml in their order."""
    text = files(f"{__package__.rpartition('.')[0]}.ir").joinpath("codes.toml").read_text("utf-8")
    return {Code(code): Entry(**fields) for code, fields in tomllib.loads(text).items()}


def page() -> str:
    """All of docs/errors.md."""
    found = entries()
    parts = [_HEAD]
    chapter = ""
    for code, entry in found.items():
        if code[3] != chapter:
            chapter = code[3]
            parts.append(f"## {_CHAPTERS[chapter]}\n")
        parts.append(_section(code, entry))
    return "\n".join(parts)


def answer(entry: Entry) -> tuple[tuple[Diagnostic, ...], str]:
    """What mixdown says of an entry's example, as data and as text; nothing of mere commands."""
    if entry.language == "mir":
        return _said(lambda: _of_graph(entry))
    if entry.language != "yaml":
        return (), ""
    with tempfile.TemporaryDirectory() as directory:
        for name, text in (entry.files or {}).items():
            Path(directory, name).write_text(text, encoding="utf-8")
        path = Path(directory, "timeline.yaml")
        path.write_bytes(entry.example.encode(entry.encoding))
        found, text = _said(lambda: _of_timeline(path, entry))
        return found, text.replace(f"{directory}/", "")


def _said(work: Callable[[], Answer]) -> tuple[tuple[Diagnostic, ...], str]:
    try:
        found, documents = work()
    except MixdownError as error:
        found, documents = error.diagnostics, error.documents
    return found, render(found, documents)


def _of_graph(entry: Entry) -> Answer:
    parsed = parse_text(entry.example, "graph.mir")
    return parsed.verify(), parsed.documents


def _of_timeline(path: Path, entry: Entry) -> Answer:
    if entry.compile is not None:
        _write_silence(path.parent / "host.wav")
    timeline = load(path)
    if entry.compile is not None:
        compilation = compile(timeline, **entry.compile)
        return compilation.diagnostics, timeline.documents
    return _checked(timeline, entry), timeline.documents


def _write_silence(path: Path) -> None:
    """A second of 16-bit silence, 48 kHz, mono."""
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 48000, 0, "NONE", ""))
        file.writeframes(bytes(2 * 48000))


def _checked(timeline: Timeline, entry: Entry) -> tuple[Diagnostic, ...]:
    found = validate(timeline)
    if entry.files is not None:
        _, problems = probe_sources(timeline)
        found += problems
    media = {
        name: Source(name=name, path=name, digest="", codec="", **shape)
        for name, shape in entry.media.items()
    }
    found += validate_media(timeline, media)
    if media and not errors(found):
        found += clamp_overlaps(timeline, media)[1]
    return found


def _section(code: Code, entry: Entry) -> str:
    lines = [
        f"### {code}: {entry.title}\n",
        f"{entry.what}\n",
        f"**Why it matters.** {entry.why}\n",
        f"```{_FENCES.get(entry.language, entry.language)}\n{entry.example.strip()}\n```\n",
    ]
    found, text = answer(entry)
    if code in {d.code for d in found}:
        lines.append(f"```text\n{text}\n```\n")
    lines.append(f"**Instead.** {entry.instead}\n")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(page())
