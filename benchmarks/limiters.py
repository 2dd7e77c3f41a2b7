"""The limiter compared with ffmpeg's alimiter, as in the ffmpeg backend, and pedalboard's Limiter.

    python benchmarks/limiters.py           # pip install 'mixdown[benchmarks]'

Programmes of tests/support/programmes.py are raised to a true peak 6 dB over the ceiling of -1 dBTP
and limited by each. The first table gives the excess over the ceiling, by the higher of ffmpeg's
`ebur128=peak=true` and a meter at 16 times the rate, and the loss of loudness, by the former. The
second gives the distortion of tones, and the CPU time of all threads and child processes for a
minute of music.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import imageio_ffmpeg
import numpy as np
import pedalboard
import soundfile
import soxr
from attrs import frozen
from mixdown.audio.limiter import TruePeakLimiter
from mixdown.backends.ffmpeg.finish import LIMITING, OVERSAMPLING, TRUE_PEAK_ALLOWANCE_DB
from mixdown.render.verify import Renderer, render_premaster

sys.path.append(str(Path(__file__).parents[1] / "tests" / "support"))

from meters import ebur128
from programmes import programme

CEILING = -1.0
PUSH_DB = 6.0
NAMES = ("speech", "robot", "music", "loud", "square", "impulses")
BLOCK = 4096
RATE = 48000
SECONDS = 4
FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()

Limiter = Callable[[np.ndarray, int], np.ndarray]
"""Function from samples, shape (channels, n), and their rate to the same number of limited ones."""


def ours(samples: np.ndarray, rate: int) -> np.ndarray:
    limiter = TruePeakLimiter(rate, len(samples), CEILING)
    blocks = np.array_split(samples, range(BLOCK, samples.shape[1], BLOCK), axis=1)
    return np.concatenate([*map(limiter.process, blocks), limiter.flush()], axis=1)


def alimiter(samples: np.ndarray, rate: int) -> np.ndarray:
    limit = 10 ** ((CEILING - TRUE_PEAK_ALLOWANCE_DB) / 20)
    chain = (
        f"aresample={OVERSAMPLING * rate}:resampler=soxr:precision=28,"
        f"alimiter=limit={limit}:{':'.join(f'{key}={value}' for key, value in LIMITING.items())},"
        f"aresample={rate}:resampler=soxr:precision=28,"
        f"apad=whole_len={samples.shape[1]},atrim=end_sample={samples.shape[1]}"
    )
    form = ["-f", "f64le", "-ar", str(rate), "-ac", str(len(samples))]
    command = [FFMPEG, "-v", "error", *form, "-i", "pipe:0", "-af", chain, *form, "pipe:1"]
    done = subprocess.run(command, input=samples.T.tobytes(), capture_output=True, check=True)
    return np.frombuffer(done.stdout).reshape(-1, len(samples)).T


def pedalboards(samples: np.ndarray, rate: int) -> np.ndarray:
    limiter = pedalboard.Limiter(threshold_db=CEILING, release_ms=50.0)
    return limiter(samples.astype(np.float32), rate).astype(np.float64)


LIMITERS: Mapping[str, Limiter] = {
    "mixdown": ours,
    "alimiter": alimiter,
    "pedalboard": pedalboards,
}


@frozen
class Levels:
    """LUFS, and dBTP by the higher of two meters."""

    integrated: float
    peak: float


def measured(samples: np.ndarray, rate: int, directory: Path) -> Levels:
    path = directory / "measured.wav"
    soundfile.write(path, samples.T, rate, "FLOAT")
    integrated, peak = ebur128(FFMPEG, path)
    return Levels(integrated, max(peak, fine_peak(samples)))


def fine_peak(samples: np.ndarray) -> float:
    return 20 * np.log10(np.max(np.abs(soxr.resample(samples.T, 1, 16, "VHQ"))))


def pushed(name: str, directory: Path) -> tuple[np.ndarray, int]:
    """The premaster of a programme, with 10 ms fades at its ends, 6 dB over the ceiling."""
    take = render_premaster(
        programme(name, directory), Renderer("native", "native"), directory / "out"
    )
    samples, rate = soundfile.read(take.files["premaster"], always_2d=True)
    ramp = np.minimum(1.0, np.arange(len(samples)) / (0.01 * rate))[:, None]
    samples = (samples * ramp * ramp[::-1]).T
    return samples * 10 ** ((CEILING + PUSH_DB - fine_peak(samples)) / 20), rate


def over_programmes() -> None:
    heads = "".join(f"{name:>24}" for name in LIMITERS)
    print(f"{'6 dB over the ceiling':24}{heads}")
    for name in NAMES:
        with TemporaryDirectory() as directory:
            here = Path(directory)
            samples, rate = pushed(name, here)
            before = measured(samples, rate, here)
            cells = []
            for limiter in LIMITERS.values():
                after = measured(limiter(samples, rate), rate, here)
                lost = before.integrated - after.integrated
                cells.append(f"{after.peak - CEILING:+12.2f} dB {lost:5.2f} LU")
        print(f"{name:24}{''.join(f'{cell:>24}' for cell in cells)}", flush=True)


def tones(*parts: tuple[float, float]) -> np.ndarray:
    """Tones of (Hz, peak), two channels, `SECONDS` long."""
    at = np.arange(SECONDS * RATE) / RATE
    return np.tile(sum(peak * np.sin(2 * np.pi * hertz * at) for hertz, peak in parts), (2, 1))


def beside(limited: np.ndarray, hertz: tuple[float, ...]) -> float:
    """The level of everything but the tones, relative to the tones, in the last 2 s, dB."""
    spectrum = np.abs(np.fft.rfft(limited[0, -2 * RATE :] * np.blackman(2 * RATE))) ** 2
    mine = np.zeros(len(spectrum), dtype=bool)
    for tone in hertz:
        mine[round(2 * tone) - 4 : round(2 * tone) + 5] = True
    return 10 * np.log10(max(spectrum[~mine].sum(), 1e-300) / spectrum[mine].sum())


OVER = 10 ** ((CEILING + PUSH_DB) / 20)
TONES = {
    "997 Hz, peak 0.5": ((997.0, 0.5),),
    "997 Hz, 6 dB over": ((997.0, OVER),),
    "50 Hz, 6 dB over": ((50.0, OVER),),
    "60 + 7000 Hz, 6 dB over": ((60.0, 0.8 * OVER), (7000.0, 0.2 * OVER)),
}


def over_tones() -> None:
    for name, parts in TONES.items():
        samples = tones(*parts)
        cells = []
        for limiter in LIMITERS.values():
            limited = limiter(samples, RATE)
            same = np.array_equal(limited, samples)
            left = beside(limited, tuple(hertz for hertz, _ in parts))
            cells.append("untouched" if same else f"{left:.0f} dB beside")
        print(f"{name:24}{''.join(f'{cell:>24}' for cell in cells)}", flush=True)


def over_time() -> None:
    with TemporaryDirectory() as directory:
        samples, rate = pushed("music", Path(directory))
    minute = np.tile(samples, (1, 1 + 60 * rate // samples.shape[1]))[:, : 60 * rate]
    cells = []
    for limiter in LIMITERS.values():
        limiter(minute[:, :rate], rate)
        processor, clock = processor_seconds(), time.perf_counter()
        limiter(minute, rate)
        clock = time.perf_counter() - clock
        processor = processor_seconds() - processor
        cells.append(f"{60 / processor:.0f}x, {60 / clock:.0f}x by the clock")
    print(f"{'speed, of the processor':24}{''.join(f'{cell:>24}' for cell in cells)}")


def processor_seconds() -> float:
    """CPU time of this process and its finished children, all threads."""
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, who))


if __name__ == "__main__":
    over_programmes()
    over_tones()
    over_time()
