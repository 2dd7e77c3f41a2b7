"""Builds the delivery report of a render from its files.

It only reads. The files must have been checked, and recorded with their curves
(render/service.py). Of the master a window at each join is read, and what the limiter changed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path, PurePath

import numpy as np
from attrs import fields, frozen

from ...audio.meter.premaster import PremasterLevels
from ...compiler.driver import Compilation
from ...compiler.timeline.model import clip_id
from ...inspection.report import (
    BusReport,
    ChapterLoudness,
    Check,
    Curve,
    Decision,
    DeliveredFile,
    DeliveryReport,
    DocumentPlace,
    FileCheck,
    JoinCount,
    Reduction,
    Remark,
)
from ...ir.diagnostics import Diagnostic, counted
from ...ir.nodes import Limiter, LimitMode
from ...ir.origin import Documents, Origin
from ...ir.places import source_of, span
from ...media.outline import SourceOutline
from ..delivery import level
from ..loudness import RULES
from ..result import Delivered, Rendered
from .clips import SoundingClip, sounding_clips, united
from .curves import Curves, column_width, greatest, rounded
from .findings import Finding, of_click, of_dropout, shown
from .holes import dropouts
from .joins import clicks, crossfades, joins_of
from .reduction import WINDOW_S, limited_steps, reduction

SHORT_TERM_S = 3.0
"""The window of short-term loudness (EBU Tech 3341)."""

LEAST_SOUND_DBFS = -120.0
"""What the peak of a master must reach, or it is silent."""

LOWER = "turn down or compress the loudest peaks, or choose a preset with a lower target"

LEVELS = (
    "integrated_lufs",
    "loudness_range_lu",
    "momentary_max_lufs",
    "short_term_max_lufs",
    "true_peak_dbtp",
    "sample_peak_dbfs",
)
"""The levels of a file that a report repeats, by the keys of its metadata."""


@frozen(kw_only=True)
class StagedDelivery:
    """The files of a render before they are published, and what is known of them.

    Attributes:
        mixes: the delivered mixes; the first is the one that is looked into.
        sizes: bytes of each file, by its name.
        master: a file with the sound of the first master, which libsndfile reads.
        curves: of each target of the first mix.
        sources: the outline of each source, by its name.
        premaster: the input of the loudness gain; None if it was not kept.
        levels: of the premaster; None if this process did not measure it.
        diagnostics: warnings so far.
    """

    mixes: Sequence[Delivered]
    sizes: Mapping[str, int]
    master: Path
    curves: Mapping[str, Curves]
    sources: Mapping[str, SourceOutline]
    premaster: Path | None
    levels: PremasterLevels | None
    diagnostics: tuple[Diagnostic, ...]

    @property
    def first(self) -> Delivered:
        """The mix that is looked into."""
        return self.mixes[0]


def make_report(
    delivered: StagedDelivery, progress: Callable[[float], None]
) -> tuple[DeliveryReport, tuple[Diagnostic, ...]]:
    """The report of a render, and the warnings that its checks add.

    `progress` is called with the share done, 0 to 1.

    Raises:
        soundfile.LibsndfileError, OSError: a file cannot be read.
    """
    compilation = delivered.first.compilation
    master = delivered.first.master
    path = delivered.master
    clips = sounding_clips(compilation)
    curves = delivered.curves[master.target]
    joins = joins_of(clips)
    if master.meta.range_ms is not None:  # a range begins and ends in the middle of sounds
        joins = tuple(join for join in joins if 0 < join.at < compilation.length)
    found = [of_click(click, curves.rate) for click in clicks(path, joins)]
    progress(0.1)
    empty = dropouts(clips, delivered.sources, path, curves.empty)
    found += [of_dropout(dropout, curves.rate) for dropout in empty]
    findings = tuple(sorted(found, key=lambda finding: finding.at))
    limited = _limited(delivered, path, lambda done: progress(0.5 + 0.5 * done))
    documents = compilation.timeline.documents
    warnings = (*delivered.diagnostics, *_sounds_wrong(compilation))
    timeline, plan = compilation.timeline, compilation.plan
    report = DeliveryReport(
        timeline_id=timeline.id,
        title=timeline.metadata.get("title") or timeline.id,
        backend=plan.backend,
        preset=master.meta.export_preset,
        mix_preset=master.meta.mix_preset_id,
        plan_digest=f"sha256:{plan.digest}",
        programs=dict(sorted(delivered.first.programs.items())),
        files=tuple(_files(delivered)),
        rate=curves.rate,
        channels=master.meta.channels,
        samples=compilation.length,
        checks=tuple(check for mix in delivered.mixes for check in _checks(mix)),
        waveform=(curves.lowest, curves.highest),
        momentary=curves.momentary,
        short_term=curves.short_term,
        loudest_s=_loudest(curves.short_term),
        target_lufs=master.meta.loudnorm_target,
        tolerance_lu=RULES.tolerance_lu,
        ceiling_db=master.meta.limiter_thresh,
        chapters=tuple(_chapters(compilation, curves)),
        buses=tuple(_buses(delivered, clips)),
        reduction=limited,
        joins=JoinCount(
            places=len(joins),
            edges=sum(len(join.edges) for join in joins),
            crossfades=crossfades(joins),
            splices=sum(join.is_splice for join in joins),
        ),
        decisions=tuple(_decisions(compilation)),
        remarks=tuple(_remarks(warnings, findings, curves.rate, documents)),
    )
    return report, shown(findings)


def _loudest(short_term: Curve) -> float | None:
    """The start of the loudest 3 s, to a column; None for silence and a shorter master."""
    known = [(value, -k) for k, value in enumerate(short_term.values) if value is not None]
    if not known:
        return None
    end = short_term.start_s - max(known)[1] * short_term.step_s
    return round(max(0.0, end - SHORT_TERM_S), 2)


CUT_BY = {
    "cuts": "cut",
    "tighten": "shorter pause",
    "remove": "removed text",
    "keep": "omitted range",
}
"""The keys that take time out of a mix, and what they take out."""


def _sounds_wrong(compilation: Compilation) -> tuple[Diagnostic, ...]:
    """What lint finds, if sources were surveyed for the mix."""
    if not compilation.surveys:
        return ()
    from ...compiler.edits.lint import findings  # noqa: PLC0415

    return findings(compilation)


def _decisions(compilation: Compilation) -> Iterator[Decision]:
    """What mixdown decided on: levels, rides, dynamics, cuts and ducking; each once for a clip."""
    documents = compilation.timeline.documents
    seen: set[tuple[str, str]] = set()
    for about, pointer, decided in _decided(compilation):
        if decided is not None and decided.cause and (pointer, decided.cause) not in seen:
            seen.add((pointer, decided.cause))
            yield Decision(about=about, what=decided.cause, place=_place(decided, documents))
    yield from _cuts(compilation)
    for bus, ducking in compilation.ducking.items():
        yield Decision(about=bus, what=ducking.cause, place=None)


def _decided(compilation: Compilation) -> Iterator[tuple[str, str, Origin | None]]:
    """Values that mixdown may have decided on.

    Of each the clip, track or bus, its place in the document, and where it comes from. The parts of
    a clip that is cut have one place.
    """
    timeline = compilation.timeline
    for t, track in enumerate(timeline.tracks):
        for c, clip in enumerate(track.clips):
            name = f"{track.id}/{clip_id(clip, c)}"
            for tail in (("gain_db",), ("automation", "gain"), ("compress",)):
                origin = timeline.origin("tracks", t, "clips", c, *tail)
                yield name, origin.pointer, origin.via
            gate = compilation.gates.get((t, c))
            if gate is not None:
                owner = track.id if clip.gate is None else name
                yield owner, gate.origin.pointer, gate.origin
        origin = timeline.origin("tracks", t, "compress")
        yield track.id, origin.pointer, origin.via
    for bus, origin in compilation.thresholds.items():
        yield bus, f"{bus} {origin.pointer}", origin


def _cuts(compilation: Compilation) -> Iterator[Decision]:
    """What each key of the document takes out of the mix."""
    ripple, timeline = compilation.ripple, compilation.timeline
    for key, noun in CUT_BY.items():
        lengths = [r.length for r in (ripple.removed if ripple else ()) if r.place[0] == key]
        if lengths:
            seconds = sum(lengths) / timeline.sample_rate
            what = f"{counted(len(lengths), noun)}, {seconds:.1f} s in all"
            place = _place(timeline.origin(key), timeline.documents)
            yield Decision(about=key, what=what, place=place)


def _limited(
    delivered: StagedDelivery, master: Path, progress: Callable[[float], None]
) -> Reduction | None:
    """The gain reduction of the limiter; None without a premaster to compare the master with."""
    finish = delivered.first.finish
    if finish is None or delivered.premaster is None:
        return None
    levels, ceiling_db = delivered.levels, delivered.first.master.meta.limiter_thresh
    steps = None
    if levels is not None and ceiling_db is not None:
        blocks = delivered.curves[delivered.first.master.target].blocks
        steps = limited_steps(levels, blocks, finish.gain_db, ceiling_db)
    found = reduction(delivered.premaster, master, finish.gain_db, progress, steps)
    group = column_width(len(found))
    step = group * WINDOW_S
    deepest = int(np.argmax(found)) if len(found) else 0
    return Reduction(
        deepest_db=round(float(found.max(initial=0.0)), 2),
        deepest_s=round(deepest * WINDOW_S, 2),
        active_s=round(float(np.count_nonzero(found)) * WINDOW_S, 2),
        curve=Curve(0.0, round(step, 6), rounded(greatest(found, group), 2)),
    )


def _files(delivered: StagedDelivery) -> Iterator[DeliveredFile]:
    for mix in delivered.mixes:
        for file in mix.files:
            yield DeliveredFile(
                kind=file.kind,
                target=file.target,
                delivery=mix.name,
                file=file.path.name,
                digest=file.digest,
                size=delivered.sizes[file.path.name],
                levels=_levels(file),
            )


def _levels(file: Rendered) -> dict[str, float | None]:
    return {key: getattr(file.meta, key) for key in LEVELS}


def _checks(mix: Delivered) -> Iterator[FileCheck]:
    """The checks of a master against its preset."""
    master, compilation = mix.master, mix.compilation
    check = partial(_check, master.path.name)
    if master.meta.sample_peak_dbfs is None:
        lost = "check mutes, solos, gains and sources"
        yield check("sound", "sound", "dBFS", None, LEAST_SOUND_DBFS, None, lost)
    target, ceiling = master.meta.loudnorm_target, master.meta.limiter_thresh
    if target is not None:
        yield check(
            "integrated",
            "integrated loudness",
            "LUFS",
            master.meta.integrated_lufs,
            target - RULES.tolerance_lu,
            target + RULES.tolerance_lu,
            LOWER,
        )
    if master.meta.rms_target is not None:
        yield check(
            "rms",
            "RMS",
            "dBFS",
            master.meta.rms_dbfs,
            master.meta.rms_target - RULES.tolerance_lu,
            master.meta.rms_target + RULES.tolerance_lu,
            LOWER,
        )
    for found in mix.checks:
        if found.rule in ("integrated", "rms", "true_peak"):
            continue  # the preset's own are as strict
        yield FileCheck(
            file=master.path.name, **{f.name: getattr(found, f.name) for f in fields(Check)}
        )
    if ceiling is None:
        return
    limiters = [node.mode for node in compilation.graph if isinstance(node, Limiter)]
    mode = limiters[-1] if limiters else compilation.request.export.limit
    if mode is LimitMode.TRUE_PEAK:
        name, what, unit, peak = "true_peak", "true peak", "dBTP", master.meta.true_peak_dbtp
    else:
        name, what, unit, peak = "sample_peak", "sample peak", "dBFS", master.meta.sample_peak_dbfs
    lower = "choose a preset with a lower target, or turn down the loudest peaks"
    yield check(name, what, unit, peak, None, ceiling, lower)


def _check(
    file: str,
    rule: str,
    what: str,
    unit: str,
    measured: float | None,
    low: float | None,
    high: float | None,
    fix: str,
) -> FileCheck:
    """The check of a level against its bounds; silence fails a minimum but no maximum."""
    value = -math.inf if measured is None else measured
    passed = (low is None or value >= low) and (high is None or value <= high)
    return FileCheck(
        file=file,
        rule=rule,
        what=what,
        unit=unit,
        measured=measured,
        low=None if low is None else round(low, 4),
        high=None if high is None else round(high, 4),
        passed=passed,
        fix=None if passed else fix,
    )


def _chapters(compilation: Compilation, curves: Curves) -> Iterator[ChapterLoudness]:
    length_s = compilation.length / curves.rate
    markers = sorted(compilation.timeline.markers, key=lambda marker: marker.at_ms)
    starts = [min(float(marker.at_ms) / 1000.0, length_s) for marker in markers]
    for marker, start, stop in zip(markers, starts, [*starts[1:], length_s], strict=False):
        loudness = level(curves.integrated(start, stop))
        yield ChapterLoudness(
            label=marker.label, start_s=start, stop_s=stop, integrated_lufs=loudness
        )


def _buses(delivered: StagedDelivery, clips: Sequence[SoundingClip]) -> Iterator[BusReport]:
    """Every bus with a sounding clip or a stem; with levels if it was delivered as a stem."""
    compilation = delivered.first.compilation
    stems = {file.target: file for file in delivered.first.stems}
    gains = {bus.id: bus.gain_db for bus in compilation.buses}
    rate = compilation.timeline.sample_rate
    for bus_id in gains or stems:
        on_it = [clip for clip in clips if clip.bus == bus_id]
        stem = stems.get(bus_id)
        if not on_it and stem is None:
            continue
        yield BusReport(
            id=bus_id,
            gain_db=gains.get(bus_id, 0.0),
            tracks=tuple(dict.fromkeys(clip.track for clip in on_it)),
            clips=len(on_it),
            sounding_s=round(sum(stop - start for start, stop in united(on_it)) / rate, 3),
            sounding=tuple(
                (round(start / rate, 3), round(stop / rate, 3)) for start, stop in united(on_it)
            ),
            stem=stem.meta.stem_mode if stem else None,
            levels=_levels(stem) if stem else dict.fromkeys(LEVELS),
            peaks=delivered.curves[bus_id].peaks if stem else None,
        )


def _remarks(
    warnings: Iterable[Diagnostic],
    findings: Iterable[Finding],
    rate: int,
    documents: Documents,
) -> Iterator[Remark]:
    for warning in warnings:
        yield Remark(
            code=warning.code.value,
            message=warning.message,
            help=warning.help,
            place=_place(warning.origin, documents),
        )
    for finding in findings:
        yield Remark(
            code=finding.diagnostic.code.value,
            message=finding.diagnostic.message,
            help=finding.diagnostic.help,
            place=_place(finding.diagnostic.origin, documents),
            at_s=round(finding.at / rate, 6),
            duration_s=None if finding.length is None else round(finding.length / rate, 6),
            tracks=tuple(dict.fromkeys(clip.track for clip in finding.clips)),
            clips=tuple(clip.name for clip in finding.clips),
            accepted=finding.accepted is not None,
            reason=finding.accepted or None,
        )


def _place(origin: Origin | None, documents: Documents) -> DocumentPlace | None:
    """The place in the document that the user wrote, by file name and not by absolute path."""
    if origin is None:
        return None
    origin = source_of(origin)
    found = span(origin, documents)
    return DocumentPlace(
        document=PurePath(origin.document).name,
        pointer=origin.pointer,
        line=found.line if found else None,
        column=found.column if found else None,
    )
