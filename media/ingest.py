"""Establishes the facts about a media file: from its actual content, once for each content.

A plain file is read in place. ffmpeg decodes any other file completely, once, and the facts
describe the result. The decoded file is cached under the key of the step of a plan that would
decode it again (`decoder.arguments`, `cache.run_key`), so that a render finds it. Defects are
returned as a diagnostic that names the file and has no position in a document.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic
from ..ir.nodes import Source
from ..ir.units import MAX_CHANNELS
from ..programs.ffmpeg import find_ffmpeg, input_arguments
from ..programs.program import Tool
from ..programs.run import Watch, patience, run_process, size_of
from .cache import INPUT, OUTPUT, run_key, scratch, user_cache
from .decoder import (
    DEMUXERS,
    MOST_SILENCE_SECONDS,
    STREAM,
    TIMED,
    VORBIS,
    Decoding,
    arguments,
    decoding_of,
    fault_of,
    is_plain,
    own_arguments,
)
from .extent import ends_early
from .facts import VERSION, SourceFacts, kept
from .headers import RATES, Header, read_header
from .identity import check_unchanged, digest_of
from .log import Log
from .ogg import read_outline
from .selection import WHOLE, Gap, Selection, matrix
from .trim import read_trim

if TYPE_CHECKING:
    from ..audio import FloatArray

    Heard = Callable[[Header, FloatArray], None]  # receives blocks of shape (channels, n)

_TALKATIVE = ("-hide_banner", "-nostdin", "-nostats", "-y", "-loglevel", "level+verbose")
_SHORTFALL_SECONDS = 0.25
"""The tolerance of a declared duration: frames of the coding, and rounding."""


class _UnfitError(Exception):
    """The file cannot be used as a source."""

    def __init__(self, code: Code, message: str, help_text: str | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.help = code, message, help_text


def establish(
    path: Path, named: str, selection: Selection = WHOLE, heard: Heard | None = None
) -> SourceFacts | Diagnostic:
    """The facts about a file, or a diagnostic if it cannot be used.

    Args:
        path: a file that `gate` accepted.
        named: its name in messages.
        selection: the part of it that is played.
        heard: receives the samples of a FLAC file if they have to be decoded to know it.

    Raises:
        RenderError: MIX601, MIX602, ffmpeg is needed and missing.
    """
    try:
        return _established(path, selection, heard)
    except _UnfitError as error:
        return Diagnostic(error.code, f"media file {named!r} {error.message}", help=error.help)


def _established(path: Path, selection: Selection, heard: Heard | None) -> SourceFacts:
    digest = _digest(path)
    try:
        header = read_header(path)
    except OSError as error:
        raise _unreadable(error.strerror or str(error)) from error
    doubt = ""
    if header is not None:
        _check_shape(header.rate, header.channels)
        if header.declared == header.frames == 0:
            raise _unreadable("it holds no samples")
        if header.is_plain:
            facts = _plain(path, header, digest, heard)
            doubt = facts.damage
            if selection.is_all(facts.channels, facts.nonfinite) and not doubt:
                return facts
    ffmpeg = find_ffmpeg()
    key = f"facts {VERSION} {digest} {selection!r} ffmpeg {ffmpeg.version_text}"
    job = _DecodingJob(path, header, selection, digest, ffmpeg, doubt)
    return kept(SourceFacts, key, partial(_ingest, job))


@contextmanager
def readable(path: Path, directory: Path | None = None) -> Iterator[Path]:
    """The file itself if it is plain, otherwise a decoded copy that exists within the context.

    Args:
        path: an audio file of any format.
        directory: for the decoded copy if there is no cache; None: the system's temporary one.

    Raises:
        RenderError: MIX601, MIX602, ffmpeg is needed and missing.
        ValueError: the file cannot be decoded; the message has the reason.
        OSError: the file cannot be opened, or the disk is full.
    """
    header = read_header(path)
    if header is not None and header.is_plain:
        yield path
        return
    job = _DecodingJob(path, header, WHOLE, digest_of(path), find_ffmpeg())
    with scratch(None, directory) as target:
        try:
            _decoded(job, target)
        except _UnfitError as error:
            raise ValueError(error.help or error.message) from error
        yield target


@contextmanager
def playable(path: Path, source: Source) -> Iterator[Path]:
    """A file with the samples of a source: a plain one itself, otherwise a decoded copy.

    The copy comes from the cache, or is decoded again; it exists within the context. The file must
    have the digest of the source before and after that.

    Raises:
        RenderError: MIX601, MIX602, ffmpeg is needed and missing.
        ValueError: the file cannot be decoded; the message has the reason.
        OSError: the file cannot be opened or has changed, or the disk is full.
    """
    check_unchanged(path, source.digest)
    with _played(path, source) as played:
        yield played
    check_unchanged(path, source.digest)


@contextmanager
def _played(path: Path, source: Source) -> Iterator[Path]:
    if is_plain(source):
        yield path
        return
    decoding = decoding_of(source)
    job = _DecodingJob(path, read_header(path), WHOLE, source.digest, find_ffmpeg())
    cache = user_cache()
    with scratch(cache) as target:
        target.unlink(missing_ok=True)
        if cache is None or not cache.take(f"{_key(job, decoding)}/0", target):
            try:
                _decode_again(job, decoding, target)
            except _UnfitError as error:
                raise ValueError(error.help or error.message) from error
        yield target


def _decode_again(job: _DecodingJob, decoding: Decoding, target: Path) -> None:
    """Decode a file in a known way."""
    if decoding.codec != VORBIS:
        job.decode(decoding, target)
        return
    from . import samples  # noqa: PLC0415 (numpy and soundfile)

    for _ in samples.decode_vorbis(job.path, target, decoding):
        pass


def _digest(path: Path) -> str:
    try:
        if not path.exists():
            raise _UnfitError(Code.MEDIA_MISSING, "does not exist")
        if not path.is_file():
            raise _unreadable("it is not a file")
        return digest_of(path)
    except (OSError, ValueError) as error:
        raise _unreadable(getattr(error, "strerror", None) or str(error)) from error


def _check_unchanged(path: Path, digest: str) -> None:
    try:
        check_unchanged(path, digest)
    except (OSError, ValueError) as error:
        raise _unreadable(getattr(error, "strerror", None) or str(error)) from error


def _check_shape(rate: int, channels: int) -> None:
    if rate not in RATES:
        raise _unreadable(f"its rate of {rate:,} Hz is not from {RATES[0]:,} to {RATES[-1]:,} Hz")
    if not 1 <= channels <= MAX_CHANNELS:
        raise _unreadable(f"it has {channels:,} channels; 1 to {MAX_CHANNELS} can be read")


def _plain(path: Path, header: Header, digest: str, heard: Heard | None) -> SourceFacts:
    """The facts of a plain file; if it has to be decoded after all, `damage` has the reason."""
    key = f"facts {VERSION} {digest} soundfile {version('soundfile')}"

    def confirmed() -> SourceFacts:
        facts = _read(path, header, digest, heard)
        _check_unchanged(path, digest)
        return facts

    return kept(SourceFacts, key, confirmed)


def _read(path: Path, header: Header, digest: str, heard: Heard | None) -> SourceFacts:
    """The facts of a plain file after libsndfile has read it."""
    from . import samples  # noqa: PLC0415 (numpy and soundfile)

    facts = SourceFacts(digest, header.codec, header.rate, header.channels, header.frames)
    if not samples.agrees(path, header):
        return evolve(facts, damage="libsndfile reads its header differently")
    if header.container == "flac":
        feed = None if heard is None else partial(heard, header)
        found = samples.scan_flac(path, feed)
    elif header.coding in ("float", "double"):
        found = samples.scan_floats(path)
    else:
        return facts
    counted = found.frames == header.frames
    fault = found.fault or ("" if counted else "its header declares a different length")
    return found.noted_in(evolve(facts, damage=fault))


@frozen
class _DecodingJob:
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
            raise _unreadable(f"ffmpeg {said}")
        return log


def _ingest(job: _DecodingJob) -> SourceFacts:
    """Decode the file, cache the result, and return the facts about it."""
    cache = user_cache()
    with scratch(cache) as target:
        facts, decoding = _decoded(job, target)
        _check_unchanged(job.path, job.digest)
        if fault := fault_of(job.ffmpeg, decoding.coding, facts.rate):
            raise _unreadable(fault)
        if cache is not None:
            cache.keep(f"{_key(job, decoding)}/0", target)
    return facts


def _key(job: _DecodingJob, decoding: Decoding) -> str:
    """The key of the plan's step that decodes the file."""
    files = INPUT.format(0), OUTPUT.format(0)
    if decoding.codec == VORBIS:
        from . import samples  # noqa: PLC0415 (numpy and soundfile)

        words = ("decode", *files, *own_arguments(decoding))
        return run_key(words, samples.LIBSNDFILE, [job.digest])
    return run_key(arguments(decoding, *files), job.ffmpeg.version_text, [job.digest])


