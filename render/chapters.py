"""Chapters of an episode for podcast players: `chapters.json` of the Podcasting 2.0 namespace.

Promises: a chapter for each marker, in time order, starting where it stands (seconds, exact to the
millisecond); a pure function of the timeline. The format is jsonChapters 1.2.0 of the namespace
(type application/json+chapters); a feed names the file in <podcast:chapters>.
"""

from __future__ import annotations

import json

from ..compiler.timeline.model import Timeline

CHAPTERS = "chapters.json"
VERSION = "1.2.0"


def chapters_text(timeline: Timeline) -> str | None:
    """The file's text; None where the timeline has no markers."""
    if not timeline.markers:
        return None
    tags = timeline.metadata
    data: dict[str, object] = {"version": VERSION}
    for key, tag in (("title", "title"), ("author", "artist"), ("podcastName", "album")):
        if tag in tags:
            data[key] = tags[tag]
    data["chapters"] = [
        {"startTime": float(marker.at_ms / 1000), "title": marker.label}
        for marker in sorted(timeline.markers, key=lambda marker: marker.at_ms)
    ]
    return json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
