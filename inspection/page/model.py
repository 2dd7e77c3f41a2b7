"""The data of the inspector: records whose JSON is what `mixdown inspect --format json` prints.

Positions and lengths are samples of the mix at its own rate unless said otherwise. Of a record's
name-like attributes, `node` and `operands` are names of values, `source` that of a source, `track`
and `bus` ids. docs/inspection.schema.json is made of these classes and their docstrings.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from ..report import Curve

INSPECTION_VERSION = 1
"""Raised when a key changes its meaning or is removed."""


@frozen(kw_only=True)
class DocumentText:
    """A document that the mix was read from: its name, and its text."""

    name: str
    text: str


@frozen(kw_only=True)
class TextPlace:
    """A place in a document: its name, JSON Pointer and, if the text is available, its line."""

    document: str
    pointer: str
    line: int | None


@frozen(kw_only=True)
class Overview:
    """The waveform of a source: the peak of every `step` samples of the file.

    Attributes:
        step: samples of the file.
        peaks: base64 of one byte for each column, 255 times the square root of the peak.
    """

    step: int
    peaks: str


@frozen(kw_only=True)
class PlayedSource:
    """A source.

    Attributes:
        name: that clips use.
        path: of its file.
        digest: of its content.
        codec: of the file.
        rate, channels, frames: of the file, as it is played.
        ratio: two numbers: samples of the file per sample of the mix, as a fraction.
        speed: the two sides of its speed.
        plays: the part that is played, and its speed, in words.
        overview: of the file; null if it cannot be read.
    """

    name: str
    path: str
    digest: str
    codec: str
    rate: int
    channels: int
    frames: int
    ratio: tuple[int, int]
    speed: tuple[int, int]
    plays: str
    overview: Overview | None


@frozen(kw_only=True)
class BusLane:
    """A bus, and where it is from."""

    id: str
    place: TextPlace | None


@frozen(kw_only=True)
class TrackLane:
    """A track; `silent`: why it is, or ""."""

    id: str
    bus: str
    role: str
    silent: str
    place: TextPlace | None


@frozen(kw_only=True)
class ClipBlock:
    """A clip.

    Attributes:
        id: "track/clip".
        track: of the clip.
        start, length: its samples of the mix.
        source: that it plays.
        offset: the first sample that it plays, of the source at the rate of the mix.
        node: the value of the clip in the graph; null if it is silent.
        silent: why it is, or "".
        place: of the clip in its document.
    """

    id: str
    track: str
    start: int
    length: int
    source: str
    offset: int
    node: str | None
    silent: str
    place: TextPlace | None


@frozen(kw_only=True)
class MarkerLine:
    """A marker."""

    label: str
    at: int
    place: TextPlace | None


@frozen(kw_only=True)
class Breakpoints:
    """Values that change over time, in straight lines between breakpoints, constant outside.

    Attributes:
        unit: "db", "factor" or "hz".
        at: samples of the operand, in increasing order; two at one sample are a jump.
        values: for each channel, or one for all, the value of each breakpoint.
    """

    unit: str
    at: tuple[int, ...]
    values: tuple[tuple[float, ...], ...]


@frozen(kw_only=True)
class FadeGain:
    """A fade: `shape` is a key of `shapes`, followed from `start` for `length` samples.

    A fade-in follows its shape forwards and is 1 after it, a fade-out backwards and is 1 before it.
    """

    shape: str
    is_in: bool
    start: int
    length: int


@frozen(kw_only=True)
class NodeGain:
    """What a node does to the level of its first operand; of the first three at most one is set.

    Attributes:
        factors: of each channel.
        moving: a gain, a pan or a frequency over time.
        fade: a fade.
        known: false for a loudness gain that is not measured yet.
        shapes: whether it changes samples other than by a factor.
    """

    factors: tuple[float, ...] | None = None
    moving: Breakpoints | None = None
    fade: FadeGain | None = None
    known: bool = True
    shapes: bool = False


@frozen(kw_only=True)
class NodeOwner:
    """Whose value it is: `level` is "clip", "track", "bus" or "master"."""

    level: str
    id: str
    track: str
    bus: str


@frozen(kw_only=True)
class ValueType:
    """The type of a value: its rate, channels and samples; null: not known."""

    rate: int
    channels: int
    length: int | None


@frozen(kw_only=True)
class GraphNode:
    """A node of the graph.

    Attributes:
        name: of its value.
        kind: as in docs/ir.md.
        operands: in order.
        measures: the last of them, if it only measures these.
        starts: where each of the others starts in its result; empty: all at 0.
        attributes: by name, as in docs/ir.md.
        type: of its value.
        owner: of its value.
        does: in words.
        cause: why, if mixdown decided that; else "".
        gain: what it does to the level; null in a graph after optimisation.
        place: it comes from.
    """

    name: str
    kind: str
    operands: tuple[str, ...]
    measures: tuple[str, ...]
    starts: tuple[int, ...]
    attributes: Mapping[str, object]
    type: ValueType
    owner: NodeOwner
    does: str
    cause: str
    gain: NodeGain | None
    place: TextPlace | None


@frozen(kw_only=True)
class DuckSpan:
    """From a sample to that of the next span: the clips that a bus is down for, where it is."""

    start: int
    clips: tuple[str, ...]


@frozen(kw_only=True)
class DuckCause:
    """Why the value `node` ducks: the rule in words, and the clips over time."""

    node: str
    rule: str
    spans: tuple[DuckSpan, ...]


@frozen(kw_only=True)
class MeasuredLevels:
    """What a render measured over time.

    Attributes:
        lowest, highest: the waveform of the master, factors of full scale.
        momentary, short_term: of the master, LUFS.
        limiter: its gain reduction, dB; null where that is unknown.
        buses: the peaks of each stem, factors of full scale, by the id of its bus.
    """

    lowest: Curve
    highest: Curve
    momentary: Curve
    short_term: Curve
    limiter: Curve | None
    buses: Mapping[str, Curve]


@frozen(kw_only=True)
class LineEdit:
    """`removed` lines from line `at` on, counted from 0 before the pass, became these lines."""

    at: int
    removed: int
    lines: tuple[str, ...]


@frozen(kw_only=True)
class PassRun:
    """A pass that ran.

    Attributes:
        name: of the pass.
        changed: whether it changed anything.
        ms, verifying_ms: the time in it and in the verifier after it; null in a report.
        nodes: of the graph after it; null before there is one.
        edits: of the text before it, in order.
    """

    name: str
    changed: bool
    ms: float | None
    verifying_ms: float | None
    nodes: int | None
    edits: tuple[LineEdit, ...]


@frozen(kw_only=True)
class PassLog:
    """The passes: the text of the mix before the first, and the optimisations for `--pipeline`."""

    start: str
    pipeline: str
    runs: tuple[PassRun, ...]


@frozen(kw_only=True)
class FilterLabel:
    """A filter, or a step, of the plan: the value that it is for, and whose value that is."""

    filter: str
    value: str
    level: str
    owner: str


@frozen(kw_only=True)
class PlanText:
    """The plan as text, with its filters by name; `problem`: why there is none, or ""."""

    text: str
    labels: tuple[FilterLabel, ...]
    problem: str


@frozen(kw_only=True)
class MixChange:
    """A difference from the old mix, in words; consequences of a cause are no differences.

    Attributes:
        about: what differs.
        what: how.
        level, id: of the clip, track or bus, or of the master; "" for anything else.
        before, after: its places in the old document and the new.
    """

    about: str
    what: str
    level: str
    id: str
    before: TextPlace | None
    after: TextPlace | None


@frozen(kw_only=True)
class OldMix:
    """The mix that this one is compared with: its document, its clips, and the differences."""

    name: str
    clips: tuple[ClipBlock, ...]
    changes: tuple[MixChange, ...]


@frozen(kw_only=True)
class PlayedSound:
    """A file of the render: "master" or the id of a bus, and its address from the page."""

    target: str
    url: str


@frozen(kw_only=True)
class Remarked:
    """A warning or a note of the compilation."""

    code: str
    severity: str
    message: str
    help: str | None
    place: TextPlace | None


@frozen(kw_only=True)
class Inspection:
    """A compilation, as the inspector shows it.

    Attributes:
        schema_version: of this form.
        timeline_id, title: of the timeline.
        backend: that makes the plan.
        rate, channels, samples: of the mix.
        documents: with their texts.
        sources: in the order of their names.
        buses, tracks, clips: in their order; a graph has only what sounds.
        markers: in the order of the document.
        nodes: the graph before optimisation, with measured facts, in its order.
        shapes: of fades: factors at equal steps from 0 to 1.
        ducks: why buses duck.
        levels: null without a render of this mix.
        report: of that render, as docs/report.md describes it, without curves.
        is_whole: false if the mix was too large for the page of its render, which then has the
            report alone: no documents, sources, tracks, clips, nodes, ducks, passes and plan.
        sounds: the files of that render, the master first.
        passes: what each changed.
        plan: of the backend.
        against: null without a mix to compare with.
        remarks: warnings and notes.
    """

    schema_version: int
    timeline_id: str
    title: str
    backend: str
    rate: int
    channels: int
    samples: int
    documents: tuple[DocumentText, ...]
    sources: tuple[PlayedSource, ...]
    buses: tuple[BusLane, ...]
    tracks: tuple[TrackLane, ...]
    clips: tuple[ClipBlock, ...]
    markers: tuple[MarkerLine, ...]
    nodes: tuple[GraphNode, ...]
    shapes: Mapping[str, tuple[float, ...]]
    ducks: tuple[DuckCause, ...]
    levels: MeasuredLevels | None
    report: Mapping[str, object] | None
    is_whole: bool
    sounds: tuple[PlayedSound, ...]
    passes: PassLog
    plan: PlanText
    against: OldMix | None
    remarks: tuple[Remarked, ...]
