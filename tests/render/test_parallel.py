"""Steps at the same time end as steps one after the other would."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

import mixdown
import numpy as np
import pytest
import soundfile
from attrs import evolve
from handmade import step
from mixdown.plans.plan import OURSELVES
from mixdown.programs.run import Stop, StoppedError, by_line, run_process
from mixdown.render import parallel
from mixdown.render.parallel import processors, run_steps
from mixdown.render.progress import Progress
from rendering import render_compilation

PATIENCE = 20.0


def steps(*ids: str, **after: tuple[str, ...]):
    return [step(id, after=after.get(id, ())) for id in ids]


def test_steps_that_wait_for_nothing_run_together():
    together = threading.Barrier(3, timeout=PATIENCE)
    ran = run_steps(steps("a", "b", "c"), lambda step, stop: together.wait() or step.id, 3)
    assert list(ran) == ["a", "b", "c"]


def test_no_more_than_so_many_run():
    now, most, lock = set(), [], threading.Lock()

    def run(step, stop):
        with lock:
            now.add(step.id)
            most.append(len(now))
        time.sleep(0.02)
        with lock:
            now.remove(step.id)

    run_steps(steps(*"abcdefgh"), run, 3)
    assert max(most) <= 3
    assert len(most) == 8


@pytest.mark.parametrize("jobs", [1, 4])
def test_a_step_runs_after_those_that_it_waits_for(jobs):
    order = []
    ran = run_steps(
        steps("a", "b", "c", "d", c=("a", "elsewhere"), d=("c", "b")),
        lambda step, stop: order.append(step.id) or step.id.upper(),
        jobs,
    )
    assert ran == {"a": "A", "b": "B", "c": "C", "d": "D"}
    assert order.index("a") < order.index("c") < order.index("d") > order.index("b")


def test_of_those_in_this_process_one_runs_at_a_time():
    running = threading.Lock()

    def run(step, stop):
        assert running.acquire(blocking=False)
        time.sleep(0.02)
        running.release()

    run_steps([evolve(each, program=OURSELVES) for each in steps(*"abcd")], run, 4)


@pytest.mark.parametrize("jobs", [1, 2, 4])
def test_the_first_failure_in_order_counts_whichever_happens_first(jobs):
    """Both `b` and `d` fail, and `d` long before; `a` runs to its end, `e` is not begun."""
    done = []
    failed = threading.Event()

    def run(step, stop):
        if step.id == "d":
            failed.set()
            raise ValueError("d")
        if step.id == "b":
            assert jobs < 4 or failed.wait(PATIENCE)
            raise ValueError("b")
        if step.id == "c" and jobs > 1:  # ended by the failure of b, before it
            while not stop.asked:
                time.sleep(0.001)
            raise StoppedError
        done.append(step.id)

    with pytest.raises(ValueError, match=r"^b$"):
        run_steps(steps("a", "b", "c", "d", "e", e=("a", "d")), run, jobs)
    assert done == ["a"]


def test_a_step_that_is_stopped_before_it_begins_has_ended(monkeypatch):
    """A thread may begin long after its start, when the failure of another has stopped it."""

    class Late(threading.Thread):
        def run(self):
            number, stop = self._args
            while number == 1 and not stop.asked:
                time.sleep(0.001)
            super().run()

    def run(step, stop):
        assert step.id == "a"
        raise ValueError("a")

    monkeypatch.setattr(threading, "Thread", Late)
    with pytest.raises(ValueError, match="a"):
        run_steps(steps("a", "b"), run, 2)


def test_a_step_before_the_failed_one_still_runs():
    """It may fail too, and would have been the first."""
    done = []

    def run(step, stop):
        if step.id == "c":
            raise ValueError("c")
        time.sleep(0.05)
        done.append(step.id)

    with pytest.raises(ValueError, match="c"):
        run_steps(steps("a", "b", "c", b=("a",)), run, 2)
    assert done == ["a", "b"]


SLEEPER = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"


def sleeping(tmp_path, pids):
    def run(step, stop):
        return run_process([sys.executable, "-c", SLEEPER], tmp_path, by_line(pids.append), stop)

    return run


def is_gone(pid: str) -> bool:
    try:
        os.kill(int(pid), signal.SIGCONT)
    except ProcessLookupError:
        return True
    return False


def test_an_interrupt_ends_every_step(tmp_path):
    pids: list[str] = []
    before = time.monotonic()

    def interrupt():
        while len(pids) < 2:
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        run_steps(steps("a", "b"), sleeping(tmp_path, pids), 2)
    assert time.monotonic() - before < PATIENCE
    assert all(map(is_gone, pids))


def test_a_failure_ends_the_process_of_a_step_behind_it(tmp_path):
    pids: list[str] = []

    def run(step, stop):
        if step.id == "b":
            return sleeping(tmp_path, pids)(step, stop)
        while not pids:
            time.sleep(0.01)
        raise ValueError("a")

    with pytest.raises(ValueError, match="a"):
        run_steps(steps("a", "b"), run, 2)
    assert all(map(is_gone, pids))


def test_who_was_stopped_before_its_start_does_not_run_long(tmp_path):
    stop = Stop()
    stop.ask()
    before = time.monotonic()
    with pytest.raises(StoppedError):
        run_process([sys.executable, "-c", SLEEPER], tmp_path, stop=stop)
    assert time.monotonic() - before < PATIENCE


def test_the_processors_of_this_process_are_counted(monkeypatch):
    assert 1 <= processors() <= (os.cpu_count() or 1)
    monkeypatch.delattr(parallel.os, "sched_getaffinity")
    assert processors() == os.cpu_count()


def many_parts(folder: Path, source: str = "a.wav") -> mixdown.Timeline:
    """A mix in several parts, one of which plays `source` alone; two sources to decode."""
    tones = 0.2 * np.sin(np.arange(3 * 48000)[:, None] * (0.05, 0.07))
    soundfile.write(folder / "a.wav", tones, 48000, "PCM_16")
    soundfile.write(folder / "b.ogg", tones, 44100)
    soundfile.write(folder / "c.ogg", tones[:, ::-1], 44100)
    names = [source if 80 <= n < 120 else ("a.wav", "b.ogg", "c.ogg")[n % 3] for n in range(160)]
    clips = ", ".join(
        f"{{id: c{n}, source: {name}, start_ms: {70 * n}, offset_ms: {5 * n}, duration_ms: 65}}"
        for n, name in enumerate(names)
    )
    (folder / "t.yaml").write_text(
        f"{{schema_version: 1, id: t, tracks: [{{id: a, role: music, clips: [{clips}]}}]}}"
    )
    return mixdown.load(folder / "t.yaml")


def test_however_many_run_at_once_the_files_are_the_same(tmp_path, ffmpegs, monkeypatch):
    monkeypatch.setenv("MIXDOWN_FFMPEG", ffmpegs)
    timeline = many_parts(tmp_path)
    told: list[Progress] = []
    results = [
        mixdown.render(
            timeline, out=tmp_path / str(jobs), stems=True, jobs=jobs, progress=told.append
        )
        for jobs in (1, 3)
    ]
    assert len(results[0].compilation.plan.steps) > 6
    assert [f.digest for f in results[0].files] == [f.digest for f in results[1].files]
    assert results[0].diagnostics == results[1].diagnostics
    for step_id in {p.step for p in told}:
        done = [p.done for p in told if p.step == step_id]
        assert (min(done), done[-1]) == (0.0, 1.0)


@pytest.mark.parametrize("jobs", [1, 4])
def test_a_failed_render_says_the_same_however_many_ran(tmp_path, ffmpegs, monkeypatch, jobs):
    """A source vanishes after it was probed: the part that plays it fails, no other does."""
    monkeypatch.setenv("MIXDOWN_FFMPEG", ffmpegs)
    soundfile.write(tmp_path / "gone.wav", np.zeros((3 * 48000, 2)), 48000, "PCM_16")
    compilation = mixdown.compile(many_parts(tmp_path, "gone.wav"), preset="draft")
    (tmp_path / "gone.wav").unlink()
    with pytest.raises(mixdown.MixdownError, match=r"MIX611.*'gone.wav' cannot be read"):
        render_compilation(compilation, out=tmp_path / "out", jobs=jobs)
    assert not (tmp_path / "out").exists()


def test_an_interrupt_while_a_thread_starts_is_an_interrupt(monkeypatch):
    """A signal may arrive in `Thread.start`, before the thread is there."""

    class Interrupted(threading.Thread):
        def start(self) -> None:
            raise KeyboardInterrupt

    monkeypatch.setattr(threading, "Thread", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        run_steps(steps("a", "b"), lambda step, stop: None, 2)
