"""What hostile clients send is refused with a problem, quickly, without a path of the server."""

from __future__ import annotations

import http.client
import json
import re
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import pairwise
from urllib.parse import urlsplit

import pytest
from mixdown.render.artifacts.registry import open_registry, sqlite_url
from mixdown.service.jobs import JobState, Submission
from mixdown.service.problems import PROBLEMS, ProblemError
from mixdown.service.queue import Queue
from mixdown.service.ranges import asked_range
from mixdown.service.settings import ServiceSettings
from mixdown.service.webhooks import WebhookSender, check_webhook
from service_mixes import body, mix

PLAYLISTS = {
    "list.m3u8": "#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n",
    "list.ffconcat": "ffconcat version 1.0\nfile /etc/passwd\n",
    "list.wav": "#EXTM3U\n#EXTINF:1,\n../secret.wav\n",
    "list.mp3": "ffconcat version 1.0\nfile ../secret.wav\n",
    "list.sdp": "v=0\nc=IN IP4 127.0.0.1\nm=audio 9 RTP/AVP 0\n",
}
LONGEST_S = 5.0


@pytest.fixture(scope="module")
def target(strict):
    """The strict server, with playlists and symbolic links in its source root."""
    server, keys, folder = strict
    root = folder / "mixdown-media"
    for name, text in PLAYLISTS.items():
        (root / name).write_text(text)
    (root / "link.wav").symlink_to(folder / "secret.wav")
    (root / "passwd").symlink_to("/etc/passwd")
    (root / "up").symlink_to(folder)
    return server, keys, folder


def refused(answer, folder, *kinds: str) -> None:
    """The answer is a problem, of these kinds if any are named."""
    kind = answer.kind
    assert answer.status == PROBLEMS[kind].status < 500 or kind == "unavailable", answer
    assert not kinds or kind in kinds, (kind, kinds, answer.data)
    text = answer.body.decode()
    for secret in (str(folder), "site-packages", "Traceback", "root:", "/tmp/"):
        assert secret not in text, text


def raw(server, content: bytes, more: float = LONGEST_S) -> tuple[int, bytes]:
    """What a server answers to these bytes: status and the whole; it closes the connection."""
    host, port = urlsplit(server.url).netloc.split(":")
    found = b""
    with socket.create_connection((host, int(port)), timeout=more) as connection:
        connection.sendall(content)
        while block := connection.recv(65536):
            found += block
            size = re.search(rb"content-length: (\d+)", found)
            head = found.partition(b"\r\n\r\n")[0]
            if size and len(found) >= len(head) + 4 + int(size[1]):
                break
    return int(found.split()[1]) if found else 0, found


@pytest.mark.parametrize(
    "path",
    [
        *("link.wav", "passwd", "up/secret.wav", "up/../secret.wav", "./../secret.wav"),
        *("%2e%2e/secret.wav", "..%2fsecret.wav", "%252e%252e%252fsecret.wav", "..\\secret.wav"),
        *("/proc/self/environ", "/dev/stdin", "~/.bashrc", "file:///etc/passwd", "FILE:a.wav"),
        *("concat:a.wav|a.wav", "data:audio/wav;base64,UklGRg==", "subfile:,,start,0,,:a.wav"),
        *("pipe:0", "cache:a.wav", "tcp://127.0.0.1:9", "http://169.254.169.254/latest", "-i"),
        *("a.wav\0.mp3", "sha256:../secret", "\\\\host\\share\\a.wav", ".", "", *PLAYLISTS),
    ],
)
def test_a_source_is_a_media_file_below_the_source_root(target, path):
    server, _, folder = target
    show = {"show_version": 1, "id": "s", "segments": [path]}
    for document in (mix("out", path), show):
        refused(server.call("POST", "/v1/check", {"document": document}), folder)
    for key in ("include", "cover"):
        answer = server.call("POST", "/v1/check", {"document": {**mix("out"), key: path}})
        refused(answer, folder, "invalid-document")


