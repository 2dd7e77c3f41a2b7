"""Timelines that clips play: the same samples as alone, at their places, with their own lines."""

from __future__ import annotations

from pathlib import Path

import mixdown
import numpy as np
import pytest
import soundfile
from mixdown.cli.app import run
from mixdown.compiler.load import Opening, timeline_of
from mixdown.compiler.nesting import DocumentReader
from mixdown.compiler.timeline.model import Timeline
from mixdown.documents.load import MOST_TEXT, parse_file
from mixdown.ir.places import shown_place
from mixdown.render.verify import PREMASTER, Renderer, render_premaster

RATE = 8000
REFERENCE = Renderer("reference", "reference")
PART = """\
id: part
sample_rate: 8000
mix_preset_id: flat
markers: [{at_ms: 250, label: Second}, {at_ms: 0, label: First}]
sources: {voice: {path: media/voice.wav}}
tracks:
  - id: one
    role: dialogue
    gain_db: -2
    automation: {gain: [{at_ms: 100, value: -9}, {at_ms: 900, value: 0, curve: smooth}]}
    clips:
      - {source: voice, duration_ms: 400, fade_in_ms: 50}
      - {source: voice, after: previous, gap_ms: -100, offset_ms: 300, crossfade_in_ms: 100}
  - {id: two, role: music, pan: 0.3, clips: [{source: media/bed.wav, start_ms: 300}]}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """parts/part.yaml, which lasts 1.3 s, its media, and host.wav beside the folder parts."""
    noise = np.random.default_rng(3).uniform(-0.3, 0.3, (RATE, 4))
    media = tmp_path / "parts" / "media"
    media.mkdir(parents=True)
    soundfile.write(media / "voice.wav", noise[:, 0], RATE, subtype="PCM_24")
    soundfile.write(media / "bed.wav", noise[:, 1:3], RATE, subtype="PCM_24")
    soundfile.write(tmp_path / "host.wav", noise[:, 3], RATE, subtype="PCM_24")
    (tmp_path / "parts" / "part.yaml").write_text(PART, encoding="utf-8")
    return tmp_path


def outer(folder: Path, text: str, head: str = "") -> Path:
    path = folder / "outer.yaml"
    start = f"id: outer\nsample_rate: 8000\nmix_preset_id: flat\n{head}tracks:\n"
    path.write_text(start + text, encoding="utf-8")
    return path


def played(mix: Path | Timeline, folder: Path) -> np.ndarray:
    """The premaster by the reference, shape (n, 2)."""
    mix = mixdown.load(mix) if isinstance(mix, Path) else mix
    return soundfile.read(render_premaster(mix, REFERENCE, folder).files[PREMASTER])[0]


@pytest.fixture
def alone(folder: Path, tmp_path: Path) -> np.ndarray:
    return played(folder / "parts" / "part.yaml", tmp_path / "alone")


def test_a_timeline_sounds_as_it_does_alone(folder, tmp_path, alone):
    """Twice, once louder; the mix lasts to the end of the second."""
    path = outer(
        folder,
        "  - id: all\n    role: fx\n    gain_db: -1\n    clips:\n"
        "      - {source: parts/part.yaml, start_ms: 125}\n"
        "      - {source: parts/part.yaml, after: previous, gap_ms: 50, gain_db: 7}\n",
    )
    found = played(path, tmp_path / "out")
    assert len(alone) == 1.3 * RATE
    assert len(found) == 1000 + 2 * len(alone) + 400
    first, second = found[1000 : 1000 + len(alone)], found[1400 + len(alone) :]
    assert not found[:1000].any()
    assert first == pytest.approx(alone * 10 ** (-1 / 20), abs=1e-12)
    assert second == pytest.approx(alone * 10 ** (6 / 20), abs=1e-12)
    marks = [(float(m.at_ms), m.label) for m in mixdown.load(path).markers]
    assert sorted(marks) == [(125, "First"), (375, "Second"), (1475, "First"), (1725, "Second")]


def test_a_clip_plays_a_part_of_a_timeline_and_repeats_it(folder, tmp_path, alone):
    path = outer(
        folder,
        "  - id: all\n    role: fx\n    clips:\n"
        "      - {source: parts/part.yaml, offset_ms: 200.125, duration_ms: 500, loop: true}\n",
        head="length_ms: 1200\n",
    )
    part = alone[1601:5601]
    found = played(path, tmp_path / "out")
    assert found == pytest.approx(np.concatenate([part, part, part[:1600]]), abs=1e-12)


def test_a_timeline_longer_than_its_clips_lasts_as_it_says(folder, tmp_path):
    part = folder / "parts" / "part.yaml"
    part.write_text(PART + "length_ms: 2000\n", encoding="utf-8")
    clips = "  - {id: all, role: fx, clips: [{source: parts/part.yaml, mute: true}]}\n"
    found = played(outer(folder, clips), tmp_path / "out")
    assert found.shape == (2 * RATE, 2)
    assert not found.any()


def test_roles_and_buses_are_kept_or_dropped(folder):
    part = folder / "parts" / "part.yaml"
    buses = "buses: [{id: own, roles: [special]}, {id: bus_music, gain_db: -3}]\n"
    part.write_text(PART.replace("role: dialogue", "role: special") + buses, encoding="utf-8")
    clips = "  - {id: all, role: fx, tags: [en], clips: [{source: part}]}\n"
    entry = "sources: {{part: {{path: parts/part.yaml, buses: {}}}}}\n"
    kept = mixdown.compile(outer(folder, clips, entry.format("keep")))
    assert list(kept.routes.values()) == ["own", kept.routes["all.c1.two"]]
    assert [(bus.id, bus.gain_db) for bus in kept.timeline.buses] == [
        ("own", None), ("bus_music", -3),
    ]  # fmt: skip
    dropped = mixdown.compile(outer(folder, clips, entry.format("drop")))
    assert {track.role for track in dropped.timeline.tracks} == {"fx"}
    assert {track.tags for track in dropped.timeline.tracks} == {("en",)}
    assert not dropped.timeline.buses
    ours = "buses: [{id: bus_music, gain_db: -1}]\n" + entry.format("keep")
    both = mixdown.compile(outer(folder, clips, ours))
    assert [(bus.id, bus.gain_db) for bus in both.timeline.buses] == [
        ("bus_music", -1), ("own", None),
    ]  # fmt: skip


def test_what_is_solo_or_muted_inside_is_so_outside(folder):
    part = folder / "parts" / "part.yaml"
    part.write_text(PART.replace("id: two,", "id: two, solo: true,"), encoding="utf-8")
    clips = (
        "  - {id: host, role: dialogue, clips: [{source: host.wav}]}\n"
        "  - {id: all, role: fx, clips: [{source: parts/part.yaml}]}\n"
    )
    tracks = mixdown.load(outer(folder, clips)).tracks
    assert [(track.id, track.mute, track.solo) for track in tracks] == [
        ("host", False, False), ("all.c1.one", True, False), ("all.c1.two", False, False),
    ]  # fmt: skip


def test_places_lead_to_the_inner_document(folder, capsys):
    part = folder / "parts" / "part.yaml"
    path = outer(folder, "  - {id: all, role: fx, clips: [{source: parts/part.yaml}]}\n")
    timeline = mixdown.load(path)
    origin = timeline.origin("tracks", 1, "clips", 0, "source")
    assert shown_place(origin, timeline.documents) == f"{part}:14"
    assert run(["explain", str(path), "--at", "0:00.4"]) == 0
    assert "part.yaml:13" in capsys.readouterr().out
    part.write_text(PART.replace("role: music", "role: musik"), encoding="utf-8")
    assert run(["check", str(path)]) == 2
    told = capsys.readouterr().err
    assert "unknown role 'musik'" in told
    assert f"{part}:14:" in told


def test_timelines_nest_and_one_of_python_plays_them(folder, tmp_path, alone):
    inner = outer(folder, "  - {id: in, role: fx, clips: [{source: parts/part.yaml}]}\n")
    made = Timeline(id="py", root=folder, sample_rate=RATE, mix_preset_id="flat")
    made = made.track("t", role="fx").clip(inner.name, start_ms=100)
    unit = mixdown.compile(made)
    assert [track.id for track in unit.timeline.tracks] == ["t.c1.in.c1.one", "t.c1.in.c1.two"]
    assert unit.length == 800 + len(alone)


def test_a_show_has_a_timeline_as_a_segment(folder):
    path = folder / "show.yaml"
    path.write_text(
        "show_version: 1\nid: show\nsample_rate: 8000\nmix_preset_id: flat\n"
        "segments: [host.wav, {source: parts/part.yaml, label: Part, gain_db: -2}, host.wav]\n",
        encoding="utf-8",
    )
    timeline = mixdown.load(path)
    assert [(t.id, float(t.gain_db)) for t in timeline.tracks] == [
        ("host", 0), ("timelines.part-2.one", -4), ("timelines.part-2.two", -2),
    ]  # fmt: skip
    assert [float(c.start_ms) for t in timeline.tracks for c in t.clips] == [
        0, 3300, 1500, 1800, 1800,
    ]  # fmt: skip
    assert mixdown.compile(path).length == 4.3 * RATE
    path.write_text(path.read_text().replace("label: Part", "speaker: host"), encoding="utf-8")
    with pytest.raises(mixdown.TimelineError, match="no speaker"):
        mixdown.load(path)


def test_arrange_prints_a_timeline_of_files(folder, capsys):
    path = outer(folder, "  - {id: all, role: fx, clips: [{source: parts/part.yaml}]}\n")
    assert run(["arrange", str(path), "-o", str(folder / "flat.yaml")]) == 0
    flat, nested = (mixdown.compile(folder / name) for name in ("flat.yaml", "outer.yaml"))
    assert flat.graph == nested.graph
    assert "parts/media/bed.wav" in (folder / "flat.yaml").read_text()


CLIP = "{{id: all, role: fx, clips: [{{source: parts/part.yaml{}}}]}}"


@pytest.mark.parametrize(
    ("track", "part", "says", "where"),
    [
        (CLIP.format(", fade_in_ms: 5"), PART, "a clip that plays a timeline has no fade_in_ms",
         "outer.yaml:5:"),
        (CLIP.format(", pan: 1"), PART, "has no pan", "outer.yaml:5:"),
        (CLIP.format("").replace("role", "pan: 1, role"), PART, "a track that plays", "outer.yaml"),
        (CLIP.format(", duration_ms: 1400"), PART, "MIX208", "outer.yaml:5:"),
        (CLIP.format(""), PART + "channels: 1\n", "has channels 1", "part.yaml"),
        (CLIP.format(""), PART + "cuts: [{from_ms: 1, to_ms: 9}]\n", "no cuts", "part.yaml:15:"),
        (CLIP.format(""), PART + "trackz: []\n", "no key 'trackz'", "part.yaml:15:"),
        (CLIP.format(""), PART.replace("media/bed", "media/no"), "MIX214", "part.yaml:14:"),
        (CLIP.format(""), PART.replace("media/bed", "../host"), "MIX212", "part.yaml:14:"),
        (CLIP.format("").replace("part.", "../../part."), PART, "MIX212", "outer.yaml:5:"),
        (CLIP.format("").replace("part.", "none."), PART, "MIX101", "outer.yaml:5:"),
    ],
)  # fmt: skip
def test_what_cannot_be_played_is_an_error_at_its_line(folder, track, part, says, where):
    (folder / "parts" / "part.yaml").write_text(part, encoding="utf-8")
    with pytest.raises(mixdown.MixdownError) as caught:
        mixdown.compile(outer(folder, f"  - {track}\n"))
    assert says in str(caught.value)
    assert where in str(caught.value)


def test_no_timeline_plays_itself(folder):
    part = folder / "parts" / "part.yaml"
    part.write_text(PART.replace("media/bed.wav", "../parts/part.yaml"), encoding="utf-8")
    path = outer(folder, "  - {id: all, role: fx, clips: [{source: parts/part.yaml}]}\n")
    with pytest.raises(mixdown.TimelineError) as caught:
        mixdown.load(path)
    (found,) = caught.value.diagnostics
    assert found.code == "MIX280"
    assert found.message == f"{path} plays {part} plays {folder}/parts/../parts/part.yaml"


@pytest.mark.parametrize(
    ("levels", "reading", "says", "most"),
    [
        (12, DocumentReader(most_clips=500), "over 500 clips", 2),
        (40, DocumentReader(), "more than 32 levels deep", 4),
        (3, DocumentReader(size=MOST_TEXT), "have over 64 MB", 2),
    ],
)
def test_timelines_that_multiply_end_at_a_limit_before_the_work(
    folder, levels, reading, says, most
):
    """Two documents a level, each of which plays both of the next; each is read once."""
    names = [f"{level}{name}.yaml" for level in range(levels) for name in "ab"]
    for name in names:
        level = int(name[:-6])
        inner = [f"{level + 1}a.yaml", f"{level + 1}b.yaml"] if level + 1 < levels else ["host.wav"]
        clips = ", ".join(f"{{source: {each}}}" for each in inner)
        text = f"id: x\nsample_rate: 8000\ntracks: [{{id: t, role: fx, clips: [{clips}]}}]\n"
        (folder / name).write_text(text, encoding="utf-8")
    found = timeline_of(
        parse_file(folder / "0a.yaml"), folder, Opening(reading=reading)
    ).faults.found
    assert {d.code for d in found} == {"MIX108"} and all(says in d.message for d in found)
    assert len(found) <= most and reading.clips <= 1000


def test_an_entry_of_a_timeline_says_no_more_than_where_it_is(folder):
    clips = "  - {id: all, role: fx, clips: [{source: part}]}\n"
    head = "sources: {part: {path: parts/part.yaml, speed: 2}}\n"
    with pytest.raises(mixdown.TimelineError, match="its entry has a path, and buses"):
        mixdown.load(outer(folder, clips, head))


def test_a_media_file_has_no_buses(folder):
    clips = "  - {id: all, role: fx, clips: [{source: host}]}\n"
    head = "sources: {host: {path: host.wav, buses: drop}}\n"
    with pytest.raises(mixdown.TimelineError, match="a media file, which has no buses"):
        mixdown.compile(outer(folder, clips, head))
