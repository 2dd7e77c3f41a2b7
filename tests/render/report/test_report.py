"""The report of a render: what it says, where it stands, and that it says the same every time."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import mixdown
import pytest
from mixdown.ir.codes import Code
from mixdown.ir.text.printer import print_graph
from mixdown.render.artifacts.service import AudioRenderService
from mixdown.render.progress import Progress
from mixdown.render.service import render
from small_mixes import RATE, track

PAGE = Path(__file__).parents[3] / "docs" / "report.md"
FADED = "fade_in_ms: 5, fade_out_ms: 5"
SOUND = track(f"id: one, source: tone.wav, {FADED}")
NOISE = track(f"id: two, source: noise.wav, start_ms: 1000, {FADED}", id="b").replace(
    "role: music", "role: dialogue"
)
HEAD = (
    "metadata: {title: A show}\nmarkers: [{at_ms: 2500, label: Second}, {at_ms: 0, label: First}]\n"
)


def read(result: mixdown.RenderResult) -> dict:
    return json.loads(result.report_page.with_name("report.json").read_text(encoding="utf-8"))


def test_it_is_written_beside_the_master_and_named_in_the_manifest(mixed, tmp_path):
    result = mixed(SOUND)
    names = ["manifest.json", "master.wav", "report.html", "report.json"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == names
    manifest = json.loads(result.manifest.read_text())
    assert manifest["report"] == {"json": "report.json", "page": "report.html"}
    assert result.report_page == tmp_path / "out" / "report.html"
    assert result.report_page.with_name("report.json").read_text() == result.report.to_json()


def test_without_one_nothing_is_checked_and_nothing_written(mixed, tmp_path):
    result = mixed(track("source: tone.wav, duration_ms: 1000.9"), report=False)
    assert (result.report, result.report_page, result.diagnostics) == (None, None, ())
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["manifest.json", "master.wav"]
    assert json.loads(result.manifest.read_text())["report"] is None


def test_the_same_mix_gives_the_same_report_wherever_it_lies(mixed, tmp_path):
    cut = track("source: tone.wav, duration_ms: 1000.9")
    first = mixed(cut + NOISE, head=HEAD, preset="podcast", stems=True, out="one")
    second = mixed(cut + NOISE, head=HEAD, preset="podcast", stems=True, out="other/two")
    for name in ("report.json", "report.html"):
        texts = [r.report_page.with_name(name).read_text() for r in (first, second)]
        assert texts[0] == texts[1]
        assert str(tmp_path) not in texts[0]


def test_what_it_says_of_a_show(mixed):
    result = mixed(SOUND + NOISE, head=HEAD, preset="podcast", stems=True)
    data = read(result)
    assert (data["title"], data["timeline_id"], data["passed"]) == ("A show", "mix", True)
    assert (data["duration_s"], data["sample_rate"], data["channels"]) == (5.0, RATE, 2)
    for file, rendered in zip(data["files"], result.files, strict=True):
        content = rendered.path.read_bytes()
        assert file["digest"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
        assert file["size"] == len(content)
        assert file["levels"]["integrated_lufs"] == rendered.meta.integrated_lufs
    loudness, peak = data["checks"]
    assert (loudness["rule"], loudness["low"], loudness["high"]) == ("integrated", -16.1, -15.9)
    assert loudness["measured"] == result.master.meta.integrated_lufs
    assert (peak["rule"], peak["low"], peak["high"], peak["passed"]) == (
        "true_peak",
        None,
        -1.0,
        True,
    )
    assert [(c["label"], c["start_s"], c["stop_s"]) for c in data["chapters"]] == [
        ("First", 0.0, 2.5),
        ("Second", 2.5, 5.0),
    ]
    assert all(-30 < chapter["integrated_lufs"] < -10 for chapter in data["chapters"])
    speech, music = data["buses"]
    assert (speech["id"], speech["tracks"], speech["clips"]) == ("bus_dialogue", ["b"], 1)
    assert (music["sounding_s"], music["stem"]) == (4.0, "premaster")
    assert music["levels"]["integrated_lufs"] == result.stems[1].meta.integrated_lufs
    assert len(music["peaks"]["values"]) == len(data["curves"]["waveform"]["highest"])
    assert data["joins"] == {"places": 4, "edges": 4, "crossfades": 0, "splices": 0}


def test_without_stems_a_bus_has_no_levels(mixed):
    (bus,) = read(mixed(SOUND))["buses"]
    assert (bus["id"], bus["stem"], bus["peaks"]) == ("bus_music", None, None)
    assert set(bus["levels"].values()) == {None}


def test_a_silent_mix_has_a_report(mixed):
    result = mixed(track("source: tone.wav", more="    mute: true\n"), preset="podcast")
    data = read(result)
    assert [d.code for d in result.diagnostics] == [Code.NO_LOUDNESS]
    assert [w["code"] for w in data["warnings"]] == ["MIX606"]
    found = {check["rule"]: check["passed"] for check in data["checks"]}
    assert found == {"sound": False, "integrated": False, "true_peak": True}
    assert (data["buses"], data["limiter"]["deepest_db"]) == ([], 0.0)
    assert set(data["curves"]["momentary_lufs"]["values"]) == {None}


def test_a_draft_is_held_to_its_sample_peak_alone(mixed):
    (check,) = read(mixed(SOUND, preset="draft"))["checks"]
    assert (check["rule"], check["unit"]) == ("sample_peak", "dBFS")


def test_a_graph_has_a_report_without_joins(mixed, tmp_path, media):
    compilation = mixed(SOUND, preset="podcast", stems=True).compilation
    (media / "mix.mir").write_text(print_graph(compilation.graph))
    graph = mixdown.load_graph(media / "mix.mir")
    report = render(graph, out=tmp_path / "graph", backend="native").report
    assert (report.joins.places, report.faults, report.chapters) == (0, (), ())
    assert [check.rule for check in report.checks] == ["integrated", "true_peak"]
    assert [bus.id for bus in report.buses] == ["bus_music"]


def test_a_fault_that_a_clip_accepts_is_listed_and_no_failure(mixed):
    cut = "source: tone.wav, start_ms: 500, duration_ms: 1000.9, fade_in_ms: 5"
    heard = mixed(track(cut), preset="podcast")
    meant = mixed(track(f"{cut}, accept: [click]"), preset="podcast")
    other = mixed(track(f"{cut}, accept: [dropout]"), preset="podcast")
    assert [r.report.passed for r in (heard, meant, other)] == [False, True, False]
    assert "MIX608" not in {d.code.value for d in meant.diagnostics}
    (remark,) = [r for r in meant.report.remarks if r.code == "MIX608"]
    assert remark.accepted and remark.reason is None
    why = mixed(track(f"{cut}, accept: {{click: on the <beat>}}"), preset="podcast")
    assert next(r.reason for r in why.report.remarks if r.code == "MIX608") == "on the <beat>"
    assert "(accepted: on the &lt;beat&gt;)" in why.report_page.read_text()
    assert remark.message == heard.report.faults[0].message


@pytest.mark.parametrize("form", ["flac", "mp3", "m4a", "opus"])
def test_a_report_of_any_format(mixed, form):
    """The cut is found in what the codec made of it, and the limiter's work too."""
    cut = track("source: tone.wav, start_ms: 500, duration_ms: 1000.9, fade_in_ms: 5")
    result = mixed(cut, preset="podcast", format=form)
    assert result.report.files[0].file == f"master.{form}"
    assert result.report.reduction.deepest_db < 1.0
    assert result.report.samples == result.compilation.length
    assert [f.code for f in result.report.faults] == ["MIX608"]


