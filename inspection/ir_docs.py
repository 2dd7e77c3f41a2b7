"""Writes docs/ir.md from the node classes: `python -m mixdown.inspection.ir_docs`.

Promises: every kind with its operands, attributes, type rule, meaning and a line of text that is
printed from a verified graph, so that the page cannot say what the code does not do. Kinds and
attributes come from `ir/nodes.py`, the invariants from the docstring of `ir/verify.py`; only what
an attribute is in words stands here.
"""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Mapping
from pathlib import Path

import attrs

from ..ir import verify
from ..ir.graph import Graph
from ..ir.nodes import KINDS, Node, Source
from ..ir.text.codec import ATTRIBUTES
from ..ir.text.parser import parse_text
from ..ir.text.printer import print_graph, print_node

PAGE = Path(__file__).parent.parent / "docs" / "ir.md"

INTRO = """\
# The IR

<!-- made by `python -m mixdown.inspection.ir_docs`; do not edit -->

A timeline is lowered to a graph of audio values. A node makes one value out of others, its
operands; every value has a name and a type. Passes rewrite the graph, the verifier checks it after
each of them, and a backend turns it into a plan. `mixdown inspect FILE` prints it in the text form
below, which is also an input: a `.mir` file can be inspected, compared and compiled like a
timeline.

- Times are whole samples; levels are in dB, frequencies in Hz.
- A value's type is `signal<rate, channels, length>`: Hz, channels, samples. It is inferred from
  the operands' types.
- A graph cannot be changed, only rewritten into another one. Its nodes stand in one canonical
  order: depth first from the master, so each clip's chain stands together, then its track, then its
  bus. The order in which a document lists its keys, or a pass made its nodes, cannot change it.
- A value's digest covers its kind, its attributes and its operands' digests; for a clip, the
  source's content. Names, origins and the attributes marked as labels are no part of it.

## The text form

A header, then one source or one node a line:

```text
// file: example.mir
"""

TEXT_FORM = """\
```

- The parts of a node's line: `%name = kind %operand, ... {attribute = value, ...} : type loc(...)`.
  Attributes may stand in any order. The type may be left out, and so may `loc`; a type that is
  written must be the inferred one.
- `%` begins the name of a value, `@` the name of a source. A name of other characters than letters,
  digits and `_ . + # ~ -`, or with a `/` at an end or beside another, stands in quotes, with the
  escapes of JSON: `%"we ird"`.
- An integer is written `12`, a number as the shortest decimal that reads back as the same float, a
  string in quotes, a choice as a bare word, a list in `[...]`, a keyframe as `(sample, value,
  shape)`. `?` stands for a number that has not been measured yet.
- `loc("podcast.yaml" /tracks/0/clips/0)` says where the node came from: a document and a JSON
  Pointer into it. `via` leads on to what that place was itself made from. Origins are no part of
  what is compared.
- `//` begins a comment.

Printing and reading are inverse: what is printed is read back as an equal graph, with equal
origins. What is wrong in a text is reported at its line, with a caret:

```python
from pathlib import Path

from mixdown.ir.diagnostics import IRError
from mixdown.ir.text.parser import parse_graph, parse_text
from mixdown.ir.text.printer import print_graph

text = Path("example.mir").read_text(encoding="utf-8")
graph = parse_text(text, "example.mir").check()  # verified
print(graph.signals["host/c1.pan"])  # signal<48000, 2, 96000>
assert parse_graph(print_graph(graph)) == graph

try:
    parse_text(text.replace("-16.0", "inf"), "example.mir").check()
except IRError as wrong:
    print(wrong)  # error[MIX407]: %master.loudnorm: target_lufs is inf, and where
```

## What is checked

"""

# Where the meaning of each kind stands in docs/semantics.md.
MEANING: Mapping[str, str] = {
    "clip": "Time",
    "silence": "Time",
    "gain": "One clip, in order",
    "fade": "Fades",
    "crossfade": "Crossfades",
    "automation.gain": "Automation",
    "filter": "Filters",
    "automation.filter": "Filters",
    "pan": "Channels and pan",
    "automation.pan": "Automation",
    "downmix": "Channels and pan",
    "place": "Time",
    "lane": "One track",
    "mix": "One track",
    "bus": "One bus, then the master",
    "headroom": "Loudness and the finish",
    "loudnorm": "Loudness and the finish",
    "limiter": "Loudness and the finish",
    "dither": "Loudness and the finish",
    "output": "Loudness and the finish",
}

