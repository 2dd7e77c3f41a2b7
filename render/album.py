"""Masters files as one programme: the same gain for all, and so the differences between them.

Promises: the loudness of all files together (BS.1770-5, gated over the blocks of all) is that of
the preset, within the tolerance of any render, unless the maximum extra gain does not reach it. All
files of one format have one gain, to the bit. Each is under the ceiling: what its limiter takes is
the only difference to a plain gain, and the target in its report is what it has left.

The gain is predicted from what the files measure; if the delivered ones miss the target, all are
rendered again with a corrected gain, as in the loop of one render (render/loudness.py).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
from attrs import define, evolve, field

from ..audio import FloatArray
from ..audio.meter.loudness import integrated_loudness, power_of
from ..audio.meter.premaster import PremasterLevels
from ..compiler.driver import Compilation
from ..compiler.facts import FinishFacts
from ..compiler.request import FileRequest, RenderRequest
from ..documents.models import replace
from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic, MixdownError
from ..ir.nodes import Reading
from ..media.headers import readable
from ..plans.plan import LoudnessGoal
from .loudness import RULES, Levels, OverCeilingError, Setting, run_loop
from .measuring import survey_audio
from .recording import feed_file, premaster_tap
from .result import Rendered, RenderResult

Mixes: TypeAlias = Sequence[tuple[FileRequest, Compilation]]
Compile: TypeAlias = Callable[[Path, Sequence[FileRequest]], Mixes]
Deliver: TypeAlias = Callable[[Path, Mixes], RenderResult]


def master_album(
    paths: Sequence[Path], request: RenderRequest, compiled: Compile, deliver: Deliver
) -> tuple[RenderResult, ...]:
    """Master files with one gain; of several formats, with one gain for each.

    Args:
        paths: the recordings.
        request: how they are delivered, with one target loudness.
        compiled: makes the mixes of a recording from requests for its files.
        deliver: renders these mixes.

    Raises:
        MixdownError: MIX307, the presets have no or several target loudnesses, or a file has no
            loudness beside the others; or as `render`.
    """
    _check(request)
    recordings = [_Recording(path, compiled, deliver) for path in paths]
    found: list[Diagnostic] = []
    for file in request.files:
        found += _settle(recordings, file)
    if len(request.files) > 1:
        results = [one.deliver() for one in recordings]
    else:
        results = [one.result for one in recordings]
    last = evolve(results[-1], diagnostics=(*results[-1].diagnostics, *found))
    return (*results[:-1], last)


def _settle(recordings: Sequence[_Recording], file: FileRequest) -> tuple[Diagnostic, ...]:
    """Find the setting with which one format of all recordings meets the target; warnings."""
    goal = recordings[0].goal(file)
    headroom = file.request.export.headroom_db

    def limited(gain_db: float, ceiling_db: float) -> float:
        levels = [one.levels for one in recordings]
        return _together([each.limited_blocks(gain_db - headroom, ceiling_db) for each in levels])

    def finish(setting: Setting) -> Levels:
        try:
            masters = [one.finish(file, setting, goal) for one in recordings]
        except OverCeilingError as over:
            lowered = goal.ceiling_db - setting.margin_db
            lufs = limited(setting.gain_db, lowered) + goal.encoder_gain_db
            return Levels(lufs, goal.ceiling_db + over.by_db)
        peaks = [master.meta.true_peak_dbtp for master in masters]
        return Levels(
            _together([_blocks(master.path) for master in masters]),
            max(-math.inf if peak is None else peak for peak in peaks),
        )

    return run_loop(goal, limited(0.0, 0.0), finish, limited).diagnostics


@define
class _Recording:
    """One file of the album.

    Attributes:
        levels: what was measured of it.
        result: of the last render.
    """

    _path: Path
    _compiled: Compile
    _deliver: Deliver
    levels: PremasterLevels = field(init=False)
    result: RenderResult = field(init=False)
    _settled: dict[str, FileRequest] = field(factory=dict, init=False)

    def __attrs_post_init__(self) -> None:
        tap = premaster_tap(Reading.INTEGRATED)
        try:
            with readable(self._path, self._path.parent) as audio:
                feed_file(audio, tap, lambda done: None)
            self.levels = tap.result()
        except (OSError, ValueError) as error:
            message = f"{str(self._path)!r} cannot be measured: {error}"
            raise MixdownError.of(Code.MEDIA_UNREADABLE, message) from error

    def goal(self, file: FileRequest) -> LoudnessGoal:
        """That of its mix in one format."""
        unknown = _with(file, facts=file.request.facts.without_finishes())
        ((_, compilation),) = self._compiled(self._path, [unknown])
        assert compilation.plan.loudness is not None  # nothing is known of it yet
        return compilation.plan.loudness

    def finish(self, file: FileRequest, setting: Setting, goal: LoudnessGoal) -> Rendered:
        """Render it in one format.

        Its target is the loudness that is predicted. If it has another one, because of another
        limiter or an encoder, it is rendered once more with that as its target.
        """
        gain = setting.gain_db - file.request.export.headroom_db
        limited = self.levels.limited(gain, goal.ceiling_db - setting.margin_db)
        aim = limited + goal.encoder_gain_db
        master = self._finish(file, setting, aim)
        reached = master.meta.integrated_lufs
        if reached is None or abs(reached - aim) <= RULES.aim_lu:
            return master
        return self._finish(file, setting, reached)

    def _finish(self, file: FileRequest, setting: Setting, lufs: float) -> Rendered:
        if not -70.0 <= lufs <= 0.0:
            message = f"{str(self._path)!r} is too quiet or too loud beside the others for an album"
            raise MixdownError.of(Code.BAD_REQUEST, message, help="master it by itself")
        aimed = _with(file, lufs=round(lufs, 2))
        known = FinishFacts(
            integrated_lufs=self.levels.lufs - file.request.export.headroom_db,
            gain_db=setting.gain_db,
            margin_db=setting.margin_db,
        )
        ((_, compilation),) = self._compiled(self._path, [aimed])
        facts = file.request.facts.with_finish(compilation.keys.finish, known)
        self._settled[file.name] = _with(aimed, facts=facts)
        mixes = self._compiled(self._path, [self._settled[file.name]])
        self.result = self._deliver(self._path, mixes)
        return self.result.master

    def deliver(self) -> RenderResult:
        """Render it in all formats, as they were settled."""
        return self._deliver(self._path, self._compiled(self._path, [*self._settled.values()]))


def _with(file: FileRequest, **changes: object) -> FileRequest:
    return evolve(file, request=replace(file.request, **changes))


def _check(request: RenderRequest) -> None:
    """Refuse presets that have no or several target loudnesses.

    Raises:
        MixdownError: MIX307.
    """
    targets = {file.request.export.lufs for file in request.files}
    if len(targets) != 1 or None in targets:
        message = "an album needs one target loudness"
        help = "choose one preset with lufs (see 'mixdown presets export')"
        raise MixdownError.of(Code.BAD_REQUEST, message, help=help)


def _together(blocks: Sequence[FloatArray]) -> float:
    """The loudness of files as one programme, LUFS, from the powers of the blocks of each."""
    return integrated_loudness(np.concatenate(blocks))


def _blocks(path: Path) -> FloatArray:
    """The powers of the blocks of a delivered file.

    Raises:
        MixdownError: it cannot be measured.
    """
    found = survey_audio(str(path))
    if isinstance(found, Diagnostic):
        raise MixdownError(found)
    assert found.loudness is not None  # it keeps its series
    return power_of(found.loudness.momentary)
