"""Transcripts: the words of a file with their times, as tools for speech recognition write them.

Reads the JSON of Whisper (also its API and faster-whisper), WhisperX and whisper.cpp, WebVTT (also
with times inside of cues) and SRT. Promises: words in the order of their times, in milliseconds of
the file. Where a format has the times of a cue alone, only its first and last word have an exact
edge. The file need not be trusted: its size and the number of its words are limited.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from attrs import evolve, frozen

from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic

MAX_BYTES = 50_000_000
MAX_WORDS = 1_000_000
_MAX_MS = 1_000_000_000

_TIMING = re.compile(
    r"((?:\d+:)?\d{1,2}:\d{2}[.,]\d{1,3})\s+-->\s+((?:\d+:)?\d{1,2}:\d{2}[.,]\d{1,3})"
)
_INLINE = re.compile(r"<((?:\d+:)?\d{1,2}:\d{2}\.\d{3})>")
_MARKUP = re.compile(r"<[^<>\n]*>|\{\\[^}]*\}")
_NOT_SPOKEN = re.compile(r"[^\w']+", re.UNICODE)


@frozen
class SpokenWord:
    """A word: as it is written, when it begins and ends in ms, and whether these are exact."""

    text: str
    start: int
    end: int
    exact_start: bool = True
    exact_end: bool = True

    @property
    def spoken(self) -> str:
        """The word without case and punctuation; "" if nothing is left."""
        return spoken(self.text)


def spoken(text: str) -> str:
    """A word without case and punctuation, as words are compared."""
    plain = unicodedata.normalize("NFKC", text).replace("\u2019", "'").casefold()
    return _NOT_SPOKEN.sub("", plain).strip("'_")


def read_transcript(path: Path, named: str) -> tuple[SpokenWord, ...] | Diagnostic:
    """The words of a transcript, or what is wrong with it, without a place.

    Args:
        path: the file.
        named: its name in messages.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            return _problem(named, f"is larger than {MAX_BYTES // 1_000_000} MB")
        words = tuple(sorted(_words(data.decode("utf-8-sig")), key=lambda word: word.start))
    except OSError as error:
        return _problem(named, f"cannot be read: {error.strerror}")
    except UnicodeDecodeError:
        return _problem(named, "is not UTF-8")
    except RecursionError:
        return _problem(named, "is nested too deeply")
    except ValueError as error:
        return _problem(named, str(error))
    return words if words else _problem(named, "has no words with times")


def _problem(named: str, what: str) -> Diagnostic:
    return Diagnostic(
        Code.BAD_TRANSCRIPT,
        f"transcript {named!r} {what}",
        help="it can be JSON of Whisper, WhisperX or whisper.cpp with word times, WebVTT or SRT",
    )


def _words(text: str) -> Iterator[SpokenWord]:
    """The words of a text in any of the formats; ValueError says what is wrong."""
    if text.lstrip()[:1] in ("{", "["):
        found = _of_json(json.loads(text, parse_constant=_no_number))
    elif _TIMING.search(text):
        found = _of_cues(text)
    else:
        raise ValueError("is in no known format")
    for count, word in enumerate(found):
        if count >= MAX_WORDS:
            raise ValueError(f"has more than {MAX_WORDS:,} words")
        if not 0 <= word.start <= word.end <= _MAX_MS:
            raise ValueError(f"has a word {word.text.strip()[:40]!r} that ends before it starts")
        yield word


def _no_number(word: str) -> None:
    raise ValueError(f"has a number {word}")


# JSON.


def _of_json(data: Any) -> Iterable[SpokenWord]:  # noqa: ANN401 (any JSON)
    if isinstance(data, list):
        return _timed(data, None)
    if isinstance(data, dict):
        if isinstance(data.get("transcription"), list):
            return (word for item in data["transcription"] for word in _whisper_cpp(item))
        segments = data.get("segments")
        has_words = isinstance(segments, list) and any(_field(s, "words") for s in segments)
        for key in ("words", "word_segments"):
            if not has_words and isinstance(data.get(key), list):
                return _timed(data[key], None)
        if isinstance(segments, list):
            return (word for segment in segments for word in _segment(segment))
    raise ValueError("is JSON of no known tool")


def _field(item: Any, key: str) -> Any:  # noqa: ANN401 (any JSON)
    return item.get(key) if isinstance(item, dict) else None


