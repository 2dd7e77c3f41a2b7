"""What type checkers make of the public face; read by mypy in .ci/typecheck, never run.

With `warn_unused_ignores`, mypy fails if a line with `type: ignore` is not the error that it names:
so each such line is a mistake that mypy finds.
"""

from pathlib import Path
from typing import assert_type

import mixdown
from mixdown.testing import MixSnapshot

timeline = (
    mixdown.Timeline(id="t", root="media")
    .track("host", role="dialogue", gain_db=-3)
    .clip("host.wav", start_ms=1.5)
    .marker(0, "Start")
)
assert_type(timeline, mixdown.Timeline)
assert_type(mixdown.load(Path("t.yaml")), mixdown.Timeline)
assert_type(mixdown.loads("id: t", root="media"), mixdown.Timeline)
assert_type(mixdown.__version__, str)

# What is right.
compilation = mixdown.compile(timeline, preset="podcast", mix="flat", stems=["bus_music"])
assert_type(compilation, mixdown.Compilation)
assert_type(compilation.plan, mixdown.Plan)
result = mixdown.render("t.yaml", out="out", format="mp3", bit_rate=128, stem_mode="mastered")
assert_type(result, mixdown.RenderResult)
assert_type(result.master, mixdown.Rendered)
mixdown.compile(timeline, bit_depth=16, dither="shaped", stem_mode=mixdown.StemMode.MASTERED)
mixdown.compile(timeline, bit_depth="32f", facts=result.facts)

# Presets of one's own have any name.
mixdown.compile(timeline, preset="mine", presets="presets")
mixdown.render(timeline, out=Path("out"), preset="mine", mix="ours", presets=[Path("presets")])

# A name that is known only at run time goes into a request.
name = str(Path("x"))
request = mixdown.RenderRequest(export_preset=name, format=name, bit_depth=16, presets=["presets"])
mixdown.compile(timeline, request, strict=True)

service = mixdown.AudioRenderService.open(Path("store"))
service.render(timeline, request, out="out")


def the_mix(mix_snapshot: MixSnapshot, backend: mixdown.Backend) -> None:
    """Users' own tests, and a backend from elsewhere."""
    mix_snapshot("t.yaml", preset="podcast", backend=backend.name)


# What is misspelt.
mixdown.compile(timeline, preset="podcst")  # type: ignore[arg-type]
mixdown.compile(timeline, mix="flatt")  # type: ignore[call-overload]
mixdown.compile(timeline, prset="podcast")  # type: ignore[call-overload]
mixdown.compile(timeline, format="wave")  # type: ignore[arg-type]
mixdown.compile(timeline, preset="mine", presets="presets", format="wave")  # type: ignore[arg-type]
mixdown.compile(timeline, bit_depth=20)  # type: ignore[call-overload]
mixdown.compile(timeline, dither="shape")  # type: ignore[call-overload]
mixdown.render(timeline, out="out", stem_mode="master")  # type: ignore[call-overload]
service.render(timeline, format="wave")  # type: ignore[arg-type]
timeline.clip("host.wav", strat_ms=0)  # type: ignore[call-arg]
