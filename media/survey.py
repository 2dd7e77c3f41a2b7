"""What a source sounds like: a survey of its levels, and of where something is said or played.

A survey is a function of the content of the file, of the part that is played, and of the detector
that found its spans. It is cached under these three, and levels are rounded, so that the same
content gives the same numbers everywhere. `Facts` can carry surveys, and plans name their digests.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import cached_property, partial
from math import isfinite
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import soundfile
from attrs import asdict, evolve, field, frozen

from ..audio import FloatArray
from ..audio.activity import (
    FRAME_MS,
    Activity,
    Contrast,
    active_frames,
    active_loudness,
    find_activity,
    spans_of,
)
from ..audio.meter.loudness import CHANNEL_WEIGHTS, lufs, power_of
from ..audio.meter.survey import Survey, SurveyMeter, highest_sample, survey_file
from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic, MixdownError, did_you_mean
from ..ir.nodes import Source
from ..programs.packages import additions
from .copies import playable
from .decoder import Decoding, decoding_of, is_plain
from .facts import kept, tupled
from .headers import Header
from .ingest import establish

VERSION = 3
"""The version of surveys; raised when the attributes or their computation change."""

GROUP = "mixdown.detectors"
"""The entry points of packages that bring a `Detector`."""

STEP_MS = 100
"""The distance of the levels in a survey."""
_FRAMES_PER_STEP = STEP_MS // FRAME_MS
_SILENCE = -12_000
"""The lowest level in a survey, in hundredths of a LUFS; digital silence has it too."""


class Detector(Protocol):
    """Finds where something is said or played; another package may bring one.

    Attributes:
        version: raised when it finds other spans in the same file.
    """

    version: str

    def find(self, audio: Path) -> Iterable[tuple[float, float]]:
        """The spans of a WAV or FLAC file, in seconds from its start."""


@frozen
class SourceSurvey:
    """What a source sounds like. A level that silence, or a short file, does not have is None.

    Attributes:
        digest_of: what was surveyed: the digest of the file, and the part of it that is played.
        detector: what found the spans, with its version.
        rate, channels, frames: of the source.
        integrated_lufs, range_lu, momentary_max_lufs, short_term_max_lufs: as in `Measurement`.
        active_lufs: the loudness of the spans: of 400 ms blocks that are at least half in one.
        true_peak_dbtp, sample_peak_dbfs: the highest of all channels.
        noise_floor_dbfs: the RMS of the quietest half second.
        dc_offset: the mean of each channel.
        correlation: of two channels; None if there are not two, or one is constant.
        mains_hz, hum_db: mains hum: its frequency, and its level over its neighbours, in the quiet
            parts; None for less than a second.
        clipped_runs: the number of runs of three or more samples at full scale.
        contrast: whether the spans can be relied on.
        snr_db: the power in the spans above that outside of them.
        spans: where something is said or played, in ms: start and end, in order.
        levels: of each channel, K-weighted, of every 100 ms, in hundredths of a LUFS.
    """

    digest_of: str
    detector: str
    rate: int
    channels: int
    frames: int
    integrated_lufs: float | None
    range_lu: float
    momentary_max_lufs: float | None
    short_term_max_lufs: float | None
    active_lufs: float | None
    true_peak_dbtp: float | None
    sample_peak_dbfs: float | None
    noise_floor_dbfs: float | None
    dc_offset: tuple[float, ...]
    correlation: float | None
    mains_hz: int | None
    hum_db: float | None
    clipped_runs: int
    contrast: Contrast = field(converter=Contrast)
    snr_db: float | None
    spans: tuple[tuple[int, int], ...] = field(repr=False)
    levels: tuple[tuple[int, ...], ...] = field(repr=False)

    @property
    def key(self) -> str:
        """Its `survey_key`."""
        return f"{self.digest_of} {self.detector}"

    @property
    def is_clear(self) -> bool:
        """Whether the spans can be relied on."""
        return self.contrast is Contrast.CLEAR

    @property
    def duration_s(self) -> float:
        """The duration, s."""
        return self.frames / self.rate

    @property
    def active_s(self) -> float:
        """The duration of all spans, s."""
        return sum(end - start for start, end in self.spans) / 1000

    @cached_property
    def channel_powers(self) -> FloatArray:
        """The K-weighted mean square of each channel in every 100 ms, shape (channels, n)."""
        return np.asarray(power_of(np.array(self.levels, dtype=np.float64) / 100.0))

    @cached_property
    def active_shares(self) -> FloatArray:
        """The part of every 100 ms that is in a span, 0 to 1, shape (n,)."""
        count = len(self.levels[0]) if self.levels else 0
        frames = [(start // FRAME_MS, end // FRAME_MS) for start, end in self.spans]
        active = active_frames(frames, count * _FRAMES_PER_STEP)
        return np.asarray(active.reshape(count, _FRAMES_PER_STEP).mean(axis=1))

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of the survey, after "sha256:"."""
        text = json.dumps(self.to_dict(), sort_keys=True)
        return f"sha256:{hashlib.sha256(text.encode('ascii')).hexdigest()}"

    def to_dict(self) -> dict[str, Any]:
        """The survey as plain data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> SourceSurvey:
        """The survey in the data that `to_dict` returned.

        Raises:
            ValueError: the data are not a survey.
        """
        try:
            made = cls(**{name: tupled(value) for name, value in data.items()})
            whole = _is_whole(made)
        except (TypeError, AttributeError) as error:
            raise ValueError("not a survey") from error
        if not whole:
            raise ValueError("not a survey")
        return made


def survey_key(source: Source, detector: str | None = None) -> str:
    """The key of a survey: what is surveyed, and by what.

    Raises:
        MixdownError: MIX309, the detector is unknown or unusable.
    """
    version = VERSION if detector is None else find_detector(detector).version
    return f"{_digest_of(source)} {detector or 'mixdown'} {version}"


def survey_source(
    path: Path, named: str, source: Source, detector: str | None = None
) -> SourceSurvey | Diagnostic:
    """The survey of a source, from the cache if it is there.

    Args:
        path: its file.
        named: its name in messages.
        source: its facts.
        detector: the name of a detector of another package; None: mixdown's own.

    Raises:
        RenderError: MIX601, MIX602, ffmpeg is needed and missing.
        MixdownError: MIX309, the detector is unknown or unusable.
    """
    return _surveyed(path, named, source, detector, None)


def _surveyed(
    path: Path, named: str, source: Source, detector: str | None, heard: SurveyMeter | None
) -> SourceSurvey | Diagnostic:
    """The survey of a source, of which a meter may have received all samples already."""
    key = f"survey {VERSION} {survey_key(source, detector)}"
    try:
        return kept(SourceSurvey, key, partial(_survey, path, source, detector, heard))
    except MixdownError:
        raise
    except (soundfile.LibsndfileError, ValueError, OSError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return Diagnostic(
            Code.MEDIA_UNREADABLE, f"media file {named!r} cannot be surveyed", help=reason
        )


def survey_path(path: Path, named: str, detector: str | None = None) -> SourceSurvey | Diagnostic:
    """The survey of a file; arguments and errors as `survey_source`.

    A FLAC file is checked and surveyed while it is decoded once.
    """
    meters: list[SurveyMeter] = []

    def heard(header: Header, block: FloatArray) -> None:
        if header.channels not in CHANNEL_WEIGHTS:
            return
        if not meters:
            full_scale = highest_sample(header.coding.upper())
            meters.append(SurveyMeter(header.rate, header.channels, full_scale))
        meters[0].feed(block)

    facts = establish(path, named, heard=heard)
    if isinstance(facts, Diagnostic):
        return facts
    source = facts.source(named, path.as_posix())
    meter = meters[0] if meters and is_plain(source) and not facts.damage else None
    return _surveyed(path, named, source, detector, meter)


def find_detector(name: str) -> Detector:
    """The detector that a package brings under this name.

    Raises:
        MixdownError: MIX309, there is none, or it is unusable.
    """
    entries = additions(GROUP, name)
    if not entries:
        known = sorted({entry.name for entry in additions(GROUP)})
        help = did_you_mean(name, known) if known else "no installed package brings one"
        raise _unusable(f"no detector is called {name!r}", help)
    try:
        found: Detector = entries[0].load()
        found.version, found.find  # noqa: B018 (whatever a stranger's object raises)
    except Exception as error:
        raise _unusable(f"the detector {name!r} cannot be loaded: {error}") from error
    return found


def _survey(
    path: Path, source: Source, detector: str | None, heard: SurveyMeter | None
) -> SourceSurvey:
    with playable(path, source) as audio:
        found = survey_file(audio) if heard is None else heard.result()
        assert found.loudness is not None
        if detector is None:
            activity = find_activity(found.loudness.powers)
        else:
            activity = _detected(detector, audio, len(found.loudness.powers))
    return _record(source, found, activity, survey_key(source, detector).partition(" ")[2])


def _detected(name: str, audio: Path, frames: int) -> Activity:
    """The spans that another package's detector finds."""
    detector = find_detector(name)
    try:
        seconds = [(float(start), float(end)) for start, end in detector.find(audio)]
        active = active_frames(((round(100 * s), round(100 * e)) for s, e in seconds), frames)
    except Exception as error:
        raise _unusable(f"the detector {name!r} fails: {error}") from error
    spans = spans_of(active)
    return Activity(Contrast.CLEAR if spans else Contrast.NONE, spans)