def _segment(segment: Any) -> Iterable[SpokenWord]:  # noqa: ANN401 (any JSON)
    if not isinstance(segment, dict):
        raise ValueError("has a segment that is no object")
    if isinstance(segment.get("words"), list):
        return _timed(segment["words"], (_ms(segment.get("start")), _ms(segment.get("end"))))
    start, end = _ms(segment.get("start")), _ms(segment.get("end"))
    if start is None or end is None:
        raise ValueError("has a segment without times")
    return _cue(_text(segment.get("text", "")), start, end)


def _timed(items: list[Any], within: tuple[int | None, int | None] | None) -> Iterator[SpokenWord]:
    """Words with times; a word without (WhisperX has none for digits) is between its neighbours."""
    texts = [_text(_field(i, "word") or _field(i, "text") or "") for i in items]
    starts = [_ms(_field(item, "start")) for item in items]
    ends = [_ms(_field(item, "end")) for item in items]
    first, last = within or (None, None)
    for number, text in enumerate(texts):
        start, end = starts[number], ends[number]
        if start is None:
            earlier = [each for each in (first, *ends[:number]) if each is not None]
            start = earlier[-1] if earlier else None
        if end is None:
            later = [each for each in (*starts[number + 1 :], last) if each is not None]
            end = later[0] if later else start
        if start is None or end is None:
            raise ValueError("has no times of words")
        yield SpokenWord(
            text, start, max(start, end), starts[number] is not None, ends[number] is not None
        )


def _whisper_cpp(item: Any) -> Iterator[SpokenWord]:  # noqa: ANN401 (any JSON)
    """A segment of whisper.cpp: its tokens are parts of words, which begin with a space."""
    tokens = _field(item, "tokens")
    if not isinstance(tokens, list):
        start, end = _offsets(item)
        yield from _cue(_text(_field(item, "text") or ""), start, end)
        return
    made: SpokenWord | None = None
    for token in tokens:
        text = _text(_field(token, "text") or "")
        if text.startswith("[_"):
            continue
        start, end = _offsets(token)
        if made is not None and not text.startswith(" "):
            made = evolve(made, text=made.text + text, end=max(made.end, end))
            continue
        if made is not None:
            yield made
        made = SpokenWord(text, start, end)
    if made is not None:
        yield made


def _offsets(item: Any) -> tuple[int, int]:  # noqa: ANN401 (any JSON)
    offsets = _field(item, "offsets")
    start, end = _field(offsets, "from"), _field(offsets, "to")
    if not isinstance(start, int) or not isinstance(end, int):
        raise ValueError("has a segment without offsets")
    return start, end


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("has a word that is no text")
    return value


def _ms(seconds: object) -> int | None:
    """Seconds in ms; None if they are not there."""
    if seconds is None:
        return None
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise ValueError("has a time that is no number")
    if not abs(seconds) <= _MAX_MS:
        raise ValueError("has a time out of all range")
    return round(seconds * 1000)


# Cues.


def _of_cues(text: str) -> Iterator[SpokenWord]:
    """The words of WebVTT or SRT."""
    lines = text.splitlines()
    inline = any(_INLINE.search(line) for line in lines)
    starts = [n for n, line in enumerate(lines) if _TIMING.search(line)]
    for at, after in pairwise([*starts, len(lines) + 1]):
        found = _TIMING.search(lines[at])
        assert found is not None  # it is a line with times
        start, end = (_clock(time) for time in found.groups())
        body = []
        for line in lines[at + 1 : after]:
            if not line:
                break
            # With times inside of cues, a line without is that of the cue before, shown again.
            if not inline or _INLINE.search(line):
                body.append(line)
        yield from _timed_cue(" ".join(body), start, end)


def _timed_cue(text: str, start: int, end: int) -> Iterator[SpokenWord]:
    """The words of a cue, which may have times between them."""
    parts = _INLINE.split(text)
    times = [start, *(_clock(time) for time in parts[1::2]), end]
    for part, (begin, stop) in zip(parts[::2], pairwise(times), strict=True):
        yield from _cue(_MARKUP.sub("", part), begin, stop)


def _cue(text: str, start: int, end: int) -> Iterator[SpokenWord]:
    """The words of a text, which share its time by their lengths."""
    words = text.split()
    whole = sum(map(len, words))
    done = 0
    for number, word in enumerate(words):
        begin = start + (end - start) * done // whole
        done += len(word)
        stop = start + (end - start) * done // whole
        yield SpokenWord(word, begin, stop, number == 0, number == len(words) - 1)


def _clock(time: str) -> int:
    """A clock time in ms."""
    whole, _, fraction = time.replace(",", ".").rpartition(".")
    seconds = 0
    for part in whole.split(":"):
        seconds = seconds * 60 + int(part)
    return seconds * 1000 + int(fraction.ljust(3, "0"))
