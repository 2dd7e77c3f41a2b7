"""The table of `media_matrix.Recipe`s: the encoders of both ffmpegs and of libsndfile.

Formats that mixdown does not read (those of games, and raw streams without a header) are in it too:
they must be refused.
"""

from __future__ import annotations

import odd_media
from attrs import evolve
from media_matrix import (
    DAMAGED,
    PLAYED,
    REFUSED,
    Recipe,
    altered,
    coded,
    cut,
    debian,
    embedded,
    film,
    sndfile,
    twice,
)

MP3 = ("-c:a", "libmp3lame")
OLD = ("-strict", "-2")


def pcm(name: str, coding: str, rate: int = 48_000, channels: int = 2, *more: str) -> Recipe:
    """An uncompressed file of a container, which ffmpeg writes."""
    return coded(name, rate, channels, "-c:a", coding, *more)


LOSSY = (
    coded("cbr.mp3", 44_100, 2, *MP3, "-b:a", "128k"),
    coded("vbr.mp3", 22_050, 1, *MP3, "-q:a", "4"),
    coded("speech.mp3", 24_000, 1, *MP3, "-q:a", "4"),
    coded("no-xing.mp3", 44_100, 2, *MP3, "-q:a", "4", "-write_xing", "0"),
    coded("slow.mp3", 8_000, 1, *MP3, "-b:a", "16k"),
    coded("low.mp3", 32_000, 2, *MP3, "-b:a", "32k", "-write_id3v2", "1"),
    coded("abr.mp3", 48_000, 2, *MP3, "-abr", "1", "-b:a", "64k"),
    coded("shine.mp3", 44_100, 2, "-c:a", "libshine", program=debian),
    coded("layer2.mp2", 48_000, 2, "-c:a", "mp2"),
    coded("fixed.mp2", 32_000, 1, "-c:a", "mp2fixed"),
    coded("twolame.mp2", 44_100, 2, "-c:a", "libtwolame"),
    coded("aac.m4a", 44_100, 2, "-c:a", "aac"),
    coded("aac.mp4", 96_000, 2, "-c:a", "aac", "-b:a", "256k"),
    coded("slow.m4a", 8_000, 1, "-c:a", "aac"),
    coded("surround.m4a", 48_000, 6, "-c:a", "aac"),
    coded("raw.aac", 48_000, 2, "-c:a", "aac", "-f", "adts"),
    coded("aac.ts", 48_000, 2, "-c:a", "aac"),
    coded("aac.latm.ts", 48_000, 2, "-c:a", "aac", "-mpegts_flags", "latm"),
    coded("aac.mkv", 22_050, 1, "-c:a", "aac"),
    coded("aac.flv", 44_100, 2, "-c:a", "aac"),
    coded("dolby.ac3", 48_000, 2, "-c:a", "ac3"),
    coded("fixed.ac3", 32_000, 1, "-c:a", "ac3_fixed"),
    coded("surround.ac3", 48_000, 6, "-c:a", "ac3", "-b:a", "448k"),
    coded("plus.eac3", 44_100, 2, "-c:a", "eac3"),
    coded("surround.eac3", 48_000, 6, "-c:a", "eac3"),
    coded("theatre.dts", 48_000, 2, "-c:a", "dca", *OLD),
    coded("surround.dts", 48_000, 6, "-c:a", "dca", *OLD),
    coded("opus.opus", 48_000, 2, "-c:a", "libopus", "-b:a", "96k"),
    coded("mono.opus", 48_000, 1, "-c:a", "libopus", "-b:a", "24k"),
    coded("native.opus", 48_000, 2, "-c:a", "opus", *OLD),
    coded("surround.opus", 48_000, 6, "-c:a", "libopus", "-mapping_family", "1"),
    coded("opus.webm", 48_000, 2, "-c:a", "libopus"),
    coded("vorbis.ogg", 44_100, 2, "-c:a", "libvorbis", decoder="libsndfile"),
    coded("slow.ogg", 8_000, 1, "-c:a", "libvorbis", decoder="libsndfile"),
    coded("fast.ogg", 192_000, 2, "-c:a", "libvorbis", decoder="libsndfile"),
    coded("native.ogg", 48_000, 2, "-c:a", "vorbis", *OLD, decoder="libsndfile"),
    coded("vorbis.mkv", 48_000, 2, "-c:a", "libvorbis"),
    coded("speex.ogg", 16_000, 1, "-c:a", "libspeex", program=debian),
    coded("wide.spx", 32_000, 2, "-c:a", "libspeex", program=debian),
    # ffmpeg recognises no shorter ones.
    coded("telephone.gsm", 8_000, 1, "-c:a", "libgsm", program=debian, seconds=3.0),
    coded("telephone.wav", 8_000, 1, "-c:a", "libgsm_ms", program=debian),
    coded("mobile.amr", 8_000, 1, "-c:a", "libopencore_amrnb", "-b:a", "12.2k"),
    coded("one.wma", 44_100, 2, "-c:a", "wmav1"),
    coded("two.wma", 22_050, 1, "-c:a", "wmav2"),
    coded("nelly.flv", 22_050, 1, "-c:a", "nellymoser"),
    # ffmpeg 5.1 calls the last packet corrupt if it is shorter than the others.
    coded("radio.aptx", 48_000, 2, "-c:a", "aptx", seconds=0.512),
    coded("radio.sbc", 44_100, 2, "-c:a", "sbc"),
    coded("real.rm", 8_000, 1, "-c:a", "real_144"),
    coded("dolby.rm", 44_100, 2, "-c:a", "ac3"),
    coded("wide.g722", 16_000, 1, "-c:a", "g722"),
    coded("g726.wav", 8_000, 1, "-c:a", "g726"),
    coded("g723.wav", 8_000, 1, "-c:a", "g723_1", "-b:a", "6300"),
    coded("adx.adx", 44_100, 2, "-c:a", "adpcm_adx"),
    coded("ima.wav", 22_050, 2, "-c:a", "adpcm_ima_wav"),
    coded("ms.wav", 44_100, 1, "-c:a", "adpcm_ms"),
    coded("yamaha.wav", 44_100, 2, "-c:a", "adpcm_yamaha"),
    coded("swf.wav", 22_050, 1, "-c:a", "adpcm_swf"),
    coded("swf.flv", 44_100, 1, "-c:a", "adpcm_swf"),
    coded("ima.mov", 44_100, 2, "-c:a", "adpcm_ima_qt"),
    coded("ima.caf", 44_100, 2, "-c:a", "adpcm_ima_qt"),
    film("late.mp4", "mpeg4", "aac"),
    film("late.mkv", "mpeg4", "ac3"),
    film("late.webm", "libvpx", "libopus"),
    film("late.ts", "mpeg2video", "mp2"),
    film("late.avi", "mpeg4", "libmp3lame"),
    film("late.mpg", "mpeg2video", "mp2"),
    film("late.mov", "mpeg4", "pcm_s24le"),
)
LOSSLESS = (
    sndfile("plain.wav", 44_100, 2, "WAV", "PCM_16"),
    sndfile("wide.wav", 192_000, 2, "WAV", "PCM_24"),
    sndfile("deep.wav", 96_000, 1, "WAV", "PCM_32"),
    sndfile("float.wav", 8_000, 1, "WAV", "FLOAT"),
    sndfile("double.w64", 48_000, 2, "W64", "DOUBLE"),
    sndfile("large.rf64", 48_000, 2, "RF64", "PCM_24"),
    sndfile("plain.aiff", 88_200, 2, "AIFF", "PCM_24"),
    sndfile("plain.flac", 44_100, 2, "FLAC", "PCM_16"),
    sndfile("fast.flac", 192_000, 1, "FLAC", "PCM_24"),
    sndfile("eight.flac", 11_025, 1, "FLAC", "PCM_S8"),
    sndfile("ogg.oga", 48_000, 2, "OGG", "VORBIS"),
    sndfile("unsigned.wav", 16_000, 1, "WAV", "PCM_U8"),
    sndfile("alaw.wav", 8_000, 1, "WAV", "ALAW"),
    sndfile("ulaw.au", 8_000, 2, "AU", "ULAW"),
    sndfile("deep.caf", 48_000, 2, "CAF", "PCM_32"),
    sndfile("apple.caf", 48_000, 2, "CAF", "ALAC_24"),
    sndfile("sun.au", 32_000, 2, "AU", "PCM_24"),
    sndfile("voice.voc", 22_050, 1, "VOC", "PCM_16"),
    sndfile("speech.nist", 16_000, 1, "NIST", "PCM_16"),
    sndfile("old.ircam", 44_100, 2, "IRCAM", "PCM_16"),
    sndfile("amiga.svx", 22_050, 1, "SVX", "PCM_16"),
    coded("surround.wav", 48_000, 6, "-c:a", "pcm_s16le"),
    pcm("big.aiff", "pcm_s32be", 176_400),
    pcm("small.aiff", "pcm_s8", 11_025, 1),
    pcm("float.aiff", "pcm_f32be"),
    pcm("double.caf", "pcm_f64be"),
    pcm("sowt.aiff", "pcm_s16le", 44_100),
    pcm("planar.nut", "pcm_s16le_planar"),
    pcm("planar24.nut", "pcm_s24le_planar"),
    pcm("planar32.nut", "pcm_s32le_planar"),
    pcm("planar8.nut", "pcm_s8_planar"),
    pcm("planarbe.nut", "pcm_s16be_planar"),
    pcm("unsigned16.nut", "pcm_u16le"),
    pcm("unsigned16be.nut", "pcm_u16be"),
    pcm("unsigned24.nut", "pcm_u24le"),
    pcm("unsigned24be.nut", "pcm_u24be"),
    pcm("unsigned32.nut", "pcm_u32le"),
    pcm("unsigned32be.nut", "pcm_u32be"),
    pcm("wide64.nut", "pcm_s64le"),
    pcm("wide64be.nut", "pcm_s64be"),
    pcm("alaw.mov", "pcm_alaw", 8_000, 1),
    pcm("ulaw.avi", "pcm_mulaw", 8_000, 1),
    pcm("disc.m2ts", "pcm_bluray", 48_000, 2, "-mpegts_m2ts_mode", "1"),
    pcm("disc.vob", "pcm_dvd"),
    pcm("studio.ts", "s302m", 48_000, 2, *OLD),
    pcm("studio.mxf", "pcm_s24le", 48_000, 1, "-f", "mxf_opatom"),
    pcm("float.mov", "pcm_f32le"),
    pcm("sox.sox", "pcm_s32le"),
    pcm("wav64.w64", "pcm_s16le"),
    coded("apple.m4a", 44_100, 2, "-c:a", "alac"),
    coded("surround.flac", 48_000, 6, "-c:a", "flac"),
    coded("flac.ogg", 48_000, 2, "-c:a", "flac"),
    coded("flac.mkv", 96_000, 2, "-c:a", "flac"),
    coded("flac.mp4", 48_000, 2, "-c:a", "flac"),
    coded("pack.wv", 48_000, 2, "-c:a", "wavpack"),
    coded("float.wv", 44_100, 1, "-c:a", "wavpack", "-sample_fmt", "fltp"),
    coded("true.tta", 44_100, 2, "-c:a", "tta"),
    coded("disc.thd", 48_000, 2, "-c:a", "truehd", *OLD, "-f", "truehd"),
    coded("disc.mlp", 96_000, 2, "-c:a", "mlp", *OLD),
    coded("sonic.nut", 48_000, 2, "-c:a", "sonicls", *OLD, program=debian, verdict=REFUSED),
    coded("dfpwm.wav", 48_000, 1, "-c:a", "dfpwm"),
)

