"""Levels are converted in one place, so that the last bit is the same everywhere."""

from __future__ import annotations

import re

from house import modules, name_of

CONVERSION = re.compile(r"\blog10\(|\b10(?:\.0)? ?\*\* ?\(")
# What is written out there, and why it is no conversion of one level.
ELSEWHERE = {
    "audio/curves.py": "the formula of a fade curve",
    "audio/meter/loudness.py": "arrays of LUFS, by BS.1770",
    "ir/units.py": "the conversions",
    "render/report/reduction.py": "an array of gain reductions",
    "render/verify.py": "the rounding floor of a filter, by Jackson's formula",
}


def test_decibels_are_converted_in_one_place():
    texts = {name_of(path): path.read_text(encoding="utf-8") for path in modules()}
    assert {name for name, text in texts.items() if CONVERSION.search(text)} == set(ELSEWHERE)
