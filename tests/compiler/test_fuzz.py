"""Whatever the bytes, `loads` gives a timeline or a TimelineError, soon, and says where.

Documents are mutated in three ways: as bytes, as text with the tokens that hurt parsers, and as
values put where they do not belong. What still loads must also survive validation and a dump. The
soak (`pytest -m soak`) runs the same for longer, and adds what is large.
"""

from __future__ import annotations

import json
import random
import resource
import time
from pathlib import Path

import pytest
import soak
from hypothesis import given, settings
from hypothesis import strategies as st
from mixdown.compiler.load import loads
from mixdown.compiler.timeline.model import Timeline
from mixdown.compiler.timeline.validate import validate
from mixdown.documents.writer import dump
from mixdown.ir.diagnostics import TimelineError, render
from mutants import json_of, mutated_bytes, mutated_text, mutated_values

CORPUS = sorted((Path(__file__).parents[1] / "corpus" / "timelines").glob("*"))


def survives(data: bytes | str, format: str | None) -> bool:
    """Whether it loaded; anything but a timeline or a diagnostic raises."""
    start = time.process_time()
    try:
        timeline = loads(data, "fuzz", format=format)
    except TimelineError as error:
        assert error.diagnostics
        assert str(error).startswith(("error[MIX1", "error[MIX2", "warning["))
        for diagnostic in error.diagnostics:
            json.dumps(diagnostic.to_dict(error.documents))
        loaded = False
    else:
        assert isinstance(timeline, Timeline)
        render(validate(timeline), timeline.documents).encode("utf-8")
        for form in ("yaml", "json"):
            assert loads(dump(timeline, form), format=form) == timeline
        loaded = True
    assert time.process_time() - start < 10
    return loaded


def run(seed: int, rounds: int) -> dict[str, int]:
    """Loads that many mutants of the corpus; returns how many of them loaded and failed."""
    rng = random.Random(seed)
    counts = {"loaded": 0, "refused": 0}
    documents = [(path.read_bytes(), path.suffix == ".json") for path in CORPUS]
    for n in range(rounds):
        data, is_json = documents[n % len(documents)]
        way = rng.randrange(3)
        mutant: bytes | str
        format = "json" if is_json else "yaml"
        if way == 0:
            mutant = mutated_bytes(rng, data)
        elif way == 1:
            mutant = mutated_text(rng, data.decode())
        else:
            values = mutated_values(rng, json.loads(dump(loads(data), "json")))
            mutant = json_of(values)
            format = rng.choice(["json", "yaml", None])
        counts["loaded" if survives(mutant, format) else "refused"] += 1
    return counts


def test_mutants_of_the_corpus():
    counts = run(seed=1, rounds=600)
    assert counts["loaded"] > 30
    assert counts["refused"] > 300


@settings(max_examples=150)
@given(st.one_of(st.binary(max_size=200), st.text(max_size=200)), st.sampled_from(["json", "yaml"]))
def test_anything_at_all(data, format):
    survives(data, format)


