"""The command line: one file per command, no logic of its own."""

from __future__ import annotations


def main() -> None:
    """Run the command line of this process, and exit with its code (docs/cli.md)."""
    import atexit
    import gc
    import signal
    import sys

    # Imports make up to 250,000 objects and little garbage; a collection of them takes 40 ms. At
    # the end the process frees all of it.
    gc.set_threshold(300_000)
    atexit.register(gc.freeze)

    from ..render.allocation import keep_freed_memory
    from .app import run, terminate

    keep_freed_memory()
    signal.signal(signal.SIGTERM, terminate)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as nohup asks
        signal.signal(signal.SIGHUP, terminate)
    sys.exit(run(sys.argv[1:]))