def test_a_path_of_a_request_names_no_file(target):
    server, _, folder = target
    names = [
        "..",
        "../../etc/passwd",
        "%2e%2e%2f%2e%2e%2fsecret.wav",
        "%252e%252e",
        "..%5c..",
        "%00",
    ]
    places = ["/v1/renders/{}", "/v1/artifacts/{}", "/v1/artifacts/{}/report", "/v1/schema/{}"]
    places += [f"/v1/artifacts/{'0' * 32}/{{}}", "/v1/media/sha256:{}", "/{}", "//{}", "/v1/{}"]
    for place in places:
        for name in names:
            refused(server.call("GET", place.format(name)), folder, "not-found", "bad-request")
    for name in names:
        refused(server.call("PUT", f"/v1/media/{name}", b"x"), folder)
    deliver = {"../../evil": {"format": "wav"}}
    refused(server.call("POST", "/v1/check", body("d", request={"deliver": deliver})), folder)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (
            "yaml",
            "document:\n  a: &a [x,x,x,x,x,x,x,x,x]\n"
            + "".join(
                f"  {b}: &{b} [{','.join([f'*{a}'] * 9)}]\n" for a, b in pairwise("abcdefghi")
            ),
        ),
        ("yaml", "document: " + "[" * 100_000),
        ("yaml", "document: {id: x, length_ms: .nan, tracks: []}"),
        ("yaml", "document: !!python/object/apply:os.system ['id']"),
        ("yaml", "document: {id: x}\n---\ndocument: {id: y}"),
        ("yaml", b"document: \xff\xfe"),
        ("json", '{"document": ' + "[" * 100_000 + "]" * 100_000 + "}"),
        ("json", '{"document": ' + '{"a":' * 100_000 + "1" + "}" * 100_000 + "}"),
        ("json", '{"document": "id: \\ud800"}'),
        ("json", '{"document": {"id": "x\\u0000", "tracks": []}}'),
        ("json", json.dumps({"document": {f"k{n}": 1 for n in range(50_000)}})),
        ("json", json.dumps({"document": {"vars": {"a": "x" * 9999}, "id": "${a}" * 99_999}})),
        ("json", json.dumps(body("d", request={"deliver": {f"d{n}": {} for n in range(5000)}}))),
        *(
            ("json", f'{{"document": {{"id": "x", "length_ms": {n}}}}}')
            for n in ("NaN", "Infinity", "1e400", "1e999999999", "1e-999999999", "9" * 9999)
        ),
    ],
    ids=lambda value: str(value[:20]),
)
def test_a_body_that_would_grow_is_refused_at_once(target, kind, text):
    server, _, folder = target
    content = text.encode() if isinstance(text, str) else text
    began = time.monotonic()
    answer = server.call("POST", "/v1/check", content, Content_Type=f"application/{kind}")
    refused(answer, folder, "invalid-document", "too-large")
    assert time.monotonic() - began < LONGEST_S


