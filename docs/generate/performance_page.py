"""docs/performance.md, from the results of `python -m benchmarks`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from textwrap import fill
from typing import Any

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results.json"
MOST_MODULES = 12
WIDTH = 100

HEAD = """\
# Performance

<!-- generated from benchmarks/results.json by `python docs/generate/write_pages.py performance`;
do not edit -->

The cost of a mix depends on how much of it sounds, not on the number of its clips or the length of
the timeline:

- Clips of a track that do not overlap share a lane, which is a `concat` of clips and silences.
  `amix` adds lanes, not clips (the pass `pack-lanes`, [passes.md](passes.md)).
- A mix of more than 96 clips is cut into parts of 40, each in its own run of ffmpeg; a clip with an
  envelope of many spans counts as several. Parts are independent, so they run at the same time, as
  many as there are processors (`render --jobs N`), and an edit changes the plan of one part only.
- However many clips overlap, no run opens more than some 200 files: wide sums become sums of sums.
  One command (`compile --single`) reads all its clips at once; if this machine does not allow so
  many files, the command line reports it, with the limit.
- A clip is read from the second before it begins, not from the start of its file.
- An envelope of more than 24 spans is one expression, which finds its span by halving.
- Automation that does not move, keyframes on a line and bands of 0 dB leave no filter.

The native engine keeps one block of samples for each track in memory, and writes no intermediate
files. With the extra `fast` its inner loops, and those of the meters, are compiled
([dependencies.md](dependencies.md)); its files are the same.

`python -m benchmarks` (with the extra `benchmarks`) measures everything below in one run and writes
this page. CPU seconds are those of all processes, ratios are to the first row of the same size,
memory is the largest total of all processes of a run. Renders are those of the command line, which
keeps freed memory for the next block and collects garbage less often; a program that calls
`mixdown.render` has settings of its own.
"""


def page() -> str:
    """The whole page."""
    found = json.loads(RESULTS.read_text(encoding="utf-8"))
    parts = [HEAD, _machine(found), *(_section(*each) for each in found["cases"].items())]
    if found["where"]:
        parts.append(_where(found["where"]))
    return "\n".join(parts)


def _machine(found: Mapping[str, Any]) -> str:
    about = found["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
    loads = [row["load"] for case in found["cases"].values() for row in case["rows"]]
    text = (
        f"Machine: {about['cpu']}, {about['cores']} cores, with a load of up to "
        f"{max(loads, default=0):.1f} before a run. {versions}."
    )
    text = f"{fill(text, WIDTH)}\n"
    if found["form"] == "full":
        return text
    return f"{text}\nThese are figures of the short form, `--short`, with small sizes.\n"


def _section(name: str, case: Mapping[str, Any]) -> str:
    lines = [f"## {case['title']}\n", f"{fill(case['text'], WIDTH)}\n"]
    lines.append("| size | what | CPU s | ratio | wall s | peak MB |\n|---|---|--:|--:|--:|--:|")
    lines += _rows(case["rows"])
    sizes = {json.dumps(row["size"]) for row in case["rows"]}
    if case["axis"] and len(sizes) > 1:
        lines.append(f"\n![CPU time by {case['axis']}](plots/growth-{name}.svg)")
    return "\n".join(lines) + "\n"


def _rows(rows: list[Mapping[str, Any]]) -> Iterator[str]:
    anchor, before = 0.0, None
    for row in rows:
        if row["size"] != before:
            anchor, before = row["cpu"], row["size"]
        if row["ending"]:
            figures = [row["ending"], "", "", ""]
        else:
            ratio = f"{row['cpu'] / anchor:.2f}" if anchor else ""
            figures = [_seconds(row["cpu"]), ratio, _seconds(row["wall"]), f"{row['peak_mb']:.0f}"]
        yield f"| {_size(row['size'])} | {row['peer']} | {' | '.join(figures)} |"


def _seconds(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.1f}"


def _size(size: Mapping[str, float]) -> str:
    keyframes = f", {size['keyframes']:,} keyframes" if size["keyframes"] != 3 else ""
    return f"{size['minutes']:g} min, {size['clips']:,} clips{keyframes}"


def _where(seconds: Mapping[str, float]) -> str:
    """Where the time of the native render of the episode goes."""
    total = sum(seconds.values())
    largest = sorted(seconds.items(), key=lambda item: -item[1])[:MOST_MODULES]
    lines = ["## Where the time goes\n"]
    text = (
        "The native render of the episode with one job, by module: CPU time in its functions and "
        "in the library calls that they make, the imports among them."
    )
    lines.append(f"{fill(text, WIDTH)}\n")
    lines.append("| module | CPU s | share |\n|---|--:|--:|")
    lines += [f"| `{name}` | {spent:.2f} | {spent / total:.0%} |" for name, spent in largest]
    return "\n".join(lines) + "\n"
