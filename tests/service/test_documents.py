"""Every kind of document, and all that becomes of one, over HTTP."""

from __future__ import annotations

import hashlib
import io
import json

import pytest
import soundfile
from mixdown.media.gate import UPLOADS
from service_mixes import QUICK, mix

PART = json.dumps({**mix("part"), "markers": [{"at_ms": 0, "label": "Part"}]}).encode()
PLAYED = f"sha256:{hashlib.sha256(PART).hexdigest()}.json"
"""Uploaded; it lasts 0.6 s, its two sounds 0.5 s each."""

SHOW = {
    "show_version": 1,
    "id": "show",
    "sample_rate": 8000,
    "gap_ms": 100,
    "segments": [{"source": PLAYED}, {"source": "a.wav", "label": "Again"}],
}
SONG = {
    "arrangement_version": 1,
    "id": "song",
    "sample_rate": 8000,
    "tempo_map": [{"bar": 1, "tempo": 240}],
    "sections": [{"name": "all", "bars": 2}],
    "materials": [{"id": "hit", "source": "a.wav"}],
    "parts": [{"id": "drums", "role": "music", "material": "hit", "play": ["all"]}],
}
ALBUM = {
    "id": "album",
    "sample_rate": 8000,
    "metadata": {"artist": "Somebody"},
    "tracks": [
        {
            "id": "songs",
            "role": "music",
            "clips": [{"source": "a.wav"}, {"source": "a.wav", "start_ms": 700}],
        },
        {
            "id": "part",
            "role": "music",
            "clips": [{"source": PLAYED, "start_ms": 200, "offset_ms": 100, "duration_ms": 400}],
        },
    ],
}
SEVERAL = {
    "deliver": {
        "whole": {"format": "wav", "split": "chapters"},
        "teaser": {"format": "mp3", "from_ms": 200, "to_ms": 700},
    }
}
RANGE = {"from_ms": 100, "to_ms": 400, "format": "flac"}
CASES = [
    (
        SHOW,
        SEVERAL,
        "whole.wav 1.2, 01 Part.wav 0.7, 02 Again.wav 0.5, teaser.mp3 0.5",
    ),
    (SONG, RANGE, "master.flac 0.3"),
    (
        ALBUM,
        {"split": "clips", "split_name": "{artist} {number}"},
        "master.wav 1.2, Somebody 1.wav 0.7, Somebody 2.wav 0.5",
    ),
]


@pytest.mark.parametrize(("document", "choices", "files"), CASES)
def test_a_document_of_each_kind_is_checked_planned_explained_and_rendered(
    server, document, choices, files
):
    body = {"document": document, "request": {**QUICK, **choices}}
    assert server.call("PUT", f"/v1/media/{PLAYED}", PART).status == 201
    checked = server.call("POST", "/v1/check", body)
    assert checked.status == 200, checked.data
    plan = server.call("POST", "/v1/plans", {**body, "format": "mir"})
    assert plan.status == (422 if "deliver" in choices else 200), plan.data
    explained = server.call("POST", "/v1/explain", {**body, "at_ms": 200})
    assert explained.status == 200 and "a.wav" in explained.data["text"]
    job = server.call("POST", "/v1/renders", {**body, "report": False}).data
    made = []
    for artifact in server.wait(job["id"])["artifacts"]:
        sound = server.call("GET", artifact["links"]["content"]).body
        made.append(f"{artifact['file']} {soundfile.info(io.BytesIO(sound)).duration:.1f}")
    assert ", ".join(made) == files


def test_a_timeline_is_played_by_a_name_with_its_ending_only(server):
    """Any other is media; an unfinished upload has no name."""
    digest = PLAYED.removesuffix(".json")
    assert server.call("PUT", f"/v1/media/{digest}", PART).status == 201
    (found,) = server.call("POST", "/v1/check", {"document": mix("plain", digest)}).data[
        "diagnostics"
    ]
    assert found["code"] == "MIX215" and ".json" in found["help"]
    assert server.call("PUT", f"/v1/media/{digest}.wav", PART).kind == "bad-request"
    other = f"sha256:{'2' * 64}.yaml"
    part = server.call("PUT", f"/v1/media/{other}", b"id: x", Content_Range="bytes 0-4/9")
    assert part.status == 202
    for path in (f"{UPLOADS}/{other}", f"x/../{UPLOADS}/{other}", f"./{UPLOADS.upper()}/{other}"):
        answer = server.call("POST", "/v1/check", {"document": mix("unfinished", path)})
        assert [d["code"] for d in answer.data["diagnostics"]] == ["MIX212"]
    large = f"bytes 0-4/{9 << 20}"
    assert (
        server.call("PUT", f"/v1/media/{other}", b"id: x", Content_Range=large).kind == "too-large"
    )
