"""The purpose of a step, for progress bars and scripts: "mix 40 clips of host, music"."""

from __future__ import annotations

from collections.abc import Container, Iterable

from ...ir.nodes import Clip, Node
from .narrow import given_to

_NAMED = 3
"""Tracks that are named; of the others only the number is."""


def mixing(nodes: Iterable[Node], given: Container[str]) -> str:
    """The purpose of a step that mixes: the number of clips, their tracks, and of earlier parts.

    The name of a clip begins with that of its track, up to the last slash.
    """
    made = list(nodes)
    clips = [node for node in made if isinstance(node, Clip)]
    parts = given_to(made, given)
    counted = [
        _number(len(clips), "clip") + _of(clips) if clips else "",
        _number(len(parts), "part") if parts else "",
    ]
    return "mix " + (" and ".join(filter(None, counted)) or "silence")


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _of(clips: Iterable[Clip]) -> str:
    tracks = list(dict.fromkeys(c.name.rpartition("/")[0] for c in clips if "/" in c.name))
    if not tracks:
        return ""
    named, rest = tracks[:_NAMED], len(tracks) - _NAMED
    return f" of {', '.join(named)}" + (f" and {rest} more" if rest > 0 else "")
