"""Files are delivered all or none, and nothing else is left behind."""

from __future__ import annotations

import multiprocessing
import os
import signal
from pathlib import Path

import pytest
from mixdown.ir.diagnostics import RenderError
from mixdown.plans.plan import File, Space
from mixdown.render.workspace import publish, workspace


def tree(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text() for path in files}


def stage(spaces, **files: str) -> None:
    for name, text in files.items():
        (spaces.staging / name).write_text(text)


def test_each_space_has_its_directory(tmp_path):
    with workspace(tmp_path / "out", tmp_path / "src") as spaces:
        assert spaces.path(File(Space.SOURCE, "a/b.wav")) == str(tmp_path / "src/a/b.wav")
        assert spaces.path(File(Space.WORK, "mix.wav")) == str(spaces.work / "mix.wav")
        assert spaces.path(File(Space.OUT, "master.wav")) == str(spaces.staging / "master.wav")
        assert spaces.staging.is_relative_to(tmp_path / "out")
        said = f"{spaces.source}/a.wav: bad; {spaces.work}/b; {spaces.staging}/c"
        assert spaces.relative(said) == "a.wav: bad; b; c"


def test_files_appear_together_under_their_names(tmp_path):
    out = tmp_path / "new/out"
    with workspace(out, tmp_path) as spaces:
        stage(spaces, a="1", b="2")
        assert tree(out).keys() == {path for path in tree(out) if path.startswith(".mixdown-work")}
        assert publish(spaces, ["a", "b"]) == (out / "a", out / "b")
    assert tree(out) == {"a": "1", "b": "2"}
    assert [path.name for path in sorted(out.iterdir())] == ["a", "b"]


def test_what_a_killed_render_left_is_cleared_up_by_the_next(tmp_path):
    def leave() -> None:
        with workspace(tmp_path, tmp_path) as spaces:
            stage(spaces, a="half")
            os.kill(os.getpid(), signal.SIGKILL)

    killed = multiprocessing.get_context("fork").Process(target=leave)
    killed.start()
    killed.join()
    (left,) = tmp_path.iterdir()
    with workspace(tmp_path, tmp_path):
        assert not left.exists()
    assert list(tmp_path.iterdir()) == []


def test_a_render_at_work_is_left_alone(tmp_path):
    (tmp_path / ".mixdown-work-of-a-script").mkdir()
    with workspace(tmp_path, tmp_path) as spaces:
        stage(spaces, a="half")
        with workspace(tmp_path, tmp_path):
            assert (spaces.staging / "a").exists()
        assert (spaces.staging / "a").exists()
    assert [path.name for path in tmp_path.iterdir()] == [".mixdown-work-of-a-script"]


def test_what_was_there_is_replaced_and_the_rest_stays(tmp_path):
    (tmp_path / "a").write_text("old")
    (tmp_path / "mine").write_text("mine")
    with workspace(tmp_path, tmp_path) as spaces:
        stage(spaces, a="new")
        publish(spaces, ["a"])
    assert tree(tmp_path) == {"a": "new", "mine": "mine"}


def test_a_render_that_fails_leaves_nothing(tmp_path):
    out = tmp_path / "new/deeper/out"
    with pytest.raises(ZeroDivisionError), workspace(out, tmp_path) as spaces:
        stage(spaces, a="half")
        _ = 1 / 0
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_render_leaves_the_directory_as_it_was(tmp_path):
    (tmp_path / "a").write_text("old")
    with pytest.raises(KeyboardInterrupt), workspace(tmp_path, tmp_path) as spaces:
        stage(spaces, a="half")
        raise KeyboardInterrupt
    assert tree(tmp_path) == {"a": "old"}


def test_one_file_that_cannot_be_placed_takes_back_the_others(tmp_path):
    out = tmp_path / "out"
    (out / "c").mkdir(parents=True)
    (out / "b").write_text("old")
    error = pytest.raises(RenderError, match=r"MIX604.*out/c': Is a directory")
    with error, workspace(out, tmp_path) as spaces:
        stage(spaces, a="1", b="2", c="3")
        publish(spaces, ["a", "b", "c"])
    assert tree(out) == {"b": "old"}
    assert (out / "c").is_dir()


def test_a_directory_that_cannot_be_made_is_an_error(tmp_path):
    (tmp_path / "file").write_text("")
    error = pytest.raises(RenderError, match=r"MIX604")
    with error, workspace(tmp_path / "file/out", tmp_path):
        pass
    assert tree(tmp_path) == {"file": ""}


@pytest.mark.parametrize("out", ["/proc/out", "/dev/null"])
def test_a_place_that_takes_no_files_is_an_error(out, tmp_path):
    error = pytest.raises(RenderError, match=r"MIX604")
    with error, workspace(Path(out), tmp_path):
        pass
