"""A template of a timeline: the fields that most mixes need, with a comment on each.

Promises: the text loads, and is valid as soon as its media exist; ids and paths are quoted where
YAML needs it. Each given file becomes a source and a track with one clip.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from ...documents.writer import yaml_text
from ...ir.names import NumberedNames

_HEAD = """\
# A timeline of mixdown. Times are milliseconds, gains dB; paths count from this file.
#
#   mixdown check  {file}     is everything sound?
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
    role: {role}
    # gain_db: 0                # also: pan, mute, solo, bus, eq, filter, automation
    clips:
      - {source}
        start_ms: 0             # where it starts in the mix
        # offset_ms: 0          # where it starts in the file
        # duration_ms: 12000    # absent: to the end of the file
        fade_in_ms: 30          # fade_in_curve: tri; the same for out
        fade_out_ms: 60
        # crossfade_out_ms: 400 # in place of fade_out_ms, where the next clip overlaps
"""

_AUTOMATION = """\
    # automation:               # track keyframes are on the timeline's clock
    #   gain: [{at_ms: 0, value: 0, curve: smooth}, {at_ms: 2000, value: -10}]
"""

_EXAMPLE = ("audio/voice.wav", "audio/music.ogg")

# The probable role of a file, by a word in its name; the role of all others.
_ROLES = (("music", "music"), ("bed", "music"), ("fx", "fx"), ("room", "ambience"))
_ROLE = "dialogue"


def starter(id: str, media: Sequence[str] = (), file: str = "timeline.yaml") -> str:
    """A commented YAML timeline."""
    sources = _sources(media or _EXAMPLE)
    text = _HEAD.format(
        file=" ".join(file.split()),
        id=_line("id", id),
        sources=yaml_text({"sources": sources}).strip(),
    )
    for number, (name, path) in enumerate(sources.items()):
        text += "\n" * bool(number) + _TRACK.format(
            id=_line("id", name), role=_role(path), source=_line("source", name)
        )
    return text + _AUTOMATION


def _sources(media: Sequence[str]) -> dict[str, str]:
    """A name for each path: its stem, with a number where two share one."""
    names = NumberedNames(separator="-")
    return {names.take(PurePath(path).stem or "source"): path for path in media}


def _role(path: str) -> str:
    name = PurePath(path).name.lower()
    return next((role for word, role in _ROLES if word in name), _ROLE)


def _line(key: str, value: str) -> str:
    return yaml_text({key: value}).strip()
