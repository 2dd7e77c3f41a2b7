"""Time to establish what sources are, and to survey them: the first time, and again.

    python benchmarks/ingest.py [seconds]

The programme, a modulated tone with noise in stereo at 48 kHz, is written in each form. CPU seconds
include those of ffmpeg. The first run decodes the file and keeps the result in an empty cache; the
second is another process with that cache. "read only" is the time to compute the digest of the
file's content, which no run can do without. "survey" establishes the source and surveys it in one
process with an empty cache, as `mixdown survey` does.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import soundfile
from mixdown.media.identity import digest_of
from mixdown.programs.ffmpeg import find_ffmpeg

RATE = 48_000
FORMS: Mapping[str, tuple[str, ...]] = {
    "mp3": ("-c:a", "libmp3lame", "-b:a", "128k"),
    "m4a": ("-c:a", "aac", "-b:a", "128k"),
    "opus": ("-c:a", "libopus", "-b:a", "96k"),
    "ogg": ("-c:a", "libvorbis", "-q:a", "4"),
    "flac": ("-c:a", "flac", "-sample_fmt", "s16"),
    "wav": ("-c:a", "pcm_s16le"),
}
TIMED = """\
import resource, sys
from pathlib import Path
from mixdown.media.ingest import establish
from mixdown.media.survey import survey_path

def cpu():
    used = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used)

began = cpu()
done = {"establish": establish, "survey": survey_path}[sys.argv[1]](Path(sys.argv[2]), "source")
print(cpu() - began, done.frames)
"""


def programme(path: Path, seconds: int) -> None:
    """Write the programme."""
    chance = np.random.Generator(np.random.Philox(5))
    time_s = np.arange(seconds * RATE)[:, None] / RATE
    level = 0.3 * (1 + np.sin(2 * np.pi * 3 * time_s)) / 2
    tone = np.sin(2 * np.pi * (220 + 20 * np.sin(time_s)) * time_s + np.arange(2))
    samples = level * (tone + 0.2 * chance.standard_normal((len(time_s), 2)))
    soundfile.write(path, samples, RATE, subtype="PCM_16")


def timed(what: str, path: Path, cache: Path) -> tuple[float, int]:
    """The CPU seconds that a process takes to establish or survey a source, and its length."""
    environment = {"MIXDOWN_CACHE": str(cache), "MIXDOWN_FFMPEG": find_ffmpeg().program}
    argv = [sys.executable, "-c", TIMED, what, str(path)]
    ran = subprocess.run(argv, env=environment, check=True, capture_output=True, text=True)
    seconds, frames = ran.stdout.split()
    return float(seconds), int(frames)


def cpu_of(work: Callable[[], object]) -> float:
    """The CPU seconds of a call in this process."""
    began = time.process_time()
    work()
    return time.process_time() - began


def main() -> None:
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    print(f"{seconds} s of stereo at 48 kHz, {find_ffmpeg().version_text}")
    print(
        "form   first run CPU s  x realtime  second run CPU s  read only CPU s  survey x realtime"
    )
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        programme(folder / "programme.wav", seconds)
        for form, options in FORMS.items():
            path = folder / f"source.{form}"
            argv = [find_ffmpeg().program, "-v", "error", "-i", str(folder / "programme.wav")]
            subprocess.run([*argv, *options, str(path)], check=True)
            first, frames = timed("establish", path, folder / "cache")
            second, again = timed("establish", path, folder / "cache")
            survey, heard = timed("survey", path, folder / f"cache {form}")
            assert frames == again == heard
            read = cpu_of(lambda path=path: digest_of(path))
            print(
                f"{form:5}{first:17.3f}{seconds / first:12.0f}{second:18.3f}{read:17.3f}"
                f"{seconds / survey:19.0f}"
            )


if __name__ == "__main__":
    main()