def _decoded(job: _DecodingJob, target: Path) -> tuple[SourceFacts, Decoding]:
    """Decode the file to `target`; return the facts about the result, and the decoding.

    It is decoded unchanged first, which counts the samples that are to be repaired.
    """
    facts, decoding = _decoded_once(job, target, repair=False)
    if not (facts.nonfinite and job.selection.repair):
        return facts, decoding
    _, decoding = _decoded_once(job, target, repair=True)
    return evolve(facts, repaired=True), decoding


def _decoded_once(job: _DecodingJob, target: Path, *, repair: bool) -> tuple[SourceFacts, Decoding]:
    listing = _listing(job)
    stream = _stream(job.selection, listing)
    chosen = listing.streams[stream - 1]
    _check_shape(chosen.rate, chosen.channels or 1)
    mixed = matrix(job.selection, chosen.layout, chosen.channels)
    if isinstance(mixed, str):
        raise _UnfitError(Code.UNSUPPORTED_CHANNELS, f"cannot be played like this: {mixed}")
    coding = job.header.decoder if job.header is not None else chosen.coding
    decoding = Decoding(f"{listing.container}/{coding}", stream, *mixed, repair=repair)
    trim = read_trim(job.path, decoding.codec, stream, chosen.rate)
    decoding = evolve(decoding, delay=trim.delay, frames=trim.frames)
    outline = read_outline(job.path) if listing.container == "ogg" else None
    if outline is not None and outline.streams > 1 and decoding.codec == "ogg/speex":
        raise _unreadable("ffmpeg plays the headers of chained Speex streams as noise")
    facts: SourceFacts | None = None
    log = Log()
    if decoding.codec == VORBIS and outline is not None and outline.streams == 1:
        facts = _vorbis(job, decoding, listing, target)
    if facts is None:
        if decoding.codec == VORBIS:
            decoding = evolve(decoding, codec=STREAM)
        decoding, log = _decode(job, decoding, listing, target)
        held = read_header(target)
        if held is None or not held.frames:
            raise _unreadable("it holds no samples that ffmpeg can decode")
        facts = _facts(job, decoding, listing, held)
    facts = _damaged(job, decoding, listing, log, facts)
    return _nonfinite(target, facts), decoding.limited_to(facts.frames)


