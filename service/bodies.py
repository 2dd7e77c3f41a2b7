"""The bodies of requests: an envelope of a document and of what becomes of it, in JSON or YAML.

Promises: an envelope is read like any document of mixdown: strictly, with all problems, each at its
line. The document in it is a text, whose lines diagnostics count, or a mapping, whose places are
those in the body. Nothing in an envelope names a file but the sources of the document, which pass
the gate (`media/gate.py`) with the server's directory of sources as their root.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from attrs import evolve, frozen

from ..compiler.choices import chosen
from ..compiler.declared import MediaMode
from ..compiler.deliveries import DeliveryChoices
from ..compiler.driver import Compilation
from ..compiler.load import Opening, timeline_of
from ..compiler.nesting import MOST_CLIPS, DocumentReader
from ..compiler.options import CompileOptions
from ..compiler.request import RenderRequest, StemMode
from ..compiler.timeline.model import Timeline
from ..documents.fields import As, OptionalTime, Texts, Word, aside, declaration, key, like
from ..documents.limits import TIME, Length, Words
from ..documents.load import Format, Parsed, parse, read_model
from ..documents.models import exceeded, model
from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic, MixdownError, TimelineError
from ..ir.nodes import ShortLoudness
from ..ir.origin import Document, Origin
from ..presets.model import DitherChoice
from ..render.shell import PLAN_FORMATS

BODY, DOCUMENT = "body", "document"
"""The names of the two in diagnostics; the second is also the key of the document."""

MIR = "mir"
PLAN_FORMAT_NAMES = (*PLAN_FORMATS, MIR)


@model("a request")
class MixChoices:
    """What a mix becomes: the keywords of `mixdown.render` but for those that name files."""

    preset: str = like(RenderRequest, "export_preset", default="default")
    mix: str | None = like(RenderRequest, "mix_preset_id", default=None)
    profile: str | None = like(RenderRequest, "render_profile", default=None)
    stems: As[bool | tuple[str, ...], bool | str | Iterable[str]] = like(
        RenderRequest, default=False
    )
    stem_mode: Word[StemMode] = like(RenderRequest, default=StemMode.PREMASTER)
    silent_stems: bool = like(RenderRequest, default=False)
    only_tags: Texts = like(RenderRequest, default=())
    backend: str = like(RenderRequest, default="ffmpeg")
    format: str | None = like(RenderRequest, default=None)
    bit_depth: str | None = like(RenderRequest, default=None)
    bit_rate: int | None = like(RenderRequest, default=None)
    dither: As[DitherChoice | None, DitherChoice | str | None] = like(RenderRequest, default=None)
    short: As[ShortLoudness | None, ShortLoudness | str | None] = like(RenderRequest, default=None)
    sample_rate: int | None = like(RenderRequest, default=None)
    channels: int | None = like(RenderRequest, default=None)
    broadcast: bool = like(RenderRequest, default=False)
    lufs: float | None = like(RenderRequest, default=None)
    from_ms: OptionalTime = like(RenderRequest, default=None)
    to_ms: OptionalTime = like(RenderRequest, default=None)
    headroom_db: float | None = like(RenderRequest, default=None)
    deliver: Mapping[str, DeliveryChoices] = key(
        "several files of the same mix, by name", default={}
    )
    split: str | None = like(RenderRequest, default=None)
    split_name: str | None = like(RenderRequest, default=None)
    strict: bool = like(CompileOptions, default=False)


@model("the body of a check")
class CheckBody:
    """A document, and what it would become."""

    name: str = key(
        "the name of the document in messages", Length(1, 200), default=DOCUMENT, examples=("ep42",)
    )
    variables: As[Mapping[str, Decimal | bool | str], Mapping[str, object]] = key(
        "values of the document's variables",
        default={},
        schema={"additionalProperties": {"type": ["string", "number", "boolean"]}},
    )
    media: Word[MediaMode] = like(CompileOptions, default=MediaMode.FILES)
    request: MixChoices = key("what the mix becomes", default=MixChoices())
    document: Document | None = aside(default=None)


@model("the body of a plan")
class PlanBody(CheckBody):
    """A document whose plan is wanted."""

    format: str = key(
        "text, sh (a script), json, or mir (the graph)",
        Words(PLAN_FORMAT_NAMES, Code.BAD_REQUEST),
        default="text",
    )


@model("the body of an explanation")
class ExplainBody(CheckBody):
    """A document, and the moment or the part of it to explain."""

    at_ms: OptionalTime = key("a moment, or the start of a range", TIME, default=None)
    to_ms: OptionalTime = key("the end of the range", TIME, default=None)
    clip: str | None = key("the id of a clip", default=None)
    track: str | None = key("the id of a track", default=None)


@model("the body of a render")
class RenderBody(CheckBody):
    """A document to render."""

    report: bool = key("whether to check joins and write the delivery report", default=True)
    webhook: str | None = key(
        "a URL that is called when the job has ended, on a host that the server allows",
        Length(1, 2000),
        default=None,
        examples=("https://studio.example/hooks/mixdown",),
    )


@model("the body of an import")
class ImportBody:
    """Where a media file is."""

    url: str = key(
        "a URL below a prefix that the server imports from",
        Length(1, 2000),
        examples=("s3://shows/raw/host.wav",),
    )
    document: Document | None = aside(default=None)


AnyBody = TypeVar("AnyBody", bound=CheckBody | ImportBody)


@frozen
class Envelope:
    """A body, and the document in it."""

    body: CheckBody
    document: Parsed

    @property
    def request(self) -> RenderRequest:
        """What the mix becomes."""
        return self._chosen[0]

    @property
    def options(self) -> CompileOptions:
        """How it is compiled."""
        return self._chosen[1]

    @cached_property
    def _chosen(self) -> tuple[RenderRequest, CompileOptions]:
        """Both, from the choices that the body makes.

        Raises:
            MixdownError: what is wrong with them, at the key `request`.
        """
        choices = self.body.request
        keys = declaration(MixChoices).keys.values()
        given: dict[str, Any] = {k.name: getattr(choices, k.name) for k in keys}
        changed = {k.name: given[k.name] for k in keys if given[k.name] != k.default}
        try:
            return chosen({**changed, "media": self.body.media})
        except MixdownError as error:
            place = Origin(BODY).child("request")
            raise MixdownError(
                (evolve(d, origin=place) for d in error.diagnostics), error.documents
            ) from None

    def timeline(self, root: Path, most_clips: int = MOST_CLIPS) -> Timeline:
        """The timeline in the document, or the one that it becomes; it may have `faults`.

        Args:
            root: the directory that its paths count from.
            most_clips: of it together with the timelines that it plays.

        Raises:
            TimelineError: what is wrong with it.
        """
        opening = Opening(
            media=self.body.media,
            variables=self.body.variables,
            reading=DocumentReader(most_clips),
        )
        return timeline_of(self.document, root, opening)


def read_envelope(data: str | bytes, format: Format, kind: type[CheckBody]) -> Envelope:
    """The body of a request.

    Raises:
        TimelineError: everything that is wrong with it, but for the document.
    """
    whole = parse(data, BODY, format)
    rest, inside = whole, f"/{DOCUMENT}/"
    if isinstance(whole.data, dict):
        others = {name: value for name, value in whole.data.items() if name != DOCUMENT}
        repeated = tuple(p for p in whole.repeated if not p.startswith(inside))
        rest = evolve(whole, data=others, repeated=repeated)
    body = _read(rest, kind, "write {document: ..., request: ...}")
    return Envelope(body, _document(whole, body.name))


def read_import(data: str | bytes, format: Format) -> ImportBody:
    """The body of an import; raises like `read_envelope`."""
    return _read(parse(data, BODY, format), ImportBody, "write {url: ...}")


def _read(whole: Parsed, kind: type[AnyBody], help: str) -> AnyBody:
    """The model of a body.

    Raises:
        TimelineError: everything that is wrong with it.
    """
    if not isinstance(whole.data, dict):
        raise _wrong(whole, "the body must be a mapping", help)
    body: AnyBody = read_model(whole, kind, lambda made: exceeded(made, Origin(BODY).child))
    problems = tuple(exceeded(body, Origin(BODY).child))
    if problems:
        raise TimelineError(problems, {BODY: whole.document()})
    return body


def _document(whole: Parsed, name: str) -> Parsed:
    """The document in a body: parsed from its text, or a part of the body."""
    given = (
        whole.data[DOCUMENT] if isinstance(whole.data, dict) and DOCUMENT in whole.data else None
    )
    if isinstance(given, str):
        return parse(given, name)
    if isinstance(given, dict):
        inside = f"/{DOCUMENT}"
        repeated = (p.removeprefix(inside) for p in whole.repeated if p.startswith(f"{inside}/"))
        return Parsed(
            name, whole.text, whole.format, given, tuple(repeated), parts={"": (whole, inside)}
        )
    help = "give it as text (YAML or JSON) or as a mapping"
    if given is None:
        raise _wrong(whole, "the body needs the key 'document'", help, Code.MISSING_KEY)
    raise _wrong(whole, "'document' must be text or a mapping", help, at=(DOCUMENT,))


def _wrong(
    whole: Parsed,
    message: str,
    help: str,
    code: Code = Code.WRONG_TYPE,
    at: tuple[str, ...] = (),
) -> TimelineError:
    problem = Diagnostic(code, message, Origin(BODY).child(*at), help)
    return TimelineError(problem, {BODY: whole.document()})


def job_digest(compilations: Iterable[Compilation], body: RenderBody) -> str:
    """The SHA-256 of all that decides the files of a job and their report, after "sha256:"."""
    parts = [[c.render_digest for c in compilations], list(body.request.deliver), body.report]
    return f"sha256:{hashlib.sha256(json.dumps(parts).encode()).hexdigest()}"
