"""A JSON document of many clips, and the timeline that it is, built by hand without checks."""

from __future__ import annotations

import json
from decimal import Decimal

from mixdown.compiler.timeline.automation import Automation, Keyframe
from mixdown.compiler.timeline.entry import SourceEntry
from mixdown.compiler.timeline.model import Clip, Timeline, Track
from mixdown.documents.structure import build


def document(clips: int) -> str:
    """Ten tracks of clips with fades; every fourth has a gain automation, every tenth a pan."""
    tracks = [{"id": f"t{t}", "role": "dialogue", "clips": []} for t in range(10)]
    for c in range(clips):
        clip = {
            "id": f"c{c}",
            "source": "host" if c % 3 else "guest",
            "start_ms": c * 250,
            "offset_ms": c % 7 * 100,
            "duration_ms": 1200.5,
            "gain_db": -1.5,
            "fade_in_ms": 30,
            "fade_out_ms": 60,
            "fade_out_curve": "qsin",
        }
        if c % 4 == 0:
            clip["automation"] = {
                "gain": [
                    {"at_ms": 0, "value": 0, "curve": "smooth"},
                    {"at_ms": 600, "value": -6.5},
                ]
            }
        if c % 10 == 0:
            clip["pan"] = 0.25
        tracks[c % 10]["clips"].append(clip)
    sources = {"host": "host.wav", "guest": "guest.wav"}
    return json.dumps({"schema_version": 1, "id": "big", "sources": sources, "tracks": tracks})


def base(text: str) -> Timeline:
    """The same timeline, built by hand."""
    data = json.loads(text, parse_float=Decimal)
    tracks = []
    for track in data.pop("tracks"):
        clips = []
        for clip in track.pop("clips"):
            moves = clip.pop("automation", None)
            if moves is not None:
                gain = tuple(build(Keyframe, keyframe) for keyframe in moves["gain"])
                clip["automation"] = build(Automation, {"gain": gain})
            clips.append(build(Clip, clip))
        tracks.append(build(Track, {"clips": tuple(clips), **track}))
    sources = {n: build(SourceEntry, {"path": path}) for n, path in data.pop("sources").items()}
    return build(Timeline, {"tracks": tuple(tracks), "sources": sources, **data})
