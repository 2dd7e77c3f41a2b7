"""The public face: what `mixdown.__all__` promises is there, typed, and short to look at."""

from __future__ import annotations

import ast
from importlib.metadata import version
from pathlib import Path
from typing import get_args

import mixdown
import soundfile
from house import ROOT
from mixdown.compiler import choices
from mixdown.compiler.request import BIT_DEPTHS, StemMode
from mixdown.ir.containers import CONTAINERS
from mixdown.presets.load import library
from mixdown.presets.model import DitherChoice


def test_every_public_name_is_found_and_only_those():
    assert mixdown.__all__ == sorted(mixdown.__all__)
    assert dir(mixdown) == mixdown.__all__
    assert not [name for name in mixdown.__all__ if not hasattr(mixdown, name)]
    assert mixdown.__version__ == version("mixdown")


def test_type_checkers_see_the_same_names():
    tree = ast.parse((ROOT / "__init__.py").read_text(encoding="utf-8"))
    (typing,) = (node for node in tree.body if isinstance(node, ast.If))
    seen = {
        alias.name: "." * node.level + (node.module or "")
        for node in ast.walk(typing)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert seen == mixdown._HOME
    assert set(mixdown.__all__) == {*seen, "__version__"}


def test_the_page_lists_every_public_name():
    page = (ROOT / "docs/python.md").read_text(encoding="utf-8")
    table = page[page.index("## What you can rely on") :]
    assert not [name for name in mixdown.__all__ if f"`{name}`" not in table]


def test_public_values_are_one_short_line_each(tmp_path: Path):
    """However long the mix is: a compilation of 48 clips once had a repr of 163,068 characters."""
    soundfile.write(tmp_path / "a.wav", [0.0] * 4800, 48000)
    timeline = mixdown.Timeline(id="long", root=tmp_path).track("host", role="dialogue")
    for number in range(48):
        timeline = timeline.clip("a.wav", start_ms=number * 100)
    compilation = mixdown.compile(timeline, preset="draft", backend="native", stems=True)
    result = mixdown.render(timeline, out=tmp_path / "out", preset="draft", backend="native")
    values = (timeline, compilation, compilation.graph, compilation.plan, result, result.master)
    shown = [repr(value).replace(str(tmp_path), "") for value in values]
    digest = compilation.plan.digest[:16]
    assert shown == [
        "<Timeline 'long': 1 track, 48 clips, 48000 Hz stereo>",
        f"<Compilation of 'long' for native: 0:04.8, {len(compilation.graph)} nodes, 1 step, "
        "0 warnings>",
        f"<Graph: 1 source, {len(compilation.graph)} nodes, 2 outputs>",
        f"<Plan for native, {digest}: 1 step, 2 files>",
        "<RenderResult '/out/master.wav': silent, checks failed>",
        "<Rendered '/out/master.wav': silent>",
    ]


def test_type_checkers_know_every_shipped_name():
    known = library()
    assert get_args(choices.ExportPresetName) == tuple(known.export)
    assert get_args(choices.MixPresetName) == tuple(known.mix)
    assert get_args(choices.FormatName) == tuple(CONTAINERS)
    assert {str(depth) for depth in get_args(choices.BitDepth)} == set(BIT_DEPTHS)
    assert get_args(choices.StemModeName) == tuple(StemMode)
    assert get_args(choices.DitherName) == tuple(DitherChoice)
