"""`mixdown serve`: the HTTP service."""

from __future__ import annotations

import os
from pathlib import Path

import click

from .options import assignments, stored

SCOPES = ("read", "render", "media", "metrics")


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8080,
    show_default=True,
    help="The port to listen on; 0: any free one, which the log names.",
)
@click.option(
    "--source-root",
    default="mixdown-media",
    show_default=True,
    metavar="DIR",
    help="The directory that paths in documents count from; uploads are kept there too.",
)
@click.option(
    "--work",
    default="mixdown-work",
    show_default=True,
    metavar="DIR",
    help="The directory for renders in progress.",
)
@stored
@click.option(
    "--keys", metavar="FILE", help="The keys that callers may have (TOML; see --new-key)."
)
@click.option(
    "--import-from",
    "prefixes",
    multiple=True,
    metavar="URL",
    help="Import media from URLs that begin with this, such as s3://shows/raw/; repeatable.",
)
@click.option(
    "--webhook-host",
    "webhook_hosts",
    multiple=True,
    metavar="HOST[:PORT]",
    help="Send webhooks to this host; repeatable. $MIXDOWN_WEBHOOK_SECRET signs them.",
)
@click.option(
    "--limit",
    "limits",
    multiple=True,
    metavar="NAME=N",
    callback=assignments,
    help="Set a limit of docs/service.md, such as renders=2; repeatable.",
)
@click.option(
    "--keep-days",
    type=click.IntRange(1, 36500),
    metavar="N",
    help="Remove jobs that ended more than N days ago, and their artifacts.  [default: keep all]",
)
@click.option("--new-key", metavar="NAME", help="Print a new key and its entry for --keys; exit.")
@click.option(
    "--scope",
    "scopes",
    type=click.Choice(SCOPES),
    multiple=True,
    help="What the new key allows; repeatable.  [default: read, render and media]",
)
def command(
    host: str,
    port: int,
    source_root: str,
    work: str,
    store: str,
    registry: str | None,
    keys: str | None,
    prefixes: tuple[str, ...],
    webhook_hosts: tuple[str, ...],
    limits: dict[str, str],
    keep_days: int | None,
    new_key: str | None,
    scopes: tuple[str, ...],
) -> None:
    """Serve renders over HTTP: documents in, masters and stems out.

    POST /v1/renders takes a timeline, a show or an arrangement. Jobs are in the database of the
    registry, and any number of servers may share it. Without --keys the server answers this machine
    only. docs/service.md explains the service; GET /v1/openapi.json describes it.
    """
    from ..ir.codes import Code
    from ..ir.diagnostics import RenderError
    from .console import print_text

    if new_key is not None:
        from ..service.keys import Scope
        from ..service.keys import new_key as make_key

        given, entry = make_key(new_key, map(Scope, scopes or SCOPES[:3]))
        print_text(f"the key, which is shown only now:\n{given}\n\nits entry in the keys file:")
        print_text(entry, end="")
        return
    try:
        import starlette  # noqa: F401 (an extra)
        import uvicorn  # noqa: F401
    except ImportError as error:
        raise RenderError.of(
            Code.EXTRA_MISSING,
            "the service needs starlette and uvicorn, which are not installed",
            help="pip install 'mixdown[service]'",
        ) from error
    from ..render.artifacts.service import default_registry
    from ..service.server import serve
    from ..service.settings import SECRET, ServiceSettings, limits_of

    serve(
        ServiceSettings(
            host=host,
            port=port,
            sources=Path(source_root).absolute(),
            work=Path(work).absolute(),
            store=store if "://" in store else str(Path(store).absolute()),
            registry=registry or default_registry(store),
            keys=None if keys is None else Path(keys),
            limits=limits_of(limits),
            keep_days=keep_days,
            prefixes=prefixes,
            webhook_hosts=webhook_hosts,
            webhook_secret=os.environ.get(SECRET, ""),
        )
    )
