"""A template of a timeline: the fields that most mixes need, with a comment on each.

Promises: the text loads, and is valid as soon as its media exist; ids and paths are quoted where
YAML needs it. Each given file becomes a source and a track with one clip, which starts where that
of the file before it ends.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePath

from attrs import frozen

from ...audio.activity import Contrast
from ...documents.writer import yaml_text
from ...ir.names import NumberedNames
from ...media.survey import SourceSurvey

_HEAD = """\
# A timeline of mixdown. Times are milliseconds, gains dB; paths count from this file.
#
#   mixdown check  {file}     is anything wrong?
#   mixdown render {file}     mix, master and measure it
#
# An editor with a YAML language server completes and checks it, once `mixdown schema >
# timeline.schema.json` has put the schema beside it, by a first line of this form:
# yaml-language-server: $schema=timeline.schema.json

schema_version: 1
{id}
# sample_rate: 48000            # Hz; sources at other rates are resampled
# channels: 2                   # 1 for mono
metadata: {{title: Untitled}}     # tags of the rendered files

# A name for each file.
{sources}

# markers:
#   - {{at_ms: 0, label: Intro}}

tracks:
"""

_TRACK = """\
  - {id}
    role: {role}{reason}
{more_of_a_track}    clips:
      - {source}
        {start}
{more_of_a_clip}        fade_in_ms: 30
        fade_out_ms: 60
"""

_MORE_OF_A_TRACK = """\
    # gain_db: 0                # also: pan, mute, solo, bus, eq, filter
    # automation:               # keyframes are on the timeline's clock
    #   gain: [{at_ms: 0, value: 0, curve: smooth}, {at_ms: 2000, value: -10}]
"""

_MORE_OF_A_CLIP = """\
        # offset_ms: 0          # where it starts in the file
        # duration_ms: 0:12     # absent: to the end of the file; 0:12 is 12000
        # crossfade_out_ms: 400 # in place of fade_out_ms, where the next clip overlaps
"""

_START = "start_ms: 0             # where it starts in the mix"
_EXAMPLE = ("audio/voice.wav", "audio/music.ogg")

# The roles of files by a word in their names.
_ROLES = {
    "music": "music bed theme jingle song",
    "fx": "fx sfx sting effect applause",
    "ambience": "room roomtone ambience atmo",
    "drums": "drum drums beat",
    "bass": "bass",
}


@frozen
class Guess:
    """The probable role of a file, and what it is guessed from."""

    role: str
    reason: str


def guess(path: str, survey: SourceSurvey | None) -> Guess:
    """The role of a file: by a word in its name, or else by its survey, where there is one.

    Speech has pauses that are at least 8 dB under it; anything else is taken for music. Percussion
    with rests is the known mistake.
    """
    named = re.findall("[a-z]+", PurePath(path).stem.lower())
    for role, words in _ROLES.items():
        if any(word in words.split() for word in named):
            return Guess(role, "by its name")
    if survey is None:
        return Guess("dialogue", "a guess: there is no such file, or it cannot be read")
    if survey.contrast is Contrast.CLEAR and len(survey.spans) > 1:
        return Guess("dialogue", f"a guess: {len(survey.spans)} phrases with pauses, like speech")
    return Guess("music", "a guess: sound without pauses, like music")


def starter(
    id: str,
    media: Sequence[str] = (),
    file: str = "timeline.yaml",
    guesses: Mapping[str, Guess] | None = None,
) -> str:
    """A commented YAML timeline; `guesses` are the roles of the files, by path."""
    sources = _sources(media or _EXAMPLE)
    text = _HEAD.format(
        file=" ".join(file.split()),
        id=_line("id", id),
        sources=yaml_text({"sources": sources}).strip(),
    )
    start = _START
    for number, (name, path) in enumerate(sources.items()):
        guessed = (guesses or {}).get(path)
        text += "\n" * bool(number) + _TRACK.format(
            id=_line("id", name),
            role=(guessed or guess(path, None)).role,
            reason=f"  # {guessed.reason}" if guessed else "",
            source=_line("source", name),
            start=start,
            more_of_a_track="" if number else _MORE_OF_A_TRACK,
            more_of_a_clip="" if number else _MORE_OF_A_CLIP,
        )
        start = f"{_line('after', f'{name}/c1')}  # or start_ms: where it starts in the mix"
    return text


def _sources(media: Sequence[str]) -> dict[str, str]:
    """A name for each path: its stem, with a number where two share one."""
    names = NumberedNames(separator="-")
    return {names.take(PurePath(path).stem or "source"): path for path in media}


def _line(key: str, value: str) -> str:
    return yaml_text({key: value}).strip()
