"""A document is posted, and its master and stems are read: by real requests to a real server."""

from __future__ import annotations

import hashlib
import io

import jsonschema
import pytest
import soundfile
from mixdown.service.openapi import document
from running_server import running
from service_mixes import QUICK, body, mix, write_sound

DELIVER = {"master": {"format": "wav"}, "site": {"format": "mp3", "bit_rate": 64}}
EPISODE = {"document": mix("episode"), "request": {**QUICK, "stems": True, "deliver": DELIVER}}


def valid(answer, name: str):
    """The data of an answer, which is as the OpenAPI document says."""
    schema = {"$ref": f"#/components/schemas/{name}", **document(has_keys=False)}
    jsonschema.validate(answer.data, schema)
    return answer.data


@pytest.fixture(scope="module")
def done(server):
    """A job that is done, with stems and a second master."""
    answer = server.call("POST", "/v1/renders", EPISODE)
    assert answer.status == 202
    job = valid(answer, "job")
    assert answer.headers["location"] == job["links"]["self"] == f"/v1/renders/{job['id']}"
    return server.wait(job["id"])


def test_a_render_becomes_artifacts_with_their_metadata(server, done):
    assert (done["state"], done["percent"], done["attempts"]) == ("done", 100, 1)
    kinds = [(a["kind"], a["bus_id"], a["file"], a["media_type"]) for a in done["artifacts"]]
    assert kinds == [
        ("audio_render", "master", "master.wav", "audio/wav"),
        ("audio_bus_stem", "bus_dialogue", "bus_dialogue.wav", "audio/wav"),
        ("audio_bus_stem", "bus_music", "bus_music.wav", "audio/wav"),
        ("audio_render", "master", "site.mp3", "audio/mpeg"),
    ]
    master, *stems, site = done["artifacts"]
    assert master["meta"]["sample_rate"] == site["meta"]["sample_rate"] == 8000
    assert {stem["parent_id"] for stem in stems} == {master["id"]}
    for artifact in done["artifacts"]:
        assert valid(server.call("GET", artifact["links"]["self"]), "artifact") == artifact
        file = server.call("GET", artifact["links"]["content"])
        digest = f"sha256:{hashlib.sha256(file.body).hexdigest()}"
        assert digest == artifact["content_digest"] == file.headers["etag"].strip('"')
        assert file.headers["content-type"] == artifact["media_type"]
        assert len(file.body) == artifact["size"]
        assert soundfile.info(io.BytesIO(file.body)).samplerate == 8000
    listed = valid(server.call("GET", "/v1/artifacts?timeline_id=episode"), "artifacts")
    assert [a["id"] for a in listed["artifacts"]] == [a["id"] for a in done["artifacts"]]


def test_the_report_plays_the_master_beside_it(server, done):
    for artifact in done["artifacts"]:
        page = server.call("GET", f"/v1/artifacts/{artifact['id']}/report")
        assert page.headers["content-type"].startswith("text/html")
        assert b'src="./master.wav"' in page.body
        beside = server.call("GET", f"/v1/artifacts/{artifact['id']}/master.wav")
        assert beside.headers["etag"].strip('"') == done["artifacts"][0]["content_digest"]


def test_a_file_is_read_in_ranges(server, done):
    path = done["artifacts"][0]["links"]["content"]
    whole = server.call("GET", path)
    size, tag = len(whole.body), whole.headers["etag"]
    for asked, start, stop in (
        ("bytes=0-99", 0, 100),
        ("bytes=100-", 100, size),
        ("bytes=-7", size - 7, size),
        (f"bytes=5-{size + 9}", 5, size),
    ):
        part = server.call("GET", path, Range=asked, If_Range=tag)
        assert (part.status, part.body) == (206, whole.body[start:stop])
        assert part.headers["content-range"] == f"bytes {start}-{stop - 1}/{size}"
    for asked in ("bytes=0-1,5-6", "bytes=9-2", "lines=1-2", "bytes=-"):
        assert server.call("GET", path, Range=asked).body == whole.body
    assert server.call("GET", path, Range="bytes=0-1", If_Range='"other"').status == 200
    beyond = server.call("GET", path, Range=f"bytes={size}-")
    assert (beyond.kind, beyond.headers["content-range"]) == ("wrong-range", f"bytes */{size}")
    assert server.call("GET", path, If_None_Match=f'"x", {tag}').status == 304
    head = server.call("HEAD", path)
    assert (head.headers["content-length"], head.body) == (str(size), b"")


def test_events_are_resumed_after_the_last_that_was_received(server, done):
    events = server.events(done["id"])
    assert [kind for _, kind, _ in events] == ["queued", "running", "done"]
    assert all(data["job"] == done["id"] for _, _, data in events)
    for number, _, _ in events:
        assert server.events(done["id"], number) == [e for e in events if e[0] > number]


def test_the_same_content_is_the_same_job(server, done):
    text = '{"id": "episode", "sample_rate": 8000, "tracks": ['
    text += '{"id": "host", "role": "dialogue", "clips": [{"source": "a.wav", "start_ms": 0}]},'
    text += '{"id": "bed", "role": "music", "clips": [{"source": "a.wav", "start_ms": 100}]}]}'
    again = {**EPISODE, "document": text}
    answer = server.call("POST", "/v1/renders", again)
    assert (answer.status, answer.data) == (200, done)
    other = server.call("POST", "/v1/renders", {**again, "report": False})
    assert other.status == 202 and other.data["id"] != done["id"]
    assert server.call("DELETE", other.data["links"]["self"]).status in (200, 202)
    ended = server.wait(other.data["id"])
    assert (ended["state"], ended["artifacts"]) == ("cancelled", [])
    assert server.events(ended["id"])[-1][1] == "cancelled"


