"""toymix OUT RATE LENGTH [NAME FILE OFFSET COUNT START GAIN_DB]...: sums pieces of mono WAVs."""

import sys

import numpy as np
import soundfile


def main():
    if sys.argv[1:] == ["--version"]:
        print("toymix 1.0")
        return None
    out, rate, length, *words = sys.argv[1:]
    mix = np.zeros(int(length))
    for first in range(0, len(words), 6):
        name, file, offset, count, start, gain_db = words[first : first + 6]
        try:
            samples, _ = soundfile.read(file, int(count), int(offset))
        except soundfile.LibsndfileError as error:
            return f"toymix: %{name}: {error}"
        place = mix[int(start) :][: len(samples)]
        place += samples[: len(place)] * 10 ** (float(gain_db) / 20)
        print("at", (first + 6) / len(words) * len(mix) / int(rate), flush=True)
    soundfile.write(out, mix, int(rate), "DOUBLE")
    return None
