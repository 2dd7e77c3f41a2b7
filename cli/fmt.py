"""`mixdown fmt`: timelines in the standard format."""

from __future__ import annotations

from pathlib import Path

import click

from .options import as_json


@click.command("fmt")
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option(
    "--check", is_flag=True, help="Write nothing; exit with code 1 if a file would change."
)
@as_json
def command(files: tuple[str, ...], check: bool, as_json: bool) -> int:
    """Format timelines without changing comments or meaning.

    Every FILE must be valid: if one is not, nothing is written.
    """
    from ..compiler.fmt import format_text
    from ..documents.load import read_text
    from ..documents.writer import write_file
    from .app import ExitCode
    from .console import print_json, print_text

    texts = {file: read_text(file) for file in files}
    changed = {
        file: made for file, text in texts.items() if (made := format_text(text, file)) != text
    }
    if not check:
        for file, text in changed.items():
            write_file(Path(file), text)
    if as_json:
        print_json({"ok": not (check and changed), "changed": list(changed)})
    else:
        for file in changed:
            print_text(f"{'would change' if check else 'formatted'} {file}")
    return ExitCode.NO if check and changed else ExitCode.OK
