"""Renders one delivered mix of a render: its plan is run, its files are checked and measured.

Promises: when `stage_mix` returns, the files are complete, checked and measured in the staging
directory; nothing is published. Mixes of one timeline that differ only in what happens after the
measurement share their premaster: it is made and measured for the first of them.
"""

from __future__ import annotations

import math
import os
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from attrs import frozen

from ..audio.meter.measure import Measurement
from ..compiler.driver import Compilation
from ..compiler.facts import FinishFacts
from ..compiler.request import FileRequest
from ..inspection.report import Check
from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic, TimelineError
from ..ir.nodes import LimitMode, Loudnorm, OutputRole, Reading
from ..plans.plan import Delivery, File, Plan
from ..programs.packages import version_of
from .broadcast import annotate
from .clipping import clipped_stems
from .compliance import check_spec
from .delivery import check_shape, faulty, file_digest, levels_meta, loop_levels
from .executor import Executor, executor_for
from .loudness import extra_gain, judge, judge_peak
from .mastering import PremasterReading, run_plan
from .measuring import survey_audio
from .parallel import processors
from .progress import Listener, Progress
from .recording import FileRecord, Tap, file_tap, premaster_tap, record_file
from .result import Delivered, Rendered, RenderedMeta, of_role
from .workspace import Workspace

MASTER = "master"


@frozen
class Premaster:
    """What enters a loudness gain: its file, and what was measured of it."""

    path: Path
    reading: PremasterReading


@frozen(kw_only=True)
class StagedMix:
    """A delivered mix before it is published.

    Attributes:
        delivered: its files, which are still in the staging directory.
        executor: that ran its plan.
        records: what was measured of each target.
        premaster: None without a loudness loop.
        diagnostics: warnings, of the compilation and of the render.
    """

    delivered: Delivered
    executor: Executor
    records: Mapping[str, FileRecord]
    premaster: Premaster | None
    diagnostics: tuple[Diagnostic, ...]

    @property
    def master(self) -> Path:
        """The staged master."""
        return staged_path(self.executor, MASTER)


def staged_path(executor: Executor, target: str) -> Path:
    """The staged file of a target."""
    delivery = next(d for d in executor.plan.deliveries if d.target == target)
    return Path(executor.spaces.path(delivery.file))


def names_of(file: FileRequest, compilation: Compilation) -> Mapping[Delivery, str]:
    """The names under which the files of a mix are published."""
    return {
        delivery: f"{file.file}{PurePosixPath(delivery.file.path).suffix}"
        if delivery.role is OutputRole.MASTER
        else delivery.file.path
        for delivery in compilation.plan.deliveries
    }


def check_names(mixes: Sequence[tuple[FileRequest, Compilation]]) -> None:
    """Refuse a render of which two files would have one name.

    Raises:
        TimelineError: MIX307, with each of these names.
    """
    counted = Counter(name for mix in mixes for name in names_of(*mix).values())
    problems = [
        Diagnostic(
            Code.BAD_REQUEST,
            f"two files of this render would be named {name}",
            help="give the delivery another name",
        )
        for name, times in counted.items()
        if times > 1
    ]
    if problems:
        raise TimelineError(problems)


def placed(file: FileRequest, compilation: Compilation, spaces: Workspace) -> Mapping[File, Path]:
    """Where the files of a mix are staged: under the names with which they are published."""
    names = names_of(file, compilation)
    return {delivery.file: spaces.staging / name for delivery, name in names.items()}


def stage_mix(
    file: FileRequest,
    compilation: Compilation,
    spaces: Workspace,
    premaster: Premaster | None,
    progress: Listener,
    jobs: int | None,
) -> StagedMix:
    """Run the plan of a compilation, and check and measure its files.

    With `premaster`, the plan's own is not made: that of an earlier mix is in its place.

    Raises:
        RenderError: as `render`.
    """
    plan, request = compilation.plan, compilation.request
    goal = plan.loudness
    shared = None if goal is None else Path(spaces.path(plan[goal.measure].inputs[0]))
    if premaster is not None and shared is not None:
        _share(premaster.path, shared)
    taps = _taps(plan, spaces)
    executor = executor_for(compilation, plan, spaces, listener=progress, jobs=jobs, taps=taps)
    executor.check_sources()
    record = partial(_record, compilation, taps)
    records: dict[str, FileRecord] = {}

    def measure(master: Path) -> Measurement:
        records[MASTER] = record(MASTER, master)
        return records[MASTER].levels

    programs = {"mixdown": version_of("mixdown")}
    programs |= {name: tool.version_text for name, tool in executor.tools.items()}
    mastered = run_plan(executor, measure, premaster.reading if premaster else None)
    finish: FinishFacts | None
    if mastered is not None:
        finish, levels, warnings = mastered.finish, mastered.measurement, mastered.diagnostics
    else:
        finish = request.facts.finishes.get(compilation.keys.finish)
        levels = measure(staged_path(executor, MASTER))
        warnings = _judge(compilation, levels, finish)
    names = names_of(file, compilation)
    metas: list[RenderedMeta] = []
    for number, delivery in enumerate(plan.deliveries):
        progress(Progress("check", "check and measure", number / len(plan.deliveries)))
        path, known = Path(spaces.path(delivery.file)), compilation.meta[delivery.target]
        rate = check_shape(path, delivery.target, known)
        if metas:
            records[delivery.target] = record(delivery.target, path)
        levels = records[delivery.target].levels
        meta = RenderedMeta.of(
            known,
            levels_meta(levels, rate),
            None if metas else finish,
            f"sha256:{plan.digest}",
            programs,
        )
        program = f"mixdown {programs['mixdown']}" if request.broadcast else None
        markers = () if delivery.role is OutputRole.PART else compilation.timeline.markers
        annotate(path, markers, meta, levels, program=program)
        metas.append(meta)
    with ThreadPoolExecutor(processors()) as pool:
        staged = [Path(spaces.path(delivery.file)) for delivery in plan.deliveries]
        digests = list(pool.map(file_digest, staged))
    files = [
        Rendered(
            kind=compilation.meta[delivery.target].kind,
            target=delivery.target,
            path=spaces.out / names[delivery],
            digest=digest,
            parent=digests[0] if number else None,
            meta=meta,
        )
        for number, (delivery, digest, meta) in enumerate(
            zip(plan.deliveries, digests, metas, strict=True)
        )
    ]
    progress(Progress("check", "check and measure", 1.0))
    return StagedMix(
        delivered=Delivered(
            name=file.name,
            master=files[0],
            stems=of_role(files, OutputRole.STEM),
            parts=of_role(files, OutputRole.PART),
            compilation=compilation,
            programs=programs,
            finish=finish,
            checks=_spec_checks(compilation, staged_path(executor, MASTER)),
        ),
        executor=executor,
        records=records,
        premaster=Premaster(shared, mastered.premaster) if shared and mastered else None,
        diagnostics=(
            *compilation.diagnostics,
            *warnings,
            *_over_parts(of_role(files, OutputRole.PART)),
            *clipped_stems(compilation, of_role(files, OutputRole.STEM), finish, spaces.work),
        ),
    )


