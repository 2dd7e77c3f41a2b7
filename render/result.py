"""The result of a render, and the manifest and chapters that are written with it.

The manifest is a function of the timeline, the request, the sources and the programs' versions: it
has no date, no absolute path, and keys in a fixed order. A level that does not exist, such as the
loudness of silence, is null. Chapters for podcast players are written as `chapters.json` of the
Podcasting 2.0 namespace, jsonChapters 1.2.0 (type application/json+chapters); a feed names the file
in <podcast:chapters>.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from attrs import asdict, fields, frozen

from ..compiler.driver import Compilation
from ..compiler.facts import Facts, FinishFacts
from ..compiler.meta import FILE_KINDS, FileMeta
from ..compiler.timeline.model import Marker, Timeline
from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic, Severity, counted, warnings
from ..ir.nodes import OutputRole
from ..ir.origin import Origin

if TYPE_CHECKING:
    from ..inspection.report import Check, DeliveryReport
    from .cache_use import CacheReport

MANIFEST = "manifest.json"
MANIFEST_VERSION = 1

CHAPTERS = "chapters.json"
CHAPTERS_VERSION = "1.2.0"

_OF_THE_MASTER = frozenset({"premaster_lufs", "loudness_gain_db", "limiter_margin_db"})


@frozen(kw_only=True)
class RenderedMeta(FileMeta):
    """The metadata of a delivered file; docs/metadata.md explains each field.

    Levels are in LUFS, LU, dBTP and dBFS; a level that does not exist is None. The three fields on
    how the master reached its loudness are None for a stem, and if the preset sets no loudness.
    """

    integrated_lufs: float | None
    loudness_range_lu: float | None
    momentary_max_lufs: float | None
    short_term_max_lufs: float | None
    true_peak_dbtp: float | None
    sample_peak_dbfs: float | None
    rms_dbfs: float | None
    duration_s: float
    premaster_lufs: float | None = None
    loudness_gain_db: float | None = None
    limiter_margin_db: float | None = None
    plan_digest: str
    programs: Mapping[str, str]

    @classmethod
    def of(
        cls,
        known: FileMeta,
        levels: Mapping[str, Any],
        finish: FinishFacts | None,
        plan_digest: str,
        programs: Mapping[str, str],
    ) -> RenderedMeta:
        """What is known, and what the render adds."""
        before: dict[str, Any] = {f.name: getattr(known, f.name) for f in fields(FileMeta)}
        return cls(
            **before,
            **levels,
            premaster_lufs=finish.integrated_lufs if finish else None,
            loudness_gain_db=finish.gain_db if finish else None,
            limiter_margin_db=finish.margin_db if finish else None,
            plan_digest=plan_digest,
            programs=dict(sorted(programs.items())),
        )

    def to_dict(self) -> dict[str, Any]:
        """As a manifest has it: a stem without what is the master's alone."""
        is_master = self.kind == FILE_KINDS[OutputRole.MASTER]
        left_out = () if is_master else _OF_THE_MASTER
        return {key: value for key, value in super().to_dict().items() if key not in left_out}


@frozen(kw_only=True)
class Rendered:
    """A delivered file.

    Attributes:
        kind: "audio_render" for the master, "audio_bus_stem" for a stem, "audio_part" for a part.
        target: "master", the id of the bus, or "part-1" and so on.
        path: of the file.
        digest: "sha256:" and the hex digest of its content.
        parent: for a stem or a part, the digest of its master.
        meta: everything that is known of it.
    """

    kind: str
    target: str
    path: Path
    digest: str
    parent: str | None
    meta: RenderedMeta

    def __repr__(self) -> str:
        return f"<Rendered {str(self.path)!r}: {self.levels}>"

    @property
    def levels(self) -> str:
        """Loudness and peak as text: -16.0 LUFS, -1.4 dBTP."""
        units = {"integrated_lufs": "LUFS", "true_peak_dbtp": "dBTP"}
        known = {unit: getattr(self.meta, name) for name, unit in units.items()}
        found = [f"{value:.1f} {unit}" for unit, value in known.items() if value is not None]
        return ", ".join(found) or "silent"


def of_role(files: Iterable[Rendered], role: OutputRole) -> tuple[Rendered, ...]:
    """Those of the files that have a role."""
    return tuple(file for file in files if file.kind == FILE_KINDS[role])