def test_an_idempotency_key_belongs_to_one_body(server):
    first = server.call("POST", "/v1/renders", body("once"), Idempotency_Key="k1")
    again = server.call("POST", "/v1/renders", body("once"), Idempotency_Key="k1")
    assert (first.status, again.status) == (202, 200)
    assert first.data["id"] == again.data["id"]
    server.call("DELETE", first.data["links"]["self"])
    other = server.call("POST", "/v1/renders", body("twice"), Idempotency_Key="k1")
    assert (other.status, other.kind) == (422, "key-reused")


def test_a_document_may_be_yaml_in_yaml(server):
    text = "document: |\n  id: y\n  sample_rate: 8000\n  tracks:\n"
    text += "    - {id: a, role: music, clips: [{source: a.wav}]}\nrequest: {format: flac}\n"
    answer = server.call("POST", "/v1/check", text.encode(), Content_Type="application/yaml")
    assert valid(answer, "check")["timeline_id"] == "y"


def test_a_problem_has_every_diagnostic_with_its_place(server):
    text = "id: x\nsample_rate: 8000\ntracks:\n"
    text += "  - {id: a, role: music, gain_bd: 2, clips: [{source: missing.wav}]}\n"
    answer = server.call("POST", "/v1/renders", {"document": text})
    assert (answer.status, answer.kind) == (422, "invalid-document")
    unknown, missing = valid(answer, "problem")["diagnostics"]
    assert (unknown["code"], unknown["pointer"]) == ("MIX103", "/tracks/0/gain_bd")
    assert (unknown["document"], unknown["line"], unknown["column"]) == ("document", 4, 26)
    assert "gain_db" in unknown["help"]
    assert missing["code"] == "MIX214"


def test_a_document_that_is_a_mapping_has_the_places_of_the_body(server):
    text = b'{"document": {"id": "x",\n "sample_rate": 8000, "trakcs": []},\n "request": {}}'
    answer = server.call("POST", "/v1/check", text, Content_Type="application/json")
    (problem,) = answer.data["diagnostics"][:1]
    assert (problem["pointer"], problem["document"]) == ("/trakcs", "body")
    assert (problem["line"], problem["column"]) == (2, 23)


@pytest.mark.parametrize(
    ("wanted", "code", "pointer"),
    [
        ({"request": {"presett": "podcast"}}, "MIX103", "/request/presett"),
        ({"request": {"preset": "podcst"}}, "MIX303", "/request"),
        ({"request": {"bit_depth": "16", "format": "mp3"}}, "MIX307", "/request"),
        ({"request": {"facts": "/etc/passwd"}}, "MIX103", "/request/facts"),
        ({"request": {"presets": ["/etc"]}}, "MIX103", "/request/presets"),
        ({"request": {"video": "/etc/passwd"}}, "MIX103", "/request/video"),
        ({"request": {"deliver": "/etc/passwd"}}, "MIX105", "/request/deliver"),
        ({"document": 7}, "MIX105", "/document"),
        ({"document": None}, "MIX104", ""),
        ({"webhook": 1}, "MIX105", "/webhook"),
    ],
)
def test_an_envelope_is_read_strictly(server, wanted, code, pointer):
    answer = server.call("POST", "/v1/renders", {**body("strict"), **wanted})
    found = [(d["code"], d["pointer"]) for d in answer.data["diagnostics"]]
    assert (code, pointer) in found, answer.data


def test_plans_and_explanations_are_those_of_the_command_line(server):
    for form, start in {
        "text": "plan ",
        "sh": "#!/bin/sh",
        "json": "{",
        "mir": "mixdown.ir ",
    }.items():
        answer = server.call("POST", "/v1/plans", {"document": mix("p"), "format": form})
        plan = valid(answer, "plan")
        assert plan["text"].startswith(start), plan["text"][:80]
        assert plan["digest"].startswith("sha256:")
    several = {"deliver": {"a": {"format": "wav"}, "b": {"format": "flac"}}}
    refused = server.call("POST", "/v1/plans", {"document": mix("p"), "request": several})
    assert refused.data["diagnostics"][0]["pointer"] == "/request/deliver"
    for wanted in ({"at_ms": 200}, {"at_ms": 0, "to_ms": "0:00.4"}, {"track": "host"}):
        found = valid(
            server.call("POST", "/v1/explain", {"document": mix("p"), **wanted}), "explanation"
        )
        assert "host" in found["text"]
    assert server.call("POST", "/v1/explain", {"document": mix("p")}).status == 422


def test_a_restart_goes_on_where_it_was(tmp_path):
    """One job's source changes meanwhile: it fails, without a path of the server."""
    folder = tmp_path / "mixdown-media"
    write_sound(folder / "a.wav")
    write_sound(folder / "b.wav")
    with running(tmp_path, "--limit", "renders=0") as idle:
        kept = idle.call("POST", "/v1/renders", body("kept")).data
        changed = {"document": mix("changed", "b.wav"), "request": QUICK}
        lost = idle.call("POST", "/v1/renders", changed).data
        assert idle.stop() == 0
    write_sound(folder / "b.wav", seed=12)
    with running(tmp_path) as later:
        assert later.wait(kept["id"])["state"] == "done"
        failed = later.wait(lost["id"])
        assert (failed["state"], failed["diagnostics"][0]["code"]) == ("failed", "MIX611")
        assert str(tmp_path) not in str(failed)
        assert [j["id"] for j in later.call("GET", "/v1/renders?state=failed").data["jobs"]] == [
            lost["id"]
        ]
        again = later.call("POST", "/v1/renders", changed)
        assert (again.status, again.data["id"] == lost["id"]) == (202, False)
        later.wait(again.data["id"], "running")
        assert later.stop() == 0  # it is given back
    assert not list((tmp_path / "mixdown-work").iterdir())
