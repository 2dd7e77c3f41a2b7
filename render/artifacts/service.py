"""Rendering as a service: every file is stored by its content, every artifact registered once.

A file is complete in the store before its row is in the registry, so a crash leaves neither a row
without a file nor a partial file under a key; at worst it leaves an unregistered file, which
`collect` removes. Rendering again registers nothing new and returns the same ids.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Unpack

from attrs import frozen

from ...compiler.choices import Choices
from ...compiler.graph_input import Mix
from ...compiler.options import CompileOptions
from ...compiler.request import RenderRequest
from ..progress import Listener, ignore
from ..result import RenderResult
from ..service import render
from .artifact import Artifact, artifacts_of
from .registry import Registry, open_registry, sqlite_url
from .store import Store, open_store

REGISTRY_FILE = "registry.sqlite"


@frozen(kw_only=True)
class Registered:
    """A render and its registered artifacts.

    Attributes:
        master: the mix.
        stems: one per bus, in bus order.
        others: the further masters of a render with several deliveries.
        result: of the render; without an output directory its files no longer exist.
    """

    master: Artifact
    stems: tuple[Artifact, ...]
    others: tuple[Artifact, ...] = ()
    result: RenderResult

    @property
    def artifacts(self) -> tuple[Artifact, ...]:
        """The master, then the stems, then the other masters."""
        return (self.master, *self.stems, *self.others)


@frozen
class AudioRenderService:
    """Renders timelines into a store and a registry.

    Attributes:
        store: of the files.
        registry: of the artifacts.
    """

    store: Store
    registry: Registry

    @classmethod
    def open(cls, store: str | Path, registry: str | None = None) -> AudioRenderService:
        """Open a store (a directory or fsspec URL) and a registry (an SQLAlchemy URL).

        The default registry is `registry.sqlite` in a local store, or in the current directory if
        the store is a URL.

        Raises:
            RenderError: MIX621, MIX622.
        """
        return cls(open_store(store), open_registry(registry or default_registry(store)))

    def render(
        self,
        timeline: Mix | str | Path,
        request: RenderRequest | None = None,
        options: CompileOptions | None = None,
        *,
        out: str | Path | None = None,
        report: bool = True,
        progress: Listener = ignore,
        jobs: int | None = None,
        force: bool = False,
        **choices: Unpack[Choices],
    ) -> Registered:
        """Render, store and register.

        Args:
            timeline: as for `mixdown.render`, like the other arguments.
            request: what to render.
            options: how to compile it.
            out: a directory for the files and the manifest; None: only the store keeps the files.
            report: whether to check joins and write the delivery report.
            progress: called with the progress of each step.
            jobs: the number of steps that may run at once.
            force: as of `mixdown.render`.
            choices: keywords that override `request` and `options`.

        Raises:
            MixdownError: a ValueError with every diagnostic; nothing was registered.
        """
        with tempfile.TemporaryDirectory(prefix="mixdown-") as scratch:
            result = render(
                timeline,
                request,
                options,
                out=out or scratch,
                report=report,
                progress=progress,
                jobs=jobs,
                force=force,
                **choices,
            )
            return self.keep(result)

    def keep(self, result: RenderResult) -> Registered:
        """Store and register the files of a render.

        Raises:
            RenderError: MIX621, MIX622.
        """
        made = list(artifacts_of(result))
        for artifact, path in made:
            self.store.put(artifact.media_key, path)
        known = self.registry.register([artifact for artifact, _ in made])
        count = 1 + len(result.stems)
        return Registered(
            master=known[0],
            stems=tuple(known[1:count]),
            others=tuple(known[count:]),
            result=result,
        )


def default_registry(store: str | Path) -> str:
    """The URL of the registry of a store, if no other is named."""
    folder = Path() if "://" in str(store) else Path(store)
    return sqlite_url(folder / REGISTRY_FILE)