def _record(source: Source, found: Survey, activity: Activity, detector: str) -> SourceSurvey:
    assert found.loudness is not None
    levels, loudness, statistics = found.levels, found.loudness, found.statistics
    hundredths = np.rint(100.0 * lufs(loudness.channel_powers))
    made = SourceSurvey(
        digest_of=_digest_of(source),
        detector=detector,
        rate=found.rate,
        channels=found.channels,
        frames=levels.duration_samples,
        integrated_lufs=_rounded(levels.integrated),
        range_lu=round(levels.range, 4),
        momentary_max_lufs=_rounded(levels.momentary_max),
        short_term_max_lufs=_rounded(levels.short_term_max),
        active_lufs=None,
        true_peak_dbtp=_rounded(levels.true_peak_dbtp),
        sample_peak_dbfs=_rounded(levels.sample_peak_dbfs),
        noise_floor_dbfs=_rounded(statistics.noise_floor_dbfs),
        dc_offset=tuple(round(offset, 6) for offset in statistics.dc_offset),
        correlation=None if statistics.correlation is None else round(statistics.correlation, 4),
        mains_hz=None if found.hum is None else found.hum.mains_hz,
        hum_db=None if found.hum is None else round(found.hum.over_db, 1),
        clipped_runs=found.clipping.runs,
        contrast=activity.contrast,
        snr_db=None if activity.snr_db is None else round(activity.snr_db, 2),
        spans=tuple((FRAME_MS * start, FRAME_MS * end) for start, end in activity.spans),
        levels=tuple(tuple(map(int, row)) for row in np.maximum(hundredths, _SILENCE)),
    )
    active = active_loudness(made.channel_powers.sum(axis=0), made.active_shares)
    return evolve(made, active_lufs=_rounded(active))


