"""An entry of `sources`: a file, the part of it that is played, its speed, its declared shape.

Promises: everything that a document may say about a file is declared here. An entry is a function
of the document alone; `selection_of` hands it to `media`, which applies it to the content.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from pathlib import PurePath

from ...documents.fields import As, FilePath, Word, key
from ...documents.limits import Length, Range, Rule
from ...documents.models import model
from ...documents.structure import build
from ...documents.values import MAX_NUMBER, MAX_SPEED, MAX_TERM, ratio
from ...ir.node import Repair
from ...ir.units import MAX_CHANNELS
from ...media.headers import RATES
from ...media.selection import Gap, Pick, Selection

NAME = Length(1, 4096)  # characters of one name or path: the limit of file systems

_MOST_CHANNELS = 2

DOCUMENT_SUFFIXES = (".yaml", ".yml", ".json", ".toml")
"""Of the documents that a clip can play in place of a media file."""


def document_suffix(path: str | PurePath) -> str:
    """The ending of a document that a clip can play, in lower case; of other files, nothing."""
    suffix = PurePath(path).suffix.lower()
    return suffix if suffix in DOCUMENT_SUFFIXES else ""


class DownmixRule(StrEnum):
    """A standard matrix from many channels to those of the session."""

    ITU = "itu"


class NestedBuses(StrEnum):
    """Where a timeline plays that is the source of a clip."""

    KEEP = "keep"
    DROP = "drop"


def _is_stream(value: int | str) -> bool:
    return value >= 1 if isinstance(value, int) else value != ""


def _is_selectable(value: int | str | tuple[int, ...]) -> bool:
    if isinstance(value, int):
        return 1 <= value <= MAX_CHANNELS
    if isinstance(value, str):
        return value in tuple(Pick)
    return 1 <= len(value) <= _MOST_CHANNELS and min(value) >= 0


STREAM = Rule(
    _is_stream,
    "a number from 1, or a language as the file states it, such as eng",
    {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string", "minLength": 1}]},
)
CHANNELS = Rule(
    _is_selectable,
    "left, right, mid, a list of one or two channels, numbered from 0, such as [0, 1], or how many "
    f"there are, up to {MAX_CHANNELS}",
    {
        "anyOf": [
            {"type": "integer", "minimum": 1, "maximum": MAX_CHANNELS},
            {"enum": [pick.value for pick in Pick]},
            {
                "type": "array",
                "items": {"type": "integer", "minimum": 0},
                "minItems": 1,
                "maxItems": _MOST_CHANNELS,
            },
        ]
    },
)
SPEED = Rule(
    lambda value: ratio(str(value)) is not None,
    f"a number, or a ratio in quotes such as '100/97', from 1/{MAX_SPEED} to {MAX_SPEED}, its "
    f"terms up to {MAX_TERM:,}",
    {"anyOf": [{"type": "number", "exclusiveMinimum": 0}, {"type": "string"}]},
)


CLICK, DROPOUT = "click", "dropout"
"""What the delivery report finds at the joins and in the sources of clips."""

FAULTS = Rule({CLICK, DROPOUT}.issuperset, f"{CLICK}, {DROPOUT}", {})


def reasons(accepted: object) -> object:
    """Faults with the reason for each; one, or a list of them, has no reasons."""
    if isinstance(accepted, str):
        return {accepted: ""}
    if isinstance(accepted, list | tuple) and all(isinstance(fault, str) for fault in accepted):
        return dict.fromkeys(accepted, "")
    return accepted


@model("a source", short="path")
class SourceEntry:
    """A file that clips play: which part of it, how fast, and its expected shape.

    Two entries may name the same file; they are different sources if anything else differs.
    """

    path: FilePath = key(
        "the file, which may be another timeline; its path counts from this document's directory",
        kw_only=False,
        examples=("audio/host.flac",),
        schema=NAME.schema(),
    )
    stream: int | str | None = key(
        "the audio stream of a file that has several: its number, from 1, or its language; "
        "absent: the first",
        STREAM,
        default=None,
        examples=(2, "eng"),
    )
    channels: As[
        int | str | tuple[int, ...] | None, int | Pick | str | list[int] | tuple[int, ...] | None
    ] = key(
        "the channels that are played: left, right or mid of two, or a list of their numbers, "
        "from 0; absent: all. A number declares how many there are",
        CHANNELS,
        default=None,
        examples=("left", [0, 1]),
    )
    downmix: Word[DownmixRule | None] = key(
        "itu: more channels than the session has are mixed down as in ITU-R BS.775; absent: an "
        "error",
        default=None,
    )
    gap: Word[Gap] = key(
        "keep: a late start of the stream and gaps in it are silence; close: they are left out",
        default=Gap.KEEP,
    )
    repair: Word[Repair] = key(
        "zero: samples that are not finite are played as 0; none: they are an error",
        default=Repair.NONE,
    )
    speed: As[Decimal | str | None, Decimal | int | float | str | None] = key(
        "how fast it plays, as a number or as a ratio in quotes; the pitch follows",
        SPEED,
        default=None,
        examples=("100/97", 1.5),
    )
    transcript: As[str | None, str | PurePath | None] = key(
        "a file with the words that are said in it and their times: JSON of a tool for speech "
        "recognition, WebVTT or SRT; its path counts as that of the file",
        default=None,
        examples=("audio/host.json",),
        schema=NAME.schema(),
    )
    buses: Word[NestedBuses] = key(
        "of a timeline: keep: its tracks have their own roles, and its changes to buses count; "
        "drop: all of it has the role and the bus of the track that plays it",
        default=NestedBuses.KEEP,
    )
    rate: int | None = key(
        "declared: the sample rate of the file",
        Range(RATES[0], RATES[-1], "Hz"),
        default=None,
        examples=(48000,),
    )
    frames: int | None = key(
        "declared: how many samples it has at its rate",
        Range(1, MAX_NUMBER),
        default=None,
        examples=(480000,),
    )

    @property
    def ratio(self) -> Fraction:
        """Its speed; 1 if that is absent or invalid."""
        return (self.speed is not None and ratio(str(self.speed))) or Fraction(1)

    @property
    def is_document(self) -> bool:
        """Whether it is a timeline and no media file, by its extension."""
        return bool(document_suffix(self.path))

    @property
    def is_path(self) -> bool:
        """Whether it says nothing but the path."""
        return self == file_entry(self.path)


def file_entry(path: str) -> SourceEntry:
    """The entry of a file that is named by its path alone."""
    made: SourceEntry = build(SourceEntry, {"path": path})
    return made


def selection_of(entry: SourceEntry, session_channels: int) -> Selection:
    """The part of its file that an entry plays.

    Args:
        entry: within its limits.
        session_channels: the number of channels of a downmix.
    """
    picked = entry.channels
    numbers = picked if isinstance(picked, tuple) else ()
    return Selection(
        stream=entry.stream,
        channels=Pick(picked) if isinstance(picked, str) else numbers,
        downmix=session_channels if entry.downmix is not None else None,
        gap=entry.gap,
        repair=entry.repair is Repair.ZERO,
    )
