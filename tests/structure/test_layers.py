"""Imports run downwards only, in the order of `house.LAYERS`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import mixdown
from house import LAYERS, ROOT, Import, imports_of, modules, name_of, package_folders

INNER = [path for path in modules() if path.parent != ROOT]
# The root's __init__.py stands above all layers but the command line, which uses it as users do.
PUBLIC = set(mixdown.__all__)
# What the compiler may know of the backends: how one behaves and how one is found.
BACKEND_INTERFACE = {"protocol", "registry"}


def crossings(path: Path) -> Iterator[tuple[Import, tuple[str, ...]]]:
    for statement in imports_of(path):
        for target in statement.targets or ():
            yield statement, target


def place(path: Path, statement: Import) -> str:
    return f"{name_of(path)}:{statement.line}: {statement.text}"


def layer_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0]


def test_every_folder_of_the_package_is_a_layer():
    assert {layer_of(folder) for folder in package_folders() if folder != ROOT} == set(LAYERS)


def test_a_module_imports_from_its_own_layer_or_a_lower_one():
    assert not [
        place(path, statement)
        for path in INNER
        for statement, target in crossings(path)
        if target[0] not in LAYERS[LAYERS.index(layer_of(path)) :]
        and not (layer_of(path) == "cli" and target[0] in PUBLIC)
    ]


def test_inside_the_package_imports_are_relative():
    assert not [
        place(path, statement)
        for path in modules()
        for statement in imports_of(path)
        if statement.targets is None
        and statement.text.split()[1].split(".")[0] in {"mixdown", *LAYERS}
    ]


def test_the_compiler_knows_the_backends_by_protocol_and_registry_alone():
    assert not [
        place(path, statement)
        for path in INNER
        if layer_of(path) == "compiler"
        for statement, target in crossings(path)
        if target[0] == "backends" and target[1] not in BACKEND_INTERFACE
    ]


def test_a_backend_folder_imports_no_other_backend_unless_it_is_the_native_one():
    """The native engine is the definition; the others may run its steps, never each other's."""
    folders = {folder.name for folder in (ROOT / "backends").iterdir() if folder.is_dir()}
    assert not [
        place(path, statement)
        for path in INNER
        if layer_of(path) == "backends" and path.parent != ROOT / "backends"
        for statement, target in crossings(path)
        if target[0] == "backends"
        and target[1] in folders - {"native", path.relative_to(ROOT).parts[1]}
    ]
