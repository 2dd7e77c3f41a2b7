"""Renders of a compilation that a test has made, or changed, itself."""

from __future__ import annotations

from pathlib import Path

from mixdown.compiler.driver import Compilation
from mixdown.render.progress import Listener, ignore
from mixdown.render.result import RenderResult
from mixdown.render.service import render_mixes


def render_compilation(
    compilation: Compilation, *, out: Path, progress: Listener = ignore, jobs: int | None = None
) -> RenderResult:
    """Render a compilation for one file; the rest as `mixdown.render`."""
    (file,) = compilation.request.files
    return render_mixes([(file, compilation)], out=out, progress=progress, jobs=jobs)
