"""Channel gains as small matrices, for gains, pans and downmixes: one `remix` applies one."""

from __future__ import annotations

from collections.abc import Iterable

Matrix = tuple[tuple[float, ...], ...]
"""A row for each outgoing channel, a column for each incoming one."""


def identity(channels: int) -> Matrix:
    """Every channel to itself."""
    return tuple(tuple(float(r == c) for c in range(channels)) for r in range(channels))


def scaled(matrix: Matrix, factor: float) -> Matrix:
    """All gains times a factor."""
    return tuple(tuple(gain * factor for gain in row) for row in matrix)


def product(left: Matrix, right: Matrix) -> Matrix:
    """The matrix that applies `right` and then `left`."""
    columns = tuple(zip(*right, strict=True))
    return tuple(
        tuple(sum(a * b for a, b in zip(row, column, strict=True)) for column in columns)
        for row in left
    )


def common_gain(matrix: Matrix) -> float | None:
    """The gain of each channel to itself, if all are equal and none goes to another; else None."""
    gain = matrix[0][0]
    return gain if matrix == scaled(identity(len(matrix)), gain) else None


def is_diagonal(matrix: Matrix) -> bool:
    """Whether no channel goes to another."""
    square = len(matrix) == len(matrix[0])
    return square and all(
        gain == 0.0 or r == c for r, row in enumerate(matrix) for c, gain in enumerate(row)
    )


def growth(matrix: Matrix) -> float:
    """The factor by which the largest sample can grow."""
    return max(sum(map(abs, row)) for row in matrix)


def remix(matrix: Matrix) -> tuple[str, ...]:
    """The effect; with `-m` the factors are as written, without a 1/n of SoX's own."""
    return ("remix", "-m", *map(_row, matrix))


def number(value: float) -> str:
    """A number as text that SoX reads back exactly."""
    return str(int(value)) if value == int(value) and abs(value) < 1e6 else repr(value)


def _row(gains: Iterable[float]) -> str:
    terms = [f"{c}v{number(gain)}" for c, gain in enumerate(gains, 1) if gain]
    return ",".join(terms) or "0"
