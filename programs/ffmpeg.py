"""What differs between the versions of ffmpeg that plans run in, in one place.

Promises: a plan is the same for every version. Where versions want an option spelt differently, the
spelling is looked up here when a step is run (render/executor.py) or when a script runs (render/
shell.py); where they would sound different, the emitters write what gives the same samples in all,
and the second table says what that is and why (docs/backends.md shows it).
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

GRAPH_OPTION = "-filter_complex"
"""How plans pass a filter graph."""

GRAPH_FILE_OPTIONS: Mapping[tuple[int, ...], str] = {
    (5, 1): "-filter_complex_script",
    (7, 0): "-/filter_complex",
}
"""Version -> the option that names a file with the graph, from that version on; ascending."""


def graph_file_option(version: tuple[int, ...]) -> str:
    """How this version is told the file that a filter graph stands in."""
    fitting = [option for since, option in GRAPH_FILE_OPTIONS.items() if since <= version]
    return fitting[-1] if fitting else GRAPH_FILE_OPTIONS[min(GRAPH_FILE_OPTIONS)]


@frozen
class Difference:
    """Something that versions do differently, and what plans do so that it does not matter.

    Attributes:
        topic: the filter or option.
        versions: which versions do what.
        answer: what plans do.
    """

    topic: str
    versions: str
    answer: str


DIFFERENCES: tuple[Difference, ...] = (
    Difference(
        "filter graph from a file",
        "5.1 and 6: `-filter_complex_script FILE`; from 7: `-/filter_complex FILE`, and 9 has lost "
        "the old one",
        "chosen when the step runs",
    ),
    Difference(
        "`amix`",
        "5.1 drops a queued tail where its inputs are framed differently",
        "a silent bed as long as the sum comes first, then `atrim`",
    ),
    Difference(
        "frames of WAV input",
        "5.1 reads 4096 bytes at a time",
        "`-max_size` asks for the frames that filters use",
    ),
    Difference(
        "`adelay`",
        "9.0 gives its silence no times",
        "a filter that moves gets times anew, in samples",
    ),
    Difference(
        "biquads in float32",
        "9.0's `r=f32` is bad",
        "`r=f64`, as the definition asks",
    ),
    Difference(
        "`afade` outside the fade",
        "`silence` and `unity` came with 6.0, and `exp` leaks 1e-5",
        "neither is used: the exp fade-in is an envelope",
    ),
    Difference(
        "FLAC",
        "the encoder's bytes change with the version, the samples do not",
        "digests of FLAC files hold for one version",
    ),
)
"""All that was met, measured on 5.1.9 and 9.0.2."""
