"""Whatever an arrangement or a show says, it compiles or is refused, with places and in short time.

The mutants are values that are replaced, moved or removed, so that most of them are read, and the
errors of all phases meet.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from pathlib import Path

import pytest
import soak
from mixdown import MixdownError
from mixdown.compiler.driver import begin
from mixdown.compiler.graph_input import open_mix
from mixdown.compiler.load import read
from mixdown.compiler.pipeline import FRONT, final
from mixdown.compiler.reproducer import PassError
from mixdown.compiler.request import RenderRequest
from mixdown.documents.models import plain
from mutants import json_of, mutated_values

SONG = """
arrangement_version: 1
id: song
tempo_map: [{bar: 1, tempo: 120}, {bar: 3, tempo: 90, time_signature: 3/4}]
sections:
  - {name: intro, bars: 2, transition: {kind: crossfade, beats: 1}}
  - {name: verse, bars: 4, transition: {kind: gap, length_ms: 100}}
  - {name: talk, length_ms: 3000}
markers: [{label: Drop, at: "3:1"}]
sources: {loop: {path: bar.wav, speed: 0.5}}
materials:
  - {id: bar, source: bar.wav, bars: 1, tempo: 120, stretch: resample}
  - {id: slow, source: loop, bars: 1, tempo: 60, stretch: resample, time_signature: 4/4}
  - {id: fill, source: fill.wav, bars: 0.5, tempo: 120}
  - {id: voice, source: voice.wav, offset_ms: 100, duration_ms: 2000}
parts:
  - {id: p, role: drums, material: bar, play: [intro, {section: verse, at: 2, fill: bar}]}
  - {id: q, role: vox, material: voice, play: [intro, {section: talk, at_ms: 500}]}
  - id: r
    role: keys
    filter: {kind: lowpass, frequency_hz: 9000}
    play: [{section: intro, material: fill, repeats: 2}, {section: verse, material: slow}]
    moves: [{section: intro, target: filter, begin: 500, end: 5000, bars: 1}]
"""
SHOW = """
show_version: 1
id: show
speakers: [host, {id: guest, role: vox, level: {to: -20}}]
intro: {source: two.wav, alone_ms: 1000, fade_out_ms: 500}
segments:
  - {source: voice.wav, label: Welcome}
  - {source: voice.wav, speaker: guest, offset_ms: 500, gap_ms: 100}
  - {kind: sting, source: fill.wav}
  - {kind: ad, duration_ms: 2000}
outro: {source: two.wav, alone_ms: 2000}
bed: {source: two.wav, crossfade_ms: 400}
buses: [{id: bus_music, roles: [music], duck: {by: [dialogue], gain_db: -6}}]
"""


def run(folder: Path, seed: int, rounds: int) -> Counter[str]:
    """Compiles so many mutants up to their graph; returns how many compiled and were refused."""
    rng, counts = random.Random(seed), Counter()
    documents = [plain(read(text, "whole.yaml")) for text in (SONG, SHOW)]
    path = folder / "mutant.json"
    for n in range(rounds):
        values = mutated_values(rng, documents[n % 2])
        if rng.random() < 0.5:
            values = mutated_values(rng, values)
        path.write_text(json_of(values), "utf-8")
        began = time.process_time()
        try:
            final(begin(open_mix(path), RenderRequest()), FRONT)
            counts["compiled"] += 1
        except PassError:
            raise
        except MixdownError as error:
            assert error.diagnostics
            assert str(error)
            counts["refused"] += 1
        assert time.process_time() - began < 10, values
    return counts


def test_mutants_of_a_song_and_a_show(media: Path):
    counts = run(media, seed=1, rounds=200)
    assert counts["compiled"] > 5
    assert counts["refused"] > 100


@pytest.mark.soak
def test_many_mutants_of_a_song_and_a_show(media: Path):
    print(run(media, soak.seed(), soak.rounds(20_000)))
