"""Work in processes: nothing that one of them does or suffers concerns another."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest
from mixdown.render import processes
from mixdown.render.processes import map_in_processes


def square_or_die(item: str) -> int:
    """The square of a number; "die" kills its process, "once PATH" does at the first attempt."""
    word, _, path = item.partition(" ")
    if word == "die" or (word == "once" and not Path(path).exists()):
        if path:
            Path(path).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return 0 if path else int(word) ** 2


def sleep_through_sigterm(path: str) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    Path(path).touch()
    time.sleep(60)


def much_or_half(item: int) -> bytes:
    """More than a pipe holds; of item 1 the process ends with half of it sent."""
    if item == 1:
        signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGKILL))
        signal.setitimer(signal.ITIMER_REAL, 0.05)
    return bytes(1 << 28 if item == 1 else 1 << 22)


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """The processes find the functions of this module by its name."""
    monkeypatch.setattr(sys, "path", [*sys.path, str(Path(__file__).parents[2])])


@pytest.mark.parametrize("jobs", [1, 3])
def test_results_are_in_the_order_of_the_items_whoever_dies(tmp_path: Path, jobs: int):
    items = ["1", "die", "2", f"once {tmp_path}/first", "3", "die", "4", "5"]
    done: list[int] = []
    found = map_in_processes(square_or_die, items, jobs=jobs, on_done=done.append)
    assert found == (1, None, 4, 0, 9, None, 16, 25)
    assert done == list(range(1, 9))
    assert not multiprocessing.active_children()


def test_a_process_that_dies_as_it_answers_blocks_nobody():
    found = map_in_processes(much_or_half, [0, 1, 2, 3], jobs=2)
    assert [None if one is None else len(one) for one in found] == [1 << 22, None, 1 << 22, 1 << 22]


def test_nothing_to_do_starts_nothing():
    assert map_in_processes(square_or_die, [], jobs=2) == ()


def test_a_process_that_ignores_the_end_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(processes, "_SECONDS_TO_UNWIND", 0.2)
    asleep = tmp_path / "asleep"

    def interrupt() -> None:
        while not asleep.exists():
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        map_in_processes(sleep_through_sigterm, [str(asleep)], jobs=1)
    assert not multiprocessing.active_children()
