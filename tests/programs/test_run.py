"""A child process is read as it speaks, and never outlives its caller."""

from __future__ import annotations

import os
import signal
import sys
import time

import pytest
from mixdown.programs import run as process
from mixdown.programs.run import run_process


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_lines_arrive_and_the_tail_of_errors_is_kept(tmp_path):
    lines: list[str] = []
    code = (
        "import sys\nfor i in range(3): print('out', i)\n"
        "for i in range(50_000): print('error', i, file=sys.stderr)\nsys.exit(7)"
    )
    done = run_process(python(code), tmp_path, lines.append)
    assert lines == ["out 0", "out 1", "out 2"]
    assert done.status == 7
    assert done.errors[-1] == "error 49999"
    assert len(done.errors) == 200


def test_one_endless_line_of_errors_is_cut(tmp_path):
    done = run_process(python("import sys; sys.stderr.write('x' * 10_000_000)"), tmp_path, print)
    assert sum(map(len, done.errors)) <= 200 * 2000


def test_a_child_that_floods_its_errors_first_does_not_block(tmp_path):
    lines: list[str] = []
    code = "import sys\nfor i in range(20_000): print('x' * 99, file=sys.stderr)\nprint('done')"
    assert run_process(python(code), tmp_path, lines.append).status == 0
    assert lines == ["done"]


def test_it_runs_in_the_directory_without_input_and_without_locale(tmp_path):
    lines: list[str] = []
    code = "import os, sys; print(os.getcwd(), repr(sys.stdin.read()), os.environ['LC_ALL'])"
    run_process(python(code), tmp_path, lines.append)
    assert lines == [f"{tmp_path.resolve()} '' C"]


def test_a_killed_child_has_the_signal_as_status(tmp_path):
    done = run_process(python("import os; os.kill(os.getpid(), 9)"), tmp_path, print)
    assert done.status == -9


@pytest.mark.parametrize("deaf", [False, True], ids=["polite", "deaf to SIGTERM"])
def test_an_interrupt_ends_the_child(tmp_path, deaf, monkeypatch):
    monkeypatch.setattr(process, "_SECONDS_TO_END", 0.3)
    ignore = "signal.signal(signal.SIGTERM, signal.SIG_IGN); " if deaf else ""
    code = f"import os, signal, time; {ignore}print(os.getpid(), flush=True); time.sleep(60)"
    pids: list[int] = []

    def interrupt(line: str) -> None:
        pids.append(int(line))
        raise KeyboardInterrupt

    before = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run_process(python(code), tmp_path, interrupt)
    assert time.monotonic() - before < 30
    with pytest.raises(ProcessLookupError):
        os.kill(pids[0], signal.SIGCONT)


def test_a_program_that_is_not_there_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        run_process([str(tmp_path / "nothing")], tmp_path, print)
