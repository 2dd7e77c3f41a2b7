"""A program is read as it prints, watched, and never outlives who started it."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
import tracemalloc
from pathlib import Path

import pytest
from house import modules, name_of
from mixdown.ir.diagnostics import RenderError
from mixdown.programs import run as process
from mixdown.programs.run import Watch, ask, by_line, patience, run_process

PATIENCE = 30  # seconds: far more than any of this takes


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def is_gone(pid: int | str) -> bool:
    """Whether a process has ended; a zombie that nobody has waited for yet has."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def wait_until(holds) -> bool:
    deadline = time.monotonic() + PATIENCE
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.02)
    return bool(holds())


# What it prints


def test_lines_arrive_and_both_ends_of_the_errors_are_kept(tmp_path):
    lines: list[str] = []
    code = (
        "import sys\nfor i in range(3): print('out', i)\n"
        "for i in range(50_000): print('error', i, file=sys.stderr)\nsys.exit(7)"
    )
    done = run_process(python(code), tmp_path, by_line(lines.append))
    assert lines == ["out 0", "out 1", "out 2"]
    assert (done.status, done.failure) == (7, "ended with status 7")
    assert (done.errors[0], done.errors[199]) == ("error 0", "error 199")
    assert (done.errors[200], done.errors[-1]) == ("error 49800", "error 49999")
    assert len(done.errors) == 400


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_line_without_end_takes_no_memory(tmp_path, stream):
    lines: list[str] = []
    code = f"import sys\nfor _ in range(200): sys.{stream}.write('x' * 1_000_000)"
    tracemalloc.start()
    done = run_process(python(code), tmp_path, by_line(lines.append))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [len(line) for line in (*lines, *done.errors)] == [process.LONGEST_LINE]
    assert most < 2_000_000


def test_lines_end_as_terminals_have_it():
    lines: list[str] = []
    feed = by_line(lines.append)
    for piece in (b"one\r\ntwo\rth", b"ree\n\nfo", b"u\xffr", b""):
        feed(piece)
    assert lines == ["one", "two", "three", "fou\ufffdr"]


def test_a_program_that_floods_its_errors_first_does_not_block(tmp_path):
    lines: list[str] = []
    code = "import sys\nfor i in range(20_000): print('x' * 99, file=sys.stderr)\nprint('done')"
    assert run_process(python(code), tmp_path, by_line(lines.append)).failure is None
    assert lines == ["done"]


def test_a_program_may_close_its_output_and_work_on(tmp_path):
    code = "import os, time; os.close(1); os.close(2); time.sleep(0.5); os._exit(3)"
    assert run_process(python(code), tmp_path).status == 3


def test_it_runs_in_the_directory_without_input_and_without_locale(tmp_path):
    lines: list[str] = []
    code = "import os, sys; print(os.getcwd(), repr(sys.stdin.read()), os.environ['LC_ALL'])"
    run_process(python(code), tmp_path, by_line(lines.append))
    assert lines == [f"{tmp_path.resolve()} '' C"]


def test_a_killed_program_has_the_signal_as_status(tmp_path):
    done = run_process(python("import os; os.kill(os.getpid(), 9)"), tmp_path)
    assert (done.status, done.failure) == (-9, "was killed by signal 9")


def test_a_program_that_is_not_there_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        run_process([str(tmp_path / "nothing")], tmp_path)


def test_a_question_has_its_answer_or_none(tmp_path):
    assert ask(python("import sys; print('a'); print('b', file=sys.stderr)")) == "a\nb"
    assert ask(python("print('a'); exit(1)")) == ""
    assert ask([str(tmp_path / "nothing")]) == ""
    assert ask(["a\0b"]) == ""


def test_a_question_that_is_answered_without_end_is_given_up(monkeypatch):
    monkeypatch.setattr(process, "_ANSWER_SECONDS", 0.5)
    assert ask(python("while True: print('more')")) == ""


# How it is watched


def test_a_program_without_progress_is_ended(tmp_path):
    before = time.monotonic()
    code = "import sys, time; print('begun', file=sys.stderr, flush=True); time.sleep(600)"
    done = run_process(python(code), tmp_path, watch=Watch(0.5))
    assert time.monotonic() - before < PATIENCE
    assert done.failure == "made no progress for 1 s and was ended"
    assert done.errors == ("begun",)


def test_a_program_that_ends_well_when_it_is_ended_was_stuck_all_the_same(tmp_path):
    code = "import signal, time; signal.signal(15, lambda *_: exit(0)); time.sleep(600)"
    done = run_process(python(code), tmp_path, watch=Watch(0.5))
    assert (done.status, done.stuck is not None) == (0, True)
    assert done.failure is not None


def test_who_prints_works(tmp_path):
    code = "import time\nfor _ in range(12): time.sleep(0.2); print('.', flush=True)"
    assert run_process(python(code), tmp_path, watch=Watch(1.5)).failure is None


