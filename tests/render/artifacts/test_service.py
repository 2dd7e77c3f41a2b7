"""Artifacts are registered once, whoever renders them and whatever happens meanwhile."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import signal
import time
from pathlib import Path
from random import Random

import pytest
import soundfile
from attrs import evolve
from mixdown.render.artifacts.registry import open_registry
from mixdown.render.artifacts.service import AudioRenderService
from mixdown.render.artifacts.store import INCOMING, LocalStore
from mixdown.render.artifacts.upkeep import collect, verify
from mixdown.render.service import render

# Children start as copies of this process, with everything imported: in milliseconds.
FORK = multiprocessing.get_context("fork")


def test_a_render_becomes_artifacts(show, request_, tmp_path, url):
    service = AudioRenderService.open(tmp_path / "store", url)
    done = service.render(show(), request_)
    assert [a.bus_id for a in done.artifacts] == ["master", "bus_dialogue", "bus_music"]
    assert [a.kind for a in done.artifacts] == ["audio_render", *["audio_bus_stem"] * 2]
    assert [a.parent_id for a in done.artifacts] == [None, done.master.id, done.master.id]
    for artifact, file in zip(done.artifacts, done.result.files, strict=True):
        digest = artifact.content_digest.removeprefix("sha256:")
        assert artifact.media_key == f"renders/show/{digest}/{artifact.bus_id}.wav"
        path = tmp_path / "store" / artifact.media_key
        assert hashlib.sha256(path.read_bytes()).hexdigest() == digest
        assert (artifact.size, artifact.meta_version) == (path.stat().st_size, 1)
        expected = {"parent_id": artifact.parent_id, "request_digest": request_.digest}
        assert artifact.meta == {**file.meta.to_dict(), **expected}
        assert not file.path.exists()
        assert soundfile.info(path).samplerate == 8000
    assert service.registry.artifacts() == done.artifacts
    assert list(verify(service.store, service.registry)) == []


def test_a_lossy_file_is_kept_under_its_own_name(show, request_, tmp_path, url):
    service = AudioRenderService.open(tmp_path / "store", url)
    asked = evolve(request_, format="mp3", bit_depth=None)
    done = service.render(show(), asked)
    for artifact in done.artifacts:
        assert artifact.media_key.endswith(f"/{artifact.bus_id}.mp3")
        assert artifact.meta["codec"] == "mp3"
        assert soundfile.info(tmp_path / "store" / artifact.media_key).format == "MP3"


def test_rendering_again_registers_nothing_new(show, request_, tmp_path, url):
    first = AudioRenderService.open(tmp_path / "store", url).render(show(), request_)
    service = AudioRenderService.open(tmp_path / "store", url)
    assert service.render(show(), request_).artifacts == first.artifacts
    assert service.registry.artifacts() == first.artifacts


def test_what_differs_is_registered_beside_it(show, request_, tmp_path, url):
    service = AudioRenderService.open(tmp_path / "store", url)
    first = service.render(show(), request_)
    renamed = service.render(show(), evolve(request_, render_profile="preview"))
    louder = service.render(show(gain_db=-1), request_)
    other = service.render(show("other"), request_)
    # The same bytes for another request: another artifact, one file.
    assert [a.media_key for a in renamed.artifacts] == [a.media_key for a in first.artifacts]
    # A stem that did not change has another parent.
    assert louder.stems[1].content_digest == first.stems[1].content_digest
    assert louder.stems[1].parent_id == louder.master.id
    ids = {a.id for done in (first, renamed, louder, other) for a in done.artifacts}
    assert len(ids) == len(service.registry.artifacts()) == 12
    assert service.registry.artifacts(timeline_id="other") == other.artifacts
    assert len(service.registry.artifacts(kind="audio_render")) == 4
    assert service.registry.find(first.master.id[:20]) == first.master


def _render(store: Path, url: str, timeline, request, results) -> None:
    done = AudioRenderService.open(store, url).render(timeline, request)
    results.put([artifact.id for artifact in done.artifacts])


def test_eight_processes_at_once(show, request_, tmp_path, url):
    """From nothing: they race for the tables, too."""
    results = FORK.Queue()
    order = (tmp_path / "store", url, show(), request_, results)
    racers = [FORK.Process(target=_render, args=order) for _ in range(8)]
    for racer in racers:
        racer.start()
    found = [results.get(timeout=60) for _ in racers]
    for racer in racers:
        racer.join()
    assert all(ids == found[0] for ids in found)
    registry = open_registry(url)
    assert [artifact.id for artifact in registry.artifacts()] == found[0]
    assert list(verify(LocalStore(tmp_path / "store"), registry)) == []


def _render_on_and_on(store: Path, url: str, make, request, first: int, begun) -> None:
    service = AudioRenderService.open(store, url)
    for number in range(first, first + 1000):
        out = store.parent / f"out-{number}"
        result = render(make(gain_db=-number / 1000), request, out=out)
        begun.set()
        service.keep(result)


@pytest.mark.parametrize("kills", [10, pytest.param(50, marks=pytest.mark.soak)])
def test_killed_at_any_moment_it_leaves_no_half_truths(show, request_, tmp_path, kills, url):
    chance = Random(8)
    store = tmp_path / "store"
    whole = AudioRenderService.open(store, url).render(show(), request_).artifacts
    for kill in range(kills):
        begun = FORK.Event()
        order = (store, url, show, request_, 100 * kill, begun)
        renderer = FORK.Process(target=_render_on_and_on, args=order)
        renderer.start()
        assert begun.wait(60)
        time.sleep(chance.uniform(0.0, 0.3))  # a render, stored and registered, takes as long
        assert renderer.pid is not None
        os.kill(renderer.pid, signal.SIGKILL)
        renderer.join()
        assert renderer.exitcode == -signal.SIGKILL
    registry = open_registry(url)
    rows = registry.artifacts()
    assert rows[:3] == whole
    assert len(rows) % 3 == 0  # all of a render or nothing
    assert list(verify(LocalStore(store), registry)) == []
    files = [path for path in (store / "renders").rglob("*") if path.is_file()]
    for path in files:
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.parent.name
    collect(LocalStore(store), registry, 0)
    left = {path for path in store.rglob("*") if path.is_file() and path.suffix == ".wav"}
    assert left == {store / row.media_key for row in rows}
    assert not list((store / INCOMING).glob("*"))
    assert AudioRenderService.open(store, url).render(show(), request_).artifacts == whole
