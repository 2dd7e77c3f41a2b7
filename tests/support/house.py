"""The package's source tree as data, for the tests that hold its structure.

Run as a program, it prints the lines of each room.
"""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import attrs

ROOT = Path(__file__).parents[2]
# Folders of the repository that are no part of the package, beside those that start with a dot.
OUTSIDE = {"tests", "docs", "examples", "benchmarks", "build", "dist"}
# Every layer may import from itself and from those after it.
LAYERS = (
    "testing",
    "cli",
    "service",
    "client",
    "render",
    "inspection",
    "compiler",
    "backends",
    "plans",
    "presets",
    "media",
    "programs",
    "audio",
    "documents",
    "ir",
)


@attrs.frozen
class Import:
    """One import statement: its line, how it is written, and the modules it may reach.

    `targets` are paths inside the package, such as ("ir", "graph"), with the imported name last,
    which may itself be a module; None where the import leaves the package.
    """

    line: int
    text: str
    targets: tuple[tuple[str, ...], ...] | None


def project() -> dict:
    """pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def package_folders() -> list[Path]:
    """Every folder that holds an __init__.py, from the root down, sorted."""
    inner = (path.parent for path in ROOT.rglob("__init__.py") if is_inside(path.parent))
    return sorted(inner)


def is_inside(folder: Path) -> bool:
    """Whether the folder is the root or may belong to the package."""
    parts = folder.relative_to(ROOT).parts
    return not parts or not (parts[0] in OUTSIDE or parts[0].startswith("."))


def modules() -> list[Path]:
    """Every Python file of the package, sorted."""
    return sorted(path for folder in package_folders() for path in folder.glob("*.py"))


def name_of(path: Path) -> str:
    """A path as the reports of these tests show it: relative to the root, with slashes."""
    return path.relative_to(ROOT).as_posix()


def imports_of(path: Path) -> Iterator[Import]:
    """Every import statement of a module, those inside functions and TYPE_CHECKING included."""
    here = path.relative_to(ROOT).parent.parts
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield Import(node.lineno, ast.unparse(node), None)
        elif isinstance(node, ast.ImportFrom):
            yield Import(node.lineno, ast.unparse(node), _targets(node, here))


def _targets(node: ast.ImportFrom, here: tuple[str, ...]) -> tuple[tuple[str, ...], ...] | None:
    if not node.level:
        return None
    base = here[: len(here) - (node.level - 1)]
    module = tuple(node.module.split(".")) if node.module else ()
    return tuple((*base, *module, alias.name) for alias in node.names)


def lines_by_room() -> dict[str, int]:
    """The lines of Python in each layer of the package, from the top down."""
    found = dict.fromkeys(LAYERS, 0)
    for path in modules():
        room = path.relative_to(ROOT).parts[0]
        if room in found:
            found[room] += len(path.read_text(encoding="utf-8").splitlines())
    return found


if __name__ == "__main__":
    for room, lines in lines_by_room().items():
        print(f"{lines:6,}  {room}")
