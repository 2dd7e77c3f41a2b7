"""Documents broken on purpose: as bytes, as text with tokens that hurt parsers, as values."""

from __future__ import annotations

import json
import random
import re
import sys
from collections.abc import Sequence
from decimal import Decimal

HURTFUL = """
[ ] { } , : - ? | > ' " # & * ! % @ ` ~ << <<: --- ... \t \r \x00 \x07 \x1b \x7f \x85 \u2028 \ufeff
\\ \\u0000 \\ud800 \\x &a *a *b !!str !!int !!binary !!python/object:os.system !<x> %YAML %TAG
1e999999999 1e99999999999999999999 -1e-999999999 .nan NaN .inf Infinity -Infinity
0x1F 0o17 1_000 null true yes 1:30 2024-01-01 "" [] {} [[[[ {{{{ {a:[
id tracks clips source start_ms automation gain
schema_version é 😀 ../../etc/passwd http://x concat:a|b file:x
"""
TOKENS = [token for line in HURTFUL.splitlines() for token in line.split(" ")]

JUNK = [
    *(
        None,
        True,
        0,
        -1,
        2**70,
        10**5000,
        1.5,
        Decimal("1e400"),
        "",
        "x",
        "\0",
        "\ud800",
        "é" * 5000,
    ),
    *([], {}, [[]], [None], {"": None}, {"id": {}}, [[[[[[1]]]]]], {"a/b~c": 1}),
]


def mutated_bytes(rng: random.Random, data: bytes) -> bytes:
    """A few bytes flipped, dropped, doubled or moved."""
    made = bytearray(data)
    for _ in range(rng.randint(1, 6)):
        if not made:
            break
        at, size = rng.randrange(len(made)), rng.randint(1, 20)
        piece = bytes(made[at : at + size])
        act = rng.randrange(4)
        if act == 0:
            made[at] = rng.randrange(256)
        elif act == 1:
            del made[at : at + size]
        elif act == 2:
            made[at:at] = piece * rng.randint(1, 30)
        else:
            made[rng.randrange(len(made)) : 0] = piece
    return bytes(made)


EXTREMES = [
    *(
        b"\0" * 4,
        b"\xff" * 4,
        b"\x7f\xff\xff\xff",
        b"\xff\xff\xff\x7f",
        b"\0\0\0\x80",
        b"\x80\0\0\0",
    ),
    *(b"\0\0", b"\xff\xff", b"\1\0", b"\0\1", b"\0" * 8, b"\xff" * 8, b"\x7f" + b"\xff" * 7),
]
"""What breaks sizes, rates and counts."""


def mutated_media(rng: random.Random, data: bytes) -> bytes:
    """A media file damaged more often in its first bytes: numbers, bits, holes, a cut, a tail."""
    made = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(max(1, rng.choice([64, 256, 2048, len(made)])))
        at = min(at, max(0, len(made) - 1))
        act = rng.random()
        if act < 0.35:
            extreme = rng.choice(EXTREMES)
            made[at : at + len(extreme)] = extreme
        elif act < 0.6:
            made[at : at + 1] = bytes([rng.randrange(256)])
        elif act < 0.7:
            del made[at : at + rng.randint(1, 2000)]
        elif act < 0.8:
            made[at : at + 500] = rng.randbytes(rng.randint(1, 500))
        elif act < 0.9:
            made[at:at] = made[at : at + rng.randint(1, 2000)]
        else:
            del made[rng.randrange(len(made) + 1) :]
    return bytes(made)


def mutated_text(rng: random.Random, text: str, tokens: Sequence[str] = TOKENS) -> str:
    """Tokens put anywhere, or in place of words."""
    for _ in range(rng.randint(1, 5)):
        at = rng.randrange(len(text) + 1)
        token = rng.choice(tokens) * rng.choice([1, 1, 1, 2, 100])
        end = at + rng.choice([0, 0, rng.randint(1, 8)])
        text = text[:at] + rng.choice(["", " ", "\n"]) + token + text[end:]
    return text


def mutated_values(rng: random.Random, value: object) -> object:
    """Junk in place of a value, keys renamed, entries dropped or doubled, somewhere below."""
    if not isinstance(value, dict | list) or not value or rng.random() < 0.15:
        return rng.choice(JUNK)
    made = dict(value) if isinstance(value, dict) else list(value)
    keys = list(made) if isinstance(made, dict) else list(range(len(made)))
    key = rng.choice(keys)
    act = rng.random()
    if act < 0.7:
        made[key] = mutated_values(rng, made[key])
    elif act < 0.8 and isinstance(made, dict):
        made[rng.choice(["x", "", key + "s", "id", "\ud800"])] = made.pop(key)
    elif act < 0.9:
        made.pop(key)
    elif isinstance(made, list):
        made.append(made[key])
    return made


def json_of(values: object) -> str:
    """JSON of values that hold numbers which Python's writer refuses."""
    limit = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    try:
        text = json.dumps(values, default=lambda number: f"@{number}@")
    finally:
        sys.set_int_max_str_digits(limit)
    return text.replace('"@', "").replace('@"', "")


WORD = re.compile(r"[\w.@%+-]+")


def mutated_words(rng: random.Random, text: str, tokens: Sequence[str] = TOKENS) -> str:
    """Words replaced by others of their kind, lines dropped, doubled or moved.

    Many results are as well-formed as the text, so that they reach what comes after a parser.
    """
    for _ in range(rng.randint(1, 3)):
        words = list(WORD.finditer(text))
        lines = text.split("\n")
        if words and rng.random() < 0.8:
            at = rng.choice(words)
            others = [*(word[0] for word in words), *tokens]
            kind = _kind(at[0])
            new = rng.choice([word for word in others if _kind(word) == kind])
            text = f"{text[: at.start()]}{new}{text[at.end() :]}"
        else:
            line = lines.pop(rng.randrange(len(lines)))
            for _ in range(rng.randrange(3)):
                lines.insert(rng.randrange(len(lines) + 1), line)
            text = "\n".join(lines)
    return text


def _kind(word: str) -> str:
    """A name, an integer, a number or something else."""
    if word[:1] in "@%":
        return word[:1]
    if word.lstrip("-").isdecimal():
        return "integer"
    try:
        float(word)
    except ValueError:
        return "word" if word[:1].isalpha() else "other"
    return "number"
