"""`mixdown artifacts`: what is in a store, whether it is intact, and cleaning up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from .options import as_json, stored

if TYPE_CHECKING:
    from ..render.artifacts.artifact import Artifact


@click.group("artifacts")
def command() -> None:
    """List, show, verify and clean up the files of a store.

    'mixdown render --store DIR' puts masters and stems there and registers each of them once.
    """


@command.command("list")
@stored
@click.option("--timeline", metavar="ID", help="List those of this timeline only.")
@as_json
def list_(store: str, registry: str | None, timeline: str | None, as_json: bool) -> None:
    """List artifacts in the order of their registration."""
    from ..render.artifacts.service import AudioRenderService
    from .console import print_json, print_table

    service = AudioRenderService.open(store, registry)
    found = service.registry.artifacts(timeline_id=timeline)
    if as_json:
        print_json({"ok": True, "artifacts": [artifact.to_dict() for artifact in found]})
    else:
        print_table(
            ("id", "timeline", "what", "profile", "format", "LUFS"), map(_row, found), numbers=1
        )


@command.command("show")
@click.argument("artifact_id", metavar="ID")
@stored
@as_json
def show(artifact_id: str, store: str, registry: str | None, as_json: bool) -> None:
    """Show one artifact; the beginning of its ID is enough."""
    from ..render.artifacts.service import AudioRenderService
    from .console import print_json, print_table

    found = AudioRenderService.open(store, registry).registry.find(artifact_id).to_dict()
    if as_json:
        print_json({"ok": True, "artifact": found})
        return
    meta = found.pop("meta")
    assert isinstance(meta, dict)
    rows = [(key, _text(value)) for key, value in (*found.items(), *meta.items())]
    print_table(("key", "value"), rows, numbers=0)


@command.command("verify")
@stored
@as_json
def verify(store: str, registry: str | None, as_json: bool) -> int:
    """Read every registered file and compare it with its digest.

    Exits with code 1 if a file is missing or was changed.
    """
    from ..ir.diagnostics import counted
    from ..render.artifacts.service import AudioRenderService
    from ..render.artifacts.upkeep import verify
    from .app import ExitCode
    from .console import print_json, print_text
    from .console import show as show_diagnostics

    service = AudioRenderService.open(store, registry)
    found = list(verify(service.store, service.registry))
    count = len(service.registry.artifacts())
    if as_json:
        data = [diagnostic.to_dict() for diagnostic in found]
        print_json({"ok": not found, "artifacts": count, "diagnostics": data})
    else:
        show_diagnostics(found, {})
        print_text(f"{counted(count, 'artifact')}, {len(found)} damaged")
    return ExitCode.NO if found else ExitCode.OK


@command.command("gc")
@stored
@click.option(
    "--older-than",
    type=click.FloatRange(min=0),
    default=24.0,
    show_default=True,
    metavar="HOURS",
    help="Keep files younger than this: a running render may still register them.",
)
@click.option("--dry-run", is_flag=True, help="Only list what would be removed.")
@as_json
def gc(store: str, registry: str | None, older_than: float, dry_run: bool, as_json: bool) -> None:
    """Remove files of no artifact, such as those left by a crash."""
    from ..ir.diagnostics import counted
    from ..render.artifacts.service import AudioRenderService
    from ..render.artifacts.upkeep import collect, orphans
    from .console import print_json, print_text

    service = AudioRenderService.open(store, registry)
    work = orphans if dry_run else collect
    found = work(service.store, service.registry, older_than * 3600)
    size = sum(file.size for file in found)
    if as_json:
        files = [{"key": file.key, "size": file.size} for file in found]
        print_json({"ok": True, "removed": not dry_run, "files": files})
        return
    for file in found:
        print_text(file.key)
    removed = "would be removed" if dry_run else "removed"
    print_text(f"{counted(len(found), 'file')}, {counted(size, 'byte')} {removed}")


def _row(artifact: Artifact) -> tuple[str, ...]:
    from .console import level

    meta = artifact.meta
    return (
        artifact.id[:12],
        artifact.timeline_id,
        "master" if artifact.parent_id is None else f"stem of {artifact.bus_id}",
        str(meta.get("render_profile")),
        f"{meta.get('container')} {meta.get('encoding')} {meta.get('sample_rate')} Hz",
        level(meta.get("integrated_lufs")),
    )


def _text(value: object) -> str:
    import json

    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
