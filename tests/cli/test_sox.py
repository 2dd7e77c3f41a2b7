"""The command line's way to SoX: scripts by default, errors with their places."""

from __future__ import annotations

import mixdown as package
import numpy as np
import pytest
import soundfile
from attrs import evolve
from mixdown.ir.diagnostics import RenderError
from rendering import render_compilation


def test_a_plan_for_sox_is_a_script_unless_asked_otherwise(mixdown, show):
    script = mixdown("compile", show.name, "--to", "sox")
    assert (script.code, script.err) == (0, "")
    assert script.out.startswith("#!/bin/sh\n")
    assert mixdown("compile", show.name, "--to", "sox", "--format", "sh").out == script.out
    assert mixdown("compile", show.name, "--to", "sox", "--format", "text").out.startswith("plan ")
    assert mixdown("compile", show.name, "--to", "sox", "--format", "json").data["backend"] == "sox"
    assert mixdown("compile", show.name, "--to", "native").out.startswith("plan ")


@pytest.mark.requires("sox")
def test_a_step_that_fails_leads_back_to_its_clip(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.full(8000, 0.1), 48000, "PCM_16")
    (tmp_path / "t.yaml").write_text(
        "schema_version: 1\nid: t\ntracks:\n  - id: a\n    role: fx\n    clips:\n"
        "      - {id: c, source: a.wav, start_ms: 5, fade_in_ms: 10}\n"
    )
    compilation = package.compile(package.load(tmp_path / "t.yaml"), backend="sox")
    first, *rest = compilation.plan.steps
    plan = evolve(compilation.plan, steps=(evolve(first, argv=(*first.argv, "reverb", "?")), *rest))
    with pytest.raises(RenderError, match=r"MIX603.*failed in %a/c\.clip: sox") as caught:
        render_compilation(evolve(compilation, plan=plan), out=tmp_path / "out")
    assert "t.yaml:7" in str(caught.value)
    assert "usage: " in str(caught.value)
    assert not (tmp_path / "out").exists()
