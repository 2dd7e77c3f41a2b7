"""What the service answers, as typed records, and the diagnostics in its answers.

Promises: keys that a newer server adds are ignored. Diagnostics are those that the server found:
`Diagnostic.to_dict` gives back what was read, and their text shows the line with a caret if the
text of the document is known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypedDict, TypeVar

from attrs import AttrsInstance, field, fields_dict, frozen

from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic, Related, Severity
from ..ir.origin import Document, Origin, Span

if TYPE_CHECKING:
    from ..compiler.choices import BitDepth, FormatName, StemModeName

RemoteState: TypeAlias = Literal["queued", "running", "done", "failed", "cancelled"]
_Record = TypeVar("_Record", bound=AttrsInstance)
_WORD = re.compile(r"[\w.-]+|\S")


class ServiceChoices(TypedDict, total=False):
    """What a mix becomes: the keywords of `mixdown.render` that a server accepts, and three more.

    Keys:
        name: of the document in messages; that of the file by default.
        variables: values of the document's variables.
        media: "declared": no file is opened, for checks and plans before an upload.
        others: as of `mixdown.render`.
    """

    name: str
    variables: Mapping[str, object]
    media: Literal["files", "declared"]
    preset: str
    mix: str | None
    profile: str | None
    stems: bool | Sequence[str]
    stem_mode: StemModeName
    silent_stems: bool
    only_tags: Sequence[str]
    backend: str
    format: FormatName | None
    bit_depth: BitDepth | None
    bit_rate: int | None
    dither: str | None
    short: str | None
    sample_rate: int | None
    channels: int | None
    broadcast: bool
    lufs: float | None
    from_ms: float | str | None
    to_ms: float | str | None
    headroom_db: float | None
    deliver: Mapping[str, Mapping[str, object]]
    split: str | None
    split_name: str | None
    strict: bool


def record(cls: type[_Record], data: Mapping[str, Any]) -> _Record:
    """The record in a JSON object."""
    known = fields_dict(cls)
    return cls(**{key: value for key, value in data.items() if key in known})


def diagnostics_in(found: Iterable[Mapping[str, Any]]) -> tuple[Diagnostic, ...]:
    """The diagnostics in an answer."""
    return tuple(
        Diagnostic(
            _code(each["code"]),
            each["message"],
            _origin(each),
            each.get("help"),
            tuple(Related(_origin(r) or Origin(""), r["label"]) for r in each.get("related", ())),
            Severity(each["severity"]),
        )
        for each in found
    )


def documents_in(
    found: Iterable[Mapping[str, Any]], texts: Mapping[str, str]
) -> Mapping[str, Document]:
    """The documents of diagnostics, which find the places that the answer names in their texts."""
    places: dict[str, dict[str, tuple[int, int]]] = {}
    for each in found:
        for place in (each, *each.get("related", ())):
            _note(place, places)
    return {
        name: Document(name, texts[name], _Places(of_document))
        for name, of_document in places.items()
        if name in texts
    }


def _note(place: Mapping[str, Any], places: dict[str, dict[str, tuple[int, int]]]) -> None:
    if "line" in place:
        of_document = places.setdefault(place["document"], {})
        of_document[place["pointer"]] = (place["line"], place["column"])
    if "via" in place:
        _note(place["via"], places)


@frozen
class _Places:
    """A locator that knows the places of some pointers."""

    by_pointer: Mapping[str, tuple[int, int]]

    def __call__(self, text: str, pointer: str) -> Span | None:
        line, column = self.by_pointer.get(pointer, (0, 0))
        lines = text.split("\n")
        if not 0 < line <= len(lines):
            return None
        shown = lines[line - 1].rstrip("\r")
        word = _WORD.match(shown, column - 1)
        return Span(line, column, len(word[0]) if word else 1, shown)


def _origin(place: Mapping[str, Any]) -> Origin | None:
    if "document" not in place:
        return None
    via = _origin(place["via"]) if "via" in place else None
    return Origin(place["document"], place["pointer"], via, place.get("cause", ""))


def _code(value: str) -> Code:
    """The code; that of a refusal for one that only a newer version has."""
    try:
        return Code(value)
    except ValueError:
        return Code.SERVICE_REFUSED


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


@frozen(kw_only=True)
class RemoteArtifact:
    """A file that a server has rendered.

    Attributes:
        id: of the artifact.
        kind: what it is: audio_render (a master), audio_bus_stem, ...
        timeline_id: of its document.
        bus_id: "master", or the bus of a stem.
        parent_id: of a stem, the id of its master.
        file: its name.
        media_type: such as audio/wav.
        size: bytes.
        content_digest: "sha256:" and its SHA-256.
        meta: its metadata; see docs/metadata.md.
        links: paths on the server: self and content.
    """

    id: str
    kind: str
    timeline_id: str
    bus_id: str
    parent_id: str | None
    file: str
    media_type: str
    size: int
    content_digest: str
    meta: Mapping[str, Any] = field(repr=False)
    links: Mapping[str, str] = field(repr=False)


def _artifacts(found: Iterable[Mapping[str, Any]]) -> tuple[RemoteArtifact, ...]:
    return tuple(record(RemoteArtifact, each) for each in found)


@frozen(kw_only=True)
class RemoteJob:
    """A job of a server.

    Attributes:
        id: of the job.
        state: what has become of it.
        timeline_id: of its document.
        length_s: of the mix, s.
        percent: how much is done, an estimate.
        eta_s: how long it will take, s, an estimate.
        attempts: how often it was begun.
        created_at, started_at, ended_at: times.
        diagnostics: warnings; of a job that has failed, its errors.
        artifacts: of a job that is done: the master first.
        links: paths on the server: self, events, and report if there is one.
    """

    id: str
    state: RemoteState
    timeline_id: str
    length_s: float
    percent: float
    eta_s: float | None
    attempts: int
    created_at: datetime | None = field(converter=_time)
    started_at: datetime | None = field(converter=_time)
    ended_at: datetime | None = field(converter=_time)
    diagnostics: tuple[Diagnostic, ...] = field(converter=diagnostics_in, repr=False)
    artifacts: tuple[RemoteArtifact, ...] = field(converter=_artifacts, repr=False)
    links: Mapping[str, str] = field(repr=False)

    @property
    def is_final(self) -> bool:
        """Whether it has ended."""
        return self.state not in ("queued", "running")


@frozen
class JobEvent:
    """Something that happened to a job.

    Attributes:
        number: in the job, from 1.
        kind: queued, running, progress, done, failed, cancelled or webhook.
        data: of progress: percent, eta_s and step; always: job, and at (seconds since 1970).
    """

    number: int
    kind: str
    data: Mapping[str, Any]


@frozen(kw_only=True)
class RemoteCheck:
    """A document that a server can render: its length in seconds, its parts, and its warnings."""

    timeline_id: str
    length_s: float
    tracks: int
    clips: int
    diagnostics: tuple[Diagnostic, ...] = field(converter=diagnostics_in)


@frozen(kw_only=True)
class RemotePlan:
    """A plan that a server has made: its text in the format that was asked for, and its digest."""

    format: str
    text: str = field(repr=False)
    digest: str
    backend: str
    diagnostics: tuple[Diagnostic, ...] = field(converter=diagnostics_in)


@frozen(kw_only=True)
class RemoteExplanation:
    """What sounds, as text and as data (docs/inspecting.md)."""

    text: str
    data: Mapping[str, Any] = field(repr=False)
