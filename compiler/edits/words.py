"""Finds the words of transcripts that are to be removed or kept, on the timeline.

Promises: a cut begins and ends where a word does, at a time that the transcript states. What is
said on another clip at the same time is not cut. A text may contain "...": it then goes from the
words before that to the nearest words after it. Words are compared without case and punctuation.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from attrs import define, field

from ...ir.codes import Code
from ...ir.diagnostics import Diagnostic, Severity
from ...ir.units import clock, samples
from ...media.transcript import SpokenWord, spoken
from ..geometry import Media, extent, played_spans
from ..timeline.cuts import Keep, Remove
from ..timeline.model import Timeline, clip_id
from ..unit import Unit
from .ripple import Place, Removed

BEFORE_MS, AFTER_MS = 150, 250
"""What stays around a text that is kept, up to half of the way to the words next to it."""
_SUGGESTED = 10_000
"""For how many different words a near one is looked for."""


Transcripts = Mapping[str, tuple[SpokenWord, ...]]
"""The words of sources, by the names that clips use."""


class Said(NamedTuple):
    """A word that a clip plays: samples [start, end) of the timeline, the clip and the track."""

    word: SpokenWord
    start: int
    end: int
    clip: str
    track: str


@define
class WordCuts:
    """What a `remove` and a `keep` take out, and what is wrong with them.

    Attributes:
        unit: the compilation, with transcripts.
        length: of the mix without cuts, samples.
        removed: so far.
        found: diagnostics.
    """

    unit: Unit
    length: int
    removed: list[Removed] = field(factory=list)
    found: list[Diagnostic] = field(factory=list)

    def cut(self) -> None:
        """Find what is taken out."""
        timeline = self.unit.timeline
        words = played(timeline, self.unit.media, self.unit.transcripts)
        clips = [list(each) for _, each in groupby(words, lambda said: said.clip)]
        if not clips:
            owner = "remove" if timeline.remove is not None else "keep"
            self._report(
                Code.UNSAID,
                "nothing is transcribed that this could cut",
                (owner,),
                "sources: {host: {path: host.flac, transcript: host.json}}",
            )
            return
        if timeline.remove is not None:
            self._remove(timeline.remove, clips)
        if timeline.keep is not None:
            self._keep(timeline.keep, clips)

    @property
    def rate(self) -> int:
        """The session rate."""
        return self.unit.timeline.sample_rate

    def _remove(self, remove: Remove, clips: list[list[Said]]) -> None:
        every = [word for words in clips for word in words]
        for key, phrases in (("words", remove.words), ("text", remove.text)):
            for number, phrase in enumerate(phrases):
                place = ("remove", key, number)
                for run in self._runs(phrase, clips, place, once=key == "text"):
                    self._remove_run(run, every, place)

    def _remove_run(self, run: list[Said], every: list[Said], place: Place) -> None:
        first, last = run[0], run[-1]
        quoted = _quoted(run)
        at = clock(first.start / self.rate)
        if not (first.word.exact_start and last.word.exact_end):
            help = "use a transcript with the times of words, or remove all of the cue"
            message = f"the transcript does not say when {quoted} at {at} begins and ends"
            self._report(Code.NO_WORD_TIMES, message, place, help)
            return
        others = [
            each
            for each in every
            if each.clip != first.clip and each.start < last.end and each.end > first.start
        ]
        if others:
            message = f"{quoted} at {at} is not removed: {others[0].clip} says {_quoted(others)}"
            self._report(Code.WORDS_OVERLAP, message, place, None, Severity.WARNING)
            return
        remove = self.unit.timeline.remove
        assert remove is not None
        fade = samples(remove.crossfade_ms, self.rate)
        self.removed.append(Removed(first.start, last.end, fade, f"without {quoted}", place))

    def _keep(self, keep: Keep, clips: list[list[Said]]) -> None:
        """Everything is taken out that is not near a text."""
        before, after = (samples(ms, self.rate) for ms in (BEFORE_MS, AFTER_MS))
        kept: list[tuple[int, int]] = []
        for number, phrase in enumerate(keep.text):
            for run in self._runs(phrase, clips, ("keep", "text", number), once=True):
                words = next(words for words in clips if run[0] in words)
                first, last = words.index(run[0]), words.index(run[-1])
                start, end = run[0].start - before, run[-1].end + after
                if first > 0:
                    start = max(start, (words[first - 1].end + run[0].start) // 2)
                if last + 1 < len(words):
                    end = min(end, (run[-1].end + words[last + 1].start) // 2)
                kept.append((min(start, run[0].start), max(end, run[-1].end)))
        if not kept:
            return
        fade, at = samples(keep.crossfade_ms, self.rate), 0
        for start, end in sorted(kept):
            if start > at:
                self.removed.append(Removed(at, start, fade, "not in keep", ("keep",)))
            at = max(at, end)
        if at < self.length:
            self.removed.append(Removed(at, self.length, fade, "not in keep", ("keep",)))

    def _runs(
        self, phrase: str, clips: list[list[Said]], place: Place, *, once: bool
    ) -> list[list[Said]]:
        """Where a phrase is said; a text must be said exactly once."""
        runs = [run for words in clips for run in _found(phrase, words)]
        if not runs:
            severity = Severity.ERROR if once else Severity.WARNING
            message = f"{phrase[:60]!r} is said nowhere"
            self._report(Code.UNSAID, message, place, _near(phrase, clips), severity)
        elif once and len(runs) > 1:
            times = ", ".join(clock(run[0].start / self.rate) for run in runs[:5])
            message = f"{phrase[:60]!r} is said {len(runs)} times: at {times}"
            self._report(Code.UNSAID, message, place, "add words before or after it")
            return []
        return runs

    def _report(
        self,
        code: Code,
        message: str,
        place: Place,
        help: str | None,
        severity: Severity = Severity.ERROR,
    ) -> None:
        origin = self.unit.timeline.origin(*place)
        self.found.append(Diagnostic(code, message, origin, help, severity=severity))


def played(timeline: Timeline, media: Media, transcripts: Transcripts) -> Iterator[Said]:
    """The words that the clips of a mix play, as far as its sources have transcripts.

    A word counts if its middle is within the clip. Those of one clip follow each other.
    """
    solo, rate = any(track.solo for track in timeline.tracks), timeline.sample_rate
    for track in timeline.tracks:
        if track.mute or (solo and not track.solo):
            continue
        for c, clip in enumerate(track.clips):
            if clip.source not in transcripts or clip.source not in media or clip.mute:
                continue
            where, source = extent(clip, rate, media), media[clip.source]
            name = f"{track.id}/{clip_id(clip, c)}"
            for word in transcripts[clip.source]:
                for start, end in played_spans([(word.start, word.end)], where, source, rate):
                    if where.start <= (start + end) // 2 < where.end:
                        at, until = max(start, where.start), min(end, where.end)
                        yield Said(word, at, until, name, track.id)


def _found(phrase: str, words: Sequence[Said]) -> Iterator[list[Said]]:
    """Where a phrase is said in the words of a clip, from left to right; runs do not overlap."""
    parts = [
        [token for word in part.split() if (token := spoken(word))]
        for part in phrase.replace("…", "...").split("...")
    ]
    parts = [part for part in parts if part]
    heard = [(said, token) for said in words if (token := said.word.spoken)]
    tokens = [token for _, token in heard]
    at = 0
    while parts:
        ends = at
        first = -1
        for part in parts:
            start = _index(tokens, part, ends)
            if start < 0:
                return
            first = start if first < 0 else first
            ends = start + len(part)
        yield [said for said, _ in heard[first:ends]]
        at = ends


def _index(tokens: Sequence[str], part: Sequence[str], start: int) -> int:
    """Where a part is in the tokens from a place on; -1 if it is not."""
    for at in range(start, len(tokens) - len(part) + 1):
        if tokens[at] == part[0] and list(tokens[at : at + len(part)]) == list(part):
            return at
    return -1


def _near(phrase: str, clips: Sequence[Sequence[Said]]) -> str | None:
    """The first word of a phrase that is said nowhere, and what is said that is like it."""
    known = dict.fromkeys(said.word.spoken for words in clips for said in words)
    for word in phrase.replace("...", " ").split():
        token = spoken(word)
        if token and token not in known:
            near = difflib.get_close_matches(token, list(known)[:_SUGGESTED], n=1, cutoff=0.6)
            return f"did you mean {near[0]!r}?" if near else f"nobody says {token!r}"
    return "all of its words are said, but not in this order"


def _quoted(run: Sequence[Said]) -> str:
    texts = [said.word.text.strip() for said in run]
    if len(texts) > 4:
        texts = [*texts[:2], "...", *texts[-2:]]
    return repr(" ".join(texts))
