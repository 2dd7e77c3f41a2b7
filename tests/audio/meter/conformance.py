"""The test signals of EBU Tech 3341 and EBU Tech 3342 (both v4, 2023, table 1), synthesised.

Each entry of SIGNALS states the definition in short, the value asked for and the tolerance.
Left out: 3341-7 and -8, 3342-5 and -6 (authentic programmes, only to be had as files) and
3341-11 and -14 (for live meters; -10 and -13 are their forms for meters of files). The lowpass of
3341-20 to -23, which the standard leaves open, is a linear-phase FIR to 0.45 of the rate.

Run this file to print the table of results.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator

import attrs
import numpy as np
import numpy.typing as npt
import scipy.signal
from mixdown.audio.meter.loudness import Loudness, LoudnessMeter
from mixdown.audio.meter.truepeak import TruePeakMeter

FloatArray = npt.NDArray[np.float64]
BLOCK = 1 << 16
TONE_HZ = 1000.0
STEREO = (0.0, 0.0)


def amplitude(dbfs: float) -> float:
    return float(10.0 ** (dbfs / 20.0))


def tones(
    rate: int, segments: tuple[tuple[float, float], ...], channel_db: tuple[float, ...] = STEREO
) -> FloatArray:
    """A 1 kHz sine in phase in all channels: (seconds, dBFS) segments, plus a level a channel."""
    counts = [round(seconds * rate) for seconds, _ in segments]
    envelope = np.repeat([amplitude(level) for _, level in segments], counts)
    sine = envelope * np.sin(2.0 * np.pi * TONE_HZ / rate * np.arange(envelope.size))
    return np.array([amplitude(level) for level in channel_db])[:, None] * sine


def tapered(mono: FloatArray, rate: int) -> FloatArray:
    """Stereo, with a 10 ms fade-in and fade-out."""
    ramp = np.linspace(0.0, 1.0, rate // 100, endpoint=False)
    mono = mono.copy()
    mono[: ramp.size] *= ramp
    mono[-ramp.size :] *= ramp[::-1]
    return np.stack([mono, mono])


def high_tone(rate: int, divisor: int, height: float, phase_degrees: float) -> FloatArray:
    """A stereo sine at rate/divisor, one second."""
    phase = 2.0 * np.pi * np.arange(rate) / divisor + np.deg2rad(phase_degrees)
    return tapered(height * np.sin(phase), rate)


def burst(rate: int, offset: int) -> FloatArray:
    """Signals 3341-20 to -23: a period of rate/4 in a rate/6 tone, made at four times the rate."""
    carrier = 0.5 * np.sin(2.0 * np.pi * np.arange(24 * 2000) / 24)
    period = np.sin(2.0 * np.pi * np.arange(16) / 16)
    lowpass = scipy.signal.firwin(1025, 0.45 * rate, window=("kaiser", 10.0), fs=4 * rate)
    oversampled = np.convolve(np.concatenate([carrier, period, carrier]), lowpass, mode="same")
    return tapered(oversampled[offset::4], rate)


def integrated(audio: FloatArray, rate: int) -> FloatArray:
    return np.array([loudness(audio, rate).integrated])


def all_three(audio: FloatArray, rate: int) -> FloatArray:
    levels = loudness(audio, rate)
    return np.concatenate([[levels.integrated], levels.momentary, levels.short_term])


def short_term_after_3_s(audio: FloatArray, rate: int) -> FloatArray:
    return loudness(audio, rate).short_term


def momentary_after_1_s(audio: FloatArray, rate: int) -> FloatArray:
    return loudness(audio, rate).momentary[6:]


def short_term_max(audio: FloatArray, rate: int) -> FloatArray:
    return np.array([loudness(audio, rate).short_term_max])


def momentary_max(audio: FloatArray, rate: int) -> FloatArray:
    return np.array([loudness(audio, rate).momentary_max])


def loudness_range(audio: FloatArray, rate: int) -> FloatArray:
    return np.array([loudness(audio, rate).range])


def true_peak(audio: FloatArray, rate: int) -> FloatArray:
    meter = TruePeakMeter(rate, len(audio))
    meter.feed(audio)
    return np.array(meter.result().channel_dbtp)


def loudness(audio: FloatArray, rate: int) -> Loudness:
    meter = LoudnessMeter(rate, len(audio))
    for start in range(0, audio.shape[1], BLOCK):
        meter.feed(audio[:, start : start + BLOCK])
    return meter.result()


Quantity = Callable[[FloatArray, int], FloatArray]
Maker = Callable[[int], FloatArray]


@attrs.frozen
class Signal:
    """One row of a standard's table: `makers` build its programmes, each of which must conform."""

    name: str
    definition: str
    makers: tuple[Maker, ...]
    quantity: Quantity
    expected: float
    below: float
    above: float

    def measured(self, rate: int) -> FloatArray:
        """Every value the row is about, over all its programmes."""
        return np.concatenate([self.quantity(maker(rate), rate) for maker in self.makers])

    def worst(self, rate: int) -> float:
        """The value farthest from the one expected."""
        values = self.measured(rate)
        return float(values[np.argmax(np.abs(values - self.expected))])

    def accepts(self, value: float) -> bool:
        return self.expected - self.below <= value <= self.expected + self.above


