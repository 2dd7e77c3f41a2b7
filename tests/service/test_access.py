"""Who may do what, what is too much, and how media comes in: a server with keys and low limits."""

from __future__ import annotations

import hashlib
import os
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
from mixdown.media.gate import UPLOADS
from mixdown.service.keys import Scope
from service_mixes import QUICK, body, mix


def test_a_key_allows_what_its_scopes_say(strict):
    server, keys, _ = strict
    wanted = {
        Scope.READ: ("GET", "/v1/renders"),
        Scope.RENDER: ("POST", "/v1/check"),
        Scope.MEDIA: ("GET", f"/v1/media/sha256:{'0' * 64}"),
        Scope.METRICS: ("GET", "/metrics"),
    }
    for holder in Scope:
        for scope, (method, path) in wanted.items():
            named = {"Authorization": f"Bearer {keys[holder]}", "Content-Type": "application/json"}
            answer = server.call(method, path, b"{}" if method == "POST" else None, **named)
            assert (answer.status == 403) == (holder != scope), (holder, scope, answer)
    for given in (
        "",
        "Bearer ",
        "Bearer nonsense",
        f"Basic {keys['all']}",
        f"Bearer {keys['all']}x",
    ):
        answer = server.call("GET", "/v1/renders", Authorization=given)
        assert (answer.status, answer.kind) == (401, "no-key")
        assert answer.headers["www-authenticate"].startswith("Bearer")
    for path in ("/health/live", "/health/ready", "/v1/openapi.json"):
        assert server.call("GET", path, Authorization="").status == 200


def test_a_key_that_is_removed_is_revoked(strict):
    server, keys, folder = strict
    file = folder / "keys.toml"
    before = file.read_text()
    call = lambda: server.call("GET", "/v1/renders", Authorization=f"Bearer {keys[Scope.READ]}")  # noqa: E731
    file.write_text(before.replace(f'[keys."the {Scope.READ}"]', '[keys."the reader"]\n# moved'))
    assert call().status == 200
    file.write_text("keys = 7")  # the keys of before remain
    assert call().status == 200
    file.write_text(before.partition("\n\n")[2])
    assert call().status == 401
    file.write_text(before)
    assert call().status == 200


def test_the_server_without_keys_answers_this_machine_only(server):
    for headers in (
        {"Host": "studio.example"},
        {"Host": "127.0.0.1.nip.io:80"},
        {"Host": "localhost", "Origin": "https://studio.example"},
        {"Host": "localhost", "Origin": "null"},
        {"Host": "localhost", "Sec-Fetch-Site": "cross-site"},
    ):
        assert server.call("GET", "/v1/presets", **headers).status == 403, headers
    for host in ("localhost:1", "127.0.0.1", "[::1]:80"):
        assert server.call("GET", "/v1/presets", Host=host, Origin=f"http://{host}").status == 200


def test_unknown_paths_and_methods_are_problems(server):
    assert server.call("GET", "/v1/nothing").kind == "not-found"
    assert server.call("GET", "/v1/artifacts/" + "0" * 32).kind == "not-found"
    for name in ("%2e%2e%2fetc", "%00", "%ff", "0" * 5000, "0" * 32):
        for path in (f"/v1/renders/{name}", f"/v1/renders/{name}/events", f"/v1/artifacts/{name}"):
            assert server.call("GET", path).kind == "not-found"
        assert server.call("DELETE", f"/v1/renders/{name}").status == 404
    assert server.call("GET", "/v1/schema/nothing").kind == "not-found"
    answer = server.call("PUT", "/v1/renders", b"")
    assert answer.kind == "wrong-method"
    assert set(answer.headers["allow"].split(", ")) >= {"GET", "POST"}
    for kind in ("text/plain", "", "multipart/form-data; boundary=x"):
        answer = server.call("POST", "/v1/check", b"{}", Content_Type=kind)
        assert (answer.status, answer.kind) == (415, "wrong-media-type")


def test_what_is_too_much_is_refused(strict):
    server, _, _ = strict
    tracks = [{"id": f"t{n}", "role": "music", "clips": [{"source": "a.wav"}]} for n in range(3)]
    many = {"id": "c", "role": "music", "clips": [{"source": "a.wav"}] * 4}
    for document in (
        {**mix("tracks"), "tracks": tracks},
        {**mix("clips"), "tracks": [many]},
        {**mix("long"), "length_ms": 61_000},
    ):
        answer = server.call("POST", "/v1/check", {"document": document})
        assert (answer.status, answer.kind) == (413, "too-large"), answer.data
    large = b'"' + b"x" * (1 << 20) + b'"'
    assert server.call("POST", "/v1/check", large, Content_Type="text/yaml").kind == "too-large"
    for name in ("q1", "q2"):
        assert server.call("POST", "/v1/renders", body(name)).status == 202
    full = server.call("POST", "/v1/renders", body("q3"))
    assert (full.status, full.kind) == (429, "queue-full")
    assert int(full.headers["retry-after"]) > 0
    for job in server.call("GET", "/v1/renders").data["jobs"]:
        assert server.call("DELETE", job["links"]["self"]).data["state"] == "cancelled"


