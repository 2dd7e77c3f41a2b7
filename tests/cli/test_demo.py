"""demo renders the podcast that travels with the package, from any directory, as podcasts are."""

from __future__ import annotations

import json

import pytest
from meters import ebur128


def test_the_demo(mixdown, tmp_path, monkeypatch, embedded_ffmpeg):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MIXDOWN_FFMPEG", embedded_ffmpeg)
    ended = mixdown("demo")
    assert (ended.code, ended.err) == (0, "")
    names = sorted(path.name for path in (tmp_path / "mixdown-demo").iterdir())
    buses = ["bus_ambience", "bus_dialogue", "bus_fx", "bus_music"]
    assert names == [
        *(f"{bus}.wav" for bus in buses),
        "chapters.json",
        "manifest.json",
        "master.wav",
        "report.html",
        "report.json",
    ]
    shown = [name for name in names if name not in ("chapters.json", "report.json")]
    assert all(f"mixdown-demo/{name}" in ended.out for name in shown)
    report = json.loads((tmp_path / "mixdown-demo/report.json").read_text())
    assert (report["passed"], report["warnings"]) == (True, [])
    manifest = json.loads((tmp_path / "mixdown-demo/manifest.json").read_text())
    assert manifest["warnings"] == []
    master = manifest["artifacts"][0]["meta"]
    assert {key: master[key] for key in ("bus_id", "roles", "export_preset", "dithered")} == {
        "bus_id": "master",
        "roles": ["master"],
        "export_preset": "podcast",
        "dithered": True,
    }
    assert (master["limiter_thresh"], master["loudnorm_target"]) == (-1.0, -16.0)
    loudness, peak = ebur128(embedded_ffmpeg, tmp_path / "mixdown-demo/master.wav")
    assert loudness == pytest.approx(-16.0, abs=0.1)
    assert peak < -1.0
    assert loudness == pytest.approx(master["integrated_lufs"], abs=0.03)

    measured = mixdown("measure", "mixdown-demo/master.wav", "--spec", "apple-podcasts", "--json")
    assert measured.code == 0
    (kept,) = measured.data["files"][0]["specs"]
    assert [rule["passed"] for rule in kept["rules"]] == [True, True, True]
    measured = mixdown("measure", "mixdown-demo/master.wav", "--spec", "spotify")
    assert measured.code == 1 and "turn it up by" in measured.out