_FADE_CURVE = "how the gain runs: [the curves](semantics.md#fades)"
_KEYFRAMES = "keyframes by sample of the operand, before the first and after the last held"
_LAW = "what the pan of a mono signal costs at the centre; stereo is balance"
# Every attribute in words: unit, range, meaning.
ATTRIBUTE: Mapping[str, Mapping[str, str]] = {
    "clip": {
        "source": "which source it plays",
        "offset": "the first sample, counted at `rate`; 0 or more",
        "length": "samples; 1 or more",
        "rate": "Hz; the session's, to which the source is resampled",
    },
    "silence": {"rate": "Hz", "channels": "1 or more", "length": "samples; 1 or more"},
    "gain": {"gain_db": "dB"},
    "fade": {
        "edge": "the first samples or the last",
        "length": "samples; a fade-out's no more than the operand's",
        "curve": _FADE_CURVE,
    },
    "crossfade": {
        "edge": "`out` of the clip before, `in` of the clip after",
        "length": "samples; as a fade's",
        "curve": _FADE_CURVE,
    },
    "automation.gain": {"points": f"{_KEYFRAMES}; values in dB"},
    "filter": {
        "shape": "which of the RBJ cookbook's",
        "frequency_hz": "Hz; inside (0, rate/2)",
        "q": "more than 0",
        "gain_db": "dB; of peaking and shelves, else without effect",
    },
    "automation.filter": {
        "shape": "which of the RBJ cookbook's",
        "points": f"{_KEYFRAMES}; values in Hz, inside (0, rate/2)",
        "q": "more than 0",
        "gain_db": "dB; of peaking and shelves, else without effect",
    },
    "pan": {"position": "-1 is left, 1 is right", "law": _LAW},
    "automation.pan": {"points": f"{_KEYFRAMES}; values from -1 to 1", "law": _LAW},
    "downmix": {},
    "place": {"start": "samples of silence before; 0 or more"},
    "lane": {
        "starts": "where each operand begins, in samples of the lane",
        "length": "samples of the whole",
    },
    "mix": {"length": "samples of the whole"},
    "bus": {},
    "headroom": {"headroom_db": "dB; 3 is a gain of -3"},
    "loudnorm": {
        "target_lufs": "LUFS, integrated",
        "gain_db": "dB; `?` until measured",
    },
    "limiter": {
        "ceiling_db": "dBTP or dBFS, by `mode`",
        "mode": "which peaks it holds",
        "margin_db": "dB under the ceiling that it aims at",
    },
    "dither": {
        "bits": "what the file stores; 1 to 24",
        "noise": "white, or moved to where ears are deaf",
    },
    "output": {
        "role": "what the file is",
        "target": '"master", or the bus of a stem',
        "container": "the file's format",
        "encoding": "how samples are stored",
        "index": "its place among the files delivered",
        "bit_rate": "kbit/s of a lossy coding",
    },
    "source": {
        "digest": "of the file's content",
        "rate": "Hz",
        "channels": "1 or 2",
        "frames": "samples at its own rate",
        "codec": "container and coding",
        "speed": "how fast it plays, faster over slower; its pitch follows",
    },
}

# A mix small enough to read, with every kind in it; types and layout are the printer's to add.
EXAMPLE = """\
mixdown.ir 1
source @bed = "audio/bed.ogg" {digest = "sha256:6b86b273", rate = 48000, channels = 2,\
 frames = 480000, codec = "ogg/vorbis"}
source @host = "audio/host.flac" {digest = "sha256:5feceb66", rate = 22050, channels = 1,\
 frames = 220500, codec = "flac/pcm_16"}
%host/c1.clip = clip {source = @host, offset = 12000, length = 96000, rate = 48000}\
 loc("podcast.yaml" /tracks/0/clips/0)
%host/c1.gain = gain %host/c1.clip {gain_db = 2}\
 loc("podcast.yaml" /tracks/0/clips/0/gain_db)
%host/c1.fade_in = fade %host/c1.gain {edge = in, length = 1440, curve = "tri"}\
 loc("podcast.yaml" /tracks/0/clips/0/fade_in_ms)
%host/c1.crossfade_out = crossfade %host/c1.fade_in {edge = out, length = 19200, curve = "qsin"}\
 loc("podcast.yaml" /tracks/0/clips/0/crossfade_out_ms)
%host/c1.automation.gain = automation.gain %host/c1.crossfade_out\
 {points = [(0, 0, linear), (48000, -6, smooth)]}\
 loc("podcast.yaml" /tracks/0/clips/0/automation/gain)
%host/c1.eq = filter %host/c1.automation.gain\
 {shape = highpass, frequency_hz = 80, q = 0.707, gain_db = 0}\
 loc("podcast.yaml" /tracks/0/clips/0/eq/0)
%host/c1.filter = automation.filter %host/c1.eq\
 {shape = lowpass, points = [(0, 400, linear), (95999, 12000, linear)], q = 0.707, gain_db = 0}\
 loc("podcast.yaml" /tracks/0/clips/0/automation/filter)
%host/c1.pan = pan %host/c1.filter {position = -0.25, law = constant_power}\
 loc("podcast.yaml" /tracks/0/clips/0/pan)
%rest = silence {rate = 48000, channels = 2, length = 48000}
%host.lane = lane %host/c1.pan, %rest {starts = [0, 100000], length = 148000}\
 loc("podcast.yaml" /tracks/0)
%host.mix = mix %host.lane {length = 192000} loc("podcast.yaml" /tracks/0)
%bed/c1.clip = clip {source = @bed, offset = 0, length = 96000, rate = 48000}\
 loc("podcast.yaml" /tracks/1/clips/0)
%bed/c1.downmix = downmix %bed/c1.clip loc("podcast.yaml" /tracks/1/clips/0)
%bed/c1.pan = automation.pan %bed/c1.downmix\
 {points = [(0, -1, linear), (95999, 1, linear)], law = constant_power}\
 loc("podcast.yaml" /tracks/1/clips/0/automation/pan)
%bed/c1.place = place %bed/c1.pan {start = 4000}\
 loc("podcast.yaml" /tracks/1/clips/0/start_ms)
%bed.mix = mix %bed/c1.place {length = 192000} loc("podcast.yaml" /tracks/1)
%bus_all.bus = bus %host.mix, %bed.mix
%master.headroom = headroom %bus_all.bus {headroom_db = 3}
%master.loudnorm = loudnorm %master.headroom {target_lufs = -16, gain_db = ?}
%master.limiter = limiter %master.loudnorm {ceiling_db = -1, mode = true_peak}
%master.dither = dither %master.limiter {bits = 16}
%master.output = output %master.dither\
 {role = master, target = "master", container = "wav", encoding = s16}
"""


