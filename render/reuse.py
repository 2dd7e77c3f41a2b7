"""Whether an output directory already holds what a render would write.

Promises: `unchanged` returns the result of an earlier render only if everything that decides its
files is the same (`inputs_digest`), and each of its files still has the digest that the manifest
recorded. The result is the recorded one: levels, checks, warnings and the report are those of the
earlier render, so that it is shown and judged as before. It relies on `manifest_text`, which seals
the manifest with a digest of its own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

from ..backends.registry import find_tools
from ..compiler.driver import Compilation
from ..compiler.facts import FinishFacts
from ..compiler.request import FileRequest, RenderRequest
from ..documents.models import plain
from ..documents.recorded import recorded_as
from ..inspection.report import Check, DeliveryReport
from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic, Related, Severity
from ..ir.nodes import OutputRole
from ..ir.origin import Documents, Origin
from ..media.identity import digest_of
from ..media.samples import LIBSNDFILE
from ..plans.cache_keys import code_digest
from ..programs.packages import version_of
from .result import (
    MANIFEST,
    Delivered,
    Rendered,
    RenderedMeta,
    RenderResult,
    measured_facts,
    of_role,
    sealed,
)

_LIBRARIES = ("numpy", "scipy", "soxr")
"""Those that compute samples, besides libsndfile."""

Mixes = Sequence[tuple[FileRequest, Compilation]]


def inputs_digest(mixes: Mixes, *, report: bool) -> str:
    """The SHA-256 of all that decides the files of a render, after "sha256:".

    It covers the documents and their places, which the report shows, the request with its presets
    and facts, the contents of the sources, and the versions of mixdown, programs and libraries.

    Raises:
        RenderError: MIX601 to MIX603, a program is not there.
    """
    timeline = mixes[0][1].timeline
    parts: dict[str, object] = {
        "mixes": [_of_mix(file, compilation) for file, compilation in mixes],
        "report": report,
        "timeline": plain(timeline),
        "documents": [document.text for document in timeline.documents.values()],
        "code": code_digest(),
        "libraries": {name: version_of(name) for name in _LIBRARIES} | {"libsndfile": LIBSNDFILE},
    }
    text = json.dumps(parts, sort_keys=True, default=str)
    return f"sha256:{hashlib.sha256(text.encode('ascii')).hexdigest()}"


def _of_mix(file: FileRequest, compilation: Compilation) -> dict[str, object]:
    tools = find_tools(compilation.plan)
    return {
        "name": file.name,
        "file": file.file,
        "render_digest": compilation.render_digest,
        "presets": _presets(compilation.request),
        "facts": compilation.request.facts.to_json(),
        "programs": {name: tool.version_text for name, tool in tools.items()},
    }


def _presets(request: RenderRequest) -> list[object]:
    """The export preset and the spec that its files are checked against."""
    if request.export_preset not in request.library.export:  # of a graph, which has its own
        return []
    export = request.export
    spec = None if export.spec is None else request.library.specs[export.spec]
    return [plain(export), None if spec is None else plain(spec)]


def unchanged(out: Path, digest: str, mixes: Mixes) -> RenderResult | None:
    """The result of the render that wrote `out`, if rendering again would write the same files.

    Args:
        out: the output directory; it need not exist.
        digest: `inputs_digest` of the render that was requested.
        mixes: its compilations.
    """
    try:
        manifest = json.loads((out / MANIFEST).read_text(encoding="utf-8"))
        if not sealed(manifest) or manifest["inputs_digest"] != digest:
            return None
        digests = {each["file"]: each["digest"] for each in manifest["artifacts"]}
        digests |= manifest["files"]
        if any(digest_of(out / name) != wanted for name, wanted in digests.items()):
            return None
        return _restored(out, manifest, mixes)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _restored(out: Path, manifest: Mapping[str, Any], mixes: Mixes) -> RenderResult:
    """The result that a manifest and its report record."""
    documents = mixes[0][1].timeline.documents
    names = manifest["report"]
    report = None
    if names is not None:
        data = json.loads((out / names["json"]).read_text(encoding="utf-8"))
        report = DeliveryReport.from_dict(data)
    chapters = manifest["chapters"]
    deliveries = tuple(
        _delivered(out, manifest, made, compilation)
        for made, (_, compilation) in zip(manifest["deliveries"], mixes, strict=True)
    )
    return RenderResult(
        deliveries=deliveries,
        manifest=out / MANIFEST,
        report=report,
        report_page=None if names is None else out / names["page"],
        chapters=None if chapters is None else out / chapters,
        diagnostics=tuple(_diagnostic(each, documents) for each in manifest["warnings"]),
        facts=measured_facts(deliveries),
        unchanged=True,
    )


def _delivered(
    out: Path, manifest: Mapping[str, Any], made: Mapping[str, Any], compilation: Compilation
) -> Delivered:
    files = [
        Rendered(
            kind=each["kind"],
            target=each["target"],
            path=out / each["file"],
            digest=each["digest"],
            parent=each["parent"],
            meta=recorded_as(RenderedMeta, each["meta"]),
        )
        for each in manifest["artifacts"]
        if each["delivery"] == made["name"]
    ]
    finish = made["finish"] and {k: v for k, v in made["finish"].items() if k != "key"}
    return Delivered(
        name=made["name"],
        master=files[0],
        stems=of_role(files, OutputRole.STEM),
        parts=of_role(files, OutputRole.PART),
        compilation=compilation,
        programs=files[0].meta.programs,
        finish=FinishFacts(**finish) if finish else None,
        checks=tuple(recorded_as(Check, check) for check in made["checks"]),
    )


def _diagnostic(data: Mapping[str, Any], documents: Documents) -> Diagnostic:
    """The diagnostic of an entry of `warnings`; its places are in these documents."""
    return Diagnostic(
        Code(data["code"]),
        data["message"],
        origin=_origin(data["place"], documents),
        help=data["help"],
        related=tuple(
            Related(place, each["label"])
            for each in data["related"]
            if (place := _origin(each["place"], documents)) is not None
        ),
        severity=Severity(data["severity"]),
    )


def _origin(data: Mapping[str, Any] | None, documents: Documents) -> Origin | None:
    if data is None:
        return None
    names = {PurePath(name).name: name for name in documents}
    name = data["document"]
    via = _origin(data["via"], documents)
    return Origin(names.get(name, name), data["pointer"], via, data["cause"])
