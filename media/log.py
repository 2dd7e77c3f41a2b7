"""Parses ffmpeg's log of a file line by line.

Nothing here runs a program, and a log of any length takes bounded memory. Logs have the format of
`-loglevel level+...`, whose lines start with their level. Messages for users contain no memory
addresses and no paths of this machine.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from attrs import define, field

from .selection import width

_INPUT = re.compile(r"\[info\] Input #0, ([^,\s]+)")
_DURATION = re.compile(r"\[info\] +Duration: (\d+):(\d\d):(\d\d\.\d+)")
_STREAM = re.compile(
    r"\[info\] +Stream #0:\d+(?:\[0x[0-9a-f]+\])?(?:\((\w+)\))?: Audio: (\w+).*?, (\d+) Hz, "
    r"([^,]+), "
)
_PICTURE = re.compile(r"\[info\] +Stream #0:\d+.*?: Video: (?!.*\(attached pic\))")
_CONFIGURED = re.compile(r"\[verbose\] tb:1/\d+ samplefmt:")
_DECODED = re.compile(r"\[verbose\] *Input stream #0:\d+ \(audio\):.* frames decoded.*\((\d+) sam")
_PRINTED = re.compile(r"\[info\] (\d+)\.0{6}")
_ADDRESSES = re.compile(r"(\[[^\]]*@ 0x[0-9a-f]+\] ?)+")
_SAID = re.compile(r"\[(panic|fatal|error|warning)\] ?(.*)")
_DAMAGE = re.compile(r"(?i)corrupt|premature|truncat|mismatch|partial|incomplete|invalid")
# Messages that only follow from another one, or do not concern the file.
_ASIDE = re.compile(
    r"Error while decoding stream .*|Error submitting packet to decoder.*|Conversion failed!.*|"
    r"Error opening (input|output).*|.*: Invalid data found when processing input|"
    r"At least one output file must be specified.*|(\S+: )?corrupt input packet in stream .*|"
    r"Guessed Channel Layout.*|.*non monoton.*|Error during demuxing: .*|Track size mismatch.*|"
    r"Exiting .*|Terminating thread .*|Error sending frames to consumers: .*|"
    r"Task finished with error code: .*"
)
_HARMLESS = {("ogg", "Error parsing the packet header")}
"""ffmpeg 5.1 parses the headers of a chained Opus as packets; damaged pages have a wrong CRC."""
_UNREAD = re.compile(r"Format not on whitelist .*|Not detecting m3u8.*")


class AudioStream(NamedTuple):
    """An audio stream of a file: its format, and its language if the file states it."""

    coding: str
    rate: int
    layout: str
    language: str | None

    @property
    def channels(self) -> int:
        """The number of channels; 0 if the name of its layout does not give it."""
        return width(self.layout)

    def __str__(self) -> str:
        language = f", {self.language}" if self.language else ""
        return f"{self.coding}, {self.rate} Hz, {self.layout}{language}"


@define
class Log:
    """The information parsed so far.

    Attributes:
        paths: of the files of the run, which messages do not repeat.
        container: of the input, by ffmpeg's first name for it; None if it could not be opened.
        seconds: the declared duration of the input; None if ffmpeg only estimates it.
        streams: the audio streams, in order.
        has_pictures: whether it has video other than a cover.
        formats: the number of successive formats of the decoded samples.
        decoded: the number of decoded samples per channel; None if the run did not complete.
        closed: the samples before the first gap that was too long to keep, and its length.
        problem: the first message about damage, a sentence without a full stop; "" if none.
        more: the number of further such messages.
    """

    paths: tuple[str, ...] = ()
    container: str | None = None
    seconds: float | None = None
    streams: list[AudioStream] = field(factory=list)
    has_pictures: bool = False
    formats: int = 0
    decoded: int | None = None
    closed: tuple[int, ...] = ()
    problem: str = ""
    more: int = 0
    _estimates: bool = False

    def take(self, line: str) -> None:
        """Parse one line."""
        text = _ADDRESSES.sub("", line, count=1) if line.startswith("[") else line
        if found := _SAID.match(text):
            if not line.startswith("[null @"):
                self._said(found[1], found[2].strip().rstrip(".!: "))
        elif _CONFIGURED.match(text):
            self.formats += 1
        elif found := _DECODED.match(text):
            self.decoded = int(found[1])
        elif found := _PRINTED.fullmatch(text):
            self.closed = (*self.closed, int(found[1]))[:2]
        elif found := _INPUT.match(text):
            self.container = found[1]
        elif found := _DURATION.match(text):
            if not self._estimates:
                self.seconds = int(found[1]) * 3600 + int(found[2]) * 60 + float(found[3])
        elif found := _STREAM.match(text):
            language = found[1] if found[1] != "und" else None
            self.streams.append(AudioStream(found[2], int(found[3]), found[4], language))
        elif _PICTURE.match(text):
            self.has_pictures = True

    def _said(self, level: str, text: str) -> None:
        if "Estimating duration" in text:
            self._estimates = True
        bad = level != "warning" or _DAMAGE.search(text)
        if not text or not bad or _ASIDE.fullmatch(text) or (self.container, text) in _HARMLESS:
            return
        if self.problem:
            self.more += 1
        for path in self.paths:
            for spelt in (f"file:{path}", path):
                text = text.removeprefix(f"{spelt}: ").replace(spelt, "it")
        text = _UNREAD.sub("its format is none that mixdown reads", text)
        self.problem = self.problem or text
