"""Time to load a JSON document of 10,000 clips, compared with json.loads and plain attrs classes.

    python benchmarks/load.py [clips]

The baseline builds the same models by hand from the result of json.loads, without checks; the
target is a ratio of at most 3.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Callable
from decimal import Decimal

from mixdown.compiler.load import loads
from mixdown.compiler.timeline.entry import SourceEntry
from mixdown.compiler.timeline.model import Automation, Clip, Keyframe, Timeline, Track
from mixdown.compiler.timeline.validate import validate
from mixdown.documents.structure import build

ROUNDS = 7


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


def best(work: Callable[[], object]) -> float:
    """The time of the fastest of several rounds, in seconds."""
    times = []
    for _ in range(ROUNDS):
        gc.collect()
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> None:
    clips = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    text = document(clips)
    timeline = loads(text)
    assert timeline == base(text)
    assert not validate(timeline)
    json_only = best(lambda: json.loads(text))
    plain = best(lambda: base(text))
    full = best(lambda: loads(text))
    checked = best(lambda: validate(timeline))
    print(f"{clips:,} clips, {len(text) / 1e6:.1f} MB")
    print(f"json.loads                     {json_only * 1000:8.1f} ms")
    print(f"json.loads + attrs, by hand    {plain * 1000:8.1f} ms")
    print(f"loads                          {full * 1000:8.1f} ms   ratio {full / plain:.2f}")
    print(f"validate                       {checked * 1000:8.1f} ms")


if __name__ == "__main__":
    main()
