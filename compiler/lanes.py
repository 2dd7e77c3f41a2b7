"""A timeline as an SVG picture of its lanes: a track a lane, a clip a shape with its fades.

Promises: a pure function of the timeline and, where they are known, its sources; no file is read.
Without sources, a clip without a duration is drawn up to the end of the picture, with a dashed
outline. All text is escaped, and no style leaks out of the picture, which notebooks show inline.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from html import escape

from attrs import frozen

from ..ir.nodes import Source
from ..ir.units import clock
from .timeline.model import Clip, Timeline, Track, clip_id

_WIDTH = 960
_LABEL = 150
_AXIS = 36
_LANE = 34
_GAP = 4
_LEAST_TEXT = 30
"""Pixels: a clip that is narrower has no name written on it."""

_MOST_TICKS = 12
_TICKS_S = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)
_COLOURS = ("#4a86c5", "#c48a1b", "#4d9b57", "#8560bd", "#35928f", "#c05248", "#66727f")
"""Of the roles, in the order in which tracks name them."""

_TEXT = 'font-family="system-ui, DejaVu Sans, sans-serif" font-size="11"'


@frozen
class _Scale:
    """From milliseconds to pixels."""

    length_ms: float

    def x(self, at_ms: float | Decimal) -> float:
        """Where a moment is."""
        share = float(at_ms) / self.length_ms if self.length_ms else 0.0
        return round(_LABEL + min(share, 1.0) * (_WIDTH - _LABEL - 1), 1)


def lanes_svg(timeline: Timeline, media: Mapping[str, Source] | None = None) -> str:
    """The picture."""
    sources = media or {}
    scale = _Scale(_length_ms(timeline, sources))
    roles = list(dict.fromkeys(track.role for track in timeline.tracks))
    height = _AXIS + _LANE * max(len(timeline.tracks), 1)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
            f'width="100%" style="max-width: {_WIDTH}px" role="img" {_TEXT} '
            f'aria-label="{_text(timeline.id)}">',
            f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
            *_axis(scale, height),
            *_markers(timeline, scale, height),
            *(
                line
                for number, track in enumerate(timeline.tracks)
                for line in _lane(
                    track,
                    sources,
                    scale,
                    _AXIS + number * _LANE,
                    _COLOURS[roles.index(track.role) % len(_COLOURS)],
                )
            ),
            "</svg>\n",
        ]
    )


def _length_ms(timeline: Timeline, media: Mapping[str, Source]) -> float:
    """The length of the picture: of the mix, with room for clips whose end is not known."""
    if timeline.length_ms is not None:
        return float(timeline.length_ms)
    clips = [clip for track in timeline.tracks for clip in track.clips]
    lengths = [_length(clip, media) for clip in clips]
    ends = (clip.start_ms + (length or 0) for clip, length in zip(clips, lengths, strict=True))
    last = float(max(ends, default=0))
    return last + max(last / 4, 1000.0) if None in lengths else last


def _axis(scale: _Scale, height: int) -> Iterator[str]:
    """Few ticks, at round times."""
    seconds = scale.length_ms / 1000
    step = next((step for step in _TICKS_S if seconds / step <= _MOST_TICKS), _TICKS_S[-1])
    for tick in range(int(seconds / step) + 1):
        x = scale.x(tick * step * 1000)
        yield f'<path d="M{x} {_AXIS - 6}V{height}" stroke="#e3e8ee"/>'
        yield f'<text x="{x + 2}" y="{_AXIS - 8}" fill="#66727f">{clock(tick * step)}</text>'


def _markers(timeline: Timeline, scale: _Scale, height: int) -> Iterator[str]:
    for marker in timeline.markers:
        x = scale.x(marker.at_ms)
        yield f'<path d="M{x} 0V{height}" stroke="#c05248" stroke-dasharray="3 3"/>'
        yield f'<text x="{x + 3}" y="11" fill="#c05248">{_text(marker.label)}</text>'


def _lane(
    track: Track, media: Mapping[str, Source], scale: _Scale, top: int, colour: str
) -> Iterator[str]:
    yield f'<path d="M0 {top}H{_WIDTH}" stroke="#c3ccd6"/>'
    yield f"<g><title>{_text(f'{track.id}: {track.role}')}</title>"
    yield from _fitted(track.id, 4, top, _LABEL - 8, "#1f2933")
    yield "</g>"
    for index, clip in enumerate(track.clips):
        yield from _clip(track, clip, index, media, scale, top + _GAP, colour)


def _clip(
    track: Track,
    clip: Clip,
    index: int,
    media: Mapping[str, Source],
    scale: _Scale,
    top: int,
    colour: str,
) -> Iterator[str]:
    """The clip as a shape whose slopes are its fades."""
    length = _length(clip, media)
    end_ms = scale.length_ms if length is None else clip.start_ms + length
    left, right = scale.x(clip.start_ms), scale.x(end_ms)
    rise = scale.x(clip.start_ms + (clip.crossfade_in_ms or clip.fade_in_ms))
    fall = scale.x(float(end_ms) - float(clip.crossfade_out_ms or clip.fade_out_ms))
    bottom = top + _LANE - 2 * _GAP
    silent = track.mute or clip.mute
    name = clip_id(clip, index)
    until = "the end of the source" if length is None else clock(float(end_ms) / 1000)
    title = f"{track.id}/{name}: {clip.source}, {clock(float(clip.start_ms) / 1000)} to {until}"
    dashes = ' stroke-dasharray="4 3"' if length is None else ""
    yield f'<g opacity="{0.35 if silent else 1}"><title>{_text(title)}</title>'
    yield (
        f'<path d="M{left} {bottom}L{min(rise, right)} {top}H{max(fall, rise)}L{right} {bottom}Z" '
        f'fill="{colour}" fill-opacity="0.35" stroke="{colour}"{dashes}/>'
    )
    if right - left > _LEAST_TEXT:
        yield from _fitted(name, left + 5, top, right - left - 8, "#1f2933")
    yield "</g>"


def _fitted(text: str, x: float, top: int, width: float, colour: str) -> Iterator[str]:
    """A text, cut where its box ends."""
    yield f'<svg x="{x}" y="{top}" width="{width:.1f}" height="{_LANE}">'
    yield f'<text y="{_LANE / 2 + 3}" fill="{colour}">{_text(text)}</text></svg>'


def _length(clip: Clip, media: Mapping[str, Source]) -> Decimal | None:
    """How long the clip is, ms; None if its source is not known."""
    if clip.duration_ms is not None:
        return clip.duration_ms
    source = media.get(clip.source)
    if source is None:
        return None
    rate = source.rate
    return max(Decimal(source.length(rate) * 1000) / rate - clip.offset_ms, Decimal(0))


def _text(text: str) -> str:
    """A text in the picture: XML has no control characters."""
    shown = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return escape(shown, quote=False).replace('"', "&quot;")
