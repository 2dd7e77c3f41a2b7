"""What pip installs: all of the package, none of the rest, and no other name at top level."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from house import OUTSIDE, ROOT, modules, name_of, package_folders, project

DEMO = ROOT / "examples" / "podcast"
PLAYED = {".yaml", ".flac", ".ogg", ".wav"}


def dotted(folder: Path) -> str:
    return ".".join(("mixdown", *folder.relative_to(ROOT).parts))


@pytest.fixture(scope="module")
def wheel_names(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The names in a wheel built by the project's own backend from a copy in another folder."""
    source = tmp_path_factory.mktemp("clone") / "some-folder"
    wheels = tmp_path_factory.mktemp("wheels")
    left_out = [".*", "*.egg-info", "__pycache__", *OUTSIDE - {"examples"}]
    shutil.copytree(ROOT, source, ignore=shutil.ignore_patterns(*left_out))
    build = f"from setuptools import build_meta; build_meta.build_wheel({str(wheels)!r})"
    done = subprocess.run(
        [sys.executable, "-c", build], cwd=source, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    (wheel,) = wheels.glob("mixdown-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def test_the_list_of_packages_is_complete():
    assert project()["tool"]["setuptools"]["packages"] == [
        dotted(folder) for folder in package_folders()
    ]


def test_the_wheel_has_every_module_and_data_file_of_the_package(wheel_names: list[str]):
    data = {
        path
        for folder in package_folders()
        if folder != ROOT
        for path in folder.iterdir()
        if path.is_file() and path.suffix != ".pyc"
    }
    demo = {path for path in DEMO.rglob("*") if path.is_file() and path.suffix in PLAYED}
    wanted = {*modules(), *data, *demo, ROOT / "py.typed"}
    assert not {f"mixdown/{name_of(path)}" for path in wanted} - set(wheel_names)


def test_the_wheel_brings_one_name_at_top_level(wheel_names: list[str]):
    folders = {name.split("/")[0] for name in wheel_names}
    assert {name for name in folders if not name.endswith(".dist-info")} == {"mixdown"}
    assert len(folders) == 2


def test_the_wheel_contains_the_package_only(wheel_names: list[str]):
    inside = [name.split("/")[1] for name in wheel_names if name.startswith("mixdown/")]
    assert not set(inside) & (OUTSIDE - {"examples"})
    examples = [name for name in wheel_names if name.startswith("mixdown/examples/")]
    assert not [name for name in examples if Path(name).suffix not in PLAYED]


def test_an_installed_package_is_typed_and_licensed(wheel_names: list[str]):
    assert "mixdown/py.typed" in wheel_names
    assert [name for name in wheel_names if name.endswith("licenses/LICENSE")]


def test_nothing_but_mixdown_is_importable_here(tmp_path: Path):
    """Holds for the editable install under test, whose finder maps one name."""
    code = "from importlib.util import find_spec\nprint([n for n in NAMES if find_spec(n)])"
    names = [folder.name for folder in package_folders() if folder.parent == ROOT]
    command = [sys.executable, "-c", f"NAMES = {names}\n{code}"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
