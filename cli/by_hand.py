"""Steps of plans as commands: what a plan runs in a render can be run by hand, word for word."""

from __future__ import annotations

from collections.abc import Sequence


def run_by_hand(name: str, words: Sequence[str]) -> None:
    """Run a step of a plan whose program is mixdown.

    Raises:
        RenderError: MIX603, a file cannot be read or written, or the words are no such step.
    """
    from ..backends.native.run import COMMANDS
    from ..ir.codes import Code
    from ..ir.diagnostics import Diagnostic, RenderError

    try:
        COMMANDS[name](words, lambda done: None)
    except OSError as error:
        reason = error.strerror or str(error)
        place = f"{error.filename}: " if error.filename else ""
        raise RenderError(Diagnostic(Code.STEP_FAILED, f"{name}: {place}{reason}")) from error
