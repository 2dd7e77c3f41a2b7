"""Whole renders, in every backend: which noise is added before quantising, and where none is."""

from __future__ import annotations

import itertools

import attrs
import mixdown
import numpy as np
import pytest
import soundfile
from hearing import heard_db
from mixdown.compiler.timeline.model import Clip, Timeline, Track
from mixdown.ir.diagnostics import BackendError, TimelineError
from mixdown.presets.model import DitherChoice

RATE = 48000
SECONDS = 6
STEP = 2.0**-15


@pytest.fixture(params=["ffmpeg", "native", pytest.param("sox", marks=pytest.mark.requires("sox"))])
def backend(request):
    return request.param


@pytest.fixture
def quiet(tmp_path):
    """A sine of -90 dBFS on the left, a slide over two steps on the right."""
    at = np.arange(SECONDS * RATE) / RATE
    sides = (10 ** (-90 / 20) * np.sin(2 * np.pi * 997 * at), at / SECONDS * 2 * STEP)
    soundfile.write(tmp_path / "quiet.wav", np.stack(sides, axis=1), RATE, "DOUBLE")
    track = Track(id="all", role="music", clips=(Clip(source="quiet.wav", start_ms=0),))
    return Timeline(id="quiet", sample_rate=RATE, tracks=(track,), root=tmp_path)


def played(timeline, backend, tmp_path, preset="draft", **choices):
    """The master's samples, shape (n, 2), and its metadata."""
    out = tmp_path / "-".join([backend, *map(str, choices.values())])
    master = mixdown.render(timeline, out=out, preset=preset, backend=backend, **choices).master
    return soundfile.read(master.path)[0], master.meta


def chosen(backend):
    """The kinds of dither that the backend has at 48 kHz."""
    return [kind for kind in DitherChoice if backend != "ffmpeg" or kind != "shaped"]


def test_the_error_of_16_bits_is_what_was_chosen(quiet, backend, tmp_path):
    exact, _ = played(quiet, backend, tmp_path, bit_depth="64f")
    whole, errors = {}, {}
    for kind in chosen(backend):
        whole[kind], meta = played(quiet, backend, tmp_path, dither=kind)
        errors[kind] = (whole[kind] - exact) / STEP
        assert np.array_equal(whole[kind] / STEP, np.rint(whole[kind] / STEP))
        assert (meta.dither, meta.dithered) == (kind, kind != "none")
    going_along = np.corrcoef(errors["none"][:, 0], exact[:, 0])[0, 1]
    assert abs(going_along) > 0.1  # which is distortion, and what noise is for
    for kind in chosen(backend)[1:]:
        for side in (0, 1):
            error = errors[kind][:, side]
            assert abs(error.mean()) < 0.01
            assert abs(np.corrcoef(error, exact[:, side])[0, 1]) < 0.02
        assert abs(np.corrcoef(errors[kind].T)[0, 1]) < 0.02
    assert errors["tpdf"].var(axis=0) == pytest.approx([0.25, 0.25], rel=0.03)
    assert heard_db(errors["tpdf"][:, 0], RATE, 0.25) == pytest.approx(0.0, abs=0.5)
    if "shaped" in errors:
        assert 10 < 10 * np.log10(errors["shaped"].var() / 0.25) < 16
        assert heard_db(errors["shaped"][:, 0], RATE, 0.25) < -10


def test_24_bits_are_rounded_and_not_cut(quiet, backend, tmp_path):
    exact, _ = played(quiet, backend, tmp_path, bit_depth="64f")
    whole, meta = played(quiet, backend, tmp_path, bit_depth="24", dither="tpdf")
    error = (whole - exact) * 2**23
    within = 0.5 if backend != "sox" else 0.51  # SoX's samples are integers of 32 bits
    assert np.abs(error).max() <= within
    assert abs(error.mean()) < 0.01
    assert (meta.dither, meta.dithered) == ("none", False)


@pytest.mark.parametrize("depth", ["32f", "64f"])
def test_floats_get_no_noise(quiet, backend, tmp_path, depth):
    plain, _ = played(quiet, backend, tmp_path, bit_depth=depth)
    asked, meta = played(quiet, backend, tmp_path, bit_depth=depth, dither="shaped")
    assert np.array_equal(plain, asked)
    assert (meta.dither, meta.dithered) == ("none", False)


def test_the_noise_is_the_same_each_time(quiet, backend, tmp_path):
    for kind in chosen(backend)[1:]:
        once, _ = played(quiet, backend, tmp_path, dither=kind)
        again, _ = played(quiet, backend, tmp_path / "again", dither=kind)
        assert np.array_equal(once, again)


def test_an_edit_changes_only_the_samples_that_it_touches(quiet, tmp_path):
    """In files of 16 bits of the native engine, whose noise is seeded by target."""

    def edited(name, gain_db):
        early = Clip(source="quiet.wav", start_ms=0, duration_ms=2000, gain_db=gain_db)
        late = Clip(source="quiet.wav", start_ms=2000, duration_ms=2000)
        tracks = [Track(id="voice", role="dialogue", clips=(late,))]
        tracks += [Track(id="bed", role="music", clips=(early, late))]
        mix = attrs.evolve(quiet, tracks=tuple(tracks))
        result = mixdown.render(
            mix, out=tmp_path / name, preset="draft", backend="native", stems=True,
            bit_depth="16", dither="tpdf", report=False,
        )  # fmt: skip
        return {file.path.stem: soundfile.read(file.path)[0] / STEP for file in result.files}

    before, after = edited("before", 0.0), edited("after", 40.0)
    cut = 2 * RATE
    for target in ("master", "bus_music"):
        assert np.array_equal(before[target][cut:], after[target][cut:])
        assert not np.array_equal(before[target][:cut], after[target][:cut])
    assert np.array_equal(before["bus_dialogue"], after["bus_dialogue"])


def test_digital_silence_longer_than_100_ms_stays_digital_silence(quiet, backend, tmp_path):
    """Between clips, before and after them; the same samples of it in every backend."""
    places = (300, 8000, 8000 + SECONDS * 1000 + 90, 21_000)
    clips = tuple(Clip(source="quiet.wav", start_ms=at) for at in places)
    track = Track(id="all", role="music", clips=clips)
    timeline = Timeline(
        id="gaps", sample_rate=RATE, tracks=(track,), root=tmp_path, length_ms=30_000
    )
    edges = [0, 300, 300 + 6000, 8000, 8000 + 12_090, 21_000, 27_000, 30_000]
    for kind in chosen(backend)[1:]:
        samples, _ = played(timeline, backend, tmp_path, preset="podcast", dither=kind)
        for number, (start, end) in enumerate(itertools.pairwise(edges)):
            part = samples[start * RATE // 1000 : end * RATE // 1000]
            if number % 2:  # noise from the first step of 10 ms to the last
                steps = part[: len(part) // 480 * 480].reshape(-1, 480, 2)
                assert np.all(np.any(steps, axis=(1, 2)))
            else:  # ffmpeg's limiter resamples, which rings around a cut
                assert not np.any(part[480:-480])


def test_shaped_dither_is_refused_where_it_would_change_the_level(quiet):
    with pytest.raises(BackendError, match=r"MIX502.*noise shaping changes the level") as refused:
        mixdown.compile(quiet, preset="podcast", dither="shaped")
    assert "native backend" in str(refused.value)


def test_an_unknown_dither_is_refused(quiet):
    with pytest.raises(TimelineError, match=r"MIX105.*'dither' cannot be 'triangular'") as refused:
        mixdown.compile(quiet, dither="triangular")
    assert "none, tpdf, shaped" in str(refused.value)
