"""Several deliveries of one mix: one premaster, and each file is what it would be alone."""

from __future__ import annotations

import json
from pathlib import Path

import mixdown
import numpy as np
import pytest
import soundfile
from mixdown.render.progress import Progress

RATE = 16000


@pytest.fixture
def timeline(tmp_path: Path) -> mixdown.Timeline:
    noise = np.random.default_rng(5).normal(0, 0.1, 2 * RATE)
    soundfile.write(tmp_path / "a.wav", noise, RATE)
    made = mixdown.Timeline(id="a", root=tmp_path, sample_rate=RATE, metadata={"title": "A"})
    return made.track("one", role="music").clip("a.wav").marker(0, "Start")


def steps_of(told: list[Progress], purpose: str) -> int:
    return len({p.step for p in told if purpose in p.purpose and p.done == 1.0})


@pytest.mark.parametrize("backend", ["ffmpeg", "native"])
def test_several_formats_share_a_premaster_and_are_the_files_of_lone_renders(
    timeline, tmp_path, backend
):
    told: list[Progress] = []
    choices = {"preset": "podcast", "backend": backend}
    result = mixdown.render(
        timeline, out=tmp_path / "all", format=["wav", "mp3", "m4a"], stems=True, bit_rate=96,
        progress=told.append, **choices,
    )  # fmt: skip
    assert [file.path.name for file in result.files] == [
        *("master.wav", "bus_music.wav", "master.mp3", "master.m4a")
    ]
    assert steps_of(told, ": mix") == 1
    assert steps_of(told, "measure the loudness") == 1
    for mix in result.deliveries:
        alone = {"format": mix.name} | ({} if mix.name == "wav" else {"bit_rate": 96})
        lone = mixdown.render(timeline, out=tmp_path / mix.name, report=False, **choices, **alone)
        assert lone.master.digest == mix.master.digest
        assert lone.finish == mix.finish
    manifest = json.loads(result.manifest.read_text())
    assert [(mix["name"], mix["file"]) for mix in manifest["deliveries"]] == [
        *(("wav", "master.wav"), ("mp3", "master.mp3"), ("m4a", "master.m4a"))
    ]
    parents = {file["file"]: file["parent"] for file in manifest["artifacts"]}
    assert [name for name, parent in parents.items() if parent] == ["bus_music.wav"]
    checked = {check.file for check in result.report.checks}
    assert checked == {"master.wav", "master.mp3", "master.m4a"}
    assert len(result.report.rows) == 7
    assert set(mixdown.RenderRequest(facts=result.manifest).facts.finishes) == {
        mix.compilation.keys.finish for mix in result.deliveries
    }


def test_presets_with_a_target_share_a_premaster_whatever_their_headroom(timeline, tmp_path):
    told: list[Progress] = []
    result = mixdown.render(
        timeline, out=tmp_path, preset=["podcast", "voiceover"], report=False, progress=told.append
    )
    names = [file.path.name for file in result.files]
    assert names == ["master-podcast.wav", "master-voiceover.wav"]
    assert steps_of(told, ": mix") == 1
    assert [file.meta.headroom_db for file in result.files] == [3.0, 3.0]
    levels = [file.meta.integrated_lufs for file in result.files]
    assert levels == pytest.approx([-16.0, -18.0], abs=0.1)


def test_a_document_names_deliveries(timeline, tmp_path):
    document = tmp_path / "publish.yaml"
    document.write_text(
        "deliver:\n"
        "  site: {preset: podcast, format: mp3, bit_rate: 64}\n"
        "  archive: {format: flac, bit_depth: 24, channels: 1}\n"
        "  pod: {preset: podcast, file: episode-1}\n"
    )
    result = mixdown.render(timeline, out=tmp_path / "out", deliver=document)
    assert [file.path.name for file in result.files] == [
        "site.mp3",
        "archive.flac",
        "episode-1.wav",
    ]
    assert [file.meta.channels for file in result.files] == [2, 1, 2]
    assert soundfile.info(tmp_path / "out/archive.flac").subtype == "PCM_24"
    assert result.report.passed


@pytest.mark.parametrize(
    ("choices", "says"),
    [
        ({"deliver": {"a": {"formt": "wav"}}}, "a delivery has no key 'formt'"),
        ({"deliver": {"a": {"preset": "podcst"}}}, "unknown export preset 'podcst'"),
        ({"deliver": {"a/b": {}}}, "'a/b' cannot be the name of a file"),
        ({"deliver": {"a": {"file": "x"}, "b": {"file": "x"}}}, "would write x.wav"),
        ({"format": ["wav", "flac"], "bit_rate": 64}, "none of the formats has what bit_rate"),
        ({"format": ["wav", "flac"], "deliver": {"a": {}}}, "not both"),
        ({"deliver": "nowhere.yaml"}, "nowhere.yaml"),
        ({"deliver": {"bus_music": {}}, "stems": True}, "would be named bus_music.wav"),
    ],
)
def test_what_cannot_be_delivered_is_an_error(timeline, tmp_path, choices, says):
    with pytest.raises(mixdown.MixdownError) as caught:
        mixdown.render(timeline, out=tmp_path / "out", **choices)
    assert says in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_a_plan_is_of_one_delivery(timeline):
    with pytest.raises(mixdown.TimelineError, match="a plan is of one delivery"):
        mixdown.compile(timeline, format=["wav", "mp3"])
    assert mixdown.compile(timeline, format=["wav"]).meta["master"].container == "wav"