@frozen(kw_only=True)
class Delivered:
    """A delivered mix: its master, and what it was made by.

    Attributes:
        name: of the delivery.
        master: the mix.
        stems: one per bus, in bus order; only the first mix of a render has them.
        parts: of the master, in order, if it is split.
        compilation: of the mix.
        programs: versions by name.
        finish: how the master reached its loudness; None without a loudness target.
        checks: of the master against the delivery spec of its preset, if it names one.
    """

    name: str
    master: Rendered
    stems: tuple[Rendered, ...]
    parts: tuple[Rendered, ...]
    compilation: Compilation
    programs: Mapping[str, str]
    finish: FinishFacts | None
    checks: tuple[Check, ...] = ()

    @property
    def files(self) -> tuple[Rendered, ...]:
        """The master, then the stems and the parts."""
        return (self.master, *self.stems, *self.parts)


@frozen(kw_only=True)
class RenderResult:
    """The result of a render.

    Attributes:
        deliveries: the delivered mixes, in the order of the request.
        manifest: path of the JSON file that lists their files.
        report: the delivery report; None if none was requested.
        report_page: path of its HTML page, next to report.json.
        chapters: path of the chapters for podcast players; None if the timeline has no markers.
        diagnostics: warnings, of the compilation and of the render.
        facts: those of the request and what this render measured; a request with them compiles
            without measuring.
        unchanged: whether nothing was rendered, because the files of an earlier render are what
            this one would write; everything else is as that render recorded it.
        cache: what was taken from the cache, and why the rest was made; None if nothing was
            rendered.
    """

    deliveries: tuple[Delivered, ...]
    manifest: Path
    report: DeliveryReport | None
    report_page: Path | None
    chapters: Path | None
    diagnostics: tuple[Diagnostic, ...]
    facts: Facts
    unchanged: bool = False
    cache: CacheReport | None = None

    @property
    def master(self) -> Rendered:
        """The mix; of several, the first."""
        return self.deliveries[0].master

    @property
    def stems(self) -> tuple[Rendered, ...]:
        """One per bus, in bus order; empty if none were requested."""
        return self.deliveries[0].stems

    @property
    def parts(self) -> tuple[Rendered, ...]:
        """The parts that the mix is split into; of several mixes, those of the first."""
        return self.deliveries[0].parts

    @property
    def compilation(self) -> Compilation:
        """Of the mix; of several, the first."""
        return self.deliveries[0].compilation

    @property
    def finish(self) -> FinishFacts | None:
        """How the master reached its loudness; None without a loudness target."""
        return self.deliveries[0].finish

    @property
    def files(self) -> tuple[Rendered, ...]:
        """The master, its stems and parts, then those of the other mixes."""
        return tuple(file for mix in self.deliveries for file in mix.files)

    def holds(self, *, strict: bool) -> bool:
        """Whether every master sounds; if `strict`, whether every check passed without warning."""
        sounds = all(mix.master.meta.sample_peak_dbfs is not None for mix in self.deliveries)
        passed = self.report is None or self.report.passed
        return sounds and not (strict and (warnings(self.diagnostics) or not passed))

    def __repr__(self) -> str:
        stems = f" and {counted(len(self.stems), 'stem')}" if self.stems else ""
        others = self.deliveries[1:]
        more = f" and {counted(len(others), 'more file')}" if others else ""
        checks = (
            ""
            if self.report is None
            else f", checks {'passed' if self.report.passed else 'failed'}"
        )
        path = str(self.master.path)
        return f"<RenderResult {path!r}{stems}{more}: {self.master.levels}{checks}>"

    def _repr_html_(self) -> str:
        from .report.player import player_html  # noqa: PLC0415 (jinja2: only in notebooks)

        return player_html(self)


def measured_facts(delivered: Sequence[Delivered]) -> Facts:
    """Those of the request, and what this render was compiled from and measured."""
    facts = delivered[0].compilation.request.facts
    for mix in delivered:
        surveys = {survey.key: survey for survey in mix.compilation.surveys.values()}
        facts = facts.with_surveys(surveys)
        if mix.finish is not None:
            facts = facts.with_finish(mix.compilation.keys.finish, mix.finish)
    return facts