def _vorbis(
    job: _DecodingJob, decoding: Decoding, listing: Log, target: Path
) -> SourceFacts | None:
    """The facts of a file that libsndfile decodes; None if it cannot."""
    from . import samples  # noqa: PLC0415 (numpy and soundfile)

    try:
        for _ in samples.decode_vorbis(job.path, target, decoding):
            pass
    except samples.UNREADABLE:
        return None
    held = read_header(target)
    return None if held is None or not held.frames else _facts(job, decoding, listing, held)


def _facts(job: _DecodingJob, decoding: Decoding, listing: Log, held: Header) -> SourceFacts:
    return SourceFacts(
        digest=job.digest,
        codec=decoding.codec,
        rate=held.rate,
        channels=held.channels,
        frames=held.frames,
        streams=tuple(map(str, listing.streams)),
        stream=decoding.stream,
        matrix=decoding.matrix,
        silence=decoding.silence,
        delay=decoding.delay,
    )


def _listing(job: _DecodingJob) -> Log:
    """The streams that the file declares; nothing is decoded."""
    path = f"file:{job.path.absolute()}"
    _, log = job.run(*input_arguments(path, tuple(dict.fromkeys(DEMUXERS.values()))))
    if log.container is None:
        said = f"ffmpeg reports: {log.problem}" if log.problem else "ffmpeg does not recognise it"
        raise _unreadable(said)
    if not log.streams:
        raise _unreadable("ffmpeg finds no sound in it")
    return log


