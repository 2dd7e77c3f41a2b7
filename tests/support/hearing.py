"""How loud a faint noise is: by hearing's threshold in quiet."""

from __future__ import annotations

import numpy as np
from scipy.signal import welch


def threshold_db(hertz: np.ndarray) -> np.ndarray:
    """dB SPL that are just heard (E. Terhardt, Hearing Research 1, 1979), to 80 dB at most."""
    khz = np.maximum(hertz, 20.0) / 1000
    level = 3.64 * khz**-0.8 - 6.5 * np.exp(-0.6 * (khz - 3.3) ** 2) + 1e-3 * khz**4
    return np.minimum(level, 80.0)


def heard_db(noise: np.ndarray, rate: int, variance: float) -> float:
    """dB by which a noise, shape (n,), is heard more than white noise of a variance."""
    hertz, density = welch(noise, rate, nperseg=8192)
    weights = 10 ** (-threshold_db(hertz) / 10)
    white = 2 * variance / rate
    return 10 * np.log10((density * weights).sum() / (white * weights.sum()))