def test_a_service_makes_one_where_files_are_kept(mixed, tmp_path):
    timeline = mixed(SOUND).compilation.timeline
    service = AudioRenderService.open(tmp_path / "store")
    with_it = service.render(timeline, out=tmp_path / "kept")
    assert with_it.result.report_page.is_file()
    assert service.render(timeline, report=False).result.report is None


def test_a_report_that_cannot_be_made_delivers_nothing(mixed, tmp_path):
    """The master goes away as it is about to be looked at."""
    timeline = mixed(SOUND).compilation.timeline

    def remove(progress: Progress) -> None:
        if progress.step == "report":
            for staged in (tmp_path / "none").glob("*/staging/master.wav"):
                staged.unlink()

    with pytest.raises(mixdown.RenderError) as raised:
        render(timeline, out=tmp_path / "none", backend="native", progress=remove)
    assert [d.code for d in raised.value.diagnostics] == [Code.STEP_FAILED]
    assert not (tmp_path / "none").exists()


def keys(data: object, prefix: str = "") -> set[str]:
    """Every key of a document, as the page writes them: parent.child, lists as their items."""
    if isinstance(data, list):
        return set().union(*(keys(item, prefix) for item in data)) if data else set()
    if not isinstance(data, dict):
        return set()
    found = set()
    for key, value in data.items():
        name = f"{prefix}.{key}" if prefix else key
        found |= {name} | (set() if key in ("levels", "programs") else keys(value, name))
    return found


def test_the_page_names_every_key(mixed):
    cut = track("source: tone.wav, duration_ms: 1000.9, level: {to: -20}")
    data = read(mixed(cut + NOISE, head=HEAD, preset="podcast", stems=True))
    documented = re.findall(r"^\| `([\w.]+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(documented) == sorted(keys(data))
