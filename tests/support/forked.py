"""Python programs, each in a process of its own that does not pay for starting an interpreter.

A server starts once, imports what most commands need, and forks for every program: half of what a
short command costs is those imports. The server does nothing else and has one thread, so that a
program begins as in a fresh interpreter. It also ends as one.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from importlib import import_module
from pathlib import Path
from types import ModuleType

MODULES = (
    "mixdown.backends.ffmpeg.plan",
    "mixdown.backends.native.backend",
    "mixdown.cli.app",
    "mixdown.inspection.trace",
    "mixdown.render.publishing",
    "mixdown.render.report.stage",
    "mixdown.render.service",
)
SECONDS = 300
"""After which a program counts as stuck and is killed."""


class ForkServer(AbstractContextManager["ForkServer"]):
    """Runs programs, one at a time."""

    def __init__(self) -> None:
        self._server = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def mixdown(
        self, words: Iterable[str], folder: Path, environment: Mapping[str, str]
    ) -> tuple[int, str]:
        """Run the installed program with these arguments; the rest as `run`."""
        script = Path(sys.executable).with_name("mixdown")
        return self.run(script.read_text(), [str(script), *words], folder, environment)

    def run(
        self, code: str, argv: list[str], folder: Path, environment: Mapping[str, str]
    ) -> tuple[int, str]:
        """Exit code of a program, and what it printed on both streams.

        Args:
            code: its text.
            argv: what it finds in `sys.argv`; the first is the path of its file, or "-c".
            folder: the directory in which it runs.
            environment: all of its variables.
        """
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        with tempfile.NamedTemporaryFile() as output:
            request = json.dumps([code, argv, str(folder), dict(environment), output.name])
            print(request, file=self._server.stdin, flush=True)
            return int(self._server.stdout.readline()), output.read().decode("utf-8")

    def __exit__(self, *_: object) -> None:
        self._server.communicate()


def serve() -> None:
    """Run the programs that standard input names, each in a fork of this process."""
    for module in MODULES:
        import_module(module)
    gc.freeze()  # a collection in a fork, as at its end, would copy all of the server's memory
    while request := sys.stdin.readline():
        child = os.fork()
        if not child:
            become(*json.loads(request))
            return
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def become(
    code: str, argv: list[str], folder: str, environment: dict[str, str], output: str
) -> None:
    """Run a program as this process's own."""
    signal.alarm(SECONDS)
    for path, flags, numbers in ((os.devnull, os.O_RDONLY, [0]), (output, os.O_WRONLY, [1, 2])):
        opened = os.open(path, flags)
        for number in numbers:
            os.dup2(opened, number)
        os.close(opened)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = argv
    sys.path[0] = str(Path(argv[0]).parent) if argv[0] != "-c" else ""
    sys.modules["__main__"] = main = ModuleType("__main__")
    exec(compile(code, argv[0], "exec"), main.__dict__)


if __name__ == "__main__":
    serve()
