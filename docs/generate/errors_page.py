"""docs/errors.md, with an entry for every code, from ir/codes.toml.

The messages in the entries are real: when the page is generated, example documents are loaded,
checked and compiled, and graphs are parsed and verified.
"""

from __future__ import annotations

import tempfile
import tomllib
import wave
from collections.abc import Callable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from attrs import field, frozen
from mixdown.compiler.driver import compile
from mixdown.compiler.load import load
from mixdown.compiler.media import probe_sources
from mixdown.compiler.passes.clamp_overlaps import clamp_overlaps
from mixdown.compiler.timeline.model import Timeline
from mixdown.compiler.timeline.validate import validate, validate_media
from mixdown.ir.codes import Code
from mixdown.ir.diagnostics import Diagnostic, MixdownError, errors, render
from mixdown.ir.nodes import Source
from mixdown.ir.origin import Documents
from mixdown.ir.text.parser import parse_text
from passes_page import wrapped

_HEAD = """\
# Errors and warnings

<!-- generated from ir/codes.toml by `python docs/generate/write_pages.py errors`; do not edit -->

Every message of mixdown has a code, whose meaning never changes. MIX1xx concern the document,
MIX2xx the timeline in it, MIX3xx routing, presets and requests, MIX4xx the IR, MIX5xx backends and
MIX6xx rendering. Exit codes are listed in [cli.md](cli.md).
"""

_CHAPTERS = {
    "1": "The document",
    "2": "The timeline",
    "3": "Routing, presets and requests",
    "4": "The IR",
    "5": "Backends",
    "6": "Rendering",
}

# The languages of the page's code blocks, if they differ.
_FENCES = {"mir": "text", "excerpt": "yaml"}

Answer = tuple[tuple[Diagnostic, ...], Documents]


@frozen(kw_only=True)
class Entry:
    """An entry of codes.toml; its fields are described there."""

    title: str
    what: str
    why: str
    example: str
    instead: str
    language: str = "yaml"
    encoding: str = "utf-8"
    media: Mapping[str, Mapping[str, Any]] = field(factory=dict)
    files: Mapping[str, str] | None = None
    hex: Mapping[str, str] = field(factory=dict)
    compile: Mapping[str, Any] | None = None


def entries() -> Mapping[Code, Entry]:
    """The entries of codes.toml in their order."""
    text = files("mixdown.ir").joinpath("codes.toml").read_text("utf-8")
    return {Code(code): Entry(**fields) for code, fields in tomllib.loads(text).items()}


def page() -> str:
    """The page's text."""
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
    """The diagnostics of an entry's example, as data and as text; none for commands."""
    if entry.language == "mir":
        return _reported(lambda: _of_graph(entry))
    if entry.language != "yaml":
        return (), ""
    with tempfile.TemporaryDirectory() as directory:
        for name, text in (entry.files or {}).items():
            Path(directory, name).write_text(text, encoding="utf-8")
        for name, digits in entry.hex.items():
            Path(directory, name).write_bytes(bytes.fromhex(digits))
        path = Path(directory, "timeline.yaml")
        path.write_bytes(entry.example.encode(entry.encoding))
        found, text = _reported(lambda: _of_timeline(path, entry))
        return found, text.replace(f"{directory}/", "")


def _reported(work: Callable[[], Answer]) -> tuple[tuple[Diagnostic, ...], str]:
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
    if entry.files is not None or entry.hex:
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
        f"{wrapped(entry.what)}\n",
        f"{wrapped(f'**Why it matters.** {entry.why}')}\n",
        f"```{_FENCES.get(entry.language, entry.language)}\n{entry.example.strip()}\n```\n",
    ]
    found, text = answer(entry)
    if code in {d.code for d in found}:
        lines.append(f"```text\n{text}\n```\n")
    lines.append(f"{wrapped(f'**What to do.** {entry.instead}')}\n")
    return "\n".join(lines)
