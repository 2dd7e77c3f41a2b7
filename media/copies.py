"""Decoded copies of files that are not plain, and the facts about these.

Promises: a file is decoded completely and once. The copy is kept in the cache under the key of the
step of a plan that would decode it again (`decoder.arguments`, `cache.run_key`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from attrs import evolve

from ..ir.codes import Code
from ..ir.nodes import Source
from ..programs.ffmpeg import find_ffmpeg
from .cache import INPUT, OUTPUT, run_key, scratch, user_cache
from .decoder import (
    BY_LIBSNDFILE,
    MISREAD_RATE,
    MPEG,
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
from .facts import SourceFacts, UnfitError, check_shape, file_errors, unreadable
from .headers import Header, read_header
from .identity import check_unchanged, digest_of
from .job import DecodingJob
from .log import Log
from .mp3 import is_regular
from .ogg import Outline, read_outline
from .selection import WHOLE, Selection, matrix
from .trim import read_trim

_SHORTFALL_SECONDS = 0.25
"""The tolerance of a declared duration: frames of the coding, and rounding."""


@contextmanager
def decoded_copy(path: Path, header: Header | None, directory: Path | None) -> Iterator[Path]:
    """A decoded copy of a file that is not plain; the rest is as for `headers.readable`."""
    job = DecodingJob(path, header, WHOLE, digest_of(path), find_ffmpeg())
    with scratch(None, directory) as target:
        try:
            _decoded(job, target)
        except UnfitError as error:
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
    job = DecodingJob(path, read_header(path), WHOLE, source.digest, find_ffmpeg())
    cache = user_cache()
    with scratch(cache) as target:
        target.unlink(missing_ok=True)
        if cache is None or not cache.take(f"{_key(job, decoding)}/0", target):
            try:
                _decode_again(job, decoding, target)
            except UnfitError as error:
                raise ValueError(error.help or error.message) from error
        yield target


def _decode_again(job: DecodingJob, decoding: Decoding, target: Path) -> None:
    """Decode a file in a known way."""
    if decoding.codec not in BY_LIBSNDFILE:
        job.decode(decoding, target)
        return
    from . import samples  # noqa: PLC0415 (numpy and soundfile)

    for _ in samples.decode_file(job.path, target, decoding):
        pass


def decoded_facts(job: DecodingJob) -> SourceFacts:
    """Decode the file, cache the result, and return the facts about it.

    Raises:
        UnfitError: it cannot be used as a source.
    """
    cache = user_cache()
    with scratch(cache) as target:
        facts, decoding = _decoded(job, target)
        with file_errors():
            check_unchanged(job.path, job.digest)
        if fault := fault_of(job.ffmpeg, decoding.coding, facts.rate):
            raise unreadable(fault)
        if cache is not None:
            cache.keep(f"{_key(job, decoding)}/0", target)
    return facts


def _key(job: DecodingJob, decoding: Decoding) -> str:
    """The key of the plan's step that decodes the file."""
    files = INPUT.format(0), OUTPUT.format(0)
    if decoding.codec in BY_LIBSNDFILE:
        from . import samples  # noqa: PLC0415 (numpy and soundfile)

        words = ("decode", *files, *own_arguments(decoding))
        return run_key(words, samples.LIBSNDFILE, [job.digest])
    return run_key(arguments(decoding, *files), job.ffmpeg.version_text, [job.digest])


def _decoded(job: DecodingJob, target: Path) -> tuple[SourceFacts, Decoding]:
    """Decode the file to `target`; return the facts about the result, and the decoding.

    It is decoded unchanged first, which counts the samples that are to be repaired.
    """
    facts, decoding = _decoded_once(job, target, repair=False)
    if not (facts.nonfinite and job.selection.repair):
        return facts, decoding
    _, decoding = _decoded_once(job, target, repair=True)
    return evolve(facts, repaired=True), decoding


