"""What ffmpeg says of a file, read from its log line by line.

Promises: nothing here runs a program, and a log of any length takes bounded memory. Logs are those
of `-loglevel level+...`, whose lines begin with their level. What is shown to people has no
addresses and no paths of this machine in it.
"""

from __future__ import annotations

import re

from attrs import define, field, frozen

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
_ADDRESSES = re.compile(r"(\[[^\]]*@ 0x[0-9a-f]+\] ?)+")
_SAID = re.compile(r"\[(panic|fatal|error|warning)\] ?(.*)")
_DAMAGE = re.compile(r"(?i)corrupt|premature|truncat|mismatch|partial|incomplete|invalid")
# What ffmpeg says besides, when it has said what is wrong; and about what is no fault of the file.
_ASIDE = re.compile(
    r"Error while decoding stream .*|Error submitting packet to decoder.*|Conversion failed!.*|"
    r"Error opening (input|output).*|At least one output file must be specified.*|"
    r"(\S+: )?corrupt input packet in stream .*|Guessed Channel Layout.*|.*non monoton.*|"
    r"Error during demuxing: .*|Track size mismatch.*|Exiting .*|Terminating thread .*|"
    r"Error sending frames to consumers: .*|Task finished with error code: .*"
)
_HARMLESS = {("ogg", "Error parsing the packet header")}
"""5.1 takes the headers of a chained Opus for packets; pages that are damaged have a wrong CRC."""
_WORDS = (
    (
        re.compile(r"Format not on whitelist .*|Not detecting m3u8.*"),
        "its format is none that mixdown reads",
    ),
    (re.compile(r".*: Invalid data found when processing input"), "it finds nothing that it knows"),
)


@frozen
class AudioStream:
    """An audio stream of a file: how it is coded, and its language where the file says so."""

    coding: str
    rate: int
    layout: str
    language: str | None

    @property
    def channels(self) -> int:
        """How many it has; 0 where the name of its layout does not say it."""
        return width(self.layout)

    def __str__(self) -> str:
        language = f", {self.language}" if self.language else ""
        return f"{self.coding}, {self.rate} Hz, {self.layout}{language}"


@define
class Log:
    """What has been read so far.

    Attributes:
        container: of the input, by ffmpeg's first name for it; None: it could not be opened.
        seconds: how long the input says it is; None: it does not say, and ffmpeg only estimates.
        streams: those of audio, in order.
        has_pictures: whether it has video, other than a cover.
        formats: how many forms the decoded samples had, one after the other.
        decoded: how many samples a channel were decoded; None: the run did not come to its end.
        problem: what was said of damage first, as a sentence without a full stop; "": nothing.
        more: how often more was said of it.
    """

    container: str | None = None
    seconds: float | None = None
    streams: list[AudioStream] = field(factory=list)
    has_pictures: bool = False
    formats: int = 0
    decoded: int | None = None
    problem: str = ""
    more: int = 0
    _estimates: bool = False

    def take(self, line: str) -> None:
        """Read one line."""
        text = _ADDRESSES.sub("", line, count=1) if line.startswith("[") else line
        if found := _SAID.match(text):
            if not line.startswith("[null @"):
                self._said(found[1], found[2].strip().rstrip(".!: "))
        elif _CONFIGURED.match(text):
            self.formats += 1
        elif found := _DECODED.match(text):
            self.decoded = int(found[1])
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
        for pattern, words in _WORDS:
            text = pattern.sub(words, text)
        self.problem = self.problem or text
