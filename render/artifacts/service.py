"""Renders as a service: every file stored by its content, every artifact registered once.

Promises: a file is whole and in the store before its row is in the registry, so a crash leaves
neither a row without a file nor half a file under a key; at worst a file that no row names, which
`collect` removes. Rendering again registers nothing new and gives back the same ids.
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
from ..executor import Listener, ignore
from ..result import RenderResult
from ..service import render
from .artifact import Artifact, artifacts_of
from .registry import Registry, open_registry, sqlite_url
from .store import Store, open_store

REGISTRY_FILE = "registry.sqlite"


@frozen(kw_only=True)
class Registered:
    """A render and what was registered of it.

    Attributes:
        master: the mix.
        stems: one a bus, in bus order.
        result: the render; its files are gone where no directory was given for them.
    """

    master: Artifact
    stems: tuple[Artifact, ...]
    result: RenderResult

    @property
    def artifacts(self) -> tuple[Artifact, ...]:
        """The master, then the stems."""
        return (self.master, *self.stems)


@frozen
class AudioRenderService:
    """Renders timelines into a store and a registry.

    Attributes:
        store: where files go.
        registry: where artifacts are known.
    """

    store: Store
    registry: Registry

    @classmethod
    def open(cls, store: str | Path, registry: str | None = None) -> AudioRenderService:
        """The service over a directory or fsspec URL, and an SQLAlchemy URL.

        Without `registry`, a local store has it in `registry.sqlite`, and one behind a URL has it
        in the current directory.

        Raises:
            RenderError: MIX621, MIX622.
        """
        opened = open_store(store)
        folder = Path() if "://" in str(store) else Path(store)
        return cls(opened, open_registry(registry or sqlite_url(folder / REGISTRY_FILE)))

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
        **choices: Unpack[Choices],
    ) -> Registered:
        """Render, store and register.

        Args:
            timeline: this and the others as for `mixdown.render`.
            request: what the mix becomes.
            options: how it is compiled.
            out: a directory that keeps the files and the manifest too; None: only the store does.
            report: whether to check joins and to write the delivery report.
            progress: receives how far each step is.
            jobs: how many steps may run at once.
            choices: keywords, which change what `request` and `options` say.

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
                **choices,
            )
            return self.keep(result)

    def keep(self, result: RenderResult) -> Registered:
        """Store and register what was rendered.

        Raises:
            RenderError: MIX621, MIX622.
        """
        made = list(artifacts_of(result))
        for artifact, path in made:
            self.store.put(artifact.media_key, path)
        master, *stems = self.registry.register([artifact for artifact, _ in made])
        return Registered(master=master, stems=tuple(stems), result=result)
