"""Measured facts: what a render has measured and a later compilation need not measure again.

The key of a fact is the digest of what was measured, and the backend that rendered it. So a fact is
found again for the same mix of the same sources, and is never applied to another mix.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from reprlib import repr as shown
from typing import TYPE_CHECKING, Any

from attrs import asdict, evolve, field, frozen

from ..ir.codes import Code
from ..ir.diagnostics import TimelineError
from ..ir.digest import digests
from ..ir.finish import unmeasured
from ..ir.graph import Graph
from ..ir.units import MAX_DB

if TYPE_CHECKING:
    from ..media.survey import SourceSurvey


@frozen(kw_only=True)
class FinishFacts:
    """How one premaster reaches its target.

    Attributes:
        integrated_lufs: measured loudness of what enters the loudness gain; None: silence.
        gain_db: the static gain that brings the delivered master to its target.
        margin_db: how far below the ceiling the target of the limiter is, 0 or more.
    """

    integrated_lufs: float | None
    gain_db: float
    margin_db: float = 0.0


@frozen
class Facts:
    """Facts by key.

    Attributes:
        finishes: of mixes, by `FactKeys.finish`.
        surveys: of sources, by `survey_key`.
    """

    finishes: Mapping[str, FinishFacts] = field(factory=dict)
    surveys: Mapping[str, SourceSurvey] = field(factory=dict)

    def with_finish(self, key: str, finish: FinishFacts) -> Facts:
        """The same facts with one added or replaced."""
        return evolve(self, finishes={**self.finishes, key: finish})

    def without_finishes(self) -> Facts:
        """The surveys alone."""
        return evolve(self, finishes={})

    def with_surveys(self, surveys: Mapping[str, SourceSurvey]) -> Facts:
        """The same facts with more surveys."""
        return evolve(self, surveys={**self.surveys, **surveys})

    def to_json(self) -> str:
        """The facts as a JSON document, with sorted keys."""
        finishes = {key: asdict(finish) for key, finish in sorted(self.finishes.items())}
        data: dict[str, object] = {"facts": 1, "finishes": finishes}
        if self.surveys:
            data["surveys"] = {key: s.to_dict() for key, s in sorted(self.surveys.items())}
        return json.dumps(data, indent=2) + "\n"

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Facts:
        """The facts in the data of a document that `to_json` wrote, or of the manifest of a render.

        Raises:
            ValueError: the data hold no facts.
        """
        try:
            filed = data["finishes"] if "finishes" in data else _of_manifest(data)
            finishes = {key: FinishFacts(**values) for key, values in filed.items()}
            texts = all(isinstance(key, str) for key in finishes)
            if not texts or not all(map(_is_measured, finishes.values())):
                raise ValueError("not a facts document")
            return cls(finishes, _surveys(data.get("surveys", {})))
        except (KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ValueError("not a facts document") from error


def _surveys(data: Mapping[str, Mapping[str, Any]]) -> Mapping[str, SourceSurvey]:
    if not data:
        return {}
    from ..media.survey import SourceSurvey  # noqa: PLC0415 (numpy and soundfile)

    surveys = map(SourceSurvey.from_dict, data.values())
    return {survey.key: survey for survey in surveys}


def _of_manifest(manifest: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    """The finishes of a render by their keys; empty if no preset has a loudness target."""
    found = [manifest["finish"], *(mix["finish"] for mix in manifest.get("deliveries", ()))]
    finishes = (dict(finish) for finish in found if finish)
    return {finish.pop("key"): finish for finish in finishes}


def _is_measured(finish: FinishFacts) -> bool:
    loudness = 0.0 if finish.integrated_lufs is None else finish.integrated_lufs
    numbers = (loudness, finish.gain_db, finish.margin_db)
    return all(
        isinstance(n, int | float) and not isinstance(n, bool) and abs(n) <= MAX_DB for n in numbers
    )


def read_facts(path: str | Path) -> Facts:
    """The facts in a file that `to_json` wrote, or in a manifest.

    Raises:
        TimelineError: MIX307, it cannot be read or holds no facts.
    """
    try:
        return Facts.from_dict(json.loads(Path(path).read_text(encoding="utf-8")))
    except (OSError, ValueError, RecursionError) as error:
        known = isinstance(error, OSError) and error.strerror
        raise _no_facts(repr(str(path)), known or "") from error


def facts_of(value: object) -> object:
    """Facts from their file or from the data of their document; None: no facts.

    A value of another type is returned for the check of its type.

    Raises:
        TimelineError: MIX307, the file or the data hold no facts.
    """
    if isinstance(value, str | Path):
        return read_facts(value)
    try:
        return Facts.from_dict(value) if isinstance(value, Mapping) else value or Facts()
    except ValueError as error:
        raise _no_facts(shown(value)) from error


def _no_facts(what: str, why: str = "") -> TimelineError:
    return TimelineError.of(
        Code.BAD_REQUEST,
        f"{what} holds no facts{why and f': {why}'}",
        help="a render writes them to its manifest.json, and to the file of --write-facts",
    )


@frozen
class FactKeys:
    """The keys of the facts about a finish, computed when they are asked for.

    A key names the backend whose limiter the finish uses, and the digest of its input.

    Attributes:
        backend: its name.
        graph: as lowered, so that the keys are the same with any optimisations.
    """

    backend: str
    graph: Graph

    @cached_property
    def finish(self) -> str:
        """The key of the facts about this finish."""
        return self._key(self.graph.outputs[0].name)

    @cached_property
    def premaster(self) -> str:
        """The key of what is measured for the loudness; "" where nothing is."""
        loudnorm = next(unmeasured(self.graph), None)
        return "" if loudnorm is None else self._key(loudnorm.operands[-1])

    @cached_property
    def _digests(self) -> Mapping[str, str]:
        return digests(self.graph)

    def _key(self, value: str) -> str:
        return f"{self.backend}:{self._digests[value]}"