def _digest_of(source: Source) -> str:
    """The digest of the file; with the part of it that is played, if that is not all of it."""
    decoding = evolve(decoding_of(source), frames=0)
    if decoding == Decoding(source.codec):
        return source.digest
    part = hashlib.sha256(repr(decoding).encode()).hexdigest()
    return f"{source.digest}/{part[:16]}"


def _rounded(value: float) -> float | None:
    return round(value, 4) if isfinite(value) else None


def _is_whole(survey: SourceSurvey) -> bool:
    """Whether the values of a survey from a file are those of a survey."""
    levels = (survey.integrated_lufs, survey.active_lufs, survey.snr_db, survey.hum_db)
    peaks = (survey.true_peak_dbtp, survey.sample_peak_dbfs, survey.noise_floor_dbfs)
    maxima = (survey.momentary_max_lufs, survey.short_term_max_lufs, survey.range_lu)
    others = (survey.correlation, survey.mains_hz)
    numbers = [n for n in (*levels, *others, *peaks, *maxima, *survey.dc_offset) if n is not None]
    counts = (survey.rate, survey.channels, survey.frames, survey.clipped_runs)
    edges = [edge for span in survey.spans for edge in span]
    heights = [level for row in survey.levels for level in row]
    return (
        isinstance(survey.digest_of, str)
        and isinstance(survey.detector, str)
        and all(isinstance(n, int | float) and abs(n) <= 1000 for n in numbers)
        and all(type(n) is int and 0 <= n < 1 << 53 for n in (*counts, *edges))
        and survey.rate > 0
        and all(type(level) is int and abs(level) <= 100_000 for level in heights)
        and len(survey.levels) == survey.channels
        and len({len(row) for row in survey.levels}) <= 1
        and all(len(span) == 2 for span in survey.spans)
        and edges == sorted(edges)
    )


def _unusable(message: str, help: str | None = None) -> MixdownError:
    return MixdownError.of(Code.DETECTOR_UNUSABLE, message, help=help)