def test_media_is_uploaded_in_parts_and_played(strict):
    server, _, folder = strict
    content = (folder / "secret.wav").read_bytes()
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    path, size = f"/v1/media/{digest}", len(content)
    assert server.call("GET", path).status == 404
    first = server.call("PUT", path, content[:100], Content_Range=f"bytes 0-99/{size}")
    assert (first.status, first.headers["upload-offset"]) == (202, "100")
    assert server.call("GET", path).data == {"digest": digest, "complete": False, "size": 100}
    apart = server.call("PUT", path, content[300:], Content_Range=f"bytes 300-{size - 1}/{size}")
    assert (apart.status, apart.headers["upload-offset"]) == (409, "100")
    beyond = f"bytes 100-109/{size}"
    for wrong in ("lines 1-2/3", "bytes */9", "bytes 5-4/9", "bytes 0-9/9", beyond):
        assert server.call("PUT", path, b"xyz", Content_Range=wrong).kind == "part-differs"
    offset = int(server.call("GET", path).headers["upload-offset"])
    rest = f"bytes {offset}-{size - 1}/{size}"
    assert server.call("PUT", path, content[offset:], Content_Range=rest).kind == "digest-differs"
    done = server.call("PUT", path, content)
    assert (done.status, done.data["complete"]) == (201, True)
    assert server.call("PUT", path, b"other").status == 201  # it is there already
    played = server.call("POST", "/v1/check", {"document": mix("up", digest)})
    assert played.status == 200, played.data
    assert server.call("PUT", "/v1/media/sha256:abc", b"").status == 400
    too_large = server.call("PUT", f"/v1/media/sha256:{'1' * 64}", b"x" * ((1 << 20) + 1))
    assert (too_large.status, too_large.kind) == (413, "too-large")


def test_only_what_the_operator_allows_is_imported(strict):
    server, _, folder = strict
    done = server.call("POST", "/v1/media", {"url": f"file://{folder}/raw/b.wav"})
    assert done.status == 201
    assert (
        server.call("POST", "/v1/check", {"document": mix("in", done.data["digest"])}).status == 200
    )
    for path in ("../secret.wav", "%2e%2e/secret.wav", "x/../../secret.wav", "..\\secret.wav"):
        answer = server.call("POST", "/v1/media", {"url": f"file://{folder}/raw/{path}"})
        assert (answer.status, answer.kind) == (403, "not-allowed"), path
    for url in (f"file://{folder}/secret.wav", "file:///etc/passwd", "http://169.254.169.254/"):
        assert server.call("POST", "/v1/media", {"url": url}).status == 403
    missing = server.call("POST", "/v1/media", {"url": f"file://{folder}/raw/missing.wav"})
    assert missing.status == 404 and str(folder) not in str(missing.data)
    for wrong in ({}, {"url": 1}, {"url": "x", "more": 1}, []):
        assert server.call("POST", "/v1/media", wrong).kind == "invalid-document"
    left = {path.name for path in (folder / "mixdown-media" / UPLOADS).iterdir()}
    assert "new" in left and not {name for name in left if name == "old" or "import" in name}


def test_a_sender_that_pauses_and_a_slow_import_are_cut_off(strict):
    """What has arrived is kept, and another can go on."""
    server, keys, folder = strict
    content = b"x" * 200
    path = f"/v1/media/sha256:{hashlib.sha256(content).hexdigest()}"
    fetch = lambda name: server.call("POST", "/v1/media", {"url": f"file://{folder}/raw/{name}"})  # noqa: E731
    os.mkfifo(folder / "raw" / "slow.wav")
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(fetch, "slow.wav")
        while not list((folder / "mixdown-media" / UPLOADS).glob("import-*")):
            time.sleep(0.01)
        busy = fetch("b.wav")
        assert busy.kind == "unavailable" and int(busy.headers["retry-after"]) > 0
        host, port = urlsplit(server.url).netloc.split(":")
        head = f"PUT {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {keys['all']}\r\n"
        with socket.create_connection((host, int(port)), timeout=60) as sender:
            sender.sendall(f"{head}Content-Length: 200\r\n\r\n".encode() + content[:150])
            assert sender.recv(65536).startswith(b"HTTP/1.1 408 ")
        assert server.call("GET", path).data["size"] == 150
        rest = server.call("PUT", path, content[150:], Content_Range="bytes 150-199/200")
        assert rest.status == 201
        assert slow.result().kind == "unavailable"
    (folder / "raw" / "slow.wav").open("wb").close()  # the thread that waits for it ends


@pytest.mark.parametrize(
    "path",
    ["../secret.wav", "/etc/passwd", "http://127.0.0.1/a.wav", "file:a.wav", "a.wav/../../x"],
)
def test_a_document_opens_nothing_outside_the_source_root(strict, path):
    server, _, folder = strict
    for document in (mix("out", path), {**mix("cover"), "cover": path}, {"include": path}):
        answer = server.call("POST", "/v1/check", {"document": document, "request": QUICK})
        assert answer.status == 422
        assert str(folder) not in str(answer.data) and "root:" not in str(answer.data)


def test_a_server_that_cannot_be_served_says_why(tmp_path, capfd):
    from mixdown.cli.app import run

    for options, said in (
        (["--host", "0.0.0.0"], "needs keys"),
        (["--keys", str(tmp_path / "none.toml")], "no file"),
        (["--webhook-host", "studio.example"], "need a secret"),
        (["--import-from", "s3://shows"], "not a prefix"),
        (["--limit", "tracks=0"], "allowed: 1 to 100,000"),
        (["--limit", "trakcs=1"], "did you mean 'tracks'"),
        (["--registry", "nonsense"], "registry"),
    ):
        places = ["--source-root", "m", "--work", "w", "--store", "s"]
        options += [str(tmp_path / p) if not p.startswith("--") else p for p in places]
        assert run(["serve", *options]) == 2, options
        assert said in capfd.readouterr().err, options
