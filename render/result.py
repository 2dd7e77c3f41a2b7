"""What a render gives back, and the manifest that says the same in a file.

Promises: the manifest is a function of the timeline, the request, the sources and the programs'
versions: no clock, no absolute path, keys in a fixed order. A level that does not exist (the
loudness of silence) is null.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import field, frozen

from ..compiler.driver import Compilation
from ..compiler.facts import Facts, FinishFacts
from ..ir.diagnostics import Diagnostic

if TYPE_CHECKING:
    from .report.model import Report

MANIFEST = "manifest.json"
MANIFEST_VERSION = 1


@frozen(kw_only=True)
class Rendered:
    """A delivered file.

    Attributes:
        kind: "audio_render" for the master, "audio_bus_stem" for a stem.
        target: "master" or the id of the bus.
        path: where it is.
        digest: "sha256:" and the hex digest of its content.
        parent: for a stem, the digest of its master.
        meta: everything known of it; docs/metadata.md has the keys. Levels are LUFS, LU, dBTP and
            dBFS, None for silence.
    """

    kind: str
    target: str
    path: Path
    digest: str
    parent: str | None
    meta: Mapping[str, object] = field(repr=False)


@frozen(kw_only=True)
class RenderResult:
    """What was delivered.

    Attributes:
        master: the mix.
        stems: one a bus, in bus order; empty where none were asked for.
        manifest: path of the JSON file that lists them.
        report: what was measured and checked; None where no report was wanted.
        report_page: path of the HTML page that shows it; report.json stands beside it.
        chapters: path of the chapters for podcast players; None where the timeline has no markers.
        compilation: what was rendered.
        diagnostics: warnings, of the compilation and of the render.
        finish: how the master reached its loudness; None where the preset asks for none.
        facts: those of the request and what this render measured: a request that carries them
            compiles without measuring.
    """

    master: Rendered
    stems: tuple[Rendered, ...]
    manifest: Path
    report: Report | None = field(repr=False)
    report_page: Path | None
    chapters: Path | None
    compilation: Compilation
    diagnostics: tuple[Diagnostic, ...]
    finish: FinishFacts | None
    facts: Facts

    @property
    def files(self) -> tuple[Rendered, ...]:
        """The master, then the stems."""
        return (self.master, *self.stems)


def manifest_text(
    compilation: Compilation,
    files: tuple[Rendered, ...],
    *,
    names: Mapping[str, str],
    programs: Mapping[str, str],
    finish: FinishFacts | None,
    diagnostics: tuple[Diagnostic, ...],
    report: Mapping[str, str] | None,
    chapters: str | None,
) -> str:
    """The manifest as JSON.

    Args:
        compilation: what was rendered.
        files: the master first.
        names: the file name of each target, relative to the manifest.
        programs: versions by name.
        finish: as in the result.
        diagnostics: warnings.
        report: the file names of the delivery report, "json" and "page"; None where there is none.
        chapters: the file name of the chapters; None where there are none.
    """
    plan = compilation.plan
    data = {
        "schema_version": MANIFEST_VERSION,
        "timeline_id": compilation.timeline.id,
        "backend": plan.backend,
        "plan_digest": f"sha256:{plan.digest}",
        "programs": dict(sorted(programs.items())),
        "finish": None
        if finish is None
        else {
            "key": compilation.fact_key,
            "integrated_lufs": finish.integrated_lufs,
            "gain_db": finish.gain_db,
            "margin_db": finish.margin_db,
        },
        "artifacts": [
            {
                "kind": file.kind,
                "target": file.target,
                "file": names[file.target],
                "digest": file.digest,
                "parent": file.parent,
                "meta": dict(file.meta),
            }
            for file in files
        ],
        "report": None if report is None else dict(report),
        "chapters": chapters,
        "warnings": [
            {
                "code": d.code.value,
                "message": d.message,
                "pointer": d.origin.pointer if d.origin else None,
            }
            for d in diagnostics
        ],
    }
    return json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