def test_what_a_sign_says_counts_and_not_what_is_printed(tmp_path):
    growing = tmp_path / "growing"
    growing.write_bytes(b"")
    silent = (
        f"import time\nfor _ in range(12): time.sleep(0.2); open({str(growing)!r}, 'a').write('.')"
    )
    watch = Watch(1.5, lambda: growing.stat().st_size)
    assert run_process(python(silent), tmp_path, watch=watch).failure is None
    talking = "import time\nwhile True: print('.', flush=True); time.sleep(0.01)"
    assert run_process(python(talking), tmp_path, watch=watch).stuck is not None


def test_time_in_which_mixdown_was_stopped_does_not_count(tmp_path):
    """As after Ctrl-Z: the program had to wait for its reader."""
    lines: list[str] = []

    def read(line: str) -> None:
        if not lines:
            time.sleep(2)
        lines.append(line)

    code = "import time\nprint(1, flush=True)\ntime.sleep(0.3)\nprint(2)"
    done = run_process(python(code), tmp_path, by_line(read), watch=Watch(1.0, lambda: 0))
    assert (done.failure, lines) == (None, ["1", "2"])


@pytest.mark.parametrize(
    ("value", "seconds"), [("", 30.0), ("90", 90.0), ("0.5", 0.5), ("off", float("inf"))]
)
def test_the_patience_can_be_set(value, seconds):
    assert patience({"MIXDOWN_STALL_SECONDS": value}) == seconds


@pytest.mark.parametrize("value", ["0", "-1", "soon", "nan"])
def test_an_invalid_patience_is_a_coded_error(value):
    with pytest.raises(RenderError, match=r"MIX307\]: MIXDOWN_STALL_SECONDS is"):
        patience({"MIXDOWN_STALL_SECONDS": value})


# How it ends


@pytest.mark.parametrize("deaf", [False, True], ids=["polite", "deaf to SIGTERM"])
def test_an_interrupt_ends_the_program(tmp_path, deaf, monkeypatch):
    monkeypatch.setattr(process, "_SECONDS_TO_END", 0.3)
    ignore = "signal.signal(signal.SIGTERM, signal.SIG_IGN); " if deaf else ""
    code = f"import os, signal, time; {ignore}print(os.getpid(), flush=True); time.sleep(600)"
    pids: list[str] = []

    def interrupt(line: str) -> None:
        pids.append(line)
        raise KeyboardInterrupt

    before = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run_process(python(code), tmp_path, by_line(interrupt))
    assert time.monotonic() - before < PATIENCE
    assert is_gone(pids[0])


def test_what_a_wrapper_leaves_behind_ends_with_it(tmp_path):
    """The child of a script keeps the script's output open, and must not be waited for."""
    pids: list[str] = []
    before = time.monotonic()
    done = run_process(
        ["/bin/sh", "-c", "sleep 600 & echo $!; exit 4"], tmp_path, by_line(pids.append)
    )
    assert (done.status, time.monotonic() - before < PATIENCE) == (4, True)
    assert wait_until(lambda: is_gone(pids[0]))


def test_a_wrapper_without_progress_is_ended_with_its_child(tmp_path):
    pids: list[str] = []
    done = run_process(
        ["/bin/sh", "-c", "trap '' TERM; sleep 600 & echo $!; sleep 600"],
        tmp_path,
        by_line(pids.append),
        watch=Watch(0.5),
    )
    assert done.stuck is not None
    assert wait_until(lambda: is_gone(pids[0]))


PARENT = """
import sys
from mixdown.programs.run import by_line, run_process
run_process(sys.argv[1:], on_output=by_line(lambda line: print(line, flush=True)))
"""


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_a_killed_parent_takes_the_program_and_its_child_with_it(sent):
    child = "trap '' HUP TERM; sleep 600 & echo $!; echo $$; wait"
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, "/bin/sh", "-c", child], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    pids = [parent.stdout.readline().strip() for _ in range(2)]
    assert not any(map(is_gone, pids))
    parent.send_signal(sent)
    parent.wait(PATIENCE)
    parent.stdout.close()
    assert wait_until(lambda: all(map(is_gone, pids)))


def test_programs_of_several_threads_keep_to_themselves(tmp_path):
    """The end of one closes no pipe and ends no program of another."""
    ended: list[tuple[int, int]] = []

    def run(number: int) -> None:
        for _ in range(5):
            code = f"exec sleep 0.0{number}; exit 9" if number % 2 else f"exit {number}"
            done = run_process(["/bin/sh", "-c", code], tmp_path)
            ended.append((number, done.status))

    threads = [threading.Thread(target=run, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ended) == sorted((n, 0 if n % 2 else n) for n in range(6) for _ in range(5))


def test_nothing_stays_open_or_running(tmp_path):
    def held() -> set[str]:
        files = {path.name for path in Path("/proc/self/fd").iterdir()}
        return files | set(Path("/proc/thread-self/children").read_text().split())

    before = held()
    for _ in range(5):
        run_process(["/bin/true"], tmp_path)
    assert held() == before


def test_nothing_else_in_the_package_starts_a_process():
    """But for the workers of a measuring run, which are processes of mixdown itself."""
    starting = (
        "import subprocess",
        "from subprocess",
        "os.system",
        "os.spawn",
        "os.exec",
        "os.fork",
    )
    found = [name_of(path) for path in modules() if any(s in path.read_text() for s in starting)]
    assert found == ["programs/run.py"]
