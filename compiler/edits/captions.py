"""Captions of a finished mix, from the transcripts of its sources.

Promises: every word that the mix plays is in one caption, at its time in the mix: after all cuts,
trims and speeds. Captions of one voice do not overlap. As is usual for subtitles, a caption has at
most two lines of at most 42 characters (if no word is longer), and lasts at most 7 s.
"""

from __future__ import annotations

import html
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from attrs import evolve, frozen

from ...ir.codes import Code
from ...ir.diagnostics import Diagnostic, MixdownError, errors
from ...ir.origin import Documents
from ...ir.units import milliseconds
from ...plans.ffmetadata import Chapter
from ..driver import compile
from ..emit import chapters
from ..graph_input import Mix
from .transcripts import read_transcripts
from .words import Said, played

LINE = 42
LONGEST_S = 7.0
SHORTEST_S = 1.0
"""A shorter caption stays for so long, if no other follows."""
GAP_S = 0.8
"""A longer pause begins a new caption."""
_SENTENCE = (".", "?", "!", "…")


@frozen
class Caption:
    """A caption.

    Attributes:
        start_ms: in the mix.
        end_ms: in the mix.
        speaker: the name of the track, or its id.
        lines: one or two.
    """

    start_ms: int
    end_ms: int
    speaker: str
    lines: tuple[str, ...]


@frozen
class Captions:
    """The captions and the chapters of a mix, warnings about it, and their documents."""

    captions: tuple[Caption, ...]
    chapters: tuple[Chapter, ...]
    diagnostics: tuple[Diagnostic, ...]
    documents: Documents


def captions_of(mix: Mix | str | Path) -> Captions:
    """The captions of a mix.

    Raises:
        MixdownError: the mix cannot be compiled; MIX273, a transcript cannot be used; MIX274, none
            of its sources has a transcript.
    """
    compilation = compile(mix)
    timeline = compilation.timeline
    transcripts, problems = read_transcripts(timeline, compilation.media)
    if errors(problems):
        raise MixdownError(problems, timeline.documents)
    if not transcripts:
        raise MixdownError.of(
            Code.UNSAID,
            "no source of the mix has a transcript",
            timeline.origin("sources"),
            "sources: {host: {path: host.flac, transcript: host.json}}",
        )
    names = {track.id: track.name or track.id for track in timeline.tracks}
    voices: dict[str, list[Said]] = {}
    for word in played(timeline, compilation.media, transcripts):
        voices.setdefault(names[word.track], []).append(word)
    rate = timeline.sample_rate
    made = [
        caption
        for speaker, words in voices.items()
        for caption in _of_voice(speaker, sorted(words, key=lambda said: said.start), rate)
    ]
    return Captions(
        tuple(sorted(made, key=lambda caption: caption.start_ms)),
        chapters(timeline, compilation.length),
        tuple(dict.fromkeys((*compilation.diagnostics, *problems))),
        timeline.documents,
    )


def _of_voice(speaker: str, words: Sequence[Said], rate: int) -> Iterator[Caption]:
    """The captions of one voice; a short one stays until the next one, for at most a second."""
    made = [_caption(speaker, group, rate) for group in _groups(words, rate)]
    for caption, following in pairwise([*made, None]):
        assert caption is not None
        stays = max(caption.end_ms, caption.start_ms + round(1000 * SHORTEST_S))
        end = stays if following is None else min(stays, following.start_ms)
        yield evolve(caption, end_ms=max(end, caption.start_ms + 1))


def _groups(words: Sequence[Said], rate: int) -> Iterator[list[Said]]:
    """The words of each caption."""
    group: list[Said] = []
    for word in words:
        if group and not _goes_on(group, word, rate):
            yield group
            group = []
        group.append(word)
    if group:
        yield group


def _goes_on(group: Sequence[Said], word: Said, rate: int) -> bool:
    """Whether a word belongs to the caption of the words before it."""
    text = _text([*group, word])
    ended = _text(group).endswith(_SENTENCE) and len(_text(group)) > LINE // 2
    return (
        len(textwrap.wrap(text, LINE)) <= 2
        and word.start - group[-1].end <= GAP_S * rate
        and word.end - group[0].start <= LONGEST_S * rate
        and not ended
    )


def _caption(speaker: str, group: Sequence[Said], rate: int) -> Caption:
    start, end = (milliseconds(at, rate) for at in (group[0].start, group[-1].end))
    return Caption(round(start), round(end), speaker, tuple(textwrap.wrap(_text(group), LINE)))


def _text(group: Iterable[Said]) -> str:
    return " ".join(said.word.text.strip() for said in group)


def vtt(made: Sequence[Caption]) -> str:
    """WebVTT; with several voices each caption names its own."""
    several = len({caption.speaker for caption in made}) > 1
    cues = []
    for caption in made:
        text = html.escape("\n".join(caption.lines), quote=False)
        voice = html.escape(" ".join(caption.speaker.split()), quote=False)
        text = f"<v {voice}>{text}" if several else text
        cues.append(f"{_clock(caption.start_ms)} --> {_clock(caption.end_ms)}\n{text}\n")
    return "\n".join(["WEBVTT\n", *cues])


def srt(made: Sequence[Caption]) -> str:
    """SRT; with several voices each caption begins with the name of its own."""
    several = len({caption.speaker for caption in made}) > 1
    cues = []
    for number, caption in enumerate(made, 1):
        times = f"{_clock(caption.start_ms)} --> {_clock(caption.end_ms)}".replace(".", ",")
        named = f"{caption.speaker}: " if several else ""
        cues.append(f"{number}\n{times}\n{named}" + "\n".join(caption.lines) + "\n")
    return "\n".join(cues)


def chapters_vtt(made: Sequence[Chapter]) -> str:
    """The chapters as WebVTT, as players of the web read them."""
    cues = [
        f"{_clock(each.start)} --> {_clock(each.end)}\n{html.escape(each.title, quote=False)}\n"
        for each in made
    ]
    return "\n".join(["WEBVTT\n", *cues])


def _clock(ms: int) -> str:
    seconds, fraction = divmod(ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}.{fraction:03d}"
