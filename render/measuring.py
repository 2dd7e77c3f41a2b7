"""Measures any number of audio files, of any format, in parallel.

Results are in the order of the files. A file that cannot be measured gives a diagnostic in its
place (MIX214, MIX215) and does not stop the others. Directories are walked in the order of their
names, without hidden files and without following links to directories. No process and no temporary
file is left behind, also after an interrupt.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import soundfile
from attrs import asdict, evolve, frozen

from ..audio.meter.survey import Survey, survey_file
from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic, MixdownError
from ..media.headers import readable
from ..media.mp3 import frame_rates

if TYPE_CHECKING:
    from ..presets.model import DeliverySpec
    from .compliance import Compliance

Result = Survey | Diagnostic

AUDIO_SUFFIXES = frozenset(
    f".{name}"
    for name in (
        *("wav", "wave", "rf64", "w64", "flac", "aif", "aiff", "aifc", "caf", "au", "wv"),
        *("mp3", "mp2", "m4a", "m4b", "aac", "ac3", "ogg", "oga", "opus", "wma", "mka"),
    )
)
"""The files that are measured in a directory; a file given by name may have any suffix."""

_WORTH_PROCESSES = 8 << 20
"""Bytes of audio that justify the half second that processes take to start."""


@frozen
class MeasuredFile:
    """A file, its measurements, and its compliance with the requested specs."""

    file: str
    survey: Survey
    compliances: tuple[Compliance, ...] = ()

    @classmethod
    def check(cls, file: str, survey: Survey, specs: Sequence[DeliverySpec]) -> MeasuredFile:
        """A measured file, checked against specs."""
        if not specs:
            return cls(file, survey)
        from .compliance import check_spec  # noqa: PLC0415

        return cls(file, survey, tuple(check_spec(survey, spec) for spec in specs))

    @property
    def passed(self) -> bool:
        """Whether it complies with all of them."""
        return all(one.passed for one in self.compliances)

    def to_dict(self) -> dict[str, object]:
        """The measurements and checks as plain data."""
        specs = [
            {"spec": one.spec.id, "passed": one.passed, "rules": [asdict(c) for c in one.checks]}
            for one in self.compliances
        ]
        return {"file": self.file, **survey_meta(self.survey), "specs": specs}


def audio_files(names: Iterable[str]) -> tuple[str, ...]:
    """The named files and the audio files in the named directories, each once.

    A directory without audio files is returned itself; `survey_files` reports it.
    """
    found: dict[str, None] = {}
    for name in names:
        inside = _walk(name) if Path(name).is_dir() else []
        found |= dict.fromkeys(inside or [name])
    return tuple(found)


def survey_files(
    files: Sequence[str], *, jobs: int = 1, on_done: Callable[[int], None] = lambda done: None
) -> tuple[Result, ...]:
    """Survey files, without their series; a diagnostic for each that cannot be read.

    `survey_audio` surveys one file with its series.

    Args:
        files: paths.
        jobs: the number of processes. Processes started by your own program import its main module
            again, so guard its code with `if __name__ == "__main__"`.
        on_done: called with the number of files done, after each file.
    """
    if min(jobs, len(files)) <= 1 or sum(map(_size, files)) < _WORTH_PROCESSES:
        results = []
        for file in files:
            results.append(_without_series(file))
            on_done(len(results))
        return tuple(results)
    from .processes import map_in_processes  # noqa: PLC0415

    found = map_in_processes(_without_series, files, jobs=min(jobs, len(files)), on_done=on_done)
    return tuple(
        _unmeasured(file, "reading it crashed the process") if result is None else result
        for file, result in zip(files, found, strict=True)
    )


def survey_audio(file: str) -> Result:
    """Survey one file with its series; a diagnostic if it cannot be read."""
    path = Path(file)
    if path.is_dir():
        return Diagnostic(Code.MEDIA_MISSING, f"no audio file in {file!r}")
    if not path.exists():
        return Diagnostic(Code.MEDIA_MISSING, f"no such file: {file!r}")
    try:
        with readable(path) as audio:
            return evolve(survey_file(audio), bit_rates=frame_rates(path))
    except MixdownError as error:
        return _unmeasured(file, f"libsndfile cannot read it, and {error.diagnostics[0].message}")
    except (soundfile.LibsndfileError, ValueError, OSError) as error:
        return _unmeasured(file, getattr(error, "strerror", None) or str(error))


def survey_meta(survey: Survey) -> dict[str, object]:
    """A survey as metadata; docs/measuring.md explains the keys."""
    from .delivery import level, levels_meta  # noqa: PLC0415

    rate, clipping = survey.rate, survey.clipping
    at_peak = survey.peaks.position / rate
    return {
        **levels_meta(survey.levels, rate),
        "noise_floor_dbfs": level(survey.statistics.noise_floor_dbfs),
        "dc_offset": [round(offset, 6) for offset in survey.statistics.dc_offset],
        "correlation": _rounded(survey.statistics.correlation),
        "clipped_runs": clipping.runs,
        "clipped_longest_samples": clipping.longest,
        "clipped_first_s": None if clipping.first is None else round(clipping.first / rate, 4),
        "head_silence_s": round(survey.silence.head / rate, 4),
        "tail_silence_s": round(survey.silence.tail / rate, 4),
        "head_room_tone_s": survey.statistics.room_tone.head_s,
        "tail_room_tone_s": survey.statistics.room_tone.tail_s,
        "room_tone_dbfs": level(survey.statistics.room_tone.rms_dbfs),
        "bit_rates": None if survey.bit_rates is None else list(survey.bit_rates),
        "true_peak_s": round(max(0.0, at_peak), 4),
        "short_term_max_s": survey.short_term_max_s,
        "sample_rate": rate,
        "channels": survey.channels,
    }


def _walk(directory: str) -> list[str]:
    found = []
    for root, directories, names in os.walk(directory):
        directories[:] = sorted(name for name in directories if not name.startswith("."))
        found += [
            str(Path(root, name))
            for name in sorted(names)
            if Path(name).suffix.lower() in AUDIO_SUFFIXES and not name.startswith(".")
        ]
    return found


def _size(file: str) -> int:
    try:
        return Path(file).stat().st_size
    except OSError:
        return 0


def _without_series(file: str) -> Result:
    """The survey without its series, megabytes that need not pass between processes."""
    found = survey_audio(file)
    return evolve(found, loudness=None) if isinstance(found, Survey) else found


def _unmeasured(file: str, reason: str) -> Diagnostic:
    reason = reason.removeprefix(f"Error opening {file!r}: ").rstrip(".")
    return Diagnostic(
        Code.MEDIA_UNREADABLE,
        f"cannot measure {file!r}: {reason}",
        help="libsndfile reads WAV, FLAC, Ogg, Opus, MP3, AIFF, and ffmpeg most others",
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