def page() -> str:
    """The page's text."""
    example = parse_text(EXAMPLE, "example").check()
    parts = [
        INTRO,
        print_graph(example, origins=False),
        TEXT_FORM,
        _invariants(),
        "\n## Sources\n\n",
        f"{_doc(Source)}\n",
        _attributes("source", Source),
        "## Kinds\n\n| kind | what it makes |\n|---|---|\n",
        *(f"| [`{kind}`](#{_slug(kind)}) | {_summary(cls)} |\n" for kind, cls in KINDS.items()),
        *(_section(kind, cls, example) for kind, cls in KINDS.items()),
    ]
    return "".join(parts)


def _section(kind: str, cls: type[Node], example: Graph) -> str:
    node = next(node for node in example if node.kind == kind)
    title = MEANING[kind]
    parts = [
        f"\n### {kind}\n\n{_doc(cls)}\n",
        f"- operands: {_arity(cls)}\n",
        f"- type: {_type_rule(cls)}\n",
        f"- meaning: [{title}](semantics.md#{_slug(title)})\n\n",
        _attributes(kind, cls),
        f"```text\n{print_node(node, example.signals[node.name])}\n```\n",
    ]
    return "".join(parts)


def _doc(cls: type) -> str:
    """The class's docstring without its list of attributes."""
    return (inspect.getdoc(cls) or "").split("\nAttributes:")[0].strip() + "\n"


def _summary(cls: type) -> str:
    first = _doc(cls).split("\n\n")[0]
    return " ".join(first.split()).removesuffix(".")


def _arity(cls: type[Node]) -> str:
    least, most = cls.arity
    if most is None:
        return f"{least} or more"
    return "none" if most == 0 else str(least) if least == most else f"{least} or {most}"


def _type_rule(cls: type[Node]) -> str:
    if cls.infer is Node.infer:
        return "its operand's" if cls.arity == (1, 1) else "its first operand's"
    doc = (inspect.getdoc(cls.infer) or "").removesuffix(".")
    return doc[0].lower() + doc[1:]


def _attributes(kind: str, cls: type[Node] | type[Source]) -> str:
    if not ATTRIBUTES[cls]:
        return ""
    labels = {f.name for f in attrs.fields(cls) if f.metadata.get("label")}
    rows = [
        f"| `{a.name}` | {a.codec.expected} | {ATTRIBUTE[kind][a.name]}"
        + ("; a label" if a.name in labels else "")
        + ("" if a.required else "; may be left out")
        + " |\n"
        for a in ATTRIBUTES[cls]
    ]
    return f"| attribute | written as | what it is |\n|---|---|---|\n{''.join(rows)}\n"


def _invariants() -> str:
    """The docstring of the verifier as Markdown: its paragraph, then its list."""
    doc = inspect.getdoc(verify) or ""
    _, paragraph, items = doc.split("\n\n")
    listed = "".join(f"- {' '.join(item.split())}\n" for item in items[2:].split("\n- "))
    return f"{textwrap.fill(paragraph, 100)}\n\n{listed}"


def _slug(title: str) -> str:
    """The anchor that a heading has on GitHub and in most renderers."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