LONG = 6.0
"""Seconds of what is cut: several pages of an Ogg file and frames of TTA."""


def cuts(base: Recipe, verdict: str = DAMAGED) -> list[Recipe]:
    """A file cut at two random bytes."""
    long = evolve(base, seconds=LONG)
    decoder = "libsndfile" if base.name == "vorbis.ogg" else "ffmpeg"
    return [altered(f"cut{seed}-{base.name}", long, cut(seed), verdict, decoder) for seed in (1, 2)]


def doubled(base: Recipe, verdict: str = PLAYED) -> Recipe:
    """A file after itself."""
    return altered(f"twice-{base.name}", base, twice, verdict, "ffmpeg")


WHOLE = {recipe.name: recipe for recipe in (*LOSSY, *LOSSLESS)}
# Headers that say how long the file is, or a coding that notices an incomplete frame.
CUT = (
    *("cbr.mp3", "vbr.mp3", "raw.aac", "aac.ts", "dolby.ac3", "opus.opus", "vorbis.ogg"),
    *("speex.ogg", "two.wma", "ima.wav", "plain.wav", "plain.aiff", "plain.flac"),
    *("fast.flac", "double.w64", "sun.au", "apple.caf", "flac.ogg", "pack.wv", "true.tta"),
    *("aac.mkv", "opus.webm", "float.wav", "wide.wav", "theatre.dts", "disc.thd", "radio.sbc"),
)
# The index of a movie comes last.
CUT_REFUSED = ("aac.m4a", "apple.m4a", "float.mov")
# Samples without a length: what is left is a shorter file.
CUT_PLAYED = ("wide.g722",)
TWICE = (
    *("layer2.mp2", "raw.aac", "dolby.ac3", "plus.eac3", "theatre.dts", "disc.thd", "radio.sbc"),
    *("opus.opus", "vorbis.ogg", "slow.ogg", "flac.ogg", "aac.ts"),
    *("pack.wv", "telephone.gsm", "wide.g722", "opus.webm", "aac.mkv", "aac.m4a", "true.tta"),
)
TWICE_REFUSED = ("speex.ogg", "wide.spx")
TWICE_DAMAGED = ("cbr.mp3", "vbr.mp3", "no-xing.mp3", "plain.wav", "plain.flac", "plain.aiff")

