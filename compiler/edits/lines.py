"""Writes the pauses of a mix as cuts, as lines of its document that can be edited.

Promises: everything else in the document stays as it is, comments too, and the result means the
same as the document with the cuts in place of its `tighten`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from attrs import frozen

from ...documents import json_reader, yaml_reader
from ...documents.load import format_of, read_text
from ...documents.models import plain, put
from ...documents.tree import Pair, TreeNode
from ...documents.writer import json_text
from ...ir.codes import Code
from ...ir.diagnostics import Diagnostic, MixdownError
from ...ir.origin import Documents
from ..driver import begin
from ..load import load, read
from ..pipeline import FRONT, final
from ..request import RenderRequest
from ..timeline.cuts import CutRange, Tighten
from .cut import Cutting
from .pauses import pauses


@frozen
class TightenedText:
    """A document with its pauses as cuts.

    Attributes:
        text: the document.
        cuts: those that are new in it.
        diagnostics: warnings and notes.
        documents: of their places.
    """

    text: str
    cuts: tuple[CutRange, ...]
    diagnostics: tuple[Diagnostic, ...]
    documents: Documents


def tightened_text(
    path: str | Path,
    tighten: Tighten | None,
    *,
    allow_outside: bool = False,
    variables: Mapping[str, object] | None = None,
) -> TightenedText:
    """The document of a mix with its pauses as cuts.

    Args:
        path: a timeline, an arrangement or a show.
        tighten: which pauses; None: as the document says.
        allow_outside: whether its sources may lie outside of its directory.
        variables: values of its variables.

    Raises:
        MixdownError: the mix cannot be compiled; MIX307, nothing says which pauses, or the
            document is written in a way to which no lines can be added.
    """
    text = read_text(path)
    timeline = load(path, allow_outside=allow_outside, variables=variables)
    tighten = tighten or timeline.tighten
    if tighten is None:
        raise MixdownError.of(
            Code.BAD_REQUEST,
            f"{str(path)!r} has no `tighten`",
            help="say whose pauses are shortened: --role dialogue",
        )
    before = FRONT[: FRONT.index(Cutting())]
    unit = final(begin(put(timeline, tighten=tighten), RenderRequest()), before)
    found, notes = pauses(unit, tighten)
    new = tuple(cut for cut in found if not any(_covers(old, cut) for old in timeline.cuts))
    made = _with_cuts(text, str(path), new, tighten)
    return TightenedText(made, new, (*unit.diagnostics, *notes), timeline.documents)


def _covers(old: CutRange, new: CutRange) -> bool:
    return old.from_ms <= new.from_ms and new.to_ms <= old.to_ms


def _with_cuts(text: str, name: str, cuts: Sequence[CutRange], tighten: Tighten) -> str:
    """The text with more cuts, and without its `tighten`."""
    format = format_of(name, text)
    before: Any = read(text, name, format)
    if format == "json":
        data: Any = json_reader.read(text)[0]
        data.pop("tighten", None)
        if cuts:
            data["cuts"] = [*data.get("cuts", []), *map(plain, cuts)]
        return json_text(data)
    made = _yaml(text, [_entry(cut, tighten) for cut in cuts])
    after: Any = made and read(made, name, format)
    if after != put(before, cuts=(*before.cuts, *cuts), tighten=None):
        raise MixdownError.of(
            Code.BAD_REQUEST,
            f"cuts cannot be added to {name!r} as lines",
            help="write `cuts` and `tighten` as keys of their own lines, without anchors",
        )
    return made


def _entry(cut: CutRange, tighten: Tighten) -> str:
    """A cut as an entry of a list, with the length of its pause."""
    fields = ", ".join(f"{key}: {value}" for key, value in plain(cut).items())
    pause = Decimal(cut.to_ms - cut.from_ms + tighten.keep_ms) / 1000
    return f"- {{{fields}}}  # a pause of {pause:.2f} s"


def _yaml(text: str, entries: list[str]) -> str:
    """The text with more entries in `cuts`, and without `tighten`; "" if it is in flow style."""
    root = yaml_reader.compose(text).node
    if root.pairs is None or text[root.start : root.start + 1] == "{":
        return ""
    changes = list(_changes(text, root.pairs, entries))
    for start, end, new in sorted(changes, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def _changes(
    text: str, pairs: dict[str, Pair], entries: list[str]
) -> Iterator[tuple[int, int, str]]:
    """Ranges of the text and what to put there."""
    old, tighten = pairs.get("cuts"), pairs.get("tighten")
    block = "cuts:\n" + "".join(f"  {entry}\n" for entry in entries) if entries else ""
    if tighten is not None:
        start, end = tighten.start, _line_end(text, _end(text, tighten))
        comment = text[_end(text, tighten) : end].strip()
        kept = f"{comment}\n" if comment else ""
        yield start, end, kept + (block if old is None else "")
    if not entries or (old is None and tighten is not None):
        return
    if old is None:
        place = _before_tracks(text, pairs)
        yield place, place, block
    elif old.node.items and text[old.node.start] == "-":
        place = _line_end(text, _end(text, old))
        indent = " " * (old.node.start - text.rfind("\n", 0, old.node.start) - 1)
        ended = "" if text[:place].endswith("\n") else "\n"
        yield place, place, ended + "".join(f"{indent}{entry}\n" for entry in entries)
    else:
        before = [f"- {text[item.start : item.end]}" for item in old.node.items or ()]
        lines = "".join(f"\n  {entry}" for entry in (*before, *entries))
        yield old.end + 1, old.node.end, lines


def _before_tracks(text: str, pairs: dict[str, Pair]) -> int:
    """The line after the key that comes before the tracks, or the first line of the tracks."""
    by_place = sorted(pairs.values(), key=lambda pair: pair.start)
    tracks = pairs.get("tracks")
    earlier = [pair for pair in by_place if tracks is None or pair.start < tracks.start]
    if not earlier:
        return tracks.start if tracks is not None else 0
    return _line_end(text, _end(text, earlier[-1]))


def _end(text: str, pair: Pair) -> int:
    """Where the text of a pair ends, without comments after it."""
    end = pair.end
    nodes: list[TreeNode] = [pair.node]
    while nodes:
        node = nodes.pop()
        inner = [*(node.items or ()), *(each.node for each in (node.pairs or {}).values())]
        if inner and text[node.start : node.start + 1] not in ("[", "{"):
            nodes += inner
        else:
            end = max(end, len(text[: node.end].rstrip()))
    return end


def _line_end(text: str, at: int) -> int:
    """The start of the line after a place."""
    end = text.find("\n", at)
    return len(text) if end < 0 else end + 1
