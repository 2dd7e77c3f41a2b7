"""Generates the media of the podcast example: ``python examples/podcast/make_media.py``.

Writes into ``media/``, next to this script:

=============  ================================================  =====================
host.flac      the host's recording, spoken by espeak-ng         22,050 Hz mono
guest.flac     the guest's recording, in another voice           22,050 Hz mono
bed.ogg        a minute of music: pad, bass, plucked arpeggio    44,100 Hz stereo
sting.flac     two bell strokes, to open a chapter               48,000 Hz stereo
room.ogg       a cafe's room tone                                48,000 Hz stereo
=============  ================================================  =====================

The rates, channel counts and codecs differ on purpose, as they do in practice.

A second run with the same programs writes the same bytes: everything but speech is computed from
formulas and seeded noise. Every line of speech starts at the time in `RECORDINGS` with any version
of espeak-ng, so ``podcast.yaml`` stays valid; every file peaks below `PEAK_CEILING_DB`. Needs
numpy, soundfile 0.13 or later, and espeak-ng on the PATH.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile as sf
from numpy.typing import NDArray

Audio = NDArray[np.float64]
"""Samples at full scale 1.0: shape (frames,) for mono, (frames, 2) for stereo."""

Partials = tuple[tuple[float, float, float], ...]
"""The partials of a sound: (ratio to the base frequency, level, decay in 1/s)."""

Response = tuple[tuple[float, float], ...]
"""A spectrum as (Hz, dB) points, interpolated linearly in log frequency."""

MEDIA = Path(__file__).resolve().parent / "media"
PEAK_CEILING_DB = -1.0
BLOCK_FRAMES = 4096


class MediaError(Exception):
    """The media cannot be generated; the message says what to do."""


# --- levels ------------------------------------------------------------------------------------


def amplitude(db: float) -> float:
    """Return the linear gain of a level in dB."""
    return float(10.0 ** (db / 20.0))


def at_level(audio: Audio, rms_db: float, rate: int) -> Audio:
    """Scale to an RMS level in dBFS, by one gain; pauses are left out of the measurement.

    A 50 ms window counts if it lies within 30 dB of the loudest, so that the pauses
    in a line do not make its words louder.
    """
    window = rate // 20
    power = np.mean(audio.reshape(len(audio), -1) ** 2, axis=1)
    windows = power[: len(power) // window * window].reshape(-1, window).mean(axis=1)
    sounding = windows[windows > 1e-3 * windows.max()]
    return audio * float(amplitude(rms_db) / np.sqrt(sounding.mean()))


# --- speech ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """A line of speech, and its slot in the recording."""

    slot_ms: int
    text: str


@dataclass(frozen=True)
class Recording:
    """The recording of one microphone: an espeak-ng voice, and its lines slot by slot."""

    voice: str
    lines: tuple[Line, ...]


SPEECH_RATE = 22_050
WORDS_PER_MINUTE = 165
LEAD_MS = 100

RECORDINGS = {
    "host": Recording("en-us+m3", (
        Line(7000, "Welcome to the show. Today: mixdown, a compiler for audio timelines. "
                   "So, what does it do?"),
        Line(3000, "And this conversation is a text file?"),
        Line(3000, "Nice. How loud do we come out?"),
        Line(6000, "Same files in, same mix out. I like it. Thanks for listening, everyone."),
    )),
    "guest": Recording("en-gb-x-rp+Annie", (
        Line(6500, "You write down tracks, clips, fades and markers. "
                   "Mixdown turns them into a finished mix."),
        Line(6500, "It is. The music dips while we speak because its keyframes say so, "
                   "exact to the sample."),
        Line(8000, "Minus sixteen loudness units, peaks under minus one. "
                   "It measures the file that it delivers, so the number is never a guess."),
    )),
}  # fmt: skip


def speak(espeak: str, voice: str, text: str) -> Audio:
    """Return mono speech at `SPEECH_RATE`, without the silence before and after it."""
    with tempfile.TemporaryDirectory() as folder:
        wav = Path(folder) / "line.wav"
        command = [espeak, "-v", voice, "-s", str(WORDS_PER_MINUTE), "-w", str(wav), text]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0 or not wav.is_file():
            raise MediaError(f"espeak-ng failed with voice {voice!r}: {done.stderr.strip()}")
        speech, rate = sf.read(wav, dtype="float64")
    if rate != SPEECH_RATE or speech.ndim != 1:
        raise MediaError(f"voice {voice!r} speaks at {rate} Hz, not {SPEECH_RATE} Hz mono")
    loud = np.flatnonzero(np.abs(speech) > amplitude(-50.0))
    if len(loud) == 0:
        raise MediaError(f"voice {voice!r} said nothing for {text!r}")
    return np.asarray(speech[loud[0] : loud[-1] + 1])


def record(espeak: str, recording: Recording) -> list[Audio]:
    """Return the slots of a recording: every line at one level, `LEAD_MS` into its slot."""
    slots: list[Audio] = []
    for line in recording.lines:
        speech = speak(espeak, recording.voice, line.text)
        lead = SPEECH_RATE * LEAD_MS // 1000
        slot = np.zeros(SPEECH_RATE * line.slot_ms // 1000)
        if lead + len(speech) > len(slot):
            spoken_ms = (lead + len(speech)) * 1000 // SPEECH_RATE
            raise MediaError(
                f"{line.text!r} lasts {spoken_ms} ms, its slot {line.slot_ms} ms: "
                "widen the slot here and in podcast.yaml, or speak faster"
            )
        slot[lead : lead + len(speech)] = at_level(speech, -20.0, SPEECH_RATE)
        slots.append(slot)
    return slots


# --- music -------------------------------------------------------------------------------------

MUSIC_RATE = 44_100
CHORD_S = 3.0
EIGHTH_S = CHORD_S / 8

# MIDI notes, bass first: four chords in D make a round of 12 s.
D_MAJ9 = (38, 57, 61, 64, 66)
B_MIN7 = (35, 54, 57, 62, 66)
G_MAJ7 = (43, 55, 59, 62, 66)
A_SUS4 = (33, 52, 57, 62, 64)
ROUND = (D_MAJ9, B_MIN7, G_MAJ7, A_SUS4)

# Four rounds, a cadence, and a last chord that rings to the end of the minute.
CHORDS = (*ROUND * 4, G_MAJ7, A_SUS4)
RING_S = 6.0

# The note above the bass that each eighth plucks, an octave up; the patterns alternate by round.
ARPEGGIOS = ((0, 2, 1, 3, 2, 1, 3, 1), (3, 1, 2, 0, 1, 3, 2, 1))

# The high harmonics of a string decay first; the bass includes an octave, for small speakers.
PAD: Partials = tuple((k, k**-1.8, 0.0) for k in range(1, 7))
STRING: Partials = tuple((k, k**-1.3, 2.2 + 1.4 * k) for k in range(1, 9))
BASS: Partials = ((1, 1.0, 0.55), (2, 0.3, 0.55))


def hertz(note: float) -> float:
    """Return the frequency of a MIDI note in equal temperament, A4 = 69 = 440 Hz."""
    return float(440.0 * 2.0 ** ((note - 69) / 12))


def seconds(duration_s: float, rate: int) -> Audio:
    """Return the time of every sample of a duration, in seconds."""
    return np.arange(round(duration_s * rate)) / rate


def panned(mono: Audio, position: float) -> Audio:
    """Place mono in stereo at constant power; position -1 is left, 1 right."""
    theta = (position + 1.0) * np.pi / 4.0
    return np.stack([np.cos(theta) * mono, np.sin(theta) * mono], axis=1)


def add_at(mix: Audio, part: Audio, at_s: float, rate: int) -> None:
    """Add a part to the mix, truncated at the end of the mix."""
    start = round(at_s * rate)
    end = min(start + len(part), len(mix))
    mix[start:end] += part[: end - start]


def tone(t: Audio, base_hz: float, partials: Partials, phases: Audio | None = None) -> Audio:
    """Sum decaying partials, each (ratio to the base, level, decay in 1/s)."""
    sound = np.zeros_like(t)
    for index, (ratio, level, decay) in enumerate(partials):
        phase = 0.0 if phases is None else phases[index]
        sound += level * np.exp(-decay * t) * np.sin(2.0 * np.pi * ratio * base_hz * t + phase)
    return sound


def ramps(t: Audio, attack_s: float, release_s: float) -> Audio:
    """Return a gain that rises over the attack and falls over the release, as half cosines."""
    ramp = np.minimum(np.minimum(t / attack_s, (t[-1] - t) / release_s), 1.0)
    return np.asarray(np.sin(ramp * np.pi / 2.0) ** 2)


def pad(note: int, duration_s: float, rng: np.random.Generator) -> Audio:
    """Play a soft chord tone with slow attack and release; two detuned voices make it wide."""
    t = seconds(duration_s + 1.5, MUSIC_RATE)
    left, right = (
        tone(t, hertz(note + cents / 100), PAD, rng.uniform(0.0, 2.0 * np.pi, len(PAD)))
        for cents in (-4, 4)
    )
    wide = np.stack([left + 0.35 * right, right + 0.35 * left], axis=1)
    return wide * ramps(t, 0.9, 1.8)[:, None]


def pluck(note: int, position: float) -> Audio:
    """Pluck a string, 1.6 s long."""
    t = seconds(1.6, MUSIC_RATE)
    return panned(tone(t, hertz(note), STRING) * ramps(t, 0.004, 0.05), position)


def bass(note: int, duration_s: float) -> Audio:
    """Play a round low note."""
    t = seconds(duration_s, MUSIC_RATE)
    return panned(tone(t, hertz(note), BASS) * ramps(t, 0.03, 0.1), 0.0)


def reverberant(dry: Audio, rate: int, rng: np.random.Generator) -> Audio:
    """Add reverb to stereo audio: convolve it with decaying noise, and truncate the tail."""
    t = seconds(1.8, rate)
    room = rng.standard_normal((len(t), 2)) * np.exp(-t / 0.35)[:, None]
    room /= np.sqrt(np.sum(room**2, axis=0))
    size = len(dry) + len(room) - 1
    spectrum = np.fft.rfft(dry, size, axis=0) * np.fft.rfft(room, size, axis=0)
    return dry + 0.3 * np.fft.irfft(spectrum, size, axis=0)[: len(dry)]


def make_bed() -> Audio:
    """Play one minute of music: slow chords, and an arpeggio that changes with every round."""
    rng = np.random.default_rng(1)
    mix = np.zeros((round((len(CHORDS) * CHORD_S + RING_S) * MUSIC_RATE), 2))
    for index, chord in enumerate(CHORDS):
        at_s = index * CHORD_S
        low, *upper = chord
        add_at(mix, 0.5 * bass(low, CHORD_S), at_s, MUSIC_RATE)
        for note in upper:
            add_at(mix, 0.11 * pad(note, CHORD_S, rng), at_s, MUSIC_RATE)
        for step, degree in enumerate(ARPEGGIOS[index // len(ROUND) % len(ARPEGGIOS)]):
            accent = 1.0 if step % 4 == 0 else 0.7
            position = 0.5 if step % 2 else -0.5
            plucked = 0.3 * accent * pluck(upper[degree] + 12, position)
            add_at(mix, plucked, at_s + step * EIGHTH_S, MUSIC_RATE)

    close_s = len(CHORDS) * CHORD_S
    low, *upper = D_MAJ9
    add_at(mix, 0.5 * bass(low, RING_S), close_s, MUSIC_RATE)
    for step, note in enumerate((*upper, upper[0] + 12)):
        add_at(mix, 0.3 * pluck(note + 12, (step - 2) / 5), close_s + 0.06 * step, MUSIC_RATE)
    for note in upper:
        add_at(mix, 0.11 * pad(note, 4.5, rng), close_s, MUSIC_RATE)
    return at_level(reverberant(mix, MUSIC_RATE, rng), -20.0, MUSIC_RATE)


# --- effect and ambience -----------------------------------------------------------------------

SHOW_RATE = 48_000

BELL: Partials = (
    (0.5, 0.35, 0.9), (1, 1.0, 1.25), (1.2, 0.45, 1.7), (1.5, 0.3, 2.0), (2, 0.6, 2.2),
    (2.67, 0.25, 4.0), (4.1, 0.15, 8.3),
)  # fmt: skip

# Room tone, and unintelligible distant speech.
ROOM_TONE: Response = (
    (20, -40), (60, -6), (150, 0), (400, -6), (1000, -14), (3000, -28), (20000, -70),
)  # fmt: skip
BABBLE: Response = (
    (60, -60), (200, -12), (400, 0), (900, -4), (2000, -14), (4000, -34), (20000, -80),
)  # fmt: skip


def make_sting() -> Audio:
    """Strike two bells, a fourth apart, the second answering from the other side: 2.4 s."""
    t = seconds(2.4, SHOW_RATE)
    mix = np.zeros((len(t), 2))
    stroke = ramps(t, 0.002, 0.4)
    for note, at_s, position in ((81, 0.0, -0.4), (86, 0.22, 0.4)):
        add_at(mix, panned(tone(t, hertz(note), BELL) * stroke, position), at_s, SHOW_RATE)
    mix = reverberant(mix, SHOW_RATE, np.random.default_rng(2))
    return at_level(mix * stroke[:, None], -20.0, SHOW_RATE)


def shaped_noise(frames: int, response: Response, rng: np.random.Generator) -> Audio:
    """Return mono noise of a given spectrum, at an RMS of 1."""
    frequencies = np.fft.rfftfreq(frames, 1.0 / SHOW_RATE)
    hz, db = np.array(response, dtype=np.float64).T
    level = np.interp(np.log(np.maximum(frequencies, 1.0)), np.log(hz), db)
    spectrum = np.fft.rfft(rng.standard_normal(frames)) * 10.0 ** (level / 20.0)
    spectrum[0] = 0.0
    noise = np.fft.irfft(spectrum, frames)
    return np.asarray(noise / np.sqrt(np.mean(noise**2)))


def wander(frames: int, step: int, low: float, rng: np.random.Generator) -> Audio:
    """Return a gain that wanders from `low` to 1, to a new random value every `step` frames."""
    at = np.arange(0, frames + step, step)
    return np.interp(np.arange(frames), at, rng.uniform(low, 1.0, len(at)))


def make_room() -> Audio:
    """Generate 28 s of a cafe: steady room tone, and four distant voices."""
    rng = np.random.default_rng(3)
    frames = 28 * SHOW_RATE
    mix = np.stack([shaped_noise(frames, ROOM_TONE, rng) for _ in range(2)], axis=1)
    for position in (-0.8, -0.3, 0.2, 0.7):
        syllables = wander(frames, SHOW_RATE // 4, 0.2, rng)
        sentences = wander(frames, SHOW_RATE * 2, 0.0, rng)
        voice = shaped_noise(frames, BABBLE, rng) * syllables * sentences
        mix += panned(1.2 * voice, position)
    return at_level(mix, -28.0, SHOW_RATE)


# --- files -------------------------------------------------------------------------------------


REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def ogg_crc(page: bytes) -> int:
    """Return the checksum of an Ogg page (RFC 3533, 6): CRC-32 from 0, most significant bit first.

    zlib's takes bits the other way round, and inverts the register before and after.
    """
    crc = zlib.crc32(page.translate(REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{crc:032b}"[::-1], 2)


def with_serial(ogg: bytes, serial: int) -> bytes:
    """Give an Ogg stream a fixed serial number; libsndfile uses one based on the time."""
    pages = bytearray(ogg)
    at = 0
    while at < len(pages):
        segments = pages[at + 26]
        end = at + 27 + segments + sum(pages[at + 27 : at + 27 + segments])
        pages[at + 14 : at + 18] = serial.to_bytes(4, "little")
        pages[at + 22 : at + 26] = bytes(4)
        pages[at + 22 : at + 26] = ogg_crc(bytes(pages[at:end])).to_bytes(4, "little")
        at = end
    return bytes(pages)


def write_vorbis(path: Path, audio: Audio, rate: int) -> None:
    """Write Ogg Vorbis at a modest quality, the same bytes in every run.

    It goes in blocks: libsndfile's Vorbis encoder overflows the stack on one long write.
    """
    with sf.SoundFile(
        path, "w", rate, audio.shape[1], format="OGG", subtype="VORBIS", compression_level=0.7
    ) as file:
        for start in range(0, len(audio), BLOCK_FRAMES):
            file.write(audio[start : start + BLOCK_FRAMES])
    path.write_bytes(with_serial(path.read_bytes(), serial=1))


def spoken(name: str, slots: list[Audio]) -> str:
    """Describe the time of speech in each slot, which the ducking keyframes follow."""
    rows = [f"{name}: speech in each slot, in ms"]
    offset_ms = 0
    for slot in slots:
        end_ms = (int(np.flatnonzero(slot)[-1]) + 1) * 1000 // SPEECH_RATE
        rows.append(f"  offset {offset_ms:>6}  from {LEAD_MS} to {end_ms}")
        offset_ms += len(slot) * 1000 // SPEECH_RATE
    return "\n".join(rows)


def report(path: Path) -> str:
    """Describe a written file in one line; raise MediaError if it peaks above the ceiling."""
    audio, rate = sf.read(path, dtype="float64", always_2d=True)
    peak = 20.0 * np.log10(np.max(np.abs(audio)))
    if peak > PEAK_CEILING_DB:
        raise MediaError(f"{path.name} peaks at {peak:.1f} dBFS, over {PEAK_CEILING_DB} dBFS")
    return (
        f"{path.name:<11} {rate:>6} Hz  {audio.shape[1]} ch  {len(audio) / rate:6.2f} s  "
        f"peak {peak:6.1f} dBFS  {path.stat().st_size / 1000:7.1f} kB"
    )


def main() -> None:
    """Write every file, and print a description of it."""
    espeak = shutil.which("espeak-ng")
    if espeak is None:
        raise MediaError(
            "espeak-ng is not on the PATH: install it "
            "(Debian: apt-get install espeak-ng; macOS: brew install espeak-ng)"
        )
    MEDIA.mkdir(exist_ok=True)
    for name, recording in RECORDINGS.items():
        slots = record(espeak, recording)
        sf.write(MEDIA / f"{name}.flac", np.concatenate(slots), SPEECH_RATE, subtype="PCM_16")
        print(spoken(name, slots))
    write_vorbis(MEDIA / "bed.ogg", make_bed(), MUSIC_RATE)
    sf.write(MEDIA / "sting.flac", make_sting(), SHOW_RATE, subtype="PCM_16")
    write_vorbis(MEDIA / "room.ogg", make_room(), SHOW_RATE)
    for name in ("host.flac", "guest.flac", "bed.ogg", "sting.flac", "room.ogg"):
        print(report(MEDIA / name))


if __name__ == "__main__":
    try:
        main()
    except MediaError as error:
        sys.exit(f"make_media: {error}")
