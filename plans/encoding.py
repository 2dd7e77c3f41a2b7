"""Encodes what no backend encodes itself: lossy files, and FLAC with chapters or cover art.

Promises: the compiler calls `emit` instead of the `emit` of a backend. The backend receives a graph
with a float WAV in place of each lossy file; its plan is followed by one run of ffmpeg for each
file, which encodes it and adds tags, chapters and cover art. So every backend delivers every
format, and the same files. A plan without such files is that of the backend, unchanged.

The files hold exactly the samples of the mix, at the same times: ffmpeg writes the encoder's delay
into all four lossy formats (docs/formats.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import NamedTuple

from attrs import evolve, frozen

from ..ir.codes import Code
from ..ir.containers import CONTAINERS, Encoding
from ..ir.diagnostics import BackendError, Diagnostic
from ..ir.graph import Graph
from ..ir.names import Names
from ..ir.node import Signal
from ..ir.nodes import Node, Output, OutputRole
from ..ir.units import decibels
from ..programs.ffmpeg import FILM_DEMUXERS, QUIET, input_arguments
from .ffmetadata import Chapter, Tags, chapter_tags, chapter_text
from .plan import (
    OURSELVES,
    Arg,
    Emit,
    EmitOptions,
    File,
    Plan,
    PlannedSource,
    Script,
    Space,
    Step,
    chained,
)

PROGRAM = "ffmpeg"

FILM = "mp4"
"""The container that takes the picture of a film."""


class Coder(NamedTuple):
    """How ffmpeg writes a container.

    Attributes:
        encoder: the name of the encoder; "copy" keeps the samples as they are.
        muxer: the name of the muxer.
        options: more options of the two; {rate} is replaced by the sample rate.
        comments: whether tags are Vorbis comments, which hold chapters too.
        attaches: whether a picture is attached; if not, it is a comment too.
        wants_comment: whether the tag `comment` needs a step of its own (plans/comments.py).
    """

    encoder: str
    muxer: str
    options: tuple[str, ...] = ()
    comments: bool = False
    attaches: bool = True
    wants_comment: bool = False


# The edit list gives the end of the sound in this timescale, whose default is milliseconds.
_MP4 = ("-movie_timescale", "{rate}", "-movflags", "+faststart")

CODERS: Mapping[str, Coder] = {
    # Every player reads ID3 2.3, Windows and cars included; not all read 2.4.
    "mp3": Coder("libmp3lame", "mp3", ("-id3v2_version", "3"), wants_comment=True),
    "m4a": Coder("aac", "ipod", _MP4),
    # What makes players list it as an audiobook: the brand, and stik = 2.
    "m4b": Coder("aac", "ipod", (*_MP4, "-brand", "M4B ", "-metadata", "media_type=2")),
    "mp4": Coder("aac", "mp4", _MP4),
    "opus": Coder("libopus", "opus", comments=True, attaches=False),
    "ogg": Coder("libvorbis", "ogg", comments=True, attaches=False),
    "flac": Coder("copy", "flac", comments=True),
}
"""By container."""

_LAME_GAINS = {224: 0.98, 192: 0.97}
_LAME_LEAST = 0.95
"""LAME multiplies samples by these factors, by kbit/s; under 192 by the least, over 224 by 1. They
are in its presets.c, and measured with LAME 3.100 at 8 to 48 kHz, mono and stereo."""

_BIT_EXACT = ("-fflags", "+bitexact", "-flags:a", "+bitexact")
# Read the picture unparsed, and not as the first of a numbered series.
_UNNUMBERED = ("-pattern_type", "none")
_ATTACHED = (
    *("-c:v", "copy", "-disposition:v", "attached_pic"),
    *("-metadata:s:v", "comment=Cover (front)"),
)


@frozen
class Extras:
    """What the master holds besides samples and tags.

    Attributes:
        chapters: in time order.
        cover: a JPEG or PNG.
        film: whose picture an MP4 has, in place of a cover.
    """

    chapters: tuple[Chapter, ...] = ()
    cover: PlannedSource | None = None
    film: PlannedSource | None = None


class EncodingJob(NamedTuple):
    """A file to encode.

    Attributes:
        output: the node that delivers it.
        signal: the type of its samples, once encoded.
        is_resampled: whether the mix has another rate.
        suffix: for the names of its steps and their files.
        left: the file that the backend delivers.
        raw: the file of the work space that takes its place.
        uncommented: the encoded file in the work space, if a further step completes it.
        coded: the file that is delivered.
        tags: to write into it.
        chapters: to write into it, where they are not tags.
        cover: the picture to add.
        film: the file whose video stream is copied.
    """

    output: Output
    signal: Signal
    is_resampled: bool
    suffix: str
    left: File
    raw: File
    uncommented: File | None
    coded: File
    tags: Tags
    chapters: tuple[Chapter, ...]
    cover: File | None
    film: File | None

    @property
    def coder(self) -> Coder:
        """How ffmpeg writes it."""
        return CODERS[self.output.container]


def emit(backend: Emit, graph: Graph, options: EmitOptions, extras: Extras) -> Plan:
    """The plan of a backend, followed by the steps that encode what it does not encode itself.

    Raises:
        BackendError: MIX502, the backend cannot express the graph, or with `single` a file has to
            be encoded, or there are more chapters than the format holds.
    """
    wanted = {o.target: o for o in graph.outputs if _is_encoded(o, extras)}
    if not wanted:
        return backend(graph, options)
    if options.single:
        if not _needs_only_tags(graph, extras):
            raise BackendError(_not_in_one(output) for output in wanted.values())
        return backend(graph, evolve(options, tags=(*options.tags, *chapter_tags(extras.chapters))))
    plan = backend(graph.rewrite(_raw), options)
    jobs = tuple(_jobs(plan, graph, wanted, options.tags, extras))
    raw = {job.left: job.raw for job in jobs}
    coded = {job.left: job.coded for job in jobs}
    steps = [_moved(step, raw) for step in plan.steps]
    labels = dict(plan.labels)
    ids = Names(step.id for step in steps)
    for job in jobs:
        for step in encoding_steps(job, ids):
            steps.append(step)
            labels[step.id] = job.output.name
    deliveries = (evolve(d, file=coded.get(d.file, d.file)) for d in plan.deliveries)
    covers = [extras.cover] if extras.cover and any(job.cover for job in jobs) else []
    covers += [extras.film] if extras.film and any(job.film for job in jobs) else []
    goal = plan.loudness
    if goal is not None:
        gains = (encoder_gain_db(o) for o in wanted.values() if o.role is OutputRole.MASTER)
        goal = evolve(goal, encoder_gain_db=next(gains, 0.0))
    return evolve(
        plan,
        loudness=goal,
        steps=chained(steps),
        deliveries=tuple(deliveries),
        labels=labels,
        sources=(*plan.sources, *covers),
    )


def encoder_gain_db(output: Output) -> float:
    """By how much the encoder of an output changes the level; 0 but for MP3."""
    if output.encoding is not Encoding.MP3 or output.bit_rate is None or output.bit_rate > 224:
        return 0.0
    return round(decibels(_LAME_GAINS.get(output.bit_rate, _LAME_LEAST)), 4)


def _is_encoded(output: Output, extras: Extras) -> bool:
    """Whether ffmpeg finishes the file: a lossy one, or a FLAC master with chapters or a cover."""
    has_extras = output.role is OutputRole.MASTER and extras != Extras()
    return output.encoding.is_lossy or (has_extras and output.container == "flac")


def _needs_only_tags(graph: Graph, extras: Extras) -> bool:
    """Whether chapters in a lone FLAC are all that is to be added: there they are tags."""
    outputs = list(graph.outputs)
    return len(outputs) == 1 and not outputs[0].encoding.is_lossy and extras.cover is None


def _raw(node: Node) -> Node:
    """A lossy output as the float WAV that the backend writes; any other node as it is."""
    if isinstance(node, Output) and node.encoding.is_lossy:
        return node.as_wav(Encoding.F32)
    return node


def _jobs(
    plan: Plan, graph: Graph, wanted: Mapping[str, Output], tags: Tags, extras: Extras
) -> Iterator[EncodingJob]:
    files = {file for step in plan.steps for file in (*step.inputs, *step.outputs)}
    names = Names(file.path for file in files if file.space is Space.WORK)
    for number, delivery in enumerate(d for d in plan.deliveries if d.target in wanted):
        output, left = wanted[delivery.target], delivery.file
        comments, master = CODERS[output.container].comments, output.role is OutputRole.MASTER
        container = CONTAINERS[output.container]
        chapters = extras.chapters if master and container.holds_chapters else ()
        has_film = master and extras.film is not None and output.container == FILM
        film = extras.film.file if has_film and extras.film else None
        most = container.most_chapters
        if most is not None and len(chapters) > most:
            raise BackendError(_too_many(output, len(chapters), most))
        yield EncodingJob(
            output=output,
            signal=graph.signals[output.name],
            is_resampled=graph.signals[output.name].rate != graph.session.rate,
            suffix=str(number or ""),
            left=left,
            raw=File(Space.WORK, names.take(left.path)),
            uncommented=File(Space.WORK, names.take(f"encode{number or ''}.{output.container}"))
            if CODERS[output.container].wants_comment and "comment" in dict(tags)
            else None,
            coded=File(Space.OUT, f"{PurePosixPath(left.path).with_suffix('')}.{output.container}"),
            tags=(*tags, *chapter_tags(chapters)) if comments else tags,
            chapters=() if comments else chapters,
            cover=extras.cover.file if master and extras.cover and film is None else None,
            film=film,
        )


def _moved(step: Step, moved: Mapping[File, File]) -> Step:
    """The step with files replaced."""
    return evolve(
        step,
        argv=tuple(moved.get(arg, arg) if isinstance(arg, File) else arg for arg in step.argv),
        inputs=tuple(moved.get(file, file) for file in step.inputs),
        outputs=tuple(moved.get(file, file) for file in step.outputs),
    )


def encoding_steps(job: EncodingJob, ids: Names) -> tuple[Step, ...]:
    """The step that encodes a file, after one that makes a tag of a picture for an Ogg file."""
    metadata = File(Space.WORK, f"encode{job.suffix}.ffmetadata")
    pictured = job.cover is not None and not job.coder.attaches
    name = CONTAINERS[job.output.container].name
    describing: tuple[Step, ...] = ()
    inputs: tuple[File, ...] = (job.raw,)
    if job.cover is not None and pictured:
        describing = (_describing(job, job.cover, metadata, ids.take(f"picture{job.suffix}")),)
        inputs = (job.raw, metadata)
    elif job.cover is not None:
        inputs = (job.raw, job.cover)
    elif job.film is not None:
        inputs = (job.raw, job.film)
    encoding = Step(
        id=ids.take(f"encode{job.suffix}"),
        purpose=f"encode as {name}" if job.output.encoding.is_lossy else f"complete the {name}",
        program=PROGRAM,
        argv=_command(job, metadata if pictured or job.chapters else None),
        inputs=inputs,
        outputs=(job.uncommented or job.coded,),
        samples=job.signal.length or 0,
        rate=job.signal.rate,
        scripts=(Script(metadata, chapter_text(job.chapters)),) if job.chapters else (),
    )
    commenting = (_commenting(job, job.uncommented, ids),) if job.uncommented else ()
    return (*describing, encoding, *commenting)


def _commenting(job: EncodingJob, encoded: File, ids: Names) -> Step:
    """The step that makes the comment of an encoded file one that players show."""
    return Step(
        id=ids.take(f"comment{job.suffix}"),
        purpose="write the comment",
        program=OURSELVES,
        argv=("comment", encoded, job.coded),
        inputs=(encoded,),
        outputs=(job.coded,),
        samples=0,
        rate=job.signal.rate,
    )


def _describing(job: EncodingJob, cover: File, metadata: File, step_id: str) -> Step:
    """The step that writes a picture as a tag."""
    return Step(
        id=step_id,
        purpose="make a tag of the cover",
        program=OURSELVES,
        argv=("picture", cover, metadata),
        inputs=(cover,),
        outputs=(metadata,),
        samples=0,
        rate=job.signal.rate,
    )


def _command(job: EncodingJob, metadata: File | None) -> tuple[Arg, ...]:
    """The arguments of ffmpeg: samples, chapters or a picture as tags, a picture to attach."""
    coder, rate = job.coder, job.signal.rate
    attached = job.cover if coder.attaches else None
    bit_rate = job.output.bit_rate
    return (
        *QUIET,
        *input_arguments(job.raw, ("flac" if coder.encoder == "copy" else "wav",)),
        *(input_arguments(metadata, ("ffmetadata",)) if metadata else ()),
        *(input_arguments(attached, ("image2",), _UNNUMBERED) if attached else ()),
        *(input_arguments(job.film, FILM_DEMUXERS) if job.film else ()),
        *(("-map", "2:v:0" if metadata else "1:v:0", "-c:v", "copy") if job.film else ()),
        *("-map", "0:a"),
        *(("-map", "2:v" if metadata else "1:v", *_ATTACHED) if attached else ()),
        *("-map_metadata", "1" if metadata else "-1"),  # -1 would drop the titles of chapters
        *("-map_chapters", "1" if job.chapters else "-1"),
        *(("-af", _resampling(rate, job.signal.length)) if job.is_resampled else ()),
        *("-c:a", coder.encoder),
        *(("-b:a", f"{bit_rate}k") if bit_rate else ()),
        *(option.format(rate=rate) for option in coder.options),
        *_BIT_EXACT,
        *("-f", coder.muxer),
        *(word for key, value in job.tags for word in ("-metadata", f"{key}={value}")),
        job.uncommented or job.coded,
    )


def _resampling(rate: int, length: int | None) -> str:
    """The filters that resample to the rate of the file, to exactly its length."""
    resampler = f"aresample={rate}:resampler=soxr:precision=28:tsf=dblp"
    return f"{resampler},apad=whole_len={length},atrim=end_sample={length}"


def _too_many(output: Output, chapters: int, most: int) -> Diagnostic:
    name = CONTAINERS[output.container].name
    return Diagnostic(
        Code.UNSUPPORTED_NODE,
        f"%{output.name}: {name} holds at most {most} chapters, and the markers make {chapters}",
        origin=output.origin,
        help="remove markers, or choose m4a, opus or ogg",
    )


def _not_in_one(output: Output) -> Diagnostic:
    if output.encoding.is_lossy:
        message = f"one command cannot both mix and encode {output.container}"
        help = "deliver wav or flac in one command, or compile the plan as steps"
    else:
        message = "one command cannot complete a FLAC with a cover, or with chapters beside stems"
        help = "deliver the master alone without a cover, or compile the plan as steps"
    return Diagnostic(
        Code.UNSUPPORTED_NODE, f"%{output.name}: {message}", origin=output.origin, help=help
    )