def manifest_text(
    deliveries: tuple[Delivered, ...],
    *,
    diagnostics: tuple[Diagnostic, ...],
    report: Mapping[str, str] | None,
    chapters: str | None,
    files: Mapping[str, str],
    inputs_digest: str,
) -> str:
    """The manifest as JSON.

    Args:
        deliveries: of the render.
        diagnostics: its warnings.
        report: the names of the report's files; None: there is no report.
        chapters: the name of the file of chapters; None: there is none.
        files: the digest of each file besides the artifacts, by its name.
        inputs_digest: of what decides all files, see `reuse.inputs_digest`.
    """
    first, programs = deliveries[0], dict[str, str]()
    for mix in deliveries:
        programs |= mix.programs
    made = _made_by(first)
    data = {
        "schema_version": MANIFEST_VERSION,
        "timeline_id": first.compilation.timeline.id,
        "backend": first.compilation.plan.backend,
        "plan_digest": made["plan_digest"],
        "render_digest": made["render_digest"],
        "programs": dict(sorted(programs.items())),
        "finish": made["finish"],
        "deliveries": [
            {
                "name": mix.name,
                "file": mix.master.path.name,
                **_made_by(mix),
                "checks": [asdict(check) for check in mix.checks],
            }
            for mix in deliveries
        ],
        "artifacts": [
            {
                "kind": file.kind,
                "target": file.target,
                "delivery": mix.name,
                "file": file.path.name,
                "digest": file.digest,
                "parent": file.parent,
                "meta": file.meta.to_dict(),
            }
            for mix in deliveries
            for file in mix.files
        ],
        "report": None if report is None else dict(report),
        "chapters": chapters,
        "warnings": [
            {
                "code": d.code.value,
                "message": d.message,
                "pointer": d.origin.pointer if d.origin else None,
                "severity": d.severity.value,
                "help": d.help,
                "place": _place(d.origin),
                "related": [{"label": r.label, "place": _place(r.origin)} for r in d.related],
            }
            for d in diagnostics
        ],
        "files": dict(files),
        "inputs_digest": inputs_digest,
    }
    data["digest"] = _seal(data)
    return json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def sealed(manifest: Mapping[str, Any]) -> bool:
    """Whether the data of a manifest are what `manifest_text` wrote."""
    return manifest.get("digest") == _seal(manifest)


def _seal(manifest: Mapping[str, Any]) -> str:
    """The digest of a manifest without its own."""
    rest = {key: value for key, value in manifest.items() if key != "digest"}
    return f"sha256:{hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()}"


def _place(origin: Origin | None) -> dict[str, object] | None:
    """A place with all that it comes from; documents by file name and not by absolute path."""
    if origin is None:
        return None
    return {
        "document": PurePath(origin.document).name,
        "pointer": origin.pointer,
        "cause": origin.cause,
        "via": _place(origin.via),
    }


def _made_by(mix: Delivered) -> dict[str, object]:
    """The plan and the finish of a mix, as a manifest has them."""
    compilation, finish = mix.compilation, mix.finish
    return {
        "plan_digest": f"sha256:{compilation.plan.digest}",
        "render_digest": compilation.render_digest,
        "finish": None
        if finish is None
        else {
            "key": compilation.keys.finish,
            "integrated_lufs": finish.integrated_lufs,
            "gain_db": finish.gain_db,
            "margin_db": finish.margin_db,
        },
    }


def files_left(out: Path, names: Collection[str]) -> tuple[Diagnostic, ...]:
    """A warning about files of an earlier render that one which writes `names` leaves in `out`.

    They are those that are there and that the manifest there lists. What it lists elsewhere, or
    cannot be read, is no business of this render.
    """
    try:
        data = json.loads((out / MANIFEST).read_text(encoding="utf-8"))
        listed = [each["file"] for each in data["artifacts"]]
        listed += [*(data["report"] or {}).values(), data["chapters"]]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return ()
    inside = {name for name in listed if isinstance(name, str) and Path(name).name == name}
    left = [name for name in sorted(inside.difference(names)) if (out / name).is_file()]
    if not left:
        return ()
    remain = "remains" if len(left) == 1 else "remain"
    return (
        Diagnostic(
            Code.FILES_LEFT,
            f"{counted(len(left), 'file')} of an earlier render {remain}: {', '.join(left)}",
            help="delete what is no longer wanted, or render into a directory of its own",
            severity=Severity.WARNING,
        ),
    )


def _chapter(marker: Marker) -> dict[str, object]:
    """A marker as a chapter of the file; what it does not have is left out."""
    found: dict[str, object] = {"startTime": float(marker.at_ms / 1000), "title": marker.label}
    if marker.length_ms is not None:
        found["endTime"] = float((marker.at_ms + marker.length_ms) / 1000)
    found |= {"img": marker.image} if marker.image else {}
    found |= {"url": marker.url} if marker.url else {}
    return found if marker.toc else {**found, "toc": False}


def chapters_text(timeline: Timeline) -> str | None:
    """The text of the chapters file; None if the timeline has no markers.

    A chapter starts at each marker, in time order, in seconds exact to the millisecond.
    """
    if not timeline.markers:
        return None
    tags = timeline.metadata
    data: dict[str, object] = {"version": CHAPTERS_VERSION}
    for key, tag in (("title", "title"), ("author", "artist"), ("podcastName", "album")):
        if tag in tags:
            data[key] = tags[tag]
    in_time = sorted(timeline.markers, key=lambda marker: marker.at_ms)
    data["chapters"] = [_chapter(marker) for marker in in_time]
    return json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
