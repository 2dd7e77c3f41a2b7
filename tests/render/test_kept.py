"""What the native engine keeps: an edit renders the outputs that it touches, to the same bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import attrs
import mixdown
import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from mixdown.backends.native import run
from mixdown.backends.native.engine.render import Settings
from mixdown.media.cache import VARIABLE, Cache
from mixdown.render import kept
from mixdown.render.recording import FileMeter, FileRecord, Tap

RATE = 16000


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("media")
    noise = np.random.default_rng(5)
    soundfile.write(folder / "voice.wav", noise.normal(0, 0.1, 2 * RATE), RATE)
    soundfile.write(folder / "bed.flac", noise.normal(0, 0.05, (2 * 11_025, 2)), 11_025)
    return folder


@attrs.frozen
class Show:
    """A mix of two buses, with a filter on each, that edits change."""

    gain_db: float = 0.0
    start_ms: int = 900
    has_last: bool = True
    moves: tuple[float, ...] = ()
    highpass_hz: float = 40.0
    preset: str = "podcast"
    stems: bool = True
    stem_mode: str = "premaster"

    def render(self, media: Path, out: Path) -> mixdown.RenderResult:
        timeline = mixdown.Timeline(id="show", root=media, sample_rate=RATE)
        points = [{"at_ms": 200 * n, "value": value} for n, value in enumerate(self.moves)]
        timeline = timeline.bus(
            "bus_music", eq=[{"kind": "highpass", "frequency_hz": self.highpass_hz}]
        ).track("host", role="dialogue")
        timeline = timeline.clip("voice.wav", id="a", duration_ms=800, gain_db=self.gain_db)
        timeline = timeline.clip("voice.wav", id="b", start_ms=self.start_ms, duration_ms=700)
        timeline = timeline.track("bed", role="music")
        automation = {"automation": {"gain": points}} if points else {}
        timeline = timeline.clip("bed.flac", id="c", duration_ms=1200, **automation)
        if self.has_last:
            timeline = timeline.clip("bed.flac", id="d", start_ms=1400, duration_ms=500)
        stems = {"stems": self.stems, "stem_mode": self.stem_mode}
        return mixdown.render(timeline, out=out, preset=self.preset, **stems, backend="native")


EDITS: st.SearchStrategy[dict[str, object]] = st.one_of(
    st.builds(lambda v: {"gain_db": v}, st.sampled_from([-3.0, 1.0])),
    st.builds(lambda v: {"start_ms": v}, st.sampled_from([700, 1000])),
    st.builds(lambda v: {"has_last": v}, st.booleans()),
    st.builds(lambda v: {"moves": v}, st.sampled_from([(0.0, -6.0, 0.0), (-3.0,)])),
    st.builds(lambda v: {"highpass_hz": v}, st.sampled_from([80.0, 200.0])),
    st.builds(lambda v: {"preset": v}, st.sampled_from(["broadcast", "music", "draft"])),
    st.builds(lambda v: {"stems": v}, st.booleans()),
    st.builds(lambda v: {"stem_mode": v}, st.sampled_from(["premaster", "mastered"])),
)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cache]:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "cache"))
    yield Cache(tmp_path / "cache")


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.mark.parametrize("in_spans", [False, True])
@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=st.lists(EDITS, min_size=1, max_size=3))
@example(edits=[{"stem_mode": "mastered"}, {"preset": "broadcast"}])
@example(edits=[{"stem_mode": "mastered", "preset": "music"}, {"gain_db": 1.0}])
def test_after_any_edits_every_file_has_the_bytes_of_a_render_without_a_cache(
    tmp_path_factory, media, monkeypatch, in_spans, edits
):
    if in_spans:
        monkeypatch.setattr(kept, "SPANNED_S", 0.0)
        monkeypatch.setattr(run, "Settings", partial(Settings, block=1000, span_s=0.25))
    folder = tmp_path_factory.mktemp("edits")
    monkeypatch.setenv(VARIABLE, str(folder / "cache"))
    show = Show()
    show.render(media, folder / "first")
    for number, edit in enumerate(edits):
        show = attrs.evolve(show, **edit)
        show.render(media, folder / str(number))
    monkeypatch.setenv(VARIABLE, "off")
    show.render(media, folder / "off")
    assert contents(folder / str(len(edits) - 1)) == contents(folder / "off")


@pytest.fixture
def added(cache: Cache, media: Path, tmp_path: Path) -> Callable[..., int]:
    """The number of files with samples that an edit of the show adds to the cache."""
    known: set[Path] = set()

    def after(**edit: object) -> int:
        Show(**edit).render(media, tmp_path / str(len(known)))  # type: ignore[arg-type]
        found = {entry.path for entry in cache.entries() if entry.kind == "audio"} - known
        known.update(found)
        return len(found)

    assert after() == 3  # the premaster, and two stems
    return after


def test_an_edit_renders_the_outputs_that_it_touches(added):
    assert added(gain_db=-3.0) == 2
    assert added(highpass_hz=200.0) == 2
    assert added(highpass_hz=200.0, gain_db=-3.0) == 1  # both stems are there
    assert added(has_last=False, preset="music", stems=False) == 1


def test_another_preset_only_finishes(added):
    assert added(preset="broadcast") == 2  # the stems, in 24 bit
    assert added(stems=False) == 0
    assert added(preset="broadcast", stems=False) == 0


@pytest.fixture(scope="module")
def long_media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("long")
    noise = np.random.default_rng(6)
    soundfile.write(folder / "voice.wav", noise.normal(0, 0.1, 250 * RATE), RATE)
    return folder


def long_show(
    media: Path, out: Path, gain_db: float, preset: str = "podcast"
) -> mixdown.RenderResult:
    """Four minutes, of which a clip of a second is edited."""
    timeline = mixdown.Timeline(id="long", root=media, sample_rate=RATE)
    eq = [{"kind": "highpass", "frequency_hz": 80.0}]
    timeline = timeline.bus("bus_dialogue", eq=eq).track("host", role="dialogue")
    timeline = timeline.clip("voice.wav", id="a", duration_ms=240_000)
    timeline = timeline.track("guest", role="dialogue")
    timeline = timeline.clip(
        "voice.wav", id="b", start_ms=80_000, duration_ms=1000, gain_db=gain_db
    )
    return mixdown.render(timeline, out=out, preset=preset, stems=True, backend="native")


def test_an_edit_of_a_long_mix_makes_the_spans_that_it_touches(
    cache, long_media, tmp_path, monkeypatch
):
    long_show(long_media, tmp_path / "first", 0.0)
    result = long_show(long_media, tmp_path / "edited", -12.0)
    assert result.cache is not None
    uses = [str(use) for use in result.cache.uses if use.step == "mix"]
    assert uses == ["made 1:04.0 to 2:08.0, reused the rest: not in the cache"] * 2
    result = long_show(long_media, tmp_path / "broadcast", -12.0, "broadcast")
    assert result.cache is not None
    assert [str(use) for use in result.cache.uses[:2]] == ["reused", "made: not in the cache"]
    monkeypatch.setenv(VARIABLE, "off")
    long_show(long_media, tmp_path / "off", -12.0)
    assert contents(tmp_path / "edited") == contents(tmp_path / "off")


def test_what_was_measured_is_kept_with_a_file(tmp_path):
    tap = Tap(FileMeter, FileRecord)
    tap.start(RATE, 2, RATE)
    tap.feed(np.random.default_rng(1).normal(0, 0.1, (2, RATE)))
    tap.save(tmp_path / "levels")
    other = Tap(FileMeter, FileRecord)
    assert not other.has_begun
    other.load(tmp_path / "levels")
    assert other.has_begun
    assert other.result() == tap.result()
    assert np.array_equal(other.result().curves.blocks, tap.result().curves.blocks)
    other.start(RATE, 2, RATE)
    assert other.result() != tap.result()


def test_levels_that_cannot_be_read_are_measured(cache, media, tmp_path):
    wanted = Show().render(media, tmp_path / "one")
    for entry in cache.entries():
        if entry.kind == "facts":
            entry.path.unlink()
    again = Show(preset="podcast").render(media, tmp_path / "two")
    assert again.files[0].meta == wanted.files[0].meta
    assert contents(tmp_path / "two") == contents(tmp_path / "one")


def test_the_report_of_the_cache_names_what_changed(cache, media, tmp_path):
    first = Show(gain_db=1.0).render(media, tmp_path / "out").cache
    assert first.changes is None
    assert {(use.file, use.reason) for use in first.uses if not use.reused} == {
        *((f, "not in the cache") for f in ("premaster.wav", "bus_dialogue.wav", "bus_music.wav")),
        ("master.wav", "it depends on the measured loudness"),
    }
    edited = Show(gain_db=-3.0, has_last=False, stems=False).render(media, tmp_path / "out").cache
    assert "the gain of clip host/a changed" in edited.changes
    assert any("bed/d has no" in change for change in edited.changes)
    again = Show(gain_db=-3.0, preset="music").render(media, tmp_path / "out").cache
    assert {use.file for use in again.uses if use.reused} >= {"bus_music.wav"}
    assert next(iter(again.lines)).startswith("mix: premaster.wav: ")
