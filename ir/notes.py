"""What the files of a graph say about it: tags, chapters, a cover, names. No sample depends on it.

A note is a line of the text form beside sources and nodes, so that a `.mir` file renders to the
files of the mix that it was printed from.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from attrs import field, frozen

from .node import OMITTED


@frozen
class Note:
    """The base of all notes; `name` is the quoted text after the kind."""

    kind: ClassVar[str]
    unique: ClassVar[bool] = True
    """Whether a graph has one note of this kind and name at most."""

    name: str


@frozen
class MixNote(Note):
    """The mix, one at most: the id of its timeline, and the presets that its metadata names.

    Attributes:
        name: the id.
        export_preset: the id of the export preset; the finish itself is in the nodes.
        mix_preset: the id of the mix preset.
        render_profile: the name for this kind of render; the export preset's if there is none.
        cover: the path of a picture, relative to the document.
        selection: the samples [first, last) of the whole mix, of which it is a range.
    """

    kind = "mix"

    export_preset: str = field(default="", metadata=OMITTED)
    mix_preset: str = field(default="", metadata=OMITTED)
    render_profile: str = field(default="", metadata=OMITTED)
    cover: str = field(default="", metadata=OMITTED)
    selection: tuple[int, ...] = field(default=(), metadata=OMITTED)


@frozen
class TagNote(Note):
    """A tag of the files.

    Attributes:
        name: of the tag.
        text: its text.
    """

    kind = "tag"

    text: str


@frozen
class MarkerNote(Note):
    """A marker, which becomes a chapter, a cue point or a region.

    Attributes:
        name: the label.
        at_ms: its time.
        length_ms: of a region of a WAV; ? if it is none.
        loop: whether samplers loop over the region.
        url: a link for the chapter.
        image: the URL of a picture for the chapter.
        toc: whether players list the chapter.
    """

    kind = "marker"
    unique = False

    at_ms: float
    length_ms: float | None = field(default=None, metadata=OMITTED)
    loop: bool = field(default=False, metadata=OMITTED)
    url: str | None = field(default=None, metadata=OMITTED)
    image: str | None = field(default=None, metadata=OMITTED)
    toc: bool = field(default=True, metadata=OMITTED)


@frozen
class BusNote(Note):
    """A bus with a stem, for the metadata of that.

    Attributes:
        name: its id.
        gain_db: its level.
        roles: the roles of the tracks that play on it.
    """

    kind = "bus"

    gain_db: float
    roles: tuple[str, ...]


NOTES: Mapping[str, type[Note]] = {cls.kind: cls for cls in (MixNote, TagNote, MarkerNote, BusNote)}
"""The kinds of notes, in the order in which they are printed."""