def _stream(selection: Selection, listing: Log) -> int:
    """The number of the selected stream."""
    number = selection.number_in([stream.language for stream in listing.streams])
    if number is not None:
        return number
    listed = "; ".join(f"{n}: {stream}" for n, stream in enumerate(listing.streams, 1))
    message = f"has no audio stream {selection.stream!r}"
    raise _UnfitError(Code.UNKNOWN_STREAM, message, f"its audio streams are {listed}")


def _decode(
    job: _DecodingJob, decoding: Decoding, listing: Log, target: Path
) -> tuple[Decoding, Log]:
    """Decode the file and find how much silence to keep.

    The first attempt allows as much silence as the file declares to last, up to an hour. No
    silence is kept if the sample format changes in the middle, or in an Ogg file of audio only,
    which may be a chain: ffmpeg then restarts its timestamps.
    """
    timed = listing.container in TIMED and (listing.container != "ogg" or listing.has_pictures)
    if timed and job.selection.gap is Gap.KEEP:
        rate = listing.streams[decoding.stream - 1].rate
        most = int(min(listing.seconds or math.inf, MOST_SILENCE_SECONDS) * rate)
        log = job.decode(evolve(decoding, silence=max(most, 1)), target)
        header = read_header(target)
        if header is not None and log.decoded is not None and log.formats == 1:
            sound = log.decoded - decoding.delay
            silence = header.frames - min(sound, decoding.frames or sound)
            if silence >= 0:
                return evolve(decoding, silence=silence), log
    return decoding, job.decode(decoding, target)


def _damaged(
    job: _DecodingJob, decoding: Decoding, listing: Log, log: Log, facts: SourceFacts
) -> SourceFacts:
    """The facts, completed by the damage to the file."""
    declared, tolerance = 0, 0.0
    if job.header is not None:
        declared = job.header.declared or 0
    elif len(listing.streams) == 1 and not listing.has_pictures:
        declared = round((listing.seconds or 0) * facts.rate)
        tolerance = _SHORTFALL_SECONDS * facts.rate
    early = job.header is None and ends_early(job.path, listing.container)
    if early or declared - facts.frames > tolerance:
        beyond = declared if declared > facts.frames else 0
        facts = evolve(facts, declared=beyond, damage="it ends there", broken_at=facts.frames)
    # ffmpeg reads uncompressed audio in blocks, and calls the last one corrupt if it is shorter,
    # except where the container states the size of each packet.
    if log.problem and not (decoding.is_pcm and decoding.demuxer not in TIMED):
        more = f" ({log.more} more)" if log.more else ""
        at = min(_break(job, decoding), facts.frames)
        return evolve(facts, damage=f"ffmpeg reports: {log.problem}{more}", broken_at=at)
    if log.closed and not facts.damage:
        damage = f"a gap of {log.closed[1] / facts.rate:.3f} s there is too long to keep"
        return evolve(facts, damage=damage, broken_at=log.closed[0])
    if job.doubt and not facts.damage:
        return evolve(facts, damage=job.doubt, broken_at=facts.frames)
    return facts


def _break(job: _DecodingJob, decoding: Decoding) -> int:
    """The number of samples before the first one that ffmpeg cannot decode."""
    with scratch(user_cache()) as target:
        words = arguments(decoding, str(job.path.absolute()), str(target))
        at = words.index(str(target))
        job.run(*words[:at], "-flush_packets", "1", "-xerror", *words[at:], target=target)
        header = read_header(target)
        return 0 if header is None else header.frames


def _nonfinite(decoded: Path, facts: SourceFacts) -> SourceFacts:
    """The facts, completed by the samples that are not finite."""
    from . import samples  # noqa: PLC0415 (numpy and soundfile)

    return samples.scan_floats(decoded).noted_in(facts)


def _unreadable(reason: str) -> _UnfitError:
    return _UnfitError(Code.MEDIA_UNREADABLE, "cannot be read", reason)
