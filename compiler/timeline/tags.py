"""Versions of a mix by the tags of its tracks, such as one for each language.

Promises: a track without tags is in every version; one with tags only if it has one of those asked
for. Tracks that are left out are not there at all: they neither sound nor count for the length.
Every other value keeps its place in the document.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from ...documents.models import put
from ...documents.values import shown
from ...ir.codes import Code
from ...ir.diagnostics import Diagnostic, TimelineError, did_you_mean
from ...ir.origin import Origin, parents
from .model import Timeline


def only_tagged(timeline: Timeline, tags: Collection[str]) -> Timeline:
    """The timeline with the tracks of these tags, and those that have none.

    Raises:
        TimelineError: MIX307, no track has one of the tags.
    """
    known = list(dict.fromkeys(tag for track in timeline.tracks for tag in track.tags))
    unknown = [
        Diagnostic(
            Code.BAD_REQUEST,
            f"no track has the tag {shown(tag)}",
            help=did_you_mean(tag, known) if known else "no track has any tags",
        )
        for tag in tags
        if tag not in known
    ]
    if unknown:
        raise TimelineError(unknown, timeline.documents)
    kept = [
        t
        for t, track in enumerate(timeline.tracks)
        if not track.tags or not set(tags).isdisjoint(track.tags)
    ]
    tracks = tuple(timeline.tracks[t] for t in kept)
    return put(timeline, tracks=tracks, via=dict(_moved(timeline, kept)))


def _moved(timeline: Timeline, kept: list[int]) -> Iterator[tuple[str, Origin]]:
    """The origins of a timeline with these of its tracks."""
    for pointer, origin in timeline.via.items():
        if "/tracks" not in parents(pointer):
            yield pointer, origin
    for new, old in enumerate(kept):
        before, after = f"/tracks/{old}", f"/tracks/{new}"
        if new != old:
            yield after, timeline.origin("tracks", old)
        for pointer, origin in timeline.via.items():
            if before in parents(pointer):
                yield after + pointer[len(before) :], origin
