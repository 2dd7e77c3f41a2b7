"""Masters finished recordings: each file is a mix of one clip, at its own rate and channels.

Promises: a file is delivered like a rendered timeline: finished, measured, judged, with a manifest
and a report, under its own name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Unpack

from attrs import evolve

from ..compiler.choices import Choices, chosen
from ..compiler.driver import Compilation, compile
from ..compiler.media import probe_sources
from ..compiler.request import FileRequest
from ..compiler.timeline.model import Timeline
from ..documents.models import replace
from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic, MixdownError, TimelineError, errors
from .album import master_album
from .progress import Listener, ignore
from .result import RenderResult
from .service import render_mixes

MIX = "flat"
"""The mix preset of a finished recording: one bus without processing."""


def master(
    files: Sequence[str | Path],
    *,
    out: str | Path,
    album: bool = False,
    report: bool = True,
    progress: Listener = ignore,
    jobs: int | None = None,
    force: bool = False,
    **choices: Unpack[Choices],
) -> tuple[RenderResult, ...]:
    """Master each file; of several, each into a directory with its name in `out`.

    Args:
        files: audio files, or videos with sound.
        out: the output directory.
        album: whether the loudness of the preset is that of all files together.
        report: as of `render`.
        progress: as of `render`.
        jobs: as of `render`.
        force: as of `render`.
        choices: as of `render`.

    Raises:
        MixdownError: a file cannot be read, two files have one name, or as `render`. Files that
            were mastered before that are kept.
    """
    request, options = chosen(choices)
    paths = [Path(file) for file in files]
    names = Counter(path.stem for path in paths)
    twice = [name for name, times in names.items() if times > 1]
    if twice:
        message = f"{names[twice[0]]} of the files are named {twice[0]!r}"
        raise MixdownError.of(Code.BAD_REQUEST, message, help="master them one after the other")
    timelines = dict(zip(paths, map(recording, paths), strict=True))

    def deliver(path: Path, mixes: Sequence[tuple[FileRequest, Compilation]]) -> RenderResult:
        folder = Path(out) / path.stem if len(paths) > 1 else Path(out)
        return render_mixes(
            mixes, out=folder, report=report, progress=progress, jobs=jobs, force=force
        )

    def compiled(path: Path, files: Sequence[FileRequest]) -> list[tuple[FileRequest, Compilation]]:
        return [
            (evolve(file, file=_named(path, file)), compile(timelines[path], file.request, options))
            for file in files
        ]

    if album:
        return master_album(paths, request, compiled, deliver)
    return tuple(deliver(path, compiled(path, request.files)) for path in paths)


def recording(path: Path) -> Timeline:
    """The timeline that plays a file as it is; more than two channels are mixed down to two.

    Raises:
        TimelineError: MIX2xx, the file is missing or has no sound.
    """
    timeline = Timeline(
        id=path.stem,
        root=path.parent,
        mix_preset_id=MIX,
        metadata={"title": path.stem},
        sources={"recording": {"path": path.name, "downmix": "itu"}},
    )
    timeline = timeline.track("recording", role="music").clip("recording")
    sources, found = probe_sources(timeline)
    if "recording" not in sources:
        raise TimelineError(_about(path, problem) for problem in errors(found))
    source = sources["recording"]
    return replace(timeline, sample_rate=source.rate, channels=min(source.channels, 2))


def _about(path: Path, problem: Diagnostic) -> Diagnostic:
    """A problem of a recording, which no document names."""
    help = problem.help
    if problem.code is Code.MEDIA_MISSING:
        help = "check the path"
    elif path.suffix.lower() in (".yaml", ".yml", ".json", ".toml"):
        help = "a timeline is rendered: `mixdown render FILE`"
    return evolve(problem, origin=None, help=help)


def _named(path: Path, file: FileRequest) -> str:
    """The name of a delivered file: that of the recording in place of "master"."""
    return (
        f"{path.stem}{file.file.removeprefix('master')}"
        if file.file.startswith("master")
        else file.file
    )
