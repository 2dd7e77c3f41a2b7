"""Backends of other packages and of a program's own: found, or refused with the reason."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import mixdown
import pytest
from attrs import evolve
from mixdown.backends import registry
from mixdown.backends.native.backend import BACKEND as NATIVE
from mixdown.backends.registry import (
    backend_names,
    find_backend,
    find_program,
    installed_programs,
    register_backend,
)
from mixdown.ir.diagnostics import BackendError, RenderError
from mixdown.programs.ffmpeg import FFMPEG
from mixdown.programs.program import Program

TOY = evolve(NATIVE, name="toy")
GOOD = """
from attrs import evolve
from mixdown.backends.native.backend import BACKEND as NATIVE
TOY = evolve(NATIVE, name="toy")
"""
LACKING = """
known = {kind: how for kind, how in NATIVE.capabilities.items() if kind != "lane"}
TOY = evolve(TOY, capabilities=known)
"""


@pytest.fixture(autouse=True)
def nothing_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_registered", {})


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Puts a distribution with one module and one entry point on the path."""
    monkeypatch.syspath_prepend(tmp_path)

    def add(package: str, code: str, name: str = "toy") -> None:
        module = package.replace("-", "_")
        monkeypatch.delitem(sys.modules, module, raising=False)
        (tmp_path / f"{module}.py").write_text(code)
        about = tmp_path / f"{module}-1.0.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        (about / "entry_points.txt").write_text(f"[mixdown.backends]\n{name} = {module}:TOY\n")

    return add


def test_a_backend_of_another_package_is_found(install):
    install("good-toy", GOOD)
    assert backend_names() == ("ffmpeg", "native", "sox", "toy")
    assert find_backend("toy").name == "toy"


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import nothing_like_this", r"ModuleNotFoundError: .*\(broken_toy.py:1\)"),
        ("1 / 0", r"ZeroDivisionError: division by zero \(broken_toy.py:1\)"),
        ("", "AttributeError: module 'broken_toy' has no attribute 'TOY'"),
        ("TOY = 1", "it has no 'name'"),
        (GOOD.replace('"toy"', '"dog"'), "it calls itself 'dog'"),
        (GOOD + LACKING, "its capabilities lack 'lane'"),
    ],
    ids=["import", "exception", "no object", "no backend", "another name", "no lane"],
)
def test_a_broken_backend_is_a_coded_error_and_affects_no_other(install, code, reason):
    install("broken-toy", code)
    with pytest.raises(BackendError, match=rf"MIX505\]: the backend 'toy' cannot .*{reason}") as it:
        find_backend("toy")
    assert "a fault of the package broken-toy" in str(it.value)
    assert find_backend("native") is NATIVE
    assert list(installed_programs()) == ["ffmpeg", "sox"]


def test_two_of_one_name_are_a_coded_error(install):
    install("good-toy", GOOD)
    install("other-toy", GOOD)
    with pytest.raises(BackendError, match=r"MIX506\]: the backend 'toy' exists twice") as caught:
        find_backend("toy")
    assert "in the package good-toy and in the package other-toy" in str(caught.value)
    assert backend_names() == ("ffmpeg", "native", "sox", "toy")


def test_an_unknown_one_lists_the_known():
    with pytest.raises(BackendError, match=r"MIX501\]: no backend is called 'nativ'") as caught:
        find_backend("nativ")
    assert "did you mean 'native'? known: ffmpeg, native, sox" in str(caught.value)


def test_a_program_registers_its_own():
    mixdown.register_backend(TOY)
    mixdown.register_backend(TOY)
    assert find_backend("toy") is TOY
    assert "toy" in backend_names()


@pytest.mark.parametrize("name", ["toy", "ffmpeg"])
def test_a_taken_name_is_not_registered(name):
    register_backend(TOY)
    with pytest.raises(BackendError, match=rf"MIX506\]: the backend '{name}' exists twice"):
        register_backend(evolve(NATIVE, name=name))
    assert find_backend("toy") is TOY


def test_other_objects_than_backends_are_refused():
    with pytest.raises(BackendError, match=r"MIX505\]: the backend 'int' cannot .* no 'name'"):
        register_backend(1)


def test_programs_come_from_every_backend():
    toy = Program(name="toytool", find=FFMPEG.find)
    register_backend(evolve(TOY, programs=(toy,)))
    assert find_program("toytool") is toy
    assert find_program("ffmpeg") is FFMPEG
    with pytest.raises(RenderError, match=r"MIX603.*'fmpeg'") as caught:
        find_program("fmpeg")
    assert "did you mean 'ffmpeg'?" in str(caught.value)
