"""One file, and the runs of ffmpeg that list and decode it.

Defects of the file are raised as `facts.UnfitError`; nothing here knows how a mix uses the file.
"""

from __future__ import annotations

import math
from pathlib import Path

from attrs import evolve, frozen

from ..programs.ffmpeg import input_arguments
from ..programs.program import Tool
from ..programs.run import Watch, patience, run_process, size_of
from .cache import scratch, user_cache
from .decoder import DEMUXERS, MOST_SILENCE_SECONDS, TIMED, Decoding, arguments
from .facts import unreadable
from .headers import Header, read_header
from .log import Log
from .selection import Gap, Selection

_TALKATIVE = ("-hide_banner", "-nostdin", "-nostats", "-y", "-loglevel", "level+verbose")


@frozen
class DecodingJob:
    """A file to decode; `doubt` is a defect that is already known."""

    path: Path
    header: Header | None
    selection: Selection
    digest: str
    ffmpeg: Tool
    doubt: str = ""

    def run(self, *words: str, target: Path | None = None) -> tuple[str | None, Log]:
        """Run ffmpeg with these arguments; return its failure, if any, and its log.

        It counts as working as long as `target` grows.
        """
        log = Log(tuple(str(path.absolute()) for path in (self.path, target) if path))
        watch = Watch(patience(), lambda: size_of([target] if target else []))
        argv = (self.ffmpeg.program, *_TALKATIVE, *words)
        return run_process(argv, watch=watch, on_error=log.take).failure, log

    def decode(self, decoding: Decoding, target: Path) -> Log:
        """Decode it to `target`."""
        words = arguments(decoding, str(self.path.absolute()), str(target))
        failure, log = self.run(*words, target=target)
        if failure is not None:
            said = f"says: {log.problem}" if log.problem else failure
            raise unreadable(f"ffmpeg {said}")
        return log

    def listing(self) -> Log:
        """The streams that the file declares; nothing is decoded."""
        path = f"file:{self.path.absolute()}"
        _, log = self.run(*input_arguments(path, tuple(dict.fromkeys(DEMUXERS.values()))))
        if log.container is None:
            known = log.problem and f"ffmpeg reports: {log.problem}"
            raise unreadable(known or _help(self.path))
        if not log.streams:
            raise unreadable("ffmpeg finds no sound in it")
        return log

    def decode_with_gaps(
        self, decoding: Decoding, listing: Log, target: Path
    ) -> tuple[Decoding, Log]:
        """Decode the file and find how much silence to keep.

        The first attempt allows as much silence as the file declares to last, up to an hour. No
        silence is kept if the sample format changes in the middle, or in an Ogg file of audio only,
        which may be a chain: ffmpeg then restarts its timestamps.
        """
        timed = listing.container in TIMED and (listing.container != "ogg" or listing.has_pictures)
        if timed and self.selection.gap is Gap.KEEP:
            rate = listing.streams[decoding.stream - 1].rate
            most = int(min(listing.seconds or math.inf, MOST_SILENCE_SECONDS) * rate)
            log = self.decode(evolve(decoding, silence=max(most, 1)), target)
            header = read_header(target)
            if header is not None and log.decoded is not None and log.formats == 1:
                sound = log.decoded - decoding.delay
                silence = header.frames - min(sound, decoding.frames or sound)
                if silence >= 0:
                    return evolve(decoding, silence=silence), log
        return decoding, self.decode(decoding, target)

    def first_break(self, decoding: Decoding) -> int:
        """The number of samples before the first one that ffmpeg cannot decode."""
        with scratch(user_cache()) as target:
            words = arguments(decoding, str(self.path.absolute()), str(target))
            at = words.index(str(target))
            self.run(*words[:at], "-flush_packets", "1", "-xerror", *words[at:], target=target)
            header = read_header(target)
            return 0 if header is None else header.frames


def _help(path: Path) -> str:
    """What to say about a file that ffmpeg does not recognise, such as a timeline."""
    with path.open("rb") as file:
        begin = file.read(1024)
    if begin.strip() and b"\0" not in begin:
        return "it is a text; the path of a timeline ends in .yaml, .yml, .json or .toml"
    return "ffmpeg does not recognise it"
