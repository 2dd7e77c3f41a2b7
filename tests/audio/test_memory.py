import numpy as np
import pytest
from mixdown.audio.memory import decode, digest, encode, memory_of, restored


class _Line:
    MEMORY = ("samples",)

    def __init__(self) -> None:
        self.samples = np.zeros((2, 0))


class _Process:
    MEMORY = ("level", "lines", "count")

    def __init__(self) -> None:
        self.level, self.lines, self.count = float("-inf"), [_Line(), _Line()], 0
        self.scale = 2.0


def test_a_memory_survives_its_encoding_and_is_restored() -> None:
    process = _Process()
    process.lines[1].samples = np.array([[0.1, -0.0]])
    process.count, process.scale = 3, 5.0
    memory = decode(encode(memory_of(process)))
    other = restored(_Process(), memory)
    assert (other.level, other.count, other.scale) == (float("-inf"), 3, 2.0)
    assert other.lines[0].samples.shape == (2, 0)
    np.testing.assert_array_equal(np.signbit(other.lines[1].samples), [[False, True]])
    assert digest(memory_of(other)) == digest(memory_of(process))
    other.lines[1].samples[0, 0] = 0.2
    assert digest(memory_of(other)) != digest(memory_of(process))


def test_a_memory_is_a_copy() -> None:
    process = _Process()
    process.lines[0].samples = np.zeros((1, 2))
    memory = memory_of(process)
    process.lines[0].samples[0, 0] = 1.0
    assert not memory["lines"][0]["samples"].any()


@pytest.mark.parametrize("content", [b"", b"no", b'{"array":["<f8",[9]]}\n'])
def test_what_is_no_memory_is_refused(content: bytes) -> None:
    with pytest.raises((ValueError, TypeError)):
        decode(content)