def _decoded_once(job: DecodingJob, target: Path, *, repair: bool) -> tuple[SourceFacts, Decoding]:
    listing = job.listing()
    stream = _stream(job.selection, listing)
    chosen = listing.streams[stream - 1]
    check_shape(chosen.rate, chosen.channels or 1)
    mixed = matrix(job.selection, chosen.layout, chosen.channels)
    if isinstance(mixed, str):
        raise UnfitError(Code.UNSUPPORTED_CHANNELS, f"cannot be played like this: {mixed}")
    coding = job.header.decoder if job.header is not None else chosen.coding
    decoding = Decoding(f"{listing.container}/{coding}", stream, *mixed, repair=repair)
    trim = read_trim(job.path, decoding.codec, stream, chosen.rate)
    decoding = evolve(decoding, delay=trim.delay, frames=trim.frames)
    outline = read_outline(job.path) if listing.container == "ogg" else None
    if outline is not None and outline.streams > 1 and decoding.codec == "ogg/speex":
        raise unreadable("ffmpeg plays the headers of chained Speex streams as noise")
    log = Log()
    own = _by_libsndfile(job, decoding, chosen.rate, outline)
    if own is not None and (facts := _read_whole(job, own, listing, target)) is not None:
        decoding = own
    else:
        if decoding.codec == VORBIS:
            decoding = evolve(decoding, codec=STREAM)
        decoding, log = job.decode_with_gaps(decoding, listing, target)
        if trim.padding and log.decoded is not None:
            frames = log.decoded - trim.delay - trim.padding
            decoding = evolve(decoding, frames=max(frames, 0))
            decoding, log = job.decode_with_gaps(decoding, listing, target)
        held = read_header(target)
        if held is None or not held.frames:
            raise unreadable("it holds no samples that ffmpeg can decode")
        facts = _facts(job, decoding, listing, held)
    facts = _damaged(job, decoding, listing, log, facts)
    return _nonfinite(target, facts), decoding.limited_to(facts.frames)


def _by_libsndfile(
    job: DecodingJob, decoding: Decoding, rate: int, outline: Outline | None
) -> Decoding | None:
    """The decoding by libsndfile of a file for which ffmpeg is the wrong decoder."""
    if decoding.codec == VORBIS and outline is not None and outline.streams == 1:
        return decoding
    misread = decoding.codec == "mp3/mp3" and rate == MISREAD_RATE
    if misread and is_regular(job.path):
        return evolve(decoding, codec=MPEG)
    return None


def _read_whole(
    job: DecodingJob, decoding: Decoding, listing: Log, target: Path
) -> SourceFacts | None:
    """The facts of a file that libsndfile decodes; None if it cannot."""
    from . import samples  # noqa: PLC0415 (numpy and soundfile)

    try:
        for _ in samples.decode_file(job.path, target, decoding):
            pass
    except samples.UNREADABLE:
        return None
    held = read_header(target)
    return None if held is None or not held.frames else _facts(job, decoding, listing, held)


def _facts(job: DecodingJob, decoding: Decoding, listing: Log, held: Header) -> SourceFacts:
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


def _stream(selection: Selection, listing: Log) -> int:
    """The number of the selected stream."""
    number = selection.number_in([stream.language for stream in listing.streams])
    if number is not None:
        return number
    listed = "; ".join(f"{n}: {stream}" for n, stream in enumerate(listing.streams, 1))
    message = f"has no audio stream {selection.stream!r}"
    raise UnfitError(Code.UNKNOWN_STREAM, message, f"its audio streams are {listed}")


def _damaged(
    job: DecodingJob, decoding: Decoding, listing: Log, log: Log, facts: SourceFacts
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
        at = min(job.first_break(decoding), facts.frames)
        return evolve(facts, damage=f"ffmpeg reports: {log.problem}{more}", broken_at=at)
    if log.closed and not facts.damage:
        damage = f"a gap of {log.closed[1] / facts.rate:.3f} s there is too long to keep"
        return evolve(facts, damage=damage, broken_at=log.closed[0])
    if job.doubt and not facts.damage:
        return evolve(facts, damage=job.doubt, broken_at=facts.frames)
    return facts


def _nonfinite(decoded: Path, facts: SourceFacts) -> SourceFacts:
    """The facts, completed by the samples that are not finite."""
    from . import samples  # noqa: PLC0415 (numpy and soundfile)

    return samples.scan_floats(decoded).noted_in(facts)
