"""How long the soak runs: the rounds and the seed of tests that are marked `soak`."""

from __future__ import annotations

import os


def rounds(default: int) -> int:
    """The number of rounds: of MIXDOWN_SOAK_ROUNDS, or the default."""
    return int(os.environ.get("MIXDOWN_SOAK_ROUNDS", default))


def seed() -> int:
    """The seed of MIXDOWN_SOAK_SEED, or 1: the same mutants in every run."""
    return int(os.environ.get("MIXDOWN_SOAK_SEED", "1"))