ODD = (
    Recipe("valid24in32.wav", odd_media.padded_24_in_32, decoder="libsndfile"),
    Recipe("size-0.wav", lambda path: odd_media.unfinished(path, 0)),
    Recipe("size-ffffffff.wav", lambda path: odd_media.unfinished(path, 0xFFFFFFFF)),
    Recipe("unknown-length.flac", lambda path: odd_media.flac(path, total=0)),
    Recipe("too-short.flac", lambda path: odd_media.flac(path, total=48_000), DAMAGED),
    Recipe("too-long.flac", lambda path: odd_media.flac(path, total=2**36 - 1), DAMAGED),
    Recipe("truncated.flac", lambda path: odd_media.flac(path, keep=0.6), DAMAGED),
    Recipe("gsm.wav", odd_media.gsm),
    Recipe("nan.wav", odd_media.nonfinite, REFUSED),
    Recipe("chained.ogg", lambda path: odd_media.chained(embedded(), path, "-c:a", "libvorbis")),
    Recipe("chained.opus", lambda path: odd_media.chained(embedded(), path)),
    Recipe("chained.spx", lambda path: odd_media.chained(debian(), path), REFUSED),
    Recipe("chained.oga", lambda path: odd_media.chained(embedded(), path, "-c:a", "flac")),
)

RECIPES = (
    *WHOLE.values(),
    *(recipe for name in CUT for recipe in cuts(WHOLE[name])),
    *(recipe for name in CUT_REFUSED for recipe in cuts(WHOLE[name], REFUSED)),
    *(recipe for name in CUT_PLAYED for recipe in cuts(WHOLE[name], PLAYED)),
    *(doubled(WHOLE[name]) for name in TWICE),
    *(doubled(WHOLE[name], DAMAGED) for name in TWICE_DAMAGED),
    *(doubled(WHOLE[name], REFUSED) for name in TWICE_REFUSED),
    *ODD,
)
