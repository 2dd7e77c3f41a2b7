"""Whatever a preset file holds, it is read or refused with MIX305; what is read can be shown."""

from __future__ import annotations

import json
import random
import time
from importlib.resources import files

import pytest
import soak
from mixdown.documents.models import plain
from mixdown.inspection.preset_tables import TABLES
from mixdown.ir.codes import Code
from mixdown.presets.load import KINDS
from mixdown.presets.read import read_presets
from mutants import TOKENS, mutated_bytes, mutated_text, mutated_words

TOML_TOKENS = [
    *TOKENS,
    *("[x]", "[[x.buses]]", "[[", "]]", "{", "}", '"""', "'''", "true", "inf", "-inf", "nan"),
    *(
        "9" * 400,
        "9" * 5000,
        "1e400",
        "-1",
        "0",
        "1",
        "0x10",
        "1_000",
        "1979-05-27T07:32:00Z",
        "master",
    ),
    *('id = ""', "a.b.c = 1", "lufs = -16", "ceiling_db = 3", "buses = []", "[" * 2000),
]
SHOWN = {"export.toml": "export", "mix.toml": "bus", "spec.toml": "spec"}


def corpus() -> list[tuple[str, str]]:
    """The name of each file of mixdown's presets, with each of its tables alone."""
    found = []
    for name in KINDS:
        text = files("mixdown.presets").joinpath(name).read_text(encoding="utf-8")
        parts = text.split("\n\n[")
        found += [(name, f"[{part}" if n else part) for n, part in enumerate(parts)]
    return found


def survives(content: bytes, name: str) -> bool:
    """Whether the file was read; anything but presets or MIX305 raises."""
    read = read_presets(content, name, KINDS[name])
    for problem in read.problems:
        assert problem.code is Code.BAD_PRESET
        json.dumps(problem.to_dict({name: read.document}))
    if read.problems:
        return False
    TABLES[SHOWN[name]](read.presets.values())
    for key, preset in read.presets.items():
        assert preset.id == key
        json.dumps(plain(preset), default=float)
    return True


def run(seed: int, rounds: int) -> dict[str, int]:
    """Reads so many mutants; returns how many of them were read and refused."""
    rng, texts = random.Random(seed), corpus()
    counts = {"read": 0, "refused": 0}
    for number in range(rounds):
        name, text = texts[number % len(texts)]
        way = rng.random()
        if way < 0.3:
            content = mutated_bytes(rng, text.encode())
        elif way < 0.5:
            content = mutated_text(rng, text, TOML_TOKENS).encode("utf-8", "surrogatepass")
        else:
            content = mutated_words(rng, text, TOML_TOKENS).encode("utf-8", "surrogatepass")
        start = time.process_time()
        try:
            counts["read" if survives(content, name) else "refused"] += 1
        except BaseException as error:
            error.add_note(f"seed {seed}, round {number}, {name}: {content!r}")
            raise
        assert time.process_time() - start < 10, f"seed {seed}, round {number}"
    return counts


def test_mutants_of_presets():
    counts = run(seed=1, rounds=400)
    assert counts["refused"] > 100
    assert counts["read"] > 20


@pytest.mark.soak
def test_many_mutants_of_presets():
    print(run(soak.seed(), soak.rounds(10_000)))
