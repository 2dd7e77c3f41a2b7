"""The comparisons: what is compared with what, at which sizes, in full and in short."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import field, frozen

from .episode import Size


@frozen(kw_only=True)
class Case:
    """A comparison; the first peer is the anchor of the ratios.

    Attributes:
        name: for the command line.
        title: of its section.
        text: what the section says.
        peers: their names in `peers.PEERS`.
        sizes: in full, ascending; a peer that was stopped is not tried with larger ones.
        short: sizes that take seconds.
        axis: the attribute of `Size` that grows, for a plot; "" for none.
        forms: in which the document is written.
        repeats: runs of each, of which the least CPU time counts.
        finished: whether the peers need a finished mix.
        cached: whether they may use mixdown's cache, filled by a run before.
    """

    name: str
    title: str
    text: str
    peers: Sequence[str]
    sizes: Sequence[Size]
    short: Sequence[Size]
    axis: str = ""
    repeats: int = 1
    forms: Sequence[str] = ("json",)
    finished: bool = field(default=False)
    cached: bool = field(default=False)


CASES = (
    Case(
        name="episode",
        title="One episode",
        text="Two speakers and music, from document and sources to files. mixdown delivers with "
        "the preset `podcast`: measured, limited and dithered, with stems, report and manifest. "
        "The script in numpy writes a master and stems with one static gain and checks nothing "
        "(`benchmarks/by_hand.py`). Reading and writing the files is what no program can "
        "save. Others do the part that they can.",
        peers=(
            "by-hand",
            "files",
            "native",
            "native-fast",
            "ffmpeg",
            "sox",
            "naive",
            "pydub",
            "ffmpeg-normalize",
            "loudnorm",
        ),
        sizes=(Size(minutes=10, clips=60),),
        short=(Size(minutes=2, clips=12),),
        finished=True,
    ),
    Case(
        name="startup",
        title="Startup",
        text="A timeline of 60 clips whose sources have been checked before.",
        peers=("python", "numpy", "help", "check"),
        sizes=(Size(minutes=10, clips=60),),
        short=(Size(minutes=2, clips=60),),
        repeats=5,
        cached=True,
    ),
    Case(
        name="compile",
        title="Compiling",
        text="From a document to a plan or a command line. typed-ffmpeg builds the naive "
        "graph without checks, places or automation.",
        peers=("typed-ffmpeg", "compile", "compile-yaml"),
        sizes=(Size(45, 1_000), Size(45, 10_000), Size(450, 30_000)),
        forms=("json", "yaml"),
        short=(Size(10, 200),),
        axis="clips",
        cached=True,
    ),
    Case(
        name="load",
        title="Loading",
        text="The document alone, strictly checked, with the place of everything.",
        peers=("json", "load", "load-yaml", "ruamel"),
        sizes=(Size(45, 10_000),),
        forms=("json", "yaml"),
        short=(Size(10, 200),),
    ),
    Case(
        name="clips",
        title="Growth with clips",
        text="A naive graph grows with clips times duration: `amix` pads every clip with silence "
        "from the start of the mix, and ffmpeg searches all filters for each frame that moves. "
        "Here mixdown renders a `draft`, with limiter, checks and manifest, the others the sum.",
        peers=("native-draft", "ffmpeg-draft", "naive", "pydub"),
        sizes=(Size(5, 50), Size(10, 100), Size(10, 400)),
        short=(Size(1, 10), Size(2, 40)),
        axis="clips",
    ),
    Case(
        name="minutes",
        title="Growth with minutes",
        text="60 clips, however long they are.",
        peers=("by-hand", "native", "native-fast", "ffmpeg"),
        sizes=(Size(5), Size(15), Size(45)),
        short=(Size(1, 10), Size(2, 10)),
        axis="minutes",
    ),
    Case(
        name="keyframes",
        title="Growth with keyframes",
        text="40 clips, each with an automation of that many keyframes.",
        peers=("native-draft", "ffmpeg-draft"),
        sizes=(Size(10, 40, 5), Size(10, 40, 50), Size(10, 40, 200), Size(10, 40, 1_000)),
        short=(Size(1, 10, 5), Size(1, 10, 60)),
        axis="keyframes",
    ),
    Case(
        name="reuse",
        title="Rendering again",
        text="The native engine with the preset `podcast` and stems, after a first render into the "
        "same directory: with nothing changed, with another target loudness, which repeats only "
        "the finish, and with one clip in the middle turned up by 1 dB. The first row has no "
        "cache, the second fills an empty one.",
        peers=("uncached", "first", "unchanged", "finished", "edited"),
        sizes=(Size(45, 600),),
        short=(Size(2, 12),),
        cached=True,
    ),
    Case(
        name="measure",
        title="Measuring",
        text="Integrated loudness, range and true peak of one file. mixdown also measures RMS, "
        "noise floor, hum, clipping, silence and correlation, in the same pass.",
        peers=("ebur128", "measure", "measure-fast"),
        sizes=(Size(minutes=45),),
        short=(Size(minutes=2),),
        finished=True,
    ),
    Case(
        name="limiter",
        title="Limiting",
        text="A mix that is 6 dB over the ceiling. [mastering.md](mastering.md) compares what "
        "the limiters do to the sound.",
        peers=("pushing", "limiter", "pedalboard"),
        sizes=(Size(minutes=10),),
        short=(Size(minutes=1),),
        finished=True,
    ),
)