def test_heads_of_requests_are_read_strictly(target):
    server, keys, folder = target
    line, auth = "POST /v1/check HTTP/1.1\r\n", f"Authorization: Bearer {keys['all']}\r\n"
    start = f"{line}Host: a\r\n{auth}Content-Type: application/json\r\n"
    for content, wanted in (
        (f"{start}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{{}}", 400),
        (f"{start}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (f"{start}Transfer-Encoding: xchunked\r\n\r\n{{}}", 400),
        (f"{start}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400),
        (f"{start}Transfer-Encoding: chunked\r\n\r\nzz\r\n{{}}\r\n", 400),
        (f"{start}Content-Length: -1\r\n\r\n", 400),
        (f"{start}Content-Length: +2\r\n\r\n{{}}", 400),
        (f"{start}Content-Length: 99999999999\r\n\r\n{{}}", 413),
        (f"{start}Transfer-Encoding: chunked\r\n\r\n200000\r\n" + "x" * 0x200000, 413),
        (f"{line}{auth}\r\n", 400),
        (f"{line}Host: a\r\nHost: b\r\n\r\n", 400),
        (f"GET /{'x' * 60_000} HTTP/1.1\r\nHost: a\r\n\r\n", 404),
        (f"GET /x HTTP/1.1\r\nHost: a\r\nX: {'x' * 60_000}\r\n\r\n", 404),
        ("GET /\r\n/x HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET /x HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n", 400),
        ("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 404),
        ("BREW /v1/check HTTP/1.1\r\nHost: a\r\n\r\n", 405),
        (f"{line}Host: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", 401),
        ("GET /v1/renders HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 127.0.0.1\r\n\r\n", 401),
        ("GET http://localhost/v1/renders HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
    ):
        status, found = raw(server, content.encode("latin-1"))
        assert status == wanted, (content[:200], found)
        assert b"application/problem+json" in found and str(folder).encode() not in found


def test_a_client_that_sends_slowly_is_given_up(target):
    """Nothing, half a head, half a body, or a body that goes on after it was refused."""
    server, keys, _ = target
    head = f"POST /v1/check HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {keys['all']}\r\n"
    slow = f"{head}Content-Type: text/yaml\r\nContent-Length: 100\r\n\r\nabc"
    cases = [(b"", 0), (head.encode(), 408), (slow.encode(), 408)]
    with ThreadPoolExecutor(3) as clients:
        for (_, wanted), (status, found) in zip(
            cases, clients.map(lambda case: raw(server, case[0]), cases), strict=True
        ):
            assert status == wanted and (not status or b'"urn:mixdown:problem:too-slow"' in found)


def test_connections_and_streams_have_limits(target):
    server, keys, folder = target
    job = server.call("POST", "/v1/renders", body("stream")).data
    path, named = job["links"]["events"], {"Authorization": f"Bearer {keys['all']}"}
    netloc = urlsplit(server.url).netloc
    with ExitStack() as stack:
        connections = [http.client.HTTPConnection(netloc, timeout=20) for _ in range(8)]
        for connection in connections:
            stack.callback(connection.close)
            connection.request("GET", path, headers=named)
        answers = [connection.getresponse() for connection in connections]
        assert sorted(answer.status for answer in answers) == [200] + [503] * 7
        (first,) = (answer for answer in answers if answer.status == 200)
        assert first.readline() == b"retry: 1000\n"
    with ExitStack() as stack:
        host, port = netloc.split(":")
        for _ in range(40):
            stack.enter_context(socket.create_connection((host, int(port)), timeout=20))
        full = server.call("GET", "/health/live")
        refused(full, folder, "unavailable")
        assert int(full.headers["retry-after"]) > 0
    assert server.call("DELETE", job["links"]["self"]).status == 200


def test_keys_and_idempotency_keys_are_plain(target):
    server, _, folder = target
    for given in (
        "Bearer",
        "Bearer \xfc\xff",
        "Bearer " + "x" * 9999,
        "bearer null",
        "Negotiate x",
    ):
        refused(server.call("GET", "/v1/renders", Authorization=given), folder, "no-key")
    for key in ("", " ", "x" * 256, "\xe9", "a\tb"):
        answer = server.call("POST", "/v1/renders", body("k"), Idempotency_Key=key)
        refused(answer, folder, "bad-request")


@pytest.mark.parametrize(
    "url",
    [
        *("http://studio.example/", "https://studio.example:444/", "https://studio.example@evil/"),
        *("https://evil/#@studio.example", "https://studio.example.evil/", "//studio.example/"),
        *("https://studio.example\\@evil/", "https://evil\\.studio.example/", "https:///x", "x"),
        *("http://127.0.0.1:9/", "http://127.1:8/", "http://2130706433:8/", "http://0x7f.1:8/"),
        *("http://[::ffff:127.0.0.1]:8/", "http://[::1]:8/", "http://localhost:8/"),
        *("http://127.0.0.1.nip.io:8/", "http://0:8/", "https://studio.example:99999/"),
        *("ftp://studio.example/", "https://studio.example/\r\nX: y", "https://studio.éxample/"),
        *("https://u:p@studio.example/", "file:///etc/passwd", "gopher://127.0.0.1:8/"),
    ],
)
def test_a_webhook_is_sent_to_a_host_that_is_allowed_by_this_name_only(tmp_path, url):
    hosts = ("studio.example", "127.0.0.1:8")
    settings = settings_in(tmp_path, webhook_hosts=hosts, webhook_secret="x")
    with pytest.raises(ProblemError):
        check_webhook(url, settings)
    check_webhook("https://studio.example/hook", settings)
    check_webhook("http://127.0.0.1:8/", settings)


def settings_in(folder, **more) -> ServiceSettings:
    registry = sqlite_url(folder / "registry.sqlite")
    places = {"sources": folder, "work": folder, "store": str(folder), "registry": registry}
    return ServiceSettings(**places, **more)


def test_a_webhook_follows_no_redirect(tmp_path):
    asked = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self):
            asked.append(self.path)
            self.send_response(307)
            self.send_header("Location", "/secret")
            self.end_headers()

        do_GET = do_POST  # noqa: N815

        def log_message(self, *args):
            """Nothing is printed."""

    with HTTPServer(("127.0.0.1", 0), Receiver) as receiver:
        threading.Thread(target=receiver.serve_forever, daemon=True).start()
        host = f"127.0.0.1:{receiver.server_port}"
        settings = settings_in(tmp_path, webhook_hosts=(host,), webhook_secret="x")
        queue, stopping = Queue.open(open_registry(settings.registry), "o", 9), threading.Event()
        new = Submission(
            digest=f"sha256:{'1' * 64}",
            timeline_id="x",
            body="",
            format="json",
            submitted_by="",
            length_s=1.0,
            steps=1,
            diagnostics=(),
            webhook=f"http://{host}/hook",
        )
        job, _ = queue.submit(new, 1)
        queue.finish(queue.claim(), JobState.DONE, [])
        sender = WebhookSender(queue, settings, lambda job: {"id": job.id}, stopping)
        thread = threading.Thread(target=sender.run)
        thread.start()
        end = time.monotonic() + LONGEST_S
        while (last := queue.events(job.id, 0)[-1]).kind != "webhook" and time.monotonic() < end:
            time.sleep(0.05)
        stopping.set()
        thread.join()
        receiver.shutdown()
    assert (last.data["answer"], asked) == (307, ["/hook"])


def test_ranges_that_make_no_sense_are_the_whole_file_or_nothing():
    for text in ("bytes", "bytes=", "bytes=-", "bytes=a-b", "lines=0-1", "bytes=0-1,2-3"):
        assert asked_range({"range": text}, '"t"', 10) == (0, 10)
    for text in ("bytes=5-4", "bytes=" + "9" * 99 + "-", "bytes=0x1-", "bytes= 0-1", "bytes=--1"):
        assert asked_range({"range": text}, '"t"', 10) == (0, 10)
    for text, size in (("bytes=10-", 10), ("bytes=-0", 10), ("bytes=0-", 0), ("bytes=99-100", 10)):
        with pytest.raises(ProblemError):
            asked_range({"range": text}, '"t"', size)