def _spec_checks(compilation: Compilation, master: Path) -> tuple[Check, ...]:
    """The checks of a master in the format of its preset against the spec that the preset names.

    Raises:
        RenderError: MIX603, it cannot be measured.
    """
    request, known = compilation.request, compilation.request.library
    preset = known.export.get(request.export_preset)
    if preset is None or preset.spec is None or request.export.container != preset.container:
        return ()
    found = survey_audio(str(master))
    if isinstance(found, Diagnostic):
        raise faulty(MASTER, f"cannot be measured: {found.message}")
    return check_spec(found, known.specs[preset.spec]).checks


def _share(made: Path, name: Path) -> None:
    """Give a file of the work space another name; steps read such files and never change them."""
    try:
        os.link(made, name)
    except OSError:  # a file system without hard links
        shutil.copyfile(made, name)


def _taps(plan: Plan, spaces: Workspace) -> Mapping[Path, Tap[Any]]:
    """The meters of what is measured, for steps that run in this process."""
    taps: dict[Path, Tap[Any]] = {}
    if plan.loudness is not None:
        premaster = plan[plan.loudness.measure].inputs[0]
        taps[Path(spaces.path(premaster))] = premaster_tap(plan.loudness.reading)
    for delivery in plan.deliveries:
        # Dropouts are looked for in the master.
        tap = file_tap(finds_empty=delivery.role is OutputRole.MASTER)
        taps[Path(spaces.path(delivery.file))] = tap
    return taps


def _record(
    compilation: Compilation, taps: Mapping[Path, Tap[Any]], target: str, path: Path
) -> FileRecord:
    """The record of the file of a target, without samples that a decoder appends.

    Raises:
        RenderError: MIX603, it contains NaN or infinite samples, or cannot be read.
    """
    if not taps[path].has_begun:
        return record_file(path, target, compilation.meta[target].samples)
    try:
        found: FileRecord = taps[path].result()
    except ValueError as error:
        raise faulty(target, f"cannot be measured: {error}") from error
    return found


def _over_parts(parts: Sequence[Rendered]) -> Iterator[Diagnostic]:
    """The warnings about parts whose encoder raised a peak over the ceiling.

    The loudness loop holds the master under it; parts are encoded each by itself.
    """
    for part in parts:
        ceiling, peak = part.meta.limiter_thresh, part.meta.true_peak_dbtp
        if part.meta.bit_rate is not None and ceiling is not None and peak is not None:
            help = "choose a higher bit rate"
            whose = f"part {part.meta.tags['track']}"
            yield from judge_peak(ceiling, peak, "true peak", "dBTP", whose, help)


def _judge(
    compilation: Compilation, levels: Measurement, finish: FinishFacts | None
) -> tuple[Diagnostic, ...]:
    """The warnings about a master that was rendered without the loudness loop."""
    meta = compilation.meta[MASTER]
    target = meta.rms_target if meta.loudnorm_target is None else meta.loudnorm_target
    ceiling = meta.limiter_thresh
    if ceiling is None:
        return ()
    if target is None:
        if compilation.request.export.limit is LimitMode.TRUE_PEAK:
            return judge_peak(ceiling, levels.true_peak_dbtp, "true peak", "dBTP")
        return judge_peak(ceiling, levels.sample_peak_dbfs, "sample peak", "dBFS")
    gains = (node for node in compilation.graph if isinstance(node, Loudnorm))
    reading = next((node.reading for node in gains), Reading.INTEGRATED)
    heard = loop_levels(levels, reading)
    if finish is None:
        return judge(target, ceiling, heard, reading=reading)
    premaster = -math.inf if finish.integrated_lufs is None else finish.integrated_lufs
    extra = extra_gain(target, premaster, finish.gain_db)
    return judge(target, ceiling, heard, extra, finish.margin_db, reading)