DEEP = 100_000
BOMB = "\n".join(
    ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
)
MERGE_BOMB = "\n".join(
    ["a0: &a0 {" + ", ".join(f"k{i}: 1" for i in range(50)) + "}"]
    + [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 50)}]}}" for n in range(1, 30)]
)
HOSTILE = {
    "deep json lists": ("[" * DEEP, "json", "MIX108"),
    "deep json objects": ('{"a":' * DEEP, "json", "MIX108"),
    "deep closed json": ('{"id": ' + "[" * 500 + "]" * 500 + "}", "json", "MIX108"),
    "deep yaml flow": ("[" * DEEP, "yaml", "MIX108"),
    "deep yaml mappings": ("{a: " * DEEP, "yaml", "MIX108"),
    "deep yaml block": ("\n".join(" " * n + "a:" for n in range(500)), "yaml", "MIX108"),
    "deep yaml dashes": ("- " * DEEP, "yaml", "MIX108"),
    "alias bomb": (BOMB, "yaml", "MIX108"),
    "merge bomb": (MERGE_BOMB, "yaml", "MIX108"),
    "alias of itself": ("id: &a [*a]", "yaml", "MIX102"),
    "huge exponent": ('{"id": "x", "sample_rate": 1e999999999}', "json", "MIX105"),
    "huger exponent": ("id: x\nlength_ms: 1e99999999999999999999", "yaml", "MIX106"),
    "many digits": ('{"id": "x", "length_ms": ' + "9" * 100_000 + "}", "json", "MIX206"),
    "many decimals": ("id: x\nlength_ms: 1." + "1" * 100_000, "yaml", "MIX206"),
    "many digits before an error": ('{"id": ' + "9" * 100_000 + "x}", "json", "MIX102"),
    "huge offset": ("id: x\nlength_ms: 0e999999999", "yaml", "MIX206"),
    "nan": ('{"id": "x", "length_ms": NaN}', "json", "MIX106"),
    "nul in yaml": ("id: a\0b", "yaml", "MIX102"),
    "nul in json": (r'{"id": "a\u0000b"}', "json", "MIX110"),
    "surrogate in json": (r'{"id": "\ud800"}', "json", "MIX110"),
    "surrogate in yaml": (r'id: "\ud800"', "yaml", "MIX102"),
    "utf-16": ("id: x".encode("utf-16"), "yaml", "MIX110"),
    "latin-1": ("id: é".encode("latin-1"), "yaml", "MIX110"),
    "long key": ("id: x\n? " + "k" * 1_000_000 + "\n: 1", "yaml", "MIX103"),
    "long json key": ('{"id": "x", "' + "k" * 5_000_000 + '": 1}', "json", "MIX103"),
    "python tag": ("id: !!python/object/apply:os.system [ls]", "yaml", "MIX102"),
    "two documents": ("id: x\n---\nid: y", "yaml", "MIX102"),
    "nothing": ("", "yaml", "MIX105"),
    "long path": (
        '{"id": "x", "sources": {"a": "' + "a/" * 500_000 + '"}, "x": 1}',
        "json",
        "MIX206",
    ),
    "control characters": ('{"id": "\x1b[31m"}', "json", "MIX102"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile(name):
    data, format, code = HOSTILE[name]
    start = time.process_time()
    with pytest.raises(TimelineError) as caught:
        loads(data, "hostile", format=format)
    text = str(caught.value)
    assert code in {d.code for d in caught.value.diagnostics}
    assert len(text) < 20_000, "a message shows a value of any size in bounded space"
    assert text.isprintable() or {c for c in text if not c.isprintable()} <= {"\n", "\t"}
    assert time.process_time() - start < 5


@pytest.mark.soak
def test_many_mutants():
    print(run(seed=soak.seed(), rounds=soak.rounds(100_000)))


LARGE = {
    "json text": (lambda: '{"id": "' + "x" * 100_000_000 + '"}', "json"),
    "json text before an unknown key": (
        lambda: '{"id": "' + "x" * 60_000_000 + '", "y": 1}',
        "json",
    ),
    "json lists": (lambda: "[" + "[]," * 20_000_000 + "1]", "json"),
    "fewer json lists": (lambda: "[" + "[]," * 900_000 + "1]", "json"),
    "json keys": (lambda: "{" + ",".join(f'"k{n}":1' for n in range(900_000)) + "}", "json"),
    "long yaml text": (lambda: "id: " + "x" * 100_000_000, "yaml"),
    "yaml text": (lambda: "id: " + "x" * 8_000_000, "yaml"),
    "yaml lines in quotes": (lambda: "id: '" + "x\n" * 4_000_000, "yaml"),
    "yaml flow": (lambda: "[" + "a," * 4_000_000 + "]", "yaml"),
    "yaml block": (lambda: "- a\n" * 2_000_000, "yaml"),
    "yaml keys": (lambda: "{" + "? " * 4_000_000, "yaml"),
    "yaml anchors": (lambda: "&a " * 2_000_000, "yaml"),
    "yaml comment": (lambda: "#" * 8_000_000, "yaml"),
    "yaml empty lines": (lambda: "\n" * 8_000_000, "yaml"),
}
"""Made by the test that needs them: a worker of the default run would hold half a gigabyte."""


@pytest.mark.soak
@pytest.mark.parametrize("name", LARGE)
def test_large(name):
    make, format = LARGE[name]
    data = make()
    start = time.process_time()
    try:
        loads(data, "large", format=format)
    except TimelineError as error:
        assert len(str(error)) < 2_000_000
    seconds = time.process_time() - start
    # The most that this process has used so far, in kB: what came before counts too.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    print(f"{len(data):,} characters: {seconds:.1f} s, {peak:.0f} MB")
    assert seconds < 120
    assert peak < 3000
