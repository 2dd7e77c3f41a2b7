"""Limiter, dither and files, run in both ffmpegs."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
import soundfile
import soxr
from mixdown.audio.dither import SILENT, SilenceGate
from mixdown.backends.ffmpeg import BACKEND
from mixdown.ir import nodes as ir
from mixdown.ir.diagnostics import BackendError
from mixdown.plans.plan import EmitOptions

RATE = 48000
FILES = [
    ("wav", ir.Encoding.S16, "PCM_16"),
    ("wav", ir.Encoding.S24, "PCM_24"),
    ("wav", ir.Encoding.F32, "FLOAT"),
    ("wav", ir.Encoding.F64, "DOUBLE"),
    ("flac", ir.Encoding.S16, "PCM_16"),
    ("flac", ir.Encoding.S24, "PCM_24"),
]


def deliver(bench, *nodes, container="wav", encoding=ir.Encoding.F64, tags=()):
    """The path of the delivered file of a chain of nodes."""
    chain = [nodes[0]]
    output = ir.Output("o", ir.OutputRole.MASTER, "master", container, encoding)
    for node in (*nodes[1:], output):
        fields = {name: getattr(node, name) for name in node.attributes()}
        chain.append(type(node)(node.name, **fields, operands=(chain[-1].name,)))
    plan = BACKEND.emit(bench.graph(*chain), EmitOptions(tags=tags))
    bench.run(plan)
    return bench.path(plan.deliveries[0].file)


def edges(bits: int) -> np.ndarray:
    """Halves to round, values around full scale and far beyond, and noise over all of it."""
    step = 2.0 ** (1 - bits)
    halves = (np.arange(-8, 8) + 0.5) * step
    full = np.array(
        [1.0, -1.0, 1.0 - step / 2, -1.0 + step / 2, 1.0 - step, -1.0 - step, 7.0, -7.0]
    )
    noise = np.random.default_rng(bits).uniform(-1.2, 1.2, 20_000)
    return np.concatenate([halves, full, noise])[None]


def quantised(audio: np.ndarray, bits: int) -> np.ndarray:
    scale = 2.0 ** (bits - 1)
    return np.clip(np.rint(audio * scale), -scale, scale - 1) / scale


@pytest.mark.parametrize(("container", "encoding", "subtype"), FILES)
def test_files_hold_samples_rounded_half_to_even(bench, container, encoding, subtype):
    audio = edges(encoding.bits) if not encoding.is_float else edges(24)
    bench.source("s", audio)
    path = deliver(bench, bench.clip("s"), container=container, encoding=encoding)
    assert path.name == f"master.{container}"
    assert soundfile.info(path).subtype == subtype
    wanted = {
        ir.Encoding.F64: lambda: audio,
        ir.Encoding.F32: lambda: audio.astype(np.float32).astype(np.float64),
    }.get(encoding, lambda: quantised(audio, encoding.bits))()
    assert np.array_equal(soundfile.read(path, always_2d=True)[0].T, wanted)


@pytest.mark.parametrize(("container", "encoding", "subtype"), FILES)
def test_files_are_the_same_on_every_run(bench, container, encoding, subtype):
    bench.noise("s", 2, 0.5)
    tags = (("title", "Episode = 42; a:b"), ("artist", "Zoë"))
    digests = set()
    for _ in range(2):
        how = {"container": container, "encoding": encoding, "tags": tags}
        path = deliver(bench, bench.clip("s"), ir.Dither("d", 16), **how)
        digests.add(hashlib.sha256(path.read_bytes()).hexdigest())
        path.unlink()
    assert len(digests) == 1


@pytest.mark.parametrize("container", ["wav", "flac"])
def test_files_carry_the_tags_given_and_nothing_of_the_source(bench, container):
    bench.noise("s", 2, 0.1)
    with soundfile.SoundFile(bench.folder / "src/s.wav", "r+") as file:
        file.comment = "secret of the source"
    tags = (("title", "Episode = 42; a:b"), ("artist", "Zoë"))
    path = deliver(bench, bench.clip("s"), container=container, encoding=ir.Encoding.S16, tags=tags)
    with soundfile.SoundFile(path) as file:
        assert (file.title, file.artist) == ("Episode = 42; a:b", "Zoë")
    data = path.read_bytes()
    assert b"secret" not in data
    assert b"Lavf5" not in data and b"Lavf6" not in data


@pytest.mark.parametrize("bits", [8, 16, 20, 24])
def test_dither_is_triangular_noise_of_one_step_on_the_grid(bench, bits):
    step = 2.0 ** (1 - bits)
    value = (7 + np.linspace(0, 1, 480_000)) * step  # slower than any step
    bench.source("s", value[None])
    path = deliver(bench, bench.clip("s"), ir.Dither("d", bits))
    got = soundfile.read(path)[0]
    assert np.array_equal(got, np.rint(got / step) * step)
    error = (got - value) / step
    assert abs(error.mean()) < 0.01  # no bias
    assert error.std() == pytest.approx(0.5, abs=0.01)  # TPDF and rounding: sqrt(1/6 + 1/12)
    assert np.abs(error).max() <= 1.5
    halves = np.array_split(error, 10)  # the noise does not depend on the signal
    assert all(h.std() == pytest.approx(0.5, abs=0.02) and abs(h.mean()) < 0.02 for h in halves)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate", [8000, 44100, RATE])
def test_digital_silence_longer_than_100_ms_gets_no_dither(bench, rate, channels):
    """Runs of 100 ms, and of a sample more, at both ends and between; almost silent is silent."""
    reach = rate // 10
    runs = [
        (reach + 1, 0.0),
        (500, 0.1),
        (reach, 0.0),
        (9000, 0.1),
        (reach + 1, np.nextafter(SILENT, 0.0)),
    ]
    runs += [(1, SILENT), (3 * rate, 0.0), (700, 0.1), (reach, 0.0)]
    audio = np.hstack([np.full((channels, n), level) for n, level in runs])
    audio[:1] *= channels == 1  # a sound in one channel is sound
    bench.source("s", audio, rate)
    clip = ir.Clip("c", "s", 0, audio.shape[1], rate)
    dithered = deliver(bench, clip, ir.Dither("d", 16))
    got = soundfile.read(dithered, always_2d=True)[0].T
    gate = SilenceGate(lambda samples, _: np.ones_like(samples), rate)
    sounding = gate.process(audio, audio.shape[1])
    assert got.shape == audio.shape
    assert not np.any(got[sounding == 0.0])
    error = (got - audio)[sounding == 1.0] * 2.0**15
    assert error.std() == pytest.approx(0.5, abs=0.02)
    assert sounding.mean() < 0.5


def test_what_is_far_over_full_scale_is_no_silence(bench):
    levels = np.repeat(2.0 ** np.arange(-24, 30, 2), 5000) * np.resize([1.0, -1.0], 27 * 5000)
    bench.source("s", levels[None])
    got = soundfile.read(deliver(bench, bench.clip("s"), ir.Dither("d", 16)))[0]
    steps = got[: len(got) // 1000 * 1000].reshape(-1, 1000)
    assert np.all(np.any(steps, axis=1))


def test_shaped_dither_is_white_at_low_rates_and_otherwise_refused(bench):
    value = np.linspace(0, 1, 220_500) * 2.0**-15
    for rate in (22050, 48000):
        bench.source(f"s{rate}", value[None], rate)
    dither = ir.Dither("d", 16, ir.DitherNoise.SHAPED)
    low = ir.Clip("c", "s22050", 0, len(value), 22050)
    error = (soundfile.read(deliver(bench, low, dither))[0] - value) * 2.0**15
    assert error.std() == pytest.approx(0.5, abs=0.01)
    with pytest.raises(BackendError, match=r"MIX502.*noise shaping changes the level"):
        deliver(bench, ir.Clip("c", "s48000", 0, len(value), 48000), dither)


@pytest.mark.parametrize("ceiling", [-1.0, -3.0, -9.0])
@pytest.mark.parametrize("rate", [44100, RATE])
def test_a_true_peak_limiter_holds_its_ceiling_and_lets_the_rest_be(bench, ceiling, rate):
    audio = bursts(rate)
    bench.source("s", audio, rate)
    limiter = ir.Limiter("l", ceiling, ir.LimitMode.TRUE_PEAK)
    got = soundfile.read(
        deliver(bench, ir.Clip("c", "s", 0, audio.shape[1], rate), limiter), always_2d=True
    )[0].T
    assert got.shape == audio.shape
    assert true_peak_db(got) <= ceiling + 0.01
    quiet = slice(4 * rate, 5 * rate)
    assert np.abs(got - audio)[:, quiet].max() < 10 ** (-140 / 20)


@pytest.mark.parametrize("samples", [1, 2, 64, 144, 200, 500])
@pytest.mark.parametrize("rate", [8000, RATE, 192_000])
def test_a_mix_of_a_few_samples_is_limited(bench, samples, rate):
    """ffmpeg 5.1 never ends if its limiter receives so little."""
    audio = 0.5 * np.random.default_rng(samples).uniform(-1, 1, (1, samples))
    audio[0, -1] = 0.5
    bench.source("s", audio, rate)

    def limited(mode: ir.LimitMode, ceiling: float) -> np.ndarray:
        path = deliver(bench, ir.Clip("c", "s", 0, samples, rate), ir.Limiter("l", ceiling, mode))
        got = soundfile.read(path, always_2d=True)[0].T
        assert got.shape == audio.shape
        return got

    assert np.array_equal(limited(ir.LimitMode.SAMPLE_PEAK, -1.0), audio)
    for mode in ir.LimitMode:
        assert 0.1 < np.abs(limited(mode, -12.0)).max() <= 10 ** (-12 / 20) + 1e-9


@pytest.mark.parametrize("hertz", [30, 50, 997])
def test_a_limited_tone_stays_pure(bench, hertz):
    tone = 1.8 * np.sin(2 * np.pi * hertz * np.arange(3 * RATE) / RATE)
    bench.source("s", tone[None])
    path = deliver(bench, bench.clip("s"), ir.Limiter("l", -1.0, ir.LimitMode.TRUE_PEAK))
    got = soundfile.read(path)[0][RATE : 2 * RATE]
    spectrum = np.abs(np.fft.rfft(got * np.blackman(RATE))) ** 2
    fundamental = spectrum[hertz - 4 : hertz + 5].sum()
    assert 10 * np.log10((spectrum.sum() - fundamental) / fundamental) < -110


def test_a_sample_peak_limiter_holds_its_ceiling_and_lets_the_rest_be(bench):
    audio = bursts(RATE)
    bench.source("s", audio)
    limiter = ir.Limiter("l", -1.0, ir.LimitMode.SAMPLE_PEAK)
    got = soundfile.read(deliver(bench, bench.clip("s"), limiter), always_2d=True)[0].T
    assert got.shape == audio.shape
    assert 20 * np.log10(np.abs(got).max()) <= -1.0 + 1e-9
    assert np.array_equal(got[:, 4 * RATE :], audio[:, 4 * RATE :])


def test_a_margin_lowers_what_the_limiter_aims_at(bench):
    audio = bursts(RATE)
    bench.source("s", audio)
    limiter = ir.Limiter("l", -1.0, ir.LimitMode.SAMPLE_PEAK, 2.5)
    got = soundfile.read(deliver(bench, bench.clip("s"), limiter), always_2d=True)[0].T
    assert 20 * np.log10(np.abs(got).max()) == pytest.approx(-3.5, abs=0.01)


@pytest.mark.parametrize("ceiling", [-30.0, 3.0])
def test_a_ceiling_that_alimiter_cannot_hold_is_refused(tmp_path, ceiling, bench):
    bench.noise("s", 1, 0.1)
    with pytest.raises(BackendError, match=r"MIX502.*cannot hold") as refused:
        deliver(bench, bench.clip("s"), ir.Limiter("l", ceiling, ir.LimitMode.TRUE_PEAK))
    assert "-23.6 to 0.4 dB" in str(refused.value)


def test_an_encoding_that_no_encoder_is_known_for_is_refused(bench):
    """Lossy files are encoded by a step of their own, from what the backend delivers."""
    bench.noise("s", 1, 0.1)
    clip = bench.clip("s")
    output = ir.Output(
        "o", ir.OutputRole.MASTER, "m", "mp3", ir.Encoding.MP3, bit_rate=128, operands=(clip.name,)
    )
    with pytest.raises(BackendError, match="no encoder for mp3 as mp3"):
        BACKEND.emit(bench.graph(clip, output), EmitOptions())


def test_samples_over_full_scale_survive_to_the_finish(bench):
    audio = bench.noise("s", 2, 0.5)
    path = deliver(bench, bench.clip("s"), ir.Gain("up", 40.0), ir.Gain("down", -40.0))
    assert np.abs(soundfile.read(path)[0].T - audio).max() < 1e-15


def bursts(rate: int) -> np.ndarray:
    """Six seconds, band-limited: three of loud peaks, then quiet from the fourth on."""
    random = np.random.default_rng(11)
    low = random.uniform(-1, 1, (2, 6 * rate // 4))
    audio = np.vstack([soxr.resample(channel, rate / 4, rate, "VHQ") for channel in low])
    audio[:, : 3 * rate] *= 2.0
    audio[:, 3 * rate :] *= 0.1
    return audio


def true_peak_db(audio: np.ndarray) -> float:
    oversampled = soxr.resample(audio.T, 1, 16, "VHQ")
    return 20 * np.log10(np.abs(oversampled).max())
