"""Whatever a facts file holds, it is read or refused with MIX307; what is read makes a plan."""

from __future__ import annotations

import json
import random
import time
from pathlib import Path

import pytest
import soak
from mixdown.compiler.driver import compile
from mixdown.compiler.facts import Facts, FinishFacts, read_facts
from mixdown.compiler.timeline.model import Timeline
from mixdown.ir.codes import Code
from mixdown.ir.diagnostics import TimelineError
from mutants import json_of, mutated_bytes, mutated_text, mutated_values

SILENCE = Timeline(id="silence", length_ms=100)
KEY = compile(SILENCE, backend="native").keys.finish
FINISH = FinishFacts(integrated_lufs=-23.5, gain_db=7.5, margin_db=0.25)
DOCUMENT = Facts({KEY: FINISH, "ffmpeg:0": FINISH}).to_json()
MANIFEST = json.dumps(
    {
        "manifest": 1,
        "finish": {"key": KEY, "integrated_lufs": None, "gain_db": 0.0, "margin_db": 0.0},
        "files": [{"path": "master.wav"}],
    }
)
USED_OF = 20
"""One in so many that are read makes a plan."""


def survives(path: Path, number: int) -> bool:
    """Whether the file was read; anything but facts or MIX307 raises."""
    try:
        facts = read_facts(path)
    except TimelineError as error:
        assert [d.code for d in error.diagnostics] == [Code.BAD_REQUEST]
        str(error).encode("utf-8")
        return False
    text = facts.to_json()
    assert Facts.from_dict(json.loads(text)) == facts
    if number % USED_OF == 0:
        compile(SILENCE, backend="native", facts=facts)
    return True


def run(folder: Path, seed: int, rounds: int) -> dict[str, int]:
    """Reads so many mutants; returns how many of them were read and refused."""
    rng, path = random.Random(seed), folder / "facts.json"
    counts = {"read": 0, "refused": 0}
    for number in range(rounds):
        text = (DOCUMENT, MANIFEST)[number % 2]
        way = rng.randrange(3)
        if way == 0:
            path.write_bytes(mutated_bytes(rng, text.encode()))
        elif way == 1:
            path.write_text(mutated_text(rng, text), "utf-8", "surrogatepass")
        else:
            values = mutated_values(rng, json.loads(text))
            path.write_text(json_of(values), "utf-8", "surrogatepass")
        start = time.process_time()
        try:
            counts["read" if survives(path, number) else "refused"] += 1
        except BaseException as error:
            error.add_note(f"seed {seed}, round {number}: {path.read_bytes()!r}")
            raise
        assert time.process_time() - start < 10
    return counts


def test_mutants_of_facts(tmp_path: Path):
    counts = run(tmp_path, seed=1, rounds=400)
    assert counts["refused"] > 100
    assert counts["read"] > 50


@pytest.mark.soak
def test_many_mutants_of_facts(tmp_path: Path):
    print(run(tmp_path, soak.seed(), soak.rounds(10_000)))
