"""ffmpeg: how it is found, how steps run it, and what differs between its versions.

Promises: it is looked for in `MIXDOWN_FFMPEG`, on PATH and in the package imageio-ffmpeg, in that
order, and the first of version 5.1 or later is used. A program that the variable names is used or
refused, never skipped: the user chose it.

A plan is the same for every version. Where versions spell an option differently, the spelling is
looked up here when a step runs (render/executor.py) or when a script runs (render/shell.py). Where
they would sound different, the emitters write filters that give the same samples in all versions;
`DIFFERENCES` says which and why (docs/backends.md shows it).

Every file that ffmpeg reads is an input by `input_arguments`: it names the demuxer, so that ffmpeg
never guesses one that opens other files (a playlist named list.wav), and allows files alone.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, TypeVar

from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic, RenderError
from .program import Ability, Program, Tool, banner, number

OLDEST = (5, 1)
VARIABLE = "MIXDOWN_FFMPEG"

# Builds from git carry no version number, but their libavutil does: 57.28 came with 5.1, and each
# major release since has raised its major number by one (ffmpeg's doc/APIchanges).
_AVUTIL_OF_5_1 = (57, 28)
_AVUTIL_OF_0 = 52

_T = TypeVar("_T")

QUIET = ("-hide_banner", "-nostdin", "-y", "-loglevel", "error")
"""The first arguments of a step."""

GRAPH_OPTION = "-filter_complex"
"""How plans pass a filter graph."""

GRAPH_FILE_OPTIONS: Mapping[tuple[int, ...], str] = {
    (5, 1): "-filter_complex_script",
    (7, 0): "-/filter_complex",
}
"""The first version of each option that reads the graph from a file; ascending."""


def graph_file_option(option: str, tool: Tool) -> str:
    """The option that reads a filter graph from a file, instead of `GRAPH_OPTION`."""
    assert option == GRAPH_OPTION
    fitting = [name for since, name in GRAPH_FILE_OPTIONS.items() if since <= tool.version]
    return fitting[-1] if fitting else GRAPH_FILE_OPTIONS[min(GRAPH_FILE_OPTIONS)]


FILM_DEMUXERS = ("mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm")
"""Those of the films whose picture is copied, by the names that ffmpeg gives them."""


def input_arguments(
    file: _T, demuxers: Sequence[str], options: Sequence[str] = ()
) -> tuple[str | _T, ...]:
    """The arguments of one input: the only place that writes `-i`.

    Args:
        file: to read.
        demuxers: that may read it; if there are several, ffmpeg chooses among them.
        options: more options of the input.
    """
    reading = ("-f", *demuxers) if len(demuxers) == 1 else ("-format_whitelist", ",".join(demuxers))
    return ("-protocol_whitelist", "file", *reading, *options, "-i", file)


class VersionDifference(NamedTuple):
    """A difference between versions, and how plans avoid it.

    Attributes:
        topic: the filter or option.
        versions: which versions do what.
        answer: what plans do.
    """

    topic: str
    versions: str
    answer: str


DIFFERENCES: tuple[VersionDifference, ...] = (
    VersionDifference(
        "filter graph from a file",
        "5.1 and 6: `-filter_complex_script FILE`; from 7: `-/filter_complex FILE`; 9 has only the "
        "new one",
        "chosen when the step runs",
    ),
    VersionDifference(
        "`amix`",
        "5.1 drops a queued tail if its inputs have frames of different sizes",
        "a silent bed as long as the sum comes first, then `atrim`",
    ),
    VersionDifference(
        "frames of WAV input",
        "5.1 reads 4096 bytes at a time",
        "`-max_size` asks for frames of the size that filters use",
    ),
    VersionDifference(
        "`adelay`",
        "9.0 puts no timestamps on its silence",
        "a moving filter gets new timestamps, counted in samples",
    ),
    VersionDifference(
        "biquads in float32",
        "9.0's `r=f32` is bad",
        "`r=f64`, as the definition requires",
    ),
    VersionDifference(
        "`afade` outside the fade",
        "`silence` and `unity` came with 6.0, and `exp` leaks 1e-5",
        "neither is used: the exp fade-in is an envelope",
    ),
    VersionDifference(
        "FLAC",
        "the encoder's bytes change with the version, the samples do not",
        "digests of FLAC files hold for one version",
    ),
)
"""All that are known, measured on 5.1.9 and 9.0.2."""


def find_ffmpeg(environment: Mapping[str, str] | None = None) -> Tool:
    """The ffmpeg to use.

    Args:
        environment: where `MIXDOWN_FFMPEG` and PATH are looked up; None: this process's.

    Raises:
        RenderError: MIX601 if there is none, MIX602 if all are older than 5.1.
    """
    variables = os.environ if environment is None else environment
    named = variables.get(VARIABLE)
    if named:
        return _named(named, variables.get("PATH"))
    old: list[Tool] = []
    for program, found_by in _candidates(variables.get("PATH")):
        tool = probe(program, found_by)
        if tool is not None and tool.version >= OLDEST:
            return tool
        if tool is not None:
            old.append(tool)
    raise RenderError(_too_old(old[0]) if old else _none_found())


def probe(program: str, found_by: str) -> Tool | None:
    """The program, with its version; None if it does not run or is not ffmpeg."""
    text = banner(program, ("-version",))
    said = re.match(r"ffmpeg version (\S+)", text)
    return Tool(program, parse_version(text), said[1], found_by) if said else None


def parse_version(banner: str) -> tuple[int, ...]:
    """The version numbers in the output of `ffmpeg -version`; () if there are none.

    Releases print "5.1.9-0+deb12u1" or "n9.0.2-17-g2a571b6068". Builds from git print
    "N-12345-gabcdef0" or a date; their libavutil gives the version.
    """
    release = re.match(r"ffmpeg version n?(\d+)\.(\d+)(?:\.(\d+))?", banner)
    if release is not None:
        return tuple(int(number) for number in release.groups() if number is not None)
    library = re.search(r"^libavutil\s+(\d+)\.\s*(\d+)\.", banner, re.MULTILINE)
    if library is None:
        return ()
    major, minor = int(library[1]), int(library[2])
    if (major, minor) < _AVUTIL_OF_5_1:
        return (max(0, major - _AVUTIL_OF_0), 0)
    return OLDEST if major == _AVUTIL_OF_5_1[0] else (major - _AVUTIL_OF_0, 0)


def _named(named: str, path: str | None) -> Tool:
    """The tool that the variable names, by path or by a name on PATH."""
    program = shutil.which(named, path=path)
    tool = probe(program, VARIABLE) if program else None
    if tool is None:
        raise RenderError.of(
            Code.NO_FFMPEG,
            f"{VARIABLE} is {named!r}, which is not an ffmpeg that runs",
            help=f"set {VARIABLE} to the path of an ffmpeg 5.1 or later, or unset it",
        )
    if tool.version < OLDEST:
        raise RenderError(_too_old(tool))
    return tool


def _candidates(path: str | None) -> Iterator[tuple[str, str]]:
    """Programs to try, lazily: the package is imported only if PATH has none."""
    on_path = shutil.which("ffmpeg", path=path)
    if on_path:
        yield on_path, "PATH"
    embedded = _embedded()
    if embedded:
        yield embedded, "imageio-ffmpeg"


def _embedded() -> str | None:
    try:
        import imageio_ffmpeg  # noqa: PLC0415 (needed only if PATH has none)

        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except (ImportError, RuntimeError):
        return None


def _none_found() -> Diagnostic:
    return Diagnostic(
        Code.NO_FFMPEG,
        "no ffmpeg was found",
        help="pip install imageio-ffmpeg (it brings one), install ffmpeg 5.1 or later, or set "
        f"{VARIABLE} to its path",
    )


def _too_old(tool: Tool) -> Diagnostic:
    return Diagnostic(
        Code.FFMPEG_TOO_OLD,
        f"the ffmpeg found by {tool.found_by} is {tool.version_text}; mixdown needs 5.1 or later",
        help=f"install a newer one, or set {VARIABLE} to its path",
    )


# "[afade@host_c1 @ 0x55c91f101bc0] text": the address differs from run to run.
_ADDRESS = re.compile(r" @ 0x[0-9a-f]+")
_INSTANCE = re.compile(r"[A-Za-z0-9_]+@[^\s\]',]+")
# What ffmpeg prints after the line that says what is wrong.
_GENERIC = re.compile(
    r"Conversion failed!|Exiting with exit code .*|Error : .*|Invalid argument|"
    r"Error (re)?initializing (complex )?filters[.!]?|Error opening (input|output) files: .*|"
    r"Failed to inject frame into filter network: .*|Nothing was written into output file .*|"
    r"\[AVFilterGraph\] Error initializing filters|\[fc#\d+\] Error .*|"
    r"Error while processing the decoded data .*"
)


def _position(line: str) -> float | None:
    """In the output of `-progress`, and of `ametadata=print`: "frame:3 pts:9 pts_time:1.5"."""
    key, _, value = line.partition("=")
    if key == "out_time_us":
        microseconds = number(value)
        return None if microseconds is None else microseconds * 1e-6
    return number(line.rpartition("pts_time:")[2]) if line.startswith("frame:") else None


def _reading(line: str) -> tuple[str, float] | None:
    """In the output of `ametadata=print`: "lavfi.r128.I=-23.1"."""
    key, _, value = line.partition("=")
    found = number(value)
    return None if found is None else (key, found)


def _tidy(line: str) -> str:
    return _ADDRESS.sub("", line)


def _labels(line: str) -> Iterator[str]:
    """Names of filter instances, whole and without the filter: "afade@host_c1", "host_c1"."""
    for name in _INSTANCE.findall(_tidy(line)):
        yield from (name, name.partition("@")[2])


FFMPEG = Program(
    name="ffmpeg",
    find=find_ffmpeg,
    progress=("-progress", "pipe:1", "-nostats"),
    file_option=graph_file_option,
    position=_position,
    reading=_reading,
    tidy=_tidy,
    generic=_GENERIC,
    labels=_labels,
    abilities=(
        Ability("soxr resampling", ("-hide_banner", "-buildconf"), r"--enable-libsoxr"),
        Ability("flac", ("-hide_banner", "-encoders"), r"^ A\S+ flac\s"),
        Ability("mp3", ("-hide_banner", "-encoders"), r"^ A\S+ libmp3lame\s"),
        Ability("aac", ("-hide_banner", "-encoders"), r"^ A\S+ aac\s"),
        Ability("opus", ("-hide_banner", "-encoders"), r"^ A\S+ libopus\s"),
        Ability("vorbis", ("-hide_banner", "-encoders"), r"^ A\S+ libvorbis\s"),
    ),
)