def _tone_signal(
    name: str,
    definition: str,
    quantity: Quantity,
    expected: float,
    *programmes: tuple[tuple[float, float], ...],
    channel_db: tuple[float, ...] = STEREO,
    tolerance: float = 0.1,
) -> Signal:
    makers = tuple(
        functools.partial(tones, segments=segments, channel_db=channel_db)
        for segments in programmes
    )
    return Signal(name, definition, makers, quantity, expected, tolerance, tolerance)


def _peak_signal(name: str, definition: str, maker: Maker, expected: float) -> Signal:
    return Signal(name, definition, (maker,), true_peak, expected, below=0.4, above=0.2)


def _sine(divisor: int, height: float, phase: float) -> Maker:
    return functools.partial(high_tone, divisor=divisor, height=height, phase_degrees=phase)


SILENCE = -np.inf
SIGNALS = (
    _tone_signal(
        "3341-1",
        "stereo sine 1 kHz, -23.0 dBFS, 20 s: M, S, I",
        all_three,
        -23.0,
        ((20.0, -23.0),),
    ),
    _tone_signal("3341-2", "as 1 at -33.0 dBFS: M, S, I", all_three, -33.0, ((20.0, -33.0),)),
    _tone_signal(
        "3341-3",
        "10 s at -36, 60 s at -23, 10 s at -36 dBFS: I",
        integrated,
        -23.0,
        ((10.0, -36.0), (60.0, -23.0), (10.0, -36.0)),
    ),
    _tone_signal(
        "3341-4",
        "10 s at -72, 10 s at -36, 60 s at -23, 10 s at -36, 10 s at -72 dBFS: I",
        integrated,
        -23.0,
        ((10.0, -72.0), (10.0, -36.0), (60.0, -23.0), (10.0, -36.0), (10.0, -72.0)),
    ),
    _tone_signal(
        "3341-5",
        "20 s at -26, 20.1 s at -20, 20 s at -26 dBFS: I",
        integrated,
        -23.0,
        ((20.0, -26.0), (20.1, -20.0), (20.0, -26.0)),
    ),
    _tone_signal(
        "3341-6",
        "5.0 sine 1 kHz, 20 s: L, R -28, C -24, Ls, Rs -30 dBFS: I",
        integrated,
        -23.0,
        ((20.0, 0.0),),
        channel_db=(-28.0, -28.0, -24.0, -30.0, -30.0),
    ),
    _tone_signal(
        "3341-6 (5.1)",
        "as 6 with a silent LFE: I",
        integrated,
        -23.0,
        ((20.0, 0.0),),
        channel_db=(-28.0, -28.0, -24.0, SILENCE, -30.0, -30.0),
    ),
    _tone_signal(
        "3341-9",
        "(1.34 s at -20, 1.66 s at -30 dBFS) x 5: S, constant after 3 s",
        short_term_after_3_s,
        -23.0,
        ((1.34, -20.0), (1.66, -30.0)) * 5,
    ),
    _tone_signal(
        "3341-10",
        "(i x 0.15 s silence, 3 s at -23 dBFS, 1 s silence), i = 0..19: max S",
        short_term_max,
        -23.0,
        *(((i * 0.15, SILENCE), (3.0, -23.0), (1.0, SILENCE)) for i in range(20)),
    ),
    _tone_signal(
        "3341-12",
        "(0.18 s at -20, 0.22 s at -30 dBFS) x 25: M, constant after 1 s",
        momentary_after_1_s,
        -23.0,
        ((0.18, -20.0), (0.22, -30.0)) * 25,
    ),
    _tone_signal(
        "3341-13",
        "(i x 20 ms silence, 400 ms at -23 dBFS, 1 s silence), i = 0..19: max M",
        momentary_max,
        -23.0,
        *(((i * 0.02, SILENCE), (0.4, -23.0), (1.0, SILENCE)) for i in range(20)),
    ),
    _peak_signal("3341-15", "sine fs/4, 0.50, phase 0: TP", _sine(4, 0.5, 0.0), -6.0),
    _peak_signal("3341-16", "sine fs/4, 0.50, phase 45: TP", _sine(4, 0.5, 45.0), -6.0),
    _peak_signal("3341-17", "sine fs/6, 0.50, phase 60: TP", _sine(6, 0.5, 60.0), -6.0),
    _peak_signal("3341-18", "sine fs/8, 0.50, phase 67.5: TP", _sine(8, 0.5, 67.5), -6.0),
    _peak_signal("3341-19", "sine fs/4, 1.41, phase 45: TP", _sine(4, 1.41, 45.0), 3.0),
    *(
        _peak_signal(
            f"3341-{20 + offset}",
            "sine fs/6, 0.50, with one period of fs/4, 1.00, made at 4 fs, "
            f"lowpass, every 4th sample from {offset}: TP",
            functools.partial(burst, offset=offset),
            0.0,
        )
        for offset in range(4)
    ),
    _tone_signal(
        "3342-1",
        "20 s at -20, 20 s at -30 dBFS: LRA",
        loudness_range,
        10.0,
        ((20.0, -20.0), (20.0, -30.0)),
        tolerance=1.0,
    ),
    _tone_signal(
        "3342-2",
        "20 s at -20, 20 s at -15 dBFS: LRA",
        loudness_range,
        5.0,
        ((20.0, -20.0), (20.0, -15.0)),
        tolerance=1.0,
    ),
    _tone_signal(
        "3342-3",
        "20 s at -40, 20 s at -20 dBFS: LRA",
        loudness_range,
        20.0,
        ((20.0, -40.0), (20.0, -20.0)),
        tolerance=1.0,
    ),
    _tone_signal(
        "3342-4",
        "20 s each at -50, -35, -20, -35, -50 dBFS: LRA",
        loudness_range,
        15.0,
        ((20.0, -50.0), (20.0, -35.0), (20.0, -20.0), (20.0, -35.0), (20.0, -50.0)),
        tolerance=1.0,
    ),
)


def table(rate: int) -> Iterator[str]:
    """The results as lines of text: signal, expected, measured (the worst value), tolerance."""
    yield f"{'signal':<13} {'expected':>8} {'measured':>9}  {'tolerance':<11} pass  ({rate} Hz)"
    for signal in SIGNALS:
        worst = signal.worst(rate)
        tolerance = f"-{signal.below:g}/+{signal.above:g}"
        verdict = "yes" if signal.accepts(worst) else "NO"
        yield (
            f"{signal.name:<13} {signal.expected:>8.1f} {worst:>9.3f}  {tolerance:<11} {verdict:<4}"
            f"  {signal.definition}"
        )


if __name__ == "__main__":
    for sample_rate in (48_000, 44_100):
        print("\n".join(table(sample_rate)), end="\n\n")
