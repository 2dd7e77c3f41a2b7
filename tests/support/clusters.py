"""Clusters of dask.distributed from its own commands, whose processes can be killed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from attrs import define, field

DASK = Path(sys.executable).with_name("dask")


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@define
class Cluster:
    """A scheduler and its workers, each in a process group; workers start again when they end.

    Attributes:
        folder: for logs and what workers leave.
        environment: of all processes.
    """

    folder: Path
    environment: dict[str, str] = field(factory=lambda: dict(os.environ))
    port: int = field(factory=free_port)
    workers: list[subprocess.Popen] = field(factory=list)
    scheduler: subprocess.Popen | None = None

    @property
    def address(self) -> str:
        """Of the scheduler."""
        return f"tcp://127.0.0.1:{self.port}"

    def start_scheduler(self) -> None:
        """Start a scheduler, always at the same address."""
        self.scheduler = self._start(
            f"exec {DASK} scheduler --host 127.0.0.1 --port {self.port} --no-dashboard"
        )

    def start_worker(self) -> None:
        """Start a worker that a loop keeps alive, as a service manager would."""
        number = len(self.workers)
        options = "--nthreads 1 --no-dashboard --no-nanny --death-timeout 60"
        pid = self.folder / f"worker-{number}.pid"
        self.workers.append(
            self._start(
                f"while :; do {DASK} worker {self.address} {options} --pid-file {pid} "
                f"--local-directory {self.folder}; sleep 0.2; done"
            )
        )

    def kill_scheduler(self) -> None:
        """Kill the scheduler with SIGKILL."""
        assert self.scheduler is not None
        self.scheduler.kill()
        self.scheduler.wait()

    def kill_worker(self, number: int) -> None:
        """Kill a worker with SIGKILL; its loop starts another."""
        os.kill(int((self.folder / f"worker-{number}.pid").read_text()), signal.SIGKILL)

    def stop(self) -> None:
        """Kill everything."""
        for process in (*self.workers, self.scheduler):
            if process is not None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def _start(self, script: str) -> subprocess.Popen:
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                ["/bin/sh", "-c", script],
                stdout=log,
                stderr=log,
                env=self.environment,
                process_group=0,
            )
