"""A delivery report as data, and as the JSON document that docs/report.md describes.

A report is a function of the timeline, the request, the sources and the programs: it has no date
and no absolute path, keys in a fixed order, and numbers rounded to the resolution of a meter. A
level that does not exist, such as the loudness of silence, is null.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from attrs import asdict, field, frozen

from ..documents.recorded import recorded_as
from ..ir.diagnostics import counted

REPORT_VERSION = 1
"""The version of the keys of report.json; raised when one changes its meaning or is removed."""

COLUMNS = ("check", "asked", "measured", "verdict")
"""Of the table of checks."""

JSON_NAME = "report.json"
PAGE_NAME = "report.html"


@frozen
class Curve:
    """Values at equal steps of time.

    Attributes:
        start_s: the end of the first value's window; for the waveform, its start.
        step_s: from one value to the next.
        values: None for a level that does not exist, such as the loudness of silence.
    """

    start_s: float
    step_s: float
    values: tuple[float | None, ...]


@frozen(kw_only=True)
class DeliveredFile:
    """A file of the delivery.

    Attributes:
        kind: "audio_render" or "audio_bus_stem".
        target: "master" or the id of the bus.
        delivery: the name of its delivery.
        file: its name, relative to the report.
        digest: "sha256:" and the hex digest of its content.
        size: bytes.
        levels: measured on it, by the keys of docs/metadata.md.
    """

    kind: str
    target: str
    delivery: str
    file: str
    digest: str
    size: int
    levels: Mapping[str, float | None]


@frozen(kw_only=True)
class Check:
    """The result of one rule of a spec for one file.

    Attributes:
        rule: a stable name, such as "true_peak".
        what: its label for people.
        unit: of the numbers.
        measured: to a hundredth; None for silence.
        low: the minimum; None: no bound.
        high: the maximum; None: no bound.
        passed: whether the file meets the rule.
        fix: what to do, a sentence without a full stop; None if it passed.
    """

    rule: str
    what: str
    unit: str
    measured: float | None
    low: float | None
    high: float | None
    passed: bool
    fix: str | None

    @property
    def asked(self) -> str:
        """The bounds as text: -16.1 to -15.9 LUFS, at most -1 dBTP."""
        if self.low is not None and self.low == self.high:
            return f"{self.low:g} {self.unit}"
        if self.low is not None and self.high is not None:
            return f"{self.low:.1f} to {self.high:.1f} {self.unit}"
        bound = f"at least {self.low:g}" if self.high is None else f"at most {self.high:g}"
        return f"{bound} {self.unit}"

    @property
    def found(self) -> str:
        """The measured value as text: -16.0 LUFS, none."""
        return "none" if self.measured is None else f"{self.measured:.1f} {self.unit}"


@frozen(kw_only=True)
class FileCheck(Check):
    """A check of a master against its preset; `file` is its name, relative to the report."""

    file: str


@frozen(kw_only=True)
class ChapterLoudness:
    """The part from a marker to the next, or to the end; seconds, LUFS."""

    label: str
    start_s: float
    stop_s: float
    integrated_lufs: float | None


@frozen(kw_only=True)
class BusReport:
    """A bus in the report.

    Attributes:
        id: of the bus.
        gain_db: its static gain.
        tracks: the ids of its sounding tracks.
        clips: the number of their sounding clips.
        sounding_s: for how long at least one of these clips plays.
        sounding: when: the start and the end of each stretch, seconds.
        stem: "premaster" or "mastered", the stem that was measured; None: it has no stem, and so no
            levels.
        levels: as of a file.
        peaks: of its stem, in full scale.
    """

    id: str
    gain_db: float
    tracks: tuple[str, ...]
    clips: int
    sounding_s: float
    sounding: tuple[tuple[float, float], ...] = field(repr=False)
    stem: str | None
    levels: Mapping[str, float | None]
    peaks: Curve | None = field(repr=False)


@frozen(kw_only=True)
class Reduction:
    """The gain reduction of the limiter.

    Attributes:
        deepest_db: the largest reduction, 0 or more.
        deepest_s: its time.
        active_s: for how long there was any reduction.
        curve: the maximum of each column, dB.
    """

    deepest_db: float
    deepest_s: float
    active_s: float
    curve: Curve = field(repr=False)


@frozen(kw_only=True)
class JoinCount:
    """The number of joins that were checked for clicks.

    Attributes:
        places: positions at which clips begin or end.
        edges: of clips.
        crossfades: between two clips.
        splices: positions at which a clip ends and another of its track begins.
    """

    places: int
    edges: int
    crossfades: int
    splices: int


@frozen(kw_only=True)
class DocumentPlace:
    """A place in a document: its name, JSON Pointer and, if the text is available, its line."""

    document: str
    pointer: str
    line: int | None
    column: int | None

    def __str__(self) -> str:
        return f"{self.document}:{self.line}" if self.line else f"{self.document} {self.pointer}"


@frozen(kw_only=True)
class Remark:
    """A warning of the compilation or of the render.

    Attributes:
        code: stable, see docs/errors.md.
        message: what is wrong.
        help: what to do, or None.
        place: in the timeline; None if unknown.
        at_s: its time in the mix; None if it has none.
        duration_s: of a dropout.
        tracks, clips: that it concerns; clips as "track/clip".
        accepted: whether one of these clips says that it is meant.
        reason: that it gives for that; None if it gives none.
    """

    code: str
    message: str
    help: str | None
    place: DocumentPlace | None
    at_s: float | None = None
    duration_s: float | None = None
    tracks: tuple[str, ...] = ()
    clips: tuple[str, ...] = ()
    accepted: bool = False
    reason: str | None = None


@frozen(kw_only=True)
class Decision:
    """A gain that mixdown computed from surveys or from the positions of clips.

    Attributes:
        about: a clip, as "track/clip", or the id of a bus.
        what: it was done, and why.
        place: of the rule in the document; None if it is that of a preset's bus.
    """

    about: str
    what: str
    place: DocumentPlace | None


@frozen(kw_only=True)
class DeliveryReport:
    """The delivery report of a render.

    Attributes:
        timeline_id, title: of the timeline; without a title, the id.
        backend: that rendered it.
        preset, mix_preset: the ids of the export and mix presets.
        plan_digest: "sha256:" and the digest of the plan.
        programs: versions by name.
        files: the master, then the stems, then the masters of the other deliveries.
        rate, channels, samples: of the master.
        checks: of each master against its target and ceiling.
        waveform: lowest and highest sample of each column, in full scale.
        momentary, short_term: LUFS.
        loudest_s: the start of the loudest 3 s; None for silence and for a shorter master.
        target_lufs, tolerance_lu, ceiling_db: of the preset; None: it sets none.
        chapters: from markers, in time order.
        buses: in the order of their sum.
        reduction: of the limiter; None without a premaster to compare the master with.
        joins: the number of joins checked.
        decisions: levels, rides, dynamics, cuts and ducking.
        remarks: warnings, including clicks and dropouts, and what lint finds if sources were
            surveyed.
    """

    timeline_id: str
    title: str
    backend: str
    preset: str
    mix_preset: str
    plan_digest: str
    programs: Mapping[str, str]
    files: tuple[DeliveredFile, ...]
    rate: int
    channels: int
    samples: int
    checks: tuple[FileCheck, ...]
    waveform: tuple[Curve, Curve] = field(repr=False)
    momentary: Curve = field(repr=False)
    short_term: Curve = field(repr=False)
    loudest_s: float | None
    target_lufs: float | None
    tolerance_lu: float
    ceiling_db: float | None
    chapters: tuple[ChapterLoudness, ...]
    buses: tuple[BusReport, ...]
    reduction: Reduction | None
    joins: JoinCount
    decisions: tuple[Decision, ...]
    remarks: tuple[Remark, ...]

    @property
    def duration_s(self) -> float:
        """The duration of the master, seconds."""
        return self.samples / self.rate

    @property
    def faults(self) -> tuple[Remark, ...]:
        """Clicks and dropouts that no clip accepts."""
        found = (remark for remark in self.remarks if remark.at_s is not None)
        return tuple(remark for remark in found if not remark.accepted)

    @property
    def passed(self) -> bool:
        """Whether every master meets its preset, without a click or a dropout."""
        return all(check.passed for check in self.checks) and not self.faults

    @property
    def verdicts(self) -> list[dict[str, object]]:
        """Each check as plain data, the joins last."""
        faults = len(self.faults)
        joins = {
            "rule": "joins",
            "what": "clicks and dropouts",
            "unit": "",
            "measured": faults,
            "low": None,
            "high": 0,
            "passed": not faults,
            "fix": "see the warnings" if faults else None,
            "file": self.files[0].file,
        }
        return [*(asdict(check) for check in self.checks), joins]

    @property
    def rows(self) -> tuple[tuple[str, ...], ...]:
        """The checks as text, the joins last: each as `COLUMNS` says."""
        several = len({check.file for check in self.checks}) > 1
        rows = [
            (
                f"{check.what} of {check.file}" if several else check.what,
                check.asked,
                check.found,
                "pass" if check.passed else "fail",
            )
            for check in self.checks
        ]
        faults = len(self.faults)
        joins = f"clicks and dropouts at {counted(self.joins.places, 'join')}"
        found = f"{faults} found" if faults else "none"
        return (*rows, (joins, "none", found, "fail" if faults else "pass"))

    def to_dict(self) -> dict[str, object]:
        """The report as plain data, in the order documented in docs/report.md."""
        lowest, highest = self.waveform
        return {
            "schema_version": REPORT_VERSION,
            "timeline_id": self.timeline_id,
            "title": self.title,
            "backend": self.backend,
            "export_preset": self.preset,
            "mix_preset_id": self.mix_preset,
            "plan_digest": self.plan_digest,
            "programs": dict(self.programs),
            "passed": self.passed,
            "duration_s": self.duration_s,
            "loudest_s": self.loudest_s,
            "sample_rate": self.rate,
            "channels": self.channels,
            "files": [asdict(file) for file in self.files],
            "checks": [asdict(check) for check in self.checks],
            "target": {
                "lufs": self.target_lufs,
                "tolerance_lu": self.tolerance_lu,
                "ceiling_db": self.ceiling_db,
            },
            "chapters": [asdict(chapter) for chapter in self.chapters],
            "buses": [asdict(bus) for bus in self.buses],
            "limiter": asdict(self.reduction) if self.reduction else None,
            "joins": asdict(self.joins),
            "decisions": [asdict(decision) for decision in self.decisions],
            "warnings": [asdict(remark) for remark in self.remarks],
            "curves": {
                "waveform": {
                    "start_s": lowest.start_s,
                    "step_s": lowest.step_s,
                    "lowest": lowest.values,
                    "highest": highest.values,
                },
                "momentary_lufs": asdict(self.momentary),
                "short_term_lufs": asdict(self.short_term),
            },
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> DeliveryReport:
        """The report in the data of `to_dict`.

        Raises:
            KeyError: a key is missing.
        """
        curves, target = data["curves"], data["target"]
        drawn = curves["waveform"]
        renamed: dict[str, Any] = {
            "preset": data["export_preset"],
            "mix_preset": data["mix_preset_id"],
            "rate": data["sample_rate"],
            "samples": round(data["duration_s"] * data["sample_rate"]),
            "waveform": [{**drawn, "values": drawn[name]} for name in ("lowest", "highest")],
            "momentary": curves["momentary_lufs"],
            "short_term": curves["short_term_lufs"],
            "target_lufs": target["lufs"],
            "tolerance_lu": target["tolerance_lu"],
            "ceiling_db": target["ceiling_db"],
            "reduction": data["limiter"],
            "remarks": data["warnings"],
        }
        return recorded_as(cls, {**data, **renamed})

    def to_json(self) -> str:
        """The text of report.json, with a final line feed."""
        return json.dumps(self.to_dict(), ensure_ascii=False, allow_nan=False) + "\n"
