"""`mixdown finish`: the loudness loop of a plan's script."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("finish")
@click.option("--target-lufs", type=float, required=True, metavar="LUFS", help="To reach.")
@click.option("--ceiling-db", type=float, required=True, metavar="DBTP", help="Not to pass.")
@click.option("--measure", "premaster", required=True, metavar="FILE", help="What to make up for.")
@click.option("--master", required=True, metavar="FILE", help="What COMMAND leaves.")
@click.option("--gain", required=True, metavar="TEXT", help="In COMMAND: the gain, dB.")
@click.option("--margin", required=True, metavar="TEXT", help="In COMMAND: the limiter's margin.")
@click.option("--then", metavar="TEXT", help="In COMMAND: where the next command begins.")
@click.argument("command_line", nargs=-1, required=True, metavar="-- COMMAND...")
def command(
    target_lufs: float,
    ceiling_db: float,
    premaster: str,
    master: str,
    gain: str,
    margin: str,
    then: str | None,
    command_line: tuple[str, ...],
) -> None:
    """Run a finishing command until the master has its loudness.

    A step of the scripts that 'mixdown compile --format sh' writes: measures a premaster, then runs
    COMMAND (or several, one after the other) with the gain that brings it to its target, measures
    what that leaves, and corrects, as a render does.
    """
    from ..render.finish import Finish, run_finish
    from .console import show

    files = (Path(premaster), Path(master))
    outcome = run_finish(Finish(target_lufs, ceiling_db, *files, gain, margin, command_line, then))
    show(outcome.diagnostics, {})
